import pytest

from tests.hooks.fake_netbox import FakeNetBox
from tests.hooks.running import SHELLS, Host


@pytest.fixture
def netbox():
    made = FakeNetBox()
    yield made
    made.close()


@pytest.fixture(params=SHELLS)
def host(request, tmp_path, netbox):
    return Host(tmp_path, request.param, netbox.url)
