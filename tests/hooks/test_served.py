"""What the hook for endpoints reports: the chain, and a result, of real TLS servers and of everything else."""

import json

import pytest

from tests.hooks.fake_netbox import Answer
from tests.hooks.running import MACHINE
from tests.hooks.tls_servers import NAME, Servers

RESULTS = '/api/plugins/ssl/endpoints/results/'


@pytest.fixture(scope='module')
def servers(tmp_path_factory):
    made = Servers(tmp_path_factory.mktemp('servers'))
    yield made
    made.close()


@pytest.fixture
def check(host, netbox, servers):
    """Return a function that checks these lines of the file of endpoints, and returns the run."""

    def run(*lines, **environment):
        file = host.folder / 'endpoints'
        file.write_text(''.join(f'{line}\n' for line in lines))
        return host.run('served.sh', '--sync', file, **{'NETBOX_ENDPOINT_TIMEOUT': 60, **environment})

    return run


def results(netbox) -> list[dict]:
    return [each for report in netbox.reports if report.path == RESULTS for each in report.items['results']]


def chains(netbox) -> dict:
    """Return lineage → report."""
    items = [item for report in netbox.reports if report.path != RESULTS for item in report.items]
    return {item['external_id'].split(':', 2)[2]: item for item in items}


def line(servers, server, *more, name=NAME):
    words = [f'127.0.0.1:{servers.ports[server]}', f'ca={servers.trusted}', *more]
    return ' '.join([*words, *([f'sni={name}'] if name else [])])


@pytest.mark.parametrize(
    ('server', 'result', 'detail'),
    [
        ('ok', 'ok', ''),
        ('expired', 'expired', 'certificate has expired'),
        ('not_yet_valid', 'not_yet_valid', 'certificate is not yet valid'),
        ('name_mismatch', 'name_mismatch', 'ostname mismatch'),
        ('incomplete_chain', 'incomplete_chain', 'unable to'),
        ('other_ca', 'untrusted', 'unable to get local issuer certificate'),
        ('self_signed', 'untrusted', 'self'),
    ],
)
def test_states_of_a_certificate(check, servers, netbox, server, result, detail):
    run = check(line(servers, server))
    assert (run.code, run.lines) == (0, [])
    port = servers.ports[server]
    external_id = f'served:web01.example.net:127.0.0.1:{port}/{NAME}'
    issued = servers.certificates[server]
    pem = issued.pem if server == 'incomplete_chain' else issued.fullchain_pem
    assert list(chains(netbox).values()) == [
        {
            'pem': pem.strip(),
            'external_id': external_id,
            'client': 'served',
            'kind': 'served',
            'machine_id': MACHINE,
        }
    ]
    (found,) = results(netbox)
    assert detail in found.pop('detail', '')
    assert found.pop('since') == found.pop('checked_at')
    assert found == {
        'external_id': external_id,
        'address': '127.0.0.1',
        'port': port,
        'server_name': NAME,
        'result': result,
    }
    assert netbox.listed['external_ids'] == [external_id]
    assert ('1 ok' in run.stdout) is (result == 'ok')


@pytest.mark.parametrize(
    ('server', 'result'),
    [
        ('refused', 'refused'),
        ('plain', 'not_tls'),
        ('huge_chain', 'refused'),
        ('silent', 'timeout'),
        ('endless', 'not_tls'),
        ('endless_smtp', 'timeout'),
    ],
)
def test_no_certificate(check, servers, netbox, server, result):
    limit = {'NETBOX_ENDPOINT_TIMEOUT': 2} if result == 'timeout' else {}
    more = ['starttls=smtp'] if server == 'endless_smtp' else []
    run = check(line(servers, server, *more), **limit)
    assert (run.code, run.lines) == (0, [])
    (found,) = results(netbox)
    assert (found['result'], chains(netbox)) == (result, {})
    assert found['detail'] and ':error:' not in found['detail']
    assert len(netbox.listed['external_ids']) == 1, 'the endpoint exists'


def test_a_name_that_does_not_resolve(check, netbox):
    check('nothing.invalid')
    (found,) = results(netbox)
    assert (found['result'], found['detail']) == ('refused', 'the host name cannot be resolved')
    assert (found['address'], found['port'], 'server_name' in found) == ('nothing.invalid', 443, False)


def test_an_address_is_verified_as_an_address(check, servers, netbox):
    check(line(servers, 'address', name=None), line(servers, 'ok', name=None))
    assert [each['result'] for each in results(netbox)] == ['ok', 'name_mismatch']


def test_starttls(check, servers, netbox):
    assert check(line(servers, 'smtp', 'starttls=smtp')).lines == []
    (found,) = results(netbox)
    assert (found['result'], found['starttls']) == ('ok', 'smtp')
    (item,) = chains(netbox).values()
    assert item['pem'] == servers.certificates['ok'].fullchain_pem.strip()


def test_the_system_does_not_trust_an_own_ca(check, servers, netbox):
    check(f'127.0.0.1:{servers.ports["ok"]} sni={NAME}')
    (found,) = results(netbox)
    assert found['result'] == 'untrusted'
    assert len(chains(netbox)) == 1


def test_since_when(check, servers, netbox, host):
    lines = [line(servers, 'ok'), line(servers, 'refused')]
    check(*lines)
    (stored,) = [file for file in host.spool.iterdir() if file.name.startswith('.results')]
    stored.write_text(stored.read_text().replace('refused\t20', 'refused\t19').replace('ok\t20', 'expired\t19'))
    netbox.reports.clear()
    check(*lines)
    ok, refused = results(netbox)
    assert ok['since'] == ok['checked_at'], 'it had another result before'
    assert refused['since'].startswith('19')


def test_several_at_once(check, servers, netbox):
    """One that does not answer delays no other; all together take one time limit."""
    silent = [line(servers, 'silent', name=f'silent{number}.example') for number in range(10)]
    check(*silent, line(servers, 'ok'), *silent[:1], NETBOX_ENDPOINT_TIMEOUT=2)
    outcomes = [each['result'] for each in results(netbox)]
    assert outcomes == ['timeout'] * 10 + ['ok']


def test_many_endpoints(check, servers, netbox):
    names = [f'www{number}.example.net' for number in range(120)]
    check(*(line(servers, 'ok', name=name) for name in names))
    assert len(results(netbox)) == len(chains(netbox)) == 120
    assert {each['server_name'] for each in results(netbox)} == set(names)


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('www.example.net:0', '0 is not a port'),
        ('www.example.net:99999', '99999 is not a port'),
        ('www.example.net:https', 'https is not a port'),
        ('2001:db8::1', 'need brackets'),
        ('-proxy:443', '-proxy is not a host name'),
        ('$(touch evil)', 'is not a host name'),
        ('www.example.net sni=-x', 'is not a host name'),
        ('www.example.net sni=', 'needs a host name'),
        ('www.example.net starttls=telnet', 'starttls= is one of smtp'),
        ('www.example.net ca=/nothing', '/nothing cannot be read'),
        ('www.example.net port=443', 'port=443 is unknown'),
        ('[x]:443', 'is not an IPv6 address'),
    ],
)
def test_invalid_lines_are_named_and_cost_no_other(check, servers, netbox, host, text, words):
    run = check('# comment', '', text, line(servers, 'ok'))
    assert run.code == 0
    assert f'{host.folder}/endpoints, line 3' in run.lines[0] and words in run.lines[0]
    assert [each['result'] for each in results(netbox)] == ['ok']
    assert not (host.folder / 'evil').exists()


def test_an_endpoint_that_is_listed_twice(check, servers, netbox):
    run = check(line(servers, 'ok'), line(servers, 'ok'))
    assert 'line 2' in run.lines[0] and 'is listed twice' in run.lines[0]
    assert len(results(netbox)) == 1


@pytest.mark.parametrize('status', [404, 405])
def test_a_netbox_that_takes_no_results(check, servers, netbox, status):
    netbox.answer = lambda report: Answer(status) if report.path == RESULTS else Answer()
    run = check(line(servers, 'refused'), NETBOX_ACME_STRICT=1)
    assert (run.code, run.lines) == (0, [])
    assert 'refused' in run.stdout


def test_results_that_are_not_accepted(check, servers, netbox):
    netbox.answer = lambda report: Answer(400, {'results': ['no']}) if report.path == RESULTS else Answer()
    run = check(line(servers, 'ok'))
    assert 'the results of the checks were not accepted: {"results": ["no"]}' in run.lines[0]
    assert len(chains(netbox)) == 1


def test_a_certificate_that_expired_long_ago_is_reported(check, servers, netbox):
    """Files are different: there, it would be a forgotten one."""
    assert '1 reported, 0 skipped' in check(line(servers, 'expired')).stdout


def test_no_endpoints(check, netbox):
    check()
    assert netbox.listed['external_ids'] == []


def test_no_file(host, netbox):
    run = host.run('served.sh', '--sync', host.folder / 'nothing')
    assert (len(run.lines), netbox.reports, netbox.syncs) == (1, [], [])


def test_without_openssl(check, host, netbox):
    host.without('openssl')
    run = check('www.example.net')
    assert 'openssl is needed' in run.lines[0]


def test_the_results_are_json_whatever_the_server_says(check, servers, netbox):
    check(line(servers, 'plain'))
    for report in netbox.reports:
        json.loads(report.body)
