"""What each hook reports of what its client leaves on the host."""

import base64
import json
import os
import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import DAY, issue_acme
from tests.hooks import lineages
from tests.hooks.lineages import RENEWED_TEXT

DIRECTORY = 'https://acme-v02.api.letsencrypt.org/directory'
ISSUED = issue_acme()
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


def is_now(text):
    return abs(datetime.fromisoformat(text) - datetime.now(UTC)) < timedelta(seconds=60)


def sent(netbox):
    """The only report, without what is the same in all of them."""
    (item,) = netbox.items
    assert item.pop('pem') == ISSUED.fullchain_pem.strip()
    return item


class TestCertbot:
    def test_deploy(self, host, netbox, tmp_path):
        live = lineages.certbot(tmp_path / 'le', issued=ISSUED)
        run = host.run('certbot.sh', RENEWED_LINEAGE=live, RENEWED_DOMAINS='www.example.net')
        assert run.lines == []
        item = sent(netbox)
        assert is_now(item.pop('acme_last_renewed'))
        assert item == {
            'external_id': 'certbot:web01.example.net:www.example.net',
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

    def test_sync_never_says_now(self, host, netbox, tmp_path):
        live = lineages.certbot(tmp_path / 'le', issued=ISSUED)
        # Touched by a backup, say: the certificate is what counts.
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
        assert sent(netbox)['external_id'] == f'certbot:web01.example.net:{name}'
        host.run('certbot.sh', '--sync', tmp_path / 'le')
        assert netbox.items[1]['external_id'] == f'certbot:web01.example.net:{name}'
        assert not list(tmp_path.rglob('evil'))

    def test_what_has_long_expired_is_skipped(self, host, netbox, tmp_path):
        for name, left in (('dead', -31 * DAY), ('dying', -29 * DAY), ('alive', 10 * DAY)):
            lineages.certbot(tmp_path / 'le', name, issue_acme(name, left))
        run = host.run('certbot.sh', '--sync', tmp_path / 'le')
        assert {item['external_id'].split(':')[2] for item in netbox.items} == {'dying', 'alive'}
        assert run.stdout == 'netbox-acme (certbot): 2 reported, 1 skipped that expired more than 30 days ago\n'

    def test_without_openssl_everything_is_reported(self, host, netbox, tmp_path):
        lineages.certbot(tmp_path / 'le', 'dead', issue_acme('dead', -40 * DAY))
        host.without('openssl')
        host.run('certbot.sh', '--sync', tmp_path / 'le')
        assert len(netbox.items) == 1

    @pytest.mark.parametrize('arguments', [[], ['--help']])
    def test_called_wrongly(self, host, netbox, arguments):
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
        'external_id': 'dehydrated:web01.example.net:shop',
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
        run = host.run('dehydrated.sh', 'deploy_cert', *self.arguments(folder), '1795479661', **self.EXPORTED)
        assert (run.code, run.stdout, run.lines) == (0, '', [])
        item = sent(netbox)
        assert is_now(item.pop('acme_last_renewed'))
        assert item == self.EXPECTED
        assert 'dehydrated --config /etc/dehydrated/config -e' in host.command_lines

    def test_unchanged(self, host, netbox, folder):
        host.run('dehydrated.sh', 'unchanged_cert', *self.arguments(folder), **self.EXPORTED)
        assert sent(netbox) == {**self.EXPECTED, 'acme_last_renewed': RENEWED_TEXT}

    def test_sync(self, host, netbox, folder):
        host.run('dehydrated.sh', '--sync', '/etc/dehydrated/config')
        expected = {**self.EXPECTED, 'external_id': 'dehydrated:web01.example.net:www.example.net'}
        assert sent(netbox) == {**expected, 'acme_challenge_type': 'http-01', 'acme_last_renewed': RENEWED_TEXT}

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
        # Even when it is there, the file with the key is not touched.
        run = host.run('lego.sh', DIRECTORY, 'dns-01', '20', **given, LEGO_CERT_PEM_PATH='/nonexistent')
        assert (run.stdout, run.lines) == ('', [])
        item = sent(netbox)
        assert is_now(item.pop('acme_last_renewed'))
        assert item == {
            'external_id': 'lego:web01.example.net:_.example.net',
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

    def test_settings_fill_what_is_not_said(self, host, netbox, tmp_path):
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
        'external_id': 'uacme:web01.example.net:www.example.net',
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


class TestCaddy:
    def storage(
        self, tmp_path, issuer='acme-v02.api.letsencrypt.org-directory', data=None, name='wildcard_.example.net'
    ):
        storage = tmp_path / 'caddy'
        folder = storage / 'certificates' / issuer / name
        lineages.written(folder / f'{name}.crt', ISSUED.fullchain_pem)
        lineages.written(folder / f'{name}.key', ISSUED.key_pem)
        lineages.written(
            folder / f'{name}.json', json.dumps({'sans': ['x'], 'issuer_data': {'url': 'u', **(data or {})}})
        )
        (storage / 'acme' / issuer / 'users' / 'ops@example.net').mkdir(parents=True)
        return storage

    def test_sync(self, host, netbox, tmp_path):
        """As Caddy 2.6.2 leaves it."""
        storage = self.storage(tmp_path)
        run = host.run('caddy.sh', '--sync', storage, 'dns-01')
        assert run.lines == []
        assert sent(netbox) == {
            'external_id': 'caddy:web01.example.net:acme-v02.api.letsencrypt.org-directory/wildcard_.example.net',
            'client': 'caddy',
            'is_acme': True,
            'acme_server_url': DIRECTORY,
            'acme_account_email': 'ops@example.net',
            'acme_challenge_type': 'dns-01',
            'acme_auto_renewal': True,
            'acme_last_renewed': RENEWED_TEXT,
        }

    def test_the_server_from_its_metadata(self, host, netbox, tmp_path):
        """certmagic 0.21 and later (Caddy 2.7) write issuer_data.ca."""
        storage = self.storage(tmp_path, 'ca.example.net-8443-dir', {'ca': 'https://ca.example.net:8443/dir'})
        host.run('caddy.sh', '--sync', storage)
        assert sent(netbox)['acme_server_url'] == 'https://ca.example.net:8443/dir'

    def test_an_unknown_server_is_left_out(self, host, netbox, tmp_path):
        host.run('caddy.sh', '--sync', self.storage(tmp_path, 'ca.example.net-8443-dir'))
        assert 'acme_server_url' not in sent(netbox)

    def test_its_own_ca_is_left_out(self, host, netbox, tmp_path):
        host.run('caddy.sh', '--sync', self.storage(tmp_path, 'local'))
        assert netbox.reports == []

    def test_the_event(self, host, netbox, tmp_path):
        storage = self.storage(tmp_path)
        (chain,) = storage.rglob('*.crt')
        host.run('caddy.sh', chain.relative_to(storage), storage)
        assert is_now(sent(netbox)['acme_last_renewed'])


class TestAcmeSh:
    # As acme.sh 3.1.4 wrote it against a server on this machine.
    CONF = """Le_Domain='www.example.net'
Le_Alt='no'
Le_Webroot='{webroot}'
Le_PreHook=''
Le_API='{server}'
Le_Keylength='ec-256'
Le_LinkOrder='$(touch evil)'
SAVED_CF_Token='secret'
Le_CertCreateTime='1795479661'
Le_CertCreateTimeStr='2026-11-24T04:21:01Z'
Le_NextRenewTimeStr='2027-01-22T04:21:01Z'
Le_NextRenewTime='1800577261'
{more}"""

    def home(self, tmp_path, webroot='no', more='', server='https://ca.example.net:8443/acme/directory'):
        folder = tmp_path / '.acme.sh' / 'www.example.net_ecc'
        lineages.written(folder / 'fullchain.cer', ISSUED.fullchain_pem)
        lineages.written(folder / 'www.example.net.key', ISSUED.key_pem)
        conf = self.CONF.format(webroot=webroot, server=server, more=more)
        lineages.written(folder / 'www.example.net.conf', conf)
        account = "CA_KEY_HASH='x'\nCA_EAB_HMAC_KEY='secret'\nCA_EMAIL='ops@example.net'\n"
        lineages.written(tmp_path / '.acme.sh' / 'ca' / 'ca.example.net' / 'acme' / 'directory' / 'ca.conf', account)
        return folder

    def test_sync(self, host, netbox, tmp_path):
        folder = self.home(tmp_path)
        assert host.run('acme-sh.sh', '--sync', folder.parent).lines == []
        assert sent(netbox) == {
            'external_id': 'acme.sh:web01.example.net:www.example.net_ecc',
            'client': 'acme.sh',
            'is_acme': True,
            'acme_server_url': 'https://ca.example.net:8443/acme/directory',
            'acme_account_email': 'ops@example.net',
            'acme_challenge_type': 'http-01',
            'acme_auto_renewal': True,
            'acme_last_renewed': datetime.fromtimestamp(1795479661, UTC).isoformat().replace('+00:00', 'Z'),
        }
        assert b'secret' not in netbox.reports[0].body
        assert not (tmp_path / 'evil').exists()

    @pytest.mark.parametrize(
        ('webroot', 'challenge'),
        [
            ('alpn', 'tls-alpn-01'),
            ('dns_cf', 'dns-01'),
            ('dns_cf,dns_aws', 'dns-01'),
            ('/var/www,/srv/www', 'http-01'),
            ('dns_cf,/var/www', None),
            ('dns_persist', None),
            ('dns', 'dns-01'),
        ],
    )
    def test_challenge(self, host, netbox, tmp_path, webroot, challenge):
        host.run('acme-sh.sh', '--sync', self.home(tmp_path, webroot).parent)
        item = sent(netbox)
        assert item.get('acme_challenge_type') == challenge
        assert item['acme_auto_renewal'] is (webroot != 'dns')

    @pytest.mark.parametrize(('days', 'expected'), [('60', 30), ('-10', 10), ('', None), ('200', None)])
    def test_days(self, host, netbox, tmp_path, days, expected):
        host.run('acme-sh.sh', '--sync', self.home(tmp_path, more=f"Le_RenewalDays='{days}'\n").parent)
        assert sent(netbox).get('acme_renewal_days') == expected

    def test_the_deploy_hook_as_documented(self, host, netbox, tmp_path):
        folder = self.home(tmp_path)
        run = host.run('acme-sh.sh', folder / 'fullchain.cer')
        assert (run.stdout, run.lines) == ('', [])
        assert is_now(sent(netbox)['acme_last_renewed'])

    def test_reloadcmd(self, host, netbox, tmp_path):
        folder = self.home(tmp_path)
        host.run('acme-sh.sh', DOMAIN_PATH=folder, CERT_FULLCHAIN_PATH='/etc/nginx/tls/fullchain.pem')
        assert sent(netbox)['external_id'] == 'acme.sh:web01.example.net:www.example.net_ecc'

    def test_never_issued(self, host, netbox, tmp_path):
        folder = self.home(tmp_path)
        conf = folder / 'www.example.net.conf'
        conf.write_text(re.sub('Le_CertCreateTime=.*\n', '', conf.read_text()))
        host.run('acme-sh.sh', '--sync', folder.parent)
        assert netbox.reports == []


class TestTraefik:
    """acme.json in the form of traefik v3.7.0, pkg/provider/acme/local_store.go, account.go, provider.go."""

    def store(self, tmp_path, **more):
        content = {
            'le': {
                'Account': {
                    'Email': 'ops@example.net',
                    'Registration': {'body': {'status': 'valid'}, 'uri': 'https://ca.example.net/acct/1'},
                    'PrivateKey': base64.b64encode(ISSUED.key_pem.encode()).decode(),
                    'KeyType': '4096',
                },
                'Certificates': [
                    {
                        'domain': {'main': 'www.example.net', 'sans': ['example.net']},
                        'certificate': base64.b64encode(ISSUED.fullchain_pem.encode()).decode(),
                        'key': base64.b64encode(ISSUED.key_pem.encode()).decode(),
                        'Store': 'default',
                    }
                ],
            },
            'empty': {'Account': None, 'Certificates': None},
            **more,
        }
        return lineages.written(tmp_path / 'acme.json', json.dumps(content, indent=2))

    def test_sync(self, host, netbox, tmp_path):
        run = host.run('traefik.sh', '--sync', self.store(tmp_path), f'le={DIRECTORY},tls-alpn-01,30')
        assert run.lines == []
        begins = ISSUED.certificate.not_valid_before_utc
        assert sent(netbox) == {
            'external_id': 'traefik:web01.example.net:le/default/www.example.net',
            'client': 'traefik',
            'is_acme': True,
            'acme_server_url': DIRECTORY,
            'acme_account_email': 'ops@example.net',
            'acme_challenge_type': 'tls-alpn-01',
            'acme_auto_renewal': True,
            'acme_renewal_days': 30,
            'acme_last_renewed': begins.strftime('%Y-%m-%dT%H:%M:%SZ'),
        }
        key = base64.b64encode(ISSUED.key_pem.encode())
        assert key not in netbox.reports[0].body
        assert key.decode() not in host.command_lines

    def test_without_an_account_or_arguments(self, host, netbox, tmp_path):
        store = self.store(tmp_path)
        content = json.loads(store.read_text())
        content['le']['Account'] = None
        store.write_text(json.dumps(content))
        assert host.run('traefik.sh', '--sync', store).lines == []
        item = sent(netbox)
        assert not item.keys() & {'acme_account_email', 'acme_server_url', 'acme_challenge_type', 'acme_renewal_days'}

    def test_half_written(self, host, netbox, tmp_path):
        store = self.store(tmp_path)
        whole = store.read_text()
        store.write_text(whole[:400])
        host.program('sleep', f'cp "{store}.whole" "{store}"')
        (tmp_path / 'acme.json.whole').write_text(whole)
        assert host.run('traefik.sh', '--sync', store).lines == []
        assert len(netbox.items) == 1
        store.write_text(whole[:400])
        (tmp_path / 'acme.json.whole').write_text(whole[:400])
        run = host.run('traefik.sh', '--sync', store)
        assert (run.code, len(run.lines)) == (0, 1)


class TestCertManager:
    """Objects as cert-manager describes them: pkg/apis/certmanager/v1/types*.go, pkg/apis/acme/v1/types_issuer.go."""

    def kubectl(
        self, host, *, solvers=({'http01': {'ingress': {}}},), acme=True, revision='3', names=('www.example.net',)
    ):
        condition = {'type': 'Ready', 'status': 'True', 'lastTransitionTime': '2026-11-03T04:05:06Z'}
        chain = base64.b64encode(ISSUED.fullchain_pem.encode()).decode()
        spec = {'acme': {'server': DIRECTORY, 'email': 'ops@example.net', 'solvers': list(solvers)}}
        issuer = {
            'kind': 'ClusterIssuer',
            'metadata': {'name': 'letsencrypt'},
            'spec': spec if acme else {'ca': {'secretName': 'ca'}},
        }
        certificate = {
            'kind': 'Certificate',
            'metadata': {'name': 'www', 'namespace': 'shop', 'uid': 'u-1'},
            'spec': {'dnsNames': list(names), 'issuerRef': {'kind': 'ClusterIssuer', 'name': 'letsencrypt'}},
            'status': {
                'revision': 3,
                'notBefore': '2026-11-03T04:05:06Z',
                'notAfter': '2027-02-01T04:05:06Z',
                'renewalTime': '2027-01-02T04:05:06Z',
                'conditions': [condition],
            },
        }

        def request(number, uid='u-1'):
            return {
                'kind': 'CertificateRequest',
                'metadata': {
                    'name': f'www-{number}',
                    'namespace': 'shop',
                    'annotations': {'cert-manager.io/certificate-revision': number},
                    'ownerReferences': [{'kind': 'Certificate', 'uid': uid}],
                },
                'status': {'certificate': chain, 'conditions': [condition]},
            }

        objects = {'items': [certificate, request('2'), request(revision), request('3', 'another')]}
        (host.folder / 'objects').write_text(json.dumps(objects))
        (host.folder / 'issuers').write_text(json.dumps({'items': [issuer]}))
        then = f'case "$*" in *clusterissuers*) cat "{host.folder}/issuers" ;; *) cat "{host.folder}/objects" ;; esac'
        host.program('kubectl', then)

    def test_sync(self, host, netbox):
        self.kubectl(host)
        run = host.run('cert-manager.sh', '--sync', NETBOX_ACME_SOURCE='prod')
        assert run.lines == []
        assert sent(netbox) == {
            'external_id': 'cert-manager:prod:shop/www',
            'client': 'cert-manager',
            'is_acme': True,
            'acme_server_url': DIRECTORY,
            'acme_account_email': 'ops@example.net',
            'acme_challenge_type': 'http-01',
            'acme_auto_renewal': True,
            'acme_renewal_days': 30,
            'acme_last_renewed': RENEWED_TEXT,
        }
        assert 'secret' not in host.command_lines

    @pytest.mark.parametrize(
        ('more', 'challenge'),
        [
            ({'solvers': [{'dns01': {}}]}, 'dns-01'),
            ({'solvers': [{'dns01': {}}, {'http01': {}}]}, None),
            ({'solvers': [{'dns01': {}}, {'http01': {}}], 'names': ['*.example.net']}, 'dns-01'),
        ],
    )
    def test_challenge(self, host, netbox, more, challenge):
        self.kubectl(host, **more)
        host.run('cert-manager.sh', '--sync', NETBOX_ACME_SOURCE='prod')
        assert sent(netbox).get('acme_challenge_type') == challenge

    def test_another_issuer_is_no_acme(self, host, netbox):
        self.kubectl(host, acme=False)
        host.run('cert-manager.sh', '--sync', NETBOX_ACME_SOURCE='prod', NETBOX_ACME_EMAIL='ops@example.net')
        item = sent(netbox)
        assert item == {'external_id': 'cert-manager:prod:shop/www', 'client': 'cert-manager', 'is_acme': False}

    def test_no_request_of_this_revision(self, host, netbox):
        self.kubectl(host, revision='1')
        run = host.run('cert-manager.sh', '--sync', NETBOX_ACME_SOURCE='prod')
        assert (run.code, netbox.reports) == (0, [])
        assert '1 certificates have no ready CertificateRequest' in run.stderr

    def test_kubectl_fails(self, host, netbox):
        host.program('kubectl', 'echo "error: Forbidden" >&2; exit 1')
        run = host.run('cert-manager.sh', '--sync', NETBOX_ACME_SOURCE='prod')
        assert (run.code, netbox.reports) == (0, [])
        assert 'Forbidden' in run.lines[0]
