"""The reports of the hooks that read a storage: Caddy, Traefik and cert-manager."""

import base64
import json

import pytest

from tests.hooks import lineages
from tests.hooks.lineages import DIRECTORY, RENEWED_TEXT
from tests.hooks.reported import ISSUED, external_id, is_now, sent
from tests.hooks.running import CLUSTER


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
        """As stored by Caddy 2.6.2."""
        storage = self.storage(tmp_path)
        run = host.run('caddy.sh', '--sync', storage, 'dns-01')
        assert run.lines == []
        assert sent(netbox) == {
            'external_id': external_id(
                'caddy', storage, 'acme-v02.api.letsencrypt.org-directory/wildcard_.example.net'
            ),
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

    def test_an_unknown_server_is_omitted(self, host, netbox, tmp_path):
        host.run('caddy.sh', '--sync', self.storage(tmp_path, 'ca.example.net-8443-dir'))
        assert 'acme_server_url' not in sent(netbox)

    def test_its_own_ca_is_omitted(self, host, netbox, tmp_path):
        host.run('caddy.sh', '--sync', self.storage(tmp_path, 'local'))
        assert netbox.reports == []

    def test_a_ca_of_its_own_by_another_name_is_not_acme(self, host, netbox, tmp_path):
        storage = self.storage(tmp_path, 'example-net-internal')
        (storage / 'pki' / 'authorities' / 'example-net-internal').mkdir(parents=True)
        host.run('caddy.sh', '--sync', storage, 'http-01')
        assert sent(netbox) == {
            'external_id': external_id('caddy', storage, 'example-net-internal/wildcard_.example.net'),
            'client': 'caddy',
            'is_acme': False,
        }

    def test_the_event(self, host, netbox, tmp_path):
        storage = self.storage(tmp_path)
        (chain,) = storage.rglob('*.crt')
        host.run('caddy.sh', chain.relative_to(storage), storage)
        assert is_now(sent(netbox)['acme_last_renewed'])


class TestTraefik:
    def store(self, tmp_path):
        return lineages.traefik(tmp_path / 'acme.json', ISSUED)

    def test_sync(self, host, netbox, tmp_path):
        host.record()
        run = host.run('traefik.sh', '--sync', self.store(tmp_path), f'le={DIRECTORY},tls-alpn-01,30')
        assert run.lines == []
        begins = ISSUED.certificate.not_valid_before_utc
        assert sent(netbox) == {
            'external_id': external_id('traefik', tmp_path / 'acme.json', 'le/default/www.example.net'),
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


# The identity of the cluster is read from it.
PROD = {'NETBOX_ACME_SOURCE': 'prod', 'NETBOX_ACME_MACHINE_ID': ''}


class TestCertManager:
    def kubectl(self, host, **more):
        host.kubectl(*lineages.cert_manager(ISSUED, **more))

    def test_sync(self, host, netbox):
        host.record()
        self.kubectl(host)
        run = host.run('cert-manager.sh', '--sync', **PROD)
        assert run.lines == []
        assert sent(netbox, CLUSTER) == {
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
        host.run('cert-manager.sh', '--sync', **PROD)
        assert sent(netbox, CLUSTER).get('acme_challenge_type') == challenge

    def test_another_issuer_is_not_acme(self, host, netbox):
        self.kubectl(host, acme=False)
        host.run('cert-manager.sh', '--sync', **PROD, NETBOX_ACME_EMAIL='ops@example.net')
        item = sent(netbox, CLUSTER)
        assert item == {'external_id': 'cert-manager:prod:shop/www', 'client': 'cert-manager', 'is_acme': False}

    @pytest.mark.parametrize(('renewal', 'days'), [('2027-02-01T00:00:00Z', None), ('2027-01-31T04:05:06Z', 1)])
    def test_less_than_a_day_is_no_number_of_days(self, host, netbox, renewal, days):
        objects, issuers = lineages.cert_manager(ISSUED)
        objects['items'][0]['status']['renewalTime'] = renewal
        host.kubectl(objects, issuers)
        host.run('cert-manager.sh', '--sync', **PROD)
        assert sent(netbox, CLUSTER).get('acme_renewal_days') == days

    @pytest.mark.parametrize(('group', 'is_acme'), [('cert-manager.io', True), ('cas-issuer.jetstack.io', False)])
    def test_the_group_of_the_issuer(self, host, netbox, group, is_acme):
        """Another group may have an issuer of the same kind and name."""
        objects, issuers = lineages.cert_manager(ISSUED)
        objects['items'][0]['spec']['issuerRef']['group'] = group
        host.kubectl(objects, issuers)
        host.run('cert-manager.sh', '--sync', **PROD)
        assert sent(netbox, CLUSTER)['is_acme'] is is_acme

    def test_no_request_of_this_revision(self, host, netbox):
        self.kubectl(host, revision='1')
        run = host.run('cert-manager.sh', '--sync', **PROD)
        assert (run.code, netbox.reports) == (0, [])
        assert '1 certificates have no ready CertificateRequest' in run.stderr

    def test_kubectl_fails(self, host, netbox):
        host.program('kubectl', 'echo "error: Forbidden" >&2; exit 1')
        run = host.run('cert-manager.sh', '--sync', **PROD)
        assert (run.code, netbox.reports) == (0, [])
        assert 'Forbidden' in run.lines[0]
