import pytest

from tests.hooks.fake_netbox import FakeNetBox
from tests.hooks.lineages import certbot
from tests.hooks.running import SHELLS, Host


@pytest.fixture
def netbox():
    made = FakeNetBox()
    yield made
    made.close()


@pytest.fixture(params=SHELLS)
def host(request, tmp_path, netbox):
    return Host(tmp_path, request.param, netbox.url)


@pytest.fixture
def directory(tmp_path):
    return tmp_path / 'letsencrypt'


@pytest.fixture
def renewed(directory):
    return certbot(directory)
