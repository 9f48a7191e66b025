"""One NetBox for all end-to-end tests of a process: web server, worker, database and Valkey, used over HTTP."""

import os
import subprocess
from pathlib import Path

import pytest

from dev import processes
from dev.environment import prepared
from tests.e2e.browser import chromium, log_in, new_context
from tests.support.acme_server import AcmeServer, Certbot
from tests.support.api import Api
from tests.support.receiver import Receiver
from tests.support.stack import Stack
from tests.support.sweeps import forget_workers, start_worker
from tests.support.web_session import logged_in

FOLDER = Path(__file__).parent
HOOKS = FOLDER.parents[1] / 'hooks'
# A user with only the documented permissions of a monitor, which may also have endpoints and files of its own
MONITOR = """
from core.models import ObjectType
from users.models import ObjectPermission, Token, User
user = User.objects.create_user('monitor')
for model in ('certificate', 'certificatesource', 'endpoint'):
    permission = ObjectPermission.objects.create(name=f'monitor {model}', actions=['view', 'add', 'change'])
    permission.object_types.set([ObjectType.objects.get(app_label='netbox_ssl', model=model)])
    permission.users.add(user)
token = Token(user=user, version=2)
token.save()
print(f'nbt_{token.key}.{token.token}')
"""
EMPTY = """
from extras.models import EventRule, Webhook
from netbox_ssl.models import Certificate, Endpoint
for model in (EventRule, Webhook, Certificate, Endpoint):
    model.objects.all().delete()
"""


def pytest_collection_modifyitems(items):
    """
    Mark all tests in this folder as end-to-end, and those that use a page as browser tests.

    Tests that mostly wait come first, while the other processes run the rest. Tests of a file stay in one process.
    """
    for item in items:
        if item.path.is_relative_to(FOLDER):
            item.add_marker('e2e')
            if 'page' in item.fixturenames:
                item.add_marker('browser')
    items.sort(key=lambda item: item.get_closest_marker('waits') is None)


@pytest.fixture(scope='session')
def environment(request):
    """Provide servers and a copy of the migrated database, separate from those of the unit tests."""
    with prepared() as made:
        made.databases.copy(made.database)
        yield made
        made.keep_logs = request.session.testsfailed > 0


@pytest.fixture(scope='session')
def stack(environment):
    """Provide the running NetBox. A test that kills or adds workers must leave one running."""
    running = Stack(environment)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def one_worker(stack):
    """Leave one running worker, and no trace of killed ones."""
    yield stack
    for worker in list(stack.workers):
        stack.kill_worker(worker)
    forget_workers(stack)
    start_worker(stack)


@pytest.fixture(scope='session')
def other_queues(environment):
    """Provide the Redis URL for a second NetBox, so that the worker of the first does not take its jobs."""
    base, _, first = environment.redis_url.rpartition('/')
    return f'{base}/{int(first or 0) + 8}'


@pytest.fixture(scope='session')
def api(stack):
    """Provide the REST API with the administrator's token."""
    return Api(stack.base_url, stack.authorization)


@pytest.fixture(scope='session')
def admin_session(stack):
    """Provide a requests session that is logged in with cookies, like a browser."""
    session = logged_in(stack)
    assert 'sessionid' in session.cookies, 'the administrator cannot log in'
    return session


@pytest.fixture(scope='session')
def monitor_token(stack):
    """Provide the token of a monitor."""
    return stack.manage(MONITOR).splitlines()[-1]


@pytest.fixture
def report(stack, monitor_token, tmp_path):
    """Provide a function that runs ``--sync`` of a hook on the host web01, which must succeed."""
    environment = {
        **os.environ,
        'NETBOX_URL': stack.base_url,
        'NETBOX_TOKEN': monitor_token,
        'NETBOX_ACME_SOURCE': 'web01',
        'NETBOX_ACME_STRICT': '1',
        'NETBOX_ACME_SPOOL': str(tmp_path / 'spool'),
        'NETBOX_ACME_CONFIG': '/nonexistent',
        'no_proxy': '127.0.0.1',
        'HOME': str(tmp_path),
    }

    def run(hook, *arguments, **settings):
        command = ['sh', str(HOOKS / hook), '--sync', *map(str, arguments)]
        done = subprocess.run(
            command,
            env=environment | {name: str(value) for name, value in settings.items()},
            capture_output=True,
            text=True,
            timeout=processes.PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def empty_afterwards(stack):
    """
    Delete rules, certificates and endpoints after the test, because other tests check all of them. Over REST, hundreds
    would take longer than the test.
    """
    yield
    stack.manage(EMPTY)


@pytest.fixture
def receiver():
    """Provide a new receiver of webhooks."""
    made = Receiver()
    yield made
    made.close()


@pytest.fixture(scope='session')
def acme_server(tmp_path_factory):
    """Provide a real ACME server with Renewal Information; tests may stop and start it."""
    with AcmeServer(tmp_path_factory.mktemp('acme-server')) as server:
        yield server


@pytest.fixture
def certbot(acme_server, tmp_path):
    """Provide a new client of that server."""
    return Certbot(tmp_path, acme_server.directory_url)


@pytest.fixture(scope='session')
def browser():
    with chromium() as process:
        yield process


@pytest.fixture(scope='session')
def login_state(browser, stack):
    """Provide the cookies of the logged-in administrator, to log in only once."""
    context = new_context(browser)
    log_in(context.new_page(), stack)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(browser, stack, login_state):
    """Provide a page of a logged-in browser, for relative URLs. Fails on errors of the page's scripts."""
    context = new_context(browser, base_url=stack.base_url, storage_state=login_state)
    opened = context.new_page()
    opened.errors = []
    opened.on('pageerror', lambda error: opened.errors.append(str(error)))
    yield opened
    context.close()
    assert not opened.errors
