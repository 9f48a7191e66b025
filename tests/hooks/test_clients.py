"""The reports of the hooks for certbot, dehydrated, lego and uacme from their files on the host."""

import os
import time

import pytest

from tests.hooks import lineages
from tests.hooks.lineages import DIRECTORY, RENEWED_TEXT
from tests.hooks.reported import ISSUED, external_id, is_now, sent
from tests.support import programs
from tests.support.acme_issuances import DAY, issue_acme

ODD_NAMES = [
    'wild card',
    "it's",
    'a"b',
    'back\\slash',
    '$(touch evil)',
    '`touch evil`',
    'ü.example',
    '-n',
    '*.x',
    'a;b&c|d',
]


class TestCertbot:
    def test_deploy(self, host, netbox, tmp_path):
        live = lineages.certbot(tmp_path / 'le', issued=ISSUED)
        run = host.run('certbot.sh', RENEWED_LINEAGE=live, RENEWED_DOMAINS='www.example.net')
        assert run.lines == []
        item = sent(netbox)
        assert is_now(item.pop('acme_last_renewed'))
        assert item == {
            'external_id': external_id('certbot', tmp_path / 'le', 'www.example.net'),
            'client': 'certbot',
            'is_acme': True,
            'acme_server_url': DIRECTORY,
            'acme_challenge_type': 'http-01',
            'acme_auto_renewal': True,
        }

    def test_through_the_link_in_the_deploy_folder(self, host, netbox, tmp_path):
        live = lineages.certbot(tmp_path / 'le', issued=ISSUED)
        link = tmp_path / 'netbox'
        link.symlink_to(lineages.Path(__file__).resolve().parents[2] / 'hooks' / 'certbot.sh')
        assert host.run(link, RENEWED_LINEAGE=live).lines == []
        assert len(netbox.items) == 1

    def test_sync_never_reports_the_current_time(self, host, netbox, tmp_path):
        live = lineages.certbot(tmp_path / 'le', issued=ISSUED)
        # For example touched by a backup; only the certificate counts.
        os.utime(live, (time.time(),) * 2)
        run = host.run('certbot.sh', '--sync', tmp_path / 'le')
        assert sent(netbox)['acme_last_renewed'] == RENEWED_TEXT
        assert run.stdout.startswith('netbox-acme (certbot): 1 reported')

    @pytest.mark.parametrize(
        ('conf', 'expected'),
        [
            ({'authenticator': 'dns-cloudflare'}, {'acme_challenge_type': 'dns-01'}),
            ({'authenticator': 'standalone', 'more': 'pref_challs = dns-01,\n'}, {'acme_challenge_type': 'dns-01'}),
            ({'authenticator': 'my-plugin'}, {'acme_challenge_type': None}),
            ({'more': 'autorenew = False\n'}, {'acme_auto_renewal': False}),
            ({'authenticator': 'manual'}, {'acme_auto_renewal': False, 'acme_challenge_type': 'http-01'}),
            (
                {'authenticator': 'manual', 'more': 'manual_auth_hook = /usr/bin/x\n'},
                {'acme_auto_renewal': True},
            ),
            ({'more': 'renew_before_expiry = 20 days\n'}, {'acme_renewal_days': 20}),
            ({'more': 'renew_before_expiry = 2 weeks\n'}, {'acme_renewal_days': 14}),
            ({'more': 'renew_before_expiry = 10 hours\n'}, {'acme_renewal_days': None}),
            ({'server': 'http://127.0.0.1:8080/directory'}, {'acme_server_url': 'http://127.0.0.1:8080/directory'}),
        ],
        ids=lambda value: ' '.join(value.values()) if 'acme' not in str(value.keys()) else '',
    )
    def test_settings_of_the_lineage(self, host, netbox, tmp_path, conf, expected):
        live = lineages.certbot(tmp_path / 'le', issued=ISSUED, **conf)
        host.run('certbot.sh', RENEWED_LINEAGE=live)
        item = sent(netbox)
        assert {name: item.get(name) for name in expected} == expected

    def test_the_address_in_cli_ini(self, host, netbox, tmp_path):
        live = lineages.certbot(tmp_path / 'le', issued=ISSUED)
        (tmp_path / 'le' / 'cli.ini').write_text('# email = no@example.net\nemail = ops@example.net\n')
        host.run('certbot.sh', RENEWED_LINEAGE=live, NETBOX_ACME_EMAIL='other@example.net')
        assert sent(netbox)['acme_account_email'] == 'ops@example.net'

    @pytest.mark.parametrize('name', ODD_NAMES)
    def test_odd_names(self, host, netbox, tmp_path, name):
        live = lineages.certbot(tmp_path / 'le', name, ISSUED)
        assert host.run('certbot.sh', RENEWED_LINEAGE=live).lines == []
        assert sent(netbox)['external_id'] == external_id('certbot', tmp_path / 'le', name)
        host.run('certbot.sh', '--sync', tmp_path / 'le')
        assert netbox.items[1]['external_id'] == external_id('certbot', tmp_path / 'le', name)
        assert not list(tmp_path.rglob('evil'))

    def test_long_expired_certificates_are_skipped(self, host, netbox, tmp_path):
        for name, left in (('dead', -31 * DAY), ('dying', -29 * DAY), ('alive', 10 * DAY)):
            lineages.certbot(tmp_path / 'le', name, issue_acme(name, left))
        host.without('openssl')
        run = host.run('certbot.sh', '--sync', tmp_path / 'le')
        assert {item['external_id'].split(':')[2] for item in netbox.items} == {'dying', 'alive'}
        assert run.stdout == 'netbox-acme (certbot): 2 reported, 1 skipped that expired more than 30 days ago\n'

    def fallen_back(self, host, tmp_path):
        """Return a host that was restored from an old backup."""
        chain = tmp_path / 'le' / 'live' / 'www' / 'fullchain.pem'
        chain.write_text(issue_acme('www', -31 * DAY).fullchain_pem)
        return host.run('certbot.sh', '--sync', tmp_path / 'le')

    def test_a_long_expired_certificate_that_was_reported_before(self, host, netbox, tmp_path):
        lineages.certbot(tmp_path / 'le', 'www', ISSUED)
        lineages.certbot(tmp_path / 'le', 'dead', issue_acme('dead', -31 * DAY))
        host.run('certbot.sh', '--sync', tmp_path / 'le')
        for _ in range(2):
            netbox.reports.clear()
            assert '1 reported, 1 skipped' in self.fallen_back(host, tmp_path).stdout
            assert [item['external_id'].split(':')[2] for item in netbox.items] == ['www']

    @pytest.mark.parametrize('spool', ['of an earlier version', 'lost'])
    def test_whether_it_was_reported_is_unknown(self, host, netbox, tmp_path, spool):
        lineages.certbot(tmp_path / 'le', 'www', ISSUED)
        if spool == 'lost':
            host.spool.write_text('')
        else:
            (host.spool / 'bad').mkdir(parents=True, mode=0o700)
        assert '1 reported, 0 skipped' in self.fallen_back(host, tmp_path).stdout
        assert len(netbox.items) == 1

    @pytest.mark.parametrize('arguments', [[], ['--help']])
    def test_wrong_arguments(self, host, netbox, arguments):
        run = host.run('certbot.sh', *arguments)
        assert (run.code, len(run.lines), netbox.reports) == (0, 1, [])


class TestDehydrated:
    # As `dehydrated -e` of 0.7.0 prints it
    VARIABLES = (
        'declare -- CA="https://ca.example.net/directory"\ndeclare -- CERTDIR="{folder}/certs"\n'
        'declare -- CHALLENGETYPE="http-01"\ndeclare -- CONTACT_EMAIL="ops@example.net"\ndeclare -- RENEW_DAYS="30"\n'
    )

    @pytest.fixture
    def folder(self, host, tmp_path):
        folder = lineages.dehydrated(tmp_path / 'dehydrated', issued=ISSUED)
        text = self.VARIABLES.format(folder=tmp_path / 'dehydrated')
        host.program('dehydrated', f"cat <<'END'\n{text}END")
        return folder

    def arguments(self, folder):
        return 'www.example.net', *(folder / f'{name}.pem' for name in ('privkey', 'cert', 'fullchain', 'chain'))

    EXPECTED = {
        'client': 'dehydrated',
        'is_acme': True,
        'acme_server_url': 'https://ca.example.net/directory',
        'acme_account_email': 'ops@example.net',
        'acme_challenge_type': 'dns-01',
        'acme_auto_renewal': True,
        'acme_renewal_days': 30,
    }
    EXPORTED = {'alias': 'shop', 'CHALLENGETYPE': 'dns-01', 'CONFIG': '/etc/dehydrated/config'}

    def test_deploy(self, host, netbox, folder):
        host.record()
        run = host.run('dehydrated.sh', 'deploy_cert', *self.arguments(folder), '1795479661', **self.EXPORTED)
        assert (run.code, run.stdout, run.lines) == (0, '', [])
        item = sent(netbox)
        assert is_now(item.pop('acme_last_renewed'))
        assert item == {**self.EXPECTED, 'external_id': external_id('dehydrated', folder.parent, 'shop')}
        assert 'dehydrated --config /etc/dehydrated/config -e' in host.command_lines

    def test_unchanged(self, host, netbox, folder):
        host.run('dehydrated.sh', 'unchanged_cert', *self.arguments(folder), **self.EXPORTED)
        item = sent(netbox)
        assert item.pop('external_id') == external_id('dehydrated', folder.parent, 'shop')
        assert item == {**self.EXPECTED, 'acme_last_renewed': RENEWED_TEXT}

    def test_sync(self, host, netbox, folder):
        host.run('dehydrated.sh', '--sync', '/etc/dehydrated/config')
        expected = {**self.EXPECTED, 'external_id': external_id('dehydrated', folder.parent, 'www.example.net')}
        assert sent(netbox) == {**expected, 'acme_challenge_type': 'http-01', 'acme_last_renewed': RENEWED_TEXT}

    @pytest.mark.parametrize('place', ['certs', 'domains.d'])
    def test_the_settings_of_a_certificate(self, host, netbox, folder, tmp_path, place):
        """dehydrated reads them from a file of the certificate. Its hook and the nightly report contain the same."""
        text = (
            '# RENEW_DAYS=1\nRENEW_DAYS="20" # early\n export CHALLENGETYPE=dns-01 # wildcard\nHOOK="$(touch evil)"\n'
        )
        own = folder / 'config'
        if place == 'domains.d':
            own.write_text('RENEW_DAYS=1\n')
            own = tmp_path / place / folder.name
            more = f'declare -- DOMAINS_D="{own.parent}"\n'
            host.program('dehydrated', f"cat <<'END'\n{self.VARIABLES.format(folder=folder.parent.parent)}{more}END")
        lineages.written(own, text)
        host.run('dehydrated.sh', '--sync')
        host.run('dehydrated.sh', 'unchanged_cert', *self.arguments(folder), CHALLENGETYPE='dns-01')
        assert netbox.items[0] == netbox.items[1]
        assert netbox.items[0]['acme_renewal_days'] == 20
        assert netbox.items[0]['acme_challenge_type'] == 'dns-01'
        assert not list(tmp_path.rglob('evil'))

    @pytest.mark.parametrize(
        'verb', ['generate_csr', 'deploy_challenge', 'startup_hook', 'this_hookscript_is_broken', '']
    )
    def test_other_verbs(self, host, netbox, verb):
        run = host.run('dehydrated.sh', verb, 'a', 'b')
        assert (run.code, run.stdout, run.stderr, netbox.reports) == (0, '', '', [])


class TestLego:
    def test_version_4(self, host, netbox, tmp_path):
        file = lineages.lego(tmp_path / 'lego', '_.example.net', ISSUED)
        given = {'LEGO_CERT_PATH': file, 'LEGO_CERT_DOMAIN': '*.example.net', 'LEGO_ACCOUNT_EMAIL': 'ops@example.net'}
        # Even if the file with the key exists, it is not touched.
        run = host.run('lego.sh', DIRECTORY, 'dns-01', '20', **given, LEGO_CERT_PEM_PATH='/nonexistent')
        assert (run.stdout, run.lines) == ('', [])
        item = sent(netbox)
        assert is_now(item.pop('acme_last_renewed'))
        assert item == {
            'external_id': external_id('lego', tmp_path / 'lego', '_.example.net'),
            'client': 'lego',
            'is_acme': True,
            'acme_server_url': DIRECTORY,
            'acme_account_email': 'ops@example.net',
            'acme_challenge_type': 'dns-01',
            'acme_auto_renewal': True,
            'acme_renewal_days': 20,
        }

    def test_version_5(self, host, netbox, tmp_path):
        file = lineages.lego(tmp_path / 'lego', issued=ISSUED)
        host.run(
            'lego.sh',
            '-',
            'http-01',
            LEGO_HOOK_CERT_PATH=file,
            LEGO_HOOK_CERT_NAME='www.example.net',
            LEGO_HOOK_ACCOUNT_SERVER=DIRECTORY,
            LEGO_HOOK_ACCOUNT_EMAIL='ops@example.net',
        )
        item = sent(netbox)
        assert (item['acme_server_url'], item['acme_challenge_type']) == (DIRECTORY, 'http-01')
        assert 'acme_renewal_days' not in item

    def test_sync(self, host, netbox, tmp_path):
        lineages.lego(tmp_path / 'lego', issued=ISSUED)
        host.run('lego.sh', '--sync', tmp_path / 'lego', DIRECTORY, 'http-01')
        item = sent(netbox)
        assert item['acme_last_renewed'] == RENEWED_TEXT
        assert (item['acme_account_email'], item['acme_server_url']) == ('ops@example.net', DIRECTORY)

    def test_settings_fill_in_omitted_fields(self, host, netbox, tmp_path):
        lineages.lego(tmp_path / 'lego', issued=ISSUED)
        settings = {
            'NETBOX_ACME_SERVER': 'https://ca.example.net/dir',
            'NETBOX_ACME_CHALLENGE': 'tls-alpn-01',
            'NETBOX_ACME_AUTO_RENEWAL': 'false',
            'NETBOX_ACME_RENEWAL_DAYS': '08',
        }
        host.run('lego.sh', '--sync', tmp_path / 'lego', **settings)
        item = sent(netbox)
        assert item['acme_server_url'] == 'https://ca.example.net/dir'
        assert (item['acme_challenge_type'], item['acme_auto_renewal']) == ('tls-alpn-01', False)
        assert item['acme_renewal_days'] == 8


def test_uacme(host, netbox, tmp_path):
    lineages.written(tmp_path / 'uacme' / 'www.example.net' / 'cert.pem', ISSUED.fullchain_pem)
    lineages.written(tmp_path / 'uacme' / 'private' / 'www.example.net' / 'key.pem', ISSUED.key_pem)
    host.run('uacme.sh', '--sync', tmp_path / 'uacme', DIRECTORY, 'http-01', '30')
    item = sent(netbox)
    assert item == {
        'external_id': external_id('uacme', tmp_path / 'uacme', 'www.example.net'),
        'client': 'uacme',
        'is_acme': True,
        'acme_server_url': DIRECTORY,
        'acme_challenge_type': 'http-01',
        'acme_auto_renewal': True,
        'acme_renewal_days': 30,
        'acme_last_renewed': RENEWED_TEXT,
    }
    host.run('uacme.sh', 'www.example.net', UACME_DIR=tmp_path / 'uacme')
    assert is_now(netbox.items[1]['acme_last_renewed'])
    assert 'acme_server_url' not in netbox.items[1]


class TestBSD:
    """The hooks run on pfSense and OPNsense: some versions of BSD's ``date`` read only seconds after -r."""

    @pytest.fixture(autouse=True)
    def bsd_date(self, host):
        host.program(
            'date',
            'while getopts d:jnf:r:uv: option 2>/dev/null; do case $option in\n'
            '    r) case $OPTARG in *[!0-9]*) echo "date: illegal time format" >&2; exit 1 ;; esac ;;\n'
            '    d | "?") echo "date: illegal option" >&2; exit 1 ;;\n'
            f'esac; done\nexec "{programs.find("date")}" "$@"',
        )

    def test_certbot(self, host, netbox, tmp_path):
        live = lineages.certbot(tmp_path / 'le', issued=ISSUED)
        run = host.run('certbot.sh', '--sync', tmp_path / 'le', NETBOX_ACME_STRICT=1)
        assert (run.code, run.lines) == (0, [])
        assert 'acme_last_renewed' not in sent(netbox)
        host.run('certbot.sh', RENEWED_LINEAGE=live)
        assert is_now(netbox.items[1]['acme_last_renewed'])

    def test_acme_sh(self, host, netbox, tmp_path):
        """As the plugin of OPNsense stores it: a home for each certificate, without account.conf."""
        home = tmp_path / 'cert-home' / '5f0a'
        lineages.written(home / 'www.example.net' / 'fullchain.cer', ISSUED.fullchain_pem)
        conf = f"Le_API='{DIRECTORY}'\nLe_CertCreateTime='1795479661'\nLe_Webroot='dns_cf'\n"
        lineages.written(home / 'www.example.net' / 'www.example.net.conf', conf)
        run = host.run('acme-sh.sh', '--sync', home)
        assert 'whether certificates are gone is not reported' in run.lines[0] and len(run.lines) == 1
        item = sent(netbox)
        assert item['external_id'] == external_id('acme.sh', home, 'www.example.net')
        assert (item['acme_last_renewed'], item['acme_challenge_type']) == ('2026-11-24T00:21:01Z', 'dns-01')

    def test_files(self, host, netbox, tmp_path):
        lineages.written(tmp_path / 'acme' / 'www.fullchain', ISSUED.fullchain_pem)
        for _ in range(2):
            assert host.run('files.sh', '--sync', f'{tmp_path}/acme/*.fullchain').lines == []
        assert len(netbox.items) == 2
