"""What the hook for endpoints reports: the chain, and a result, of real TLS servers and of everything else."""

import json

import pytest

from tests.hooks.fake_netbox import Answer
from tests.hooks.monitored import RESULTS, chains, line, results
from tests.hooks.running import MACHINE
from tests.hooks.tls_servers import NAME
from tests.support import programs


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


def test_only_the_chain_of_the_handshake_is_reported(check, servers, netbox):
    """Everything that the server sends afterwards is in the output of openssl, too."""
    check(line(servers, 'talkative'))
    (found,) = results(netbox)
    (item,) = chains(netbox).values()
    assert (found['result'], item['pem']) == ('ok', servers.certificates['ok'].fullchain_pem.strip())


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


def test_a_connection_that_takes_all_memory_and_space(check, host, servers, netbox):
    """openssl limits both itself; this one does not."""
    awk, head = programs.find('awk'), programs.find('head')
    grow = 'BEGIN { text = "x"; while (length(text) < 2 ^ 29) text = text text; print length(text) }'
    host.program(
        'openssl',
        f'case "$*" in *s_client*-connect*) ;; *) exit ;; esac\ncd "{host.folder}"\n'
        f"{awk} '{grow}' >memory\n{head} -c 5000000 /dev/zero && echo >space",
    )
    run = check('www.example.net', 'mail.example.net')
    assert run.code == 0
    assert [each['result'] for each in results(netbox)] == ['not_tls', 'not_tls']
    assert (host.folder / 'memory').read_text() == ''
    assert not (host.folder / 'space').exists()


def test_too_many_endpoints_for_one_run(host, servers, netbox):
    file = host.folder / 'endpoints'
    file.write_text(f'{line(servers, "refused")}\n{line(servers, "plain")}\n')
    assert host.run('served.sh', '--sync', file, NETBOX_ENDPOINT_TIMEOUT=60).lines == []
    (stored,) = host.spool.glob('.results*')
    before = stored.read_text()
    netbox.reports.clear()
    netbox.syncs.clear()
    connections = host.hooks_with() / 'served-connections.sh'
    connections.write_text(connections.read_text().replace('LIMIT_OF_ALL=1200', 'LIMIT_OF_ALL=0'))
    run = host.run(connections.with_name('served.sh'), '--sync', file, NETBOX_ENDPOINT_TIMEOUT=60)
    assert '2 endpoints were not checked within 0 seconds' in run.lines[0]
    assert '0 endpoints checked' in run.stdout
    assert results(netbox) == [], 'they have no result, good or bad'
    assert len(netbox.listed['external_ids']) == 2
    assert sorted(stored.read_text().splitlines()) == sorted(before.splitlines())


def test_many_endpoints(check, servers, netbox):
    names = [f'www{number}.example.net' for number in range(120)]
    check(*(line(servers, 'ok', name=name) for name in names))
    assert len(results(netbox)) == len(chains(netbox)) == 120
    assert {each['server_name'] for each in results(netbox)} == set(names)


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


def test_results_that_are_not_recorded(check, servers, netbox):
    refused = {'results': [{'index': 0, 'id': 1}], 'errors': [{'index': 1, 'errors': {'address': ['not permitted']}}]}
    netbox.answer = lambda report: Answer(200, refused) if report.path == RESULTS else Answer()
    run = check(line(servers, 'ok'), line(servers, 'expired'))
    (message,) = run.lines
    name = f'127.0.0.1:{servers.ports["expired"]}/{NAME}'
    assert f'NetBox did not record some results, such as that of {name}: ' in message
    assert 'not permitted' in message


def test_a_certificate_that_expired_long_ago_is_reported(check, servers, netbox):
    """Files are different: there, it would be a forgotten one."""
    assert '1 reported, 0 skipped' in check(line(servers, 'expired')).stdout


def test_without_openssl(check, host, netbox):
    host.without('openssl')
    run = check('www.example.net')
    assert 'openssl is needed' in run.lines[0]


def test_the_results_are_json_whatever_the_server_says(check, servers, netbox):
    check(line(servers, 'plain'))
    for report in netbox.reports:
        json.loads(report.body)
