import pytest

from tests.hooks.fake_netbox import FakeNetBox
from tests.hooks.lineages import certbot
from tests.hooks.running import SHELLS, Host
from tests.hooks.tls_servers import Servers


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


@pytest.fixture(scope='session')
def servers(tmp_path_factory):
    made = Servers(tmp_path_factory.mktemp('servers'))
    yield made
    made.close()


@pytest.fixture
def check(host, netbox, servers):
    """Return a function that checks the endpoints in NetBox and these lines of a file, and returns the run."""

    def run(*lines, **environment):
        environment = {'NETBOX_ENDPOINT_TIMEOUT': 60, **environment}
        file = []
        if lines:
            file = [host.folder / 'endpoints']
            file[0].write_text(''.join(f'{line}\n' for line in lines))
        return host.run('served.sh', '--sync', *file, **environment)

    return run
