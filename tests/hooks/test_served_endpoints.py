"""Which endpoints the hook checks, and when: those that NetBox gives to this monitor, and those of a file."""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from netbox_ssl.imports.clients import file_text
from tests.hooks.fake_netbox import Answer
from tests.hooks.monitored import chains, line, of_netbox, results
from tests.hooks.tls_servers import NAME

MONITOR = 'monitor=web01.example.net'
LATER = Answer(503, headers={'Retry-After': '60'})


class TestFromNetBox:
    def test_those_of_this_monitor(self, check, servers, netbox):
        trusted = {'NETBOX_ENDPOINT_CA_FILE': servers.trusted}
        netbox.endpoints[MONITOR] = [of_netbox(servers, 'ok'), of_netbox(servers, 'refused')]
        netbox.endpoints['monitor=other'] = [of_netbox(servers, 'expired')]
        run = check(**trusted)
        assert (run.code, run.lines) == (0, [])
        assert '2 endpoints checked, 1 ok' in run.stdout
        assert [each['result'] for each in results(netbox)] == ['ok', 'refused']
        ids = [f'served:web01.example.net:127.0.0.1:{servers.ports[name]}/{NAME}' for name in ('ok', 'refused')]
        assert [each['external_id'] for each in results(netbox)] == netbox.listed['external_ids'] == ids
        assert [item['external_id'] for item in chains(netbox).values()] == ids[:1]

    def test_those_with_a_tag(self, check, servers, netbox):
        netbox.endpoints[MONITOR] = [of_netbox(servers, 'refused')]
        netbox.endpoints['tag=web'] = [of_netbox(servers, 'refused'), of_netbox(servers, 'plain')]
        netbox.endpoints['tag=q a&b'] = [of_netbox(servers, 'expired')]
        run = check(NETBOX_ENDPOINT_TAGS='web, q a&b')
        assert run.lines == []
        assert sorted(each['result'] for each in results(netbox)) == ['expired', 'not_tls', 'refused'], 'each once'

    def test_those_with_a_tag_that_another_monitor_has(self, check, servers, netbox):
        netbox.endpoints['tag=web'] = [
            of_netbox(servers, 'expired', monitor='other'),
            of_netbox(servers, 'refused', monitor=''),
        ]
        check(NETBOX_ENDPOINT_TAGS='web')
        assert [each['result'] for each in results(netbox)] == ['refused']

    def test_a_ca_file(self, check, servers, netbox):
        netbox.endpoints[MONITOR] = [
            of_netbox(servers, 'ok', ca_file=str(servers.trusted)),
            of_netbox(servers, 'other_ca', ca_file='/dev/zero'),
        ]
        run = check()
        assert [each['result'] for each in results(netbox)] == ['ok']
        assert '/dev/zero cannot be read' in run.lines[0]

    def test_all_pages(self, check, servers, netbox):
        netbox.page_size = 2
        netbox.endpoints[MONITOR] = [
            of_netbox(servers, 'refused', server_name=f'www{number}.example.net') for number in range(5)
        ]
        check()
        assert {each['external_id'] for each in results(netbox)} == {
            f'served:web01.example.net:127.0.0.1:{servers.ports["refused"]}/www{number}.example.net'
            for number in range(5)
        }
        assert [query['offset'] for query in netbox.queries] == ['0', '2', '4']
        assert {query['ordering'] for query in netbox.queries} == {'id'}

    def test_a_protocol(self, check, servers, netbox):
        netbox.endpoints[MONITOR] = [of_netbox(servers, 'smtp', starttls={'value': 'smtp', 'label': 'SMTP'})]
        check(NETBOX_ENDPOINT_CA_FILE=servers.trusted)
        (found,) = results(netbox)
        assert (found['result'], found['starttls']) == ('ok', 'smtp')

    def test_ipv6(self, check, netbox, servers):
        netbox.endpoints[MONITOR] = [of_netbox(servers, 'refused', address='::1', server_name='')]
        run = check()
        assert run.lines == []
        (found,) = results(netbox)
        assert (found['result'], found['address'], 'server_name' in found) == ('refused', '[::1]', False)

    def test_an_address_as_the_name(self, check, netbox, servers):
        """Which is verified as an address."""
        netbox.endpoints[MONITOR] = [
            of_netbox(servers, 'address', server_name='127.0.0.1', address='localhost'),
            of_netbox(servers, 'ok', server_name='2001:db8::7'),
        ]
        run = check(NETBOX_ENDPOINT_CA_FILE=servers.trusted)
        assert run.lines == []
        found = {each['server_name']: each['result'] for each in results(netbox)}
        assert found == {'127.0.0.1': 'ok', '2001:db8::7': 'name_mismatch'}

    @pytest.mark.parametrize(
        ('values', 'words'),
        [
            ({'address': '-proxy'}, '-proxy is not a host name'),
            ({'server_name': '-CAfile'}, '-CAfile is not a host name'),
            ({'starttls': 'telnet'}, 'starttls= is one of'),
            ({'address': '$(touch evil)\n'}, 'is not a host name'),
            ({'interval': -5}, '-5 is not a number of minutes'),
            ({'address': ''}, '- is not a host name'),
            ({'server_name': '2001:db8::x'}, '2001:db8::x is not a host name'),
            ({'server_name': 'a:443'}, 'a:443 is not a host name'),
        ],
    )
    def test_odd_values_cost_no_other(self, check, servers, netbox, host, values, words):
        netbox.endpoints[MONITOR] = [of_netbox(servers, 'ok', **values), of_netbox(servers, 'refused')]
        run = check()
        assert 'in NetBox: ' in run.lines[0] and words in run.lines[0]
        assert [each['result'] for each in results(netbox)] == ['refused']
        assert not (host.folder / 'evil').exists()

    def test_together_with_a_file(self, check, servers, netbox):
        netbox.endpoints[MONITOR] = [of_netbox(servers, 'ok'), of_netbox(servers, 'refused')]
        run = check(line(servers, 'ok'), line(servers, 'expired'))
        assert run.lines == []
        assert sorted(each['result'] for each in results(netbox)) == ['expired', 'ok', 'refused']
        assert len(netbox.listed['external_ids']) == 3

    def test_the_file_counts_for_what_is_not_set_in_netbox(self, check, servers, netbox):
        """NetBox adds the endpoints of a file without these options, and gives them back from then on."""
        smtp = line(servers, 'smtp', 'starttls=smtp', 'interval=60')
        others = str(servers.folder / 'other_ca.crt')
        last = datetime.now(UTC) - timedelta(minutes=30)
        netbox.endpoints[MONITOR] = [
            of_netbox(servers, 'smtp', checked_at=(last - timedelta(hours=1)).isoformat()),
            of_netbox(servers, 'ok', ca_file=others, checked_at=last.isoformat()),
            of_netbox(servers, 'refused', checked_at=last.isoformat()),
            of_netbox(servers, 'plain', checked_at=last.isoformat(), interval=5),
        ]
        waiting = line(servers, 'refused', 'interval=60')
        run = check(smtp, line(servers, 'ok'), waiting, line(servers, 'plain', 'interval=60'))
        assert run.lines == []
        found = {each['port']: each['result'] for each in results(netbox)}
        ports = servers.ports
        assert found == {ports['smtp']: 'ok', ports['ok']: 'untrusted', ports['plain']: 'not_tls'}
        assert '1 not due yet' in run.stdout

    @pytest.mark.parametrize('status', [404, 405])
    def test_a_version_without_endpoints(self, check, servers, netbox, status):
        netbox.endpoints_answer = Answer(status, {'detail': 'Not found.'})
        run = check(line(servers, 'refused'), NETBOX_ACME_STRICT=1)
        assert (run.code, run.lines) == (0, [])
        assert run.stdout.count('this version of NetBox SSL has no endpoints') == 1
        assert [each['result'] for each in results(netbox)] == ['refused']
        assert len(netbox.listed['external_ids']) == 1

        run = check(NETBOX_ACME_STRICT=1)
        assert run.code == 1
        assert f'HTTP {status}: check NETBOX_URL' in run.lines[0]

    @pytest.mark.parametrize(
        ('answer', 'words'),
        [
            (Answer(403, {'detail': 'You do not have permission to perform this action.'}), 'does not permit it'),
            (Answer(400, {'tag': ['Select a valid choice.']}), 'Select a valid choice.'),
            (Answer(500), 'HTTP 500'),
            (Answer(200, ['no', 'list']), 'is not a list of endpoints'),
            (Answer(200, {'count': 1, 'results': [{'padding': 'x' * 2_000_000}]}), 'are not checked'),
        ],
        ids=['denied', 'refused', 'broken', 'other', 'huge'],
    )
    def test_unknown_endpoints_are_not_gone(self, check, servers, netbox, answer, words):
        """If the list cannot be read, its endpoints are missing from what this monitor has, but they exist."""
        netbox.endpoints_answer = answer
        run = check(line(servers, 'refused'), NETBOX_ACME_STRICT=1)
        assert (run.code, len(run.lines)) == (1, 1)
        assert 'the endpoints in NetBox of monitor web01.example.net are not checked' in run.lines[0]
        assert words in run.lines[0]
        assert [each['result'] for each in results(netbox)] == ['refused'], 'those of the file are checked'
        assert netbox.syncs == []

    @pytest.mark.parametrize('answer', [Answer(401, {'detail': 'Invalid token'}), LATER])
    def test_netbox_takes_nothing(self, check, servers, netbox, host, answer):
        netbox.endpoints_answer = answer
        run = check(line(servers, 'ok'))
        assert len(run.lines) == 1 and '1 reports wait' in run.lines[0]
        assert (netbox.reports, netbox.syncs) == ([], [])
        # As long as NetBox asks for
        if answer is LATER:
            check(line(servers, 'ok'))
            assert len(netbox.queries) == 1

    def test_netbox_down(self, check, servers, netbox, host):
        netbox.close()
        run = check(line(servers, 'ok'))
        assert len(run.lines) == 1 and 'cannot be reached' in run.lines[0] and '1 reports wait' in run.lines[0]

    def test_without_jq(self, check, servers, netbox, host):
        host.without('jq')
        run = check(line(servers, 'refused'))
        assert (run.lines, netbox.queries) == ([], [])
        assert 'jq is not installed: only the endpoints in ' in run.stdout
        assert [each['result'] for each in results(netbox)] == ['refused']
        run = check()
        assert 'jq is needed for the endpoints in NetBox' in run.lines[0]


class TestInterval:
    @pytest.mark.parametrize(
        ('minutes', 'is_due'),
        [(1, False), (50, False), (54, True), (60, True), (600, True)],
    )
    @pytest.mark.parametrize('zone', [UTC, timezone(timedelta(hours=-5, minutes=-30))])
    def test_of_netbox(self, check, servers, netbox, minutes, is_due, zone):
        last = datetime.now(zone) - timedelta(minutes=minutes, seconds=5)
        netbox.endpoints[MONITOR] = [of_netbox(servers, 'refused', interval=60, checked_at=last.isoformat())]
        run = check()
        assert run.lines == []
        assert len(results(netbox)) == is_due
        assert f'{is_due:d} endpoints checked, 0 ok, {not is_due:d} not due yet' in run.stdout
        assert len(netbox.listed['external_ids']) == 1, 'the endpoint exists'

    def test_of_a_file(self, check, servers, netbox, host):
        lines = [line(servers, 'refused', 'interval=60'), line(servers, 'plain')]
        for expected in (['not_tls', 'refused'], ['not_tls']):
            netbox.reports.clear()
            assert check(*lines).lines == []
            assert sorted(each['result'] for each in results(netbox)) == expected
        first = results(netbox)[0]['since']
        (stored,) = host.spool.glob('.results*')
        an_hour_ago = int(time.time()) - 3600
        rows = [row.split('\t') for row in stored.read_text().splitlines()]
        stored.write_text(''.join('\t'.join([*row[:3], str(an_hour_ago)]) + '\n' for row in rows))
        netbox.reports.clear()
        check(*lines)
        assert sorted(each['result'] for each in results(netbox)) == ['not_tls', 'refused']
        assert {each['since'] for each in results(netbox)} <= {row[2] for row in rows} | {first}

    def test_what_was_checked_the_longest_ago_is_first(self, check, servers, netbox):
        now = datetime.now(UTC)
        netbox.endpoints[MONITOR] = [
            of_netbox(
                servers,
                'refused',
                server_name=f'{hours}.example.net',
                checked_at=hours and (now - timedelta(hours=hours)).isoformat(),
            )
            for hours in (5, 9, 0, 7)
        ]
        check()
        assert [each['server_name'][0] for each in results(netbox)] == ['0', '9', '7', '5']


class TestOfAFile:
    @pytest.mark.parametrize(
        ('text', 'words'),
        [
            ('www.example.net:0', '0 is not a port'),
            ('www.example.net:99999', '99999 is not a port'),
            ('www.example.net:https', 'https is not a port'),
            ('2001:db8::1', 'need brackets'),
            ('-proxy:443', '-proxy is not a host name'),
            ('$(touch${IFS}evil)', 'is not a host name'),
            ('www.example.net sni=-x', 'is not a host name'),
            ('www.example.net sni=', 'sni= needs a value'),
            ('www.example.net sni=.', 'is not a host name'),
            ('www.example.net starttls=telnet', 'starttls= is one of smtp'),
            ('www.example.net ca=/nothing', '/nothing cannot be read'),
            ('www.example.net port=443', 'port=443 is unknown'),
            ('www.example.net interval=1h', '1h is not a number of minutes'),
            ('[x]:443', 'is not an IPv6 address'),
        ],
    )
    def test_invalid_lines_are_named_and_cost_no_other(self, check, servers, netbox, host, text, words):
        run = check('# comment', '', text, line(servers, 'ok'))
        assert run.code == 0
        assert f'{host.folder}/endpoints, line 3' in run.lines[0] and words in run.lines[0]
        assert [each['result'] for each in results(netbox)] == ['ok']
        assert not (host.folder / 'evil').exists()

    def test_an_endpoint_that_is_listed_twice(self, check, servers, netbox):
        run = check(line(servers, 'ok'), line(servers, 'ok'))
        assert 'line 2' in run.lines[0] and 'is listed twice' in run.lines[0]
        assert len(results(netbox)) == 1

    def test_names_as_netbox_writes_them(self, check, servers, netbox):
        """Otherwise one endpoint would be two, as soon as NetBox gives it back."""
        port = servers.ports['refused']
        netbox.endpoints[MONITOR] = [of_netbox(servers, 'refused', address='localhost', server_name='')]
        run = check(
            f'LOCALHOST.:{port} sni=Localhost', f'127.0.0.1:{port} sni=WWW.Example.NET.', f'[::1]:{port} sni=::1'
        )
        assert run.lines == []
        names = {(each['address'], each.get('server_name')) for each in results(netbox)}
        assert names == {('localhost', None), ('127.0.0.1', 'www.example.net'), ('[::1]', None)}
        assert len(netbox.listed['external_ids']) == 3

    def test_a_folder_of_files(self, host, netbox, servers):
        folder = host.folder / 'lists'
        folder.mkdir()
        # As Kubernetes mounts a ConfigMap
        (folder / '..data').mkdir()
        for name in ('refused', 'plain'):
            (folder / name).write_text(line(servers, name) + '\n')
        run = host.run('served.sh', '--sync', folder, NETBOX_ENDPOINT_TIMEOUT=60)
        assert run.lines == []
        assert sorted(each['result'] for each in results(netbox)) == ['not_tls', 'refused']

    def test_a_file_that_is_missing(self, host, netbox):
        run = host.run('served.sh', '--sync', host.folder / 'nothing')
        assert (len(run.lines), netbox.reports, netbox.syncs) == (1, [], [])
        assert 'nothing cannot be read' in run.lines[0]


def test_no_endpoints(check, netbox):
    run = check(NETBOX_ACME_STRICT=1)
    assert run.code == 1
    assert 'no endpoints: give some to the monitor web01.example.net in NetBox' in run.lines[0]
    # The last one was deleted.
    assert netbox.listed['external_ids'] == []


def test_a_ca_file_that_cannot_be_read(check, servers, netbox):
    run = check(line(servers, 'ok'), NETBOX_ENDPOINT_CA_FILE='/nothing')
    assert 'NETBOX_ENDPOINT_CA_FILE: /nothing cannot be read' in run.lines[0]
    assert netbox.reports == []


def test_a_hook_in_one_file(host, netbox, servers, tmp_path):
    hook = tmp_path / 'served'
    hook.write_text(file_text('served.sh'))
    netbox.endpoints[MONITOR] = [of_netbox(servers, 'expired')]
    assert host.run(hook, '--sync', NETBOX_ENDPOINT_TIMEOUT=60).lines == []
    assert [each['result'] for each in results(netbox)] == ['expired']
    assert list(chains(netbox)) == [f'127.0.0.1:{servers.ports["expired"]}/{NAME}']
