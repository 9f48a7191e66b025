"""Endpoints in NetBox, which the hook of a monitor checks at real servers, until their problems are solved."""

import pytest

from tests.e2e.test_clients import rule
from tests.hooks.tls_servers import NAME, Servers
from tests.support.deadlines import PATIENCE
from tests.support.dovecot import Dovecot
from tests.support.nginx import Nginx

# As the worker does every minute
SWEEP = """
from netbox_ssl.announcements.sweep.endpoints import sweep_endpoints
sweep_endpoints()
"""
# Endpoint → its result
EXPECTED = {
    'ok': 'ok',
    'other': 'other_certificate',
    'expired': 'expired',
    'not_yet_valid': 'not_yet_valid',
    'name_mismatch': 'name_mismatch',
    'incomplete_chain': 'incomplete_chain',
    'self_signed': 'untrusted',
    'refused': 'refused',
    'plain': 'not_tls',
    'imap': 'ok',
}


@pytest.fixture
def servers(tmp_path):
    made = Servers(tmp_path)
    yield made
    made.close()


@pytest.fixture
def nginx(servers, tmp_path):
    folder = tmp_path / 'nginx'
    folder.mkdir()
    made = Nginx(folder, {NAME: servers.certificates['expired']})
    yield made
    made.stop()


@pytest.fixture
def dovecot(servers, tmp_path):
    folder = tmp_path / 'dovecot'
    folder.mkdir()
    made = Dovecot(folder, servers.certificates['ok'])
    yield made
    made.stop()


@pytest.fixture
def endpoints(api, servers, nginx, dovecot, empty_afterwards):
    """Create the endpoints of the monitor, and one of another monitor, which does not answer."""
    ports = {**servers.ports, 'expired': nginx.port, 'imap': dovecot.port, 'other': servers.ports['address']}
    expected = api.post('plugins/ssl/certificates/import/', {'pem': servers.certificates['other_ca'].fullchain_pem})
    common = {'address': '127.0.0.1', 'server_name': NAME, 'ca_file': str(servers.trusted), 'monitor': 'web01'}
    made = [{**common, 'port': ports[name], 'description': name} for name in EXPECTED]
    for each in made:
        if each['description'] == 'imap':
            each['starttls'] = 'imap'
        elif each['description'] == 'other':
            each |= {'server_name': '', 'expected_certificate': expected['certificate']['id']}
    made.append({**common, 'port': ports['silent'], 'monitor': 'web02', 'description': 'silent'})
    api.post('plugins/ssl/endpoints/', made)


def by_description(api):
    return {each['description']: each for each in api.get('plugins/ssl/endpoints/', limit=0)['results']}


def test_a_monitor(api, stack, report, receiver, servers, nginx, endpoints, tmp_path):
    rule(api, receiver, 'problem', 'netbox_ssl.endpoint_problem', 'netbox_ssl.endpoint')
    rule(api, receiver, 'recovered', 'netbox_ssl.endpoint_recovered', 'netbox_ssl.endpoint')
    for _ in range(2):
        said = report('served.sh', NETBOX_ENDPOINT_TIMEOUT=PATIENCE)
        assert f'{len(EXPECTED)} endpoints checked, 3 ok' in said
    found = by_description(api)
    assert {name: found[name]['result'] for name in EXPECTED} == EXPECTED
    assert {found[name]['checked_by'] for name in EXPECTED} == {'web01'}
    assert found['silent']['result'] is None
    assert found['ok']['external_id'] == f'served:web01:127.0.0.1:{servers.ports["ok"]}/{NAME}'
    assert found['ok']['certificate']['name'] == found['imap']['certificate']['name'] == NAME
    assert found['refused']['certificate'] is None
    assert found['expired']['days_left'] < 0
    affected = api.get('plugins/ssl/endpoints/', certificate_id=found['ok']['certificate']['id'])['results']
    assert {each['description'] for each in affected} == {'ok', 'imap'}

    # One event for each problem
    stack.manage(SWEEP)
    bad = {name for name, result in EXPECTED.items() if result != 'ok'}
    problems = receiver.wait_for(lambda delivery: delivery.path == '/problem', count=len(bad))
    assert sorted(each.json['data']['description'] for each in problems) == sorted(bad)

    nginx.replace(NAME, servers.certificates['ok'])
    nginx.reload(NAME)
    since = by_description(api)['refused']['result_since']
    for _ in range(2):
        report('served.sh', NETBOX_ENDPOINT_TIMEOUT=PATIENCE)
    found = by_description(api)
    assert found['expired']['result'] == 'ok'
    assert found['refused']['result_since'] == since, 'a result that stays the same keeps its time'
    stack.manage(SWEEP)
    (recovered,) = receiver.wait_for(lambda delivery: delivery.path == '/recovered')
    assert recovered.json['data']['description'] == 'expired'
    assert len(receiver.deliveries) == len(bad) + 1

    report('served.sh', NETBOX_ENDPOINT_TIMEOUT=1, NETBOX_ACME_SOURCE='web02')
    assert by_description(api)['silent']['result'] == 'timeout'


def test_endpoints_of_a_file_are_added(api, report, servers, tmp_path, empty_afterwards):
    file = tmp_path / 'list'
    file.write_text(f'127.0.0.1:{servers.ports["ok"]} sni={NAME} ca={servers.trusted}\n')
    assert '1 endpoints checked, 1 ok' in report('served.sh', file)
    (made,) = api.get('plugins/ssl/endpoints/')['results']
    assert (made['address'], made['server_name'], made['monitor']) == ('127.0.0.1', NAME, 'web01')
    assert (made['result'], made['certificate']['name']) == ('ok', NAME)
    assert '1 endpoints checked, 1 ok' in report('served.sh', file), 'with the CA file of the list'
    # What is set in NetBox counts.
    api.patch(f'plugins/ssl/endpoints/{made["id"]}/', {'interval': 60})
    assert '0 endpoints checked, 0 ok, 1 not due yet' in report('served.sh', file)
