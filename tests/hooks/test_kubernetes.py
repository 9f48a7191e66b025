"""The reports of the hook for secrets of type kubernetes.io/tls."""

import base64

import pytest

from tests.hooks.reported import ISSUED, sent
from tests.hooks.running import CLUSTER

PROD = {'NETBOX_ACME_SOURCE': 'prod', 'NETBOX_ACME_MACHINE_ID': ''}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def kubectl(host):
    """Return a function that sets what kubectl prints for the template of the hook: namespace/name → tls.crt."""

    def make(**secrets):
        lines = ''.join(f'{name.replace("__", "/")}\t{chain}\n' for name, chain in secrets.items())
        (host.folder / 'secrets').write_text(lines)
        host.program(
            'kubectl', f'case "$*" in "get namespaces"*) printf {CLUSTER} ;; *) cat "{host.folder}/secrets" ;; esac'
        )

    return make


def test_sync(host, netbox, kubectl):
    kubectl(shop__www=encoded(ISSUED.fullchain_pem))
    run = host.run('kubernetes.sh', '--sync', **PROD)
    assert run.lines == []
    assert sent(netbox, CLUSTER) == {'external_id': 'kubernetes:prod:shop/www', 'client': 'kubernetes', 'kind': 'copy'}
    assert netbox.listed == {
        'scope': 'kubernetes:prod:',
        'external_ids': ['kubernetes:prod:shop/www'],
        'machine_id': CLUSTER,
    }


def test_only_certificates_are_requested(host, netbox, kubectl):
    """The template names the entry with the certificate, and leaves out what cert-manager made."""
    host.record()
    kubectl(shop__www=encoded(ISSUED.fullchain_pem))
    host.run('kubernetes.sh', '--sync', **PROD)
    (line,) = [line for line in host.command_lines.splitlines() if line.startswith('kubectl get secrets')]
    assert '--field-selector type=kubernetes.io/tls' in line
    assert 'index . "tls.crt"' in line and 'tls.key' not in line and '-o go-template=' in line
    assert 'cert-manager.io/certificate-name' in line


def test_secrets_without_a_certificate(host, netbox, kubectl):
    kubectl(shop__www=encoded(ISSUED.fullchain_pem), shop__waiting='-')
    run = host.run('kubernetes.sh', '--sync', **PROD)
    assert run.lines == []
    assert '1 secrets without a certificate' in run.stdout
    assert sorted(netbox.listed['external_ids']) == ['kubernetes:prod:shop/waiting', 'kubernetes:prod:shop/www']


@pytest.mark.parametrize('chain', ['!!!', encoded('nonsense'), encoded(ISSUED.fullchain_pem + ISSUED.key_pem)])
def test_a_bad_secret_costs_no_other(host, netbox, kubectl, chain):
    kubectl(shop__bad=chain, shop__www=encoded(ISSUED.fullchain_pem))
    run = host.run('kubernetes.sh', '--sync', **PROD)
    assert 'shop/bad' in run.lines[0] and 'was not sent' in run.lines[0]
    assert [item['external_id'] for item in netbox.items] == ['kubernetes:prod:shop/www']
    assert b'PRIVATE' not in netbox.reports[0].body


def test_kubectl_fails(host, netbox):
    host.program('kubectl', 'echo "Error from server (Forbidden)" >&2; exit 1')
    run = host.run('kubernetes.sh', '--sync', **PROD)
    assert 'Forbidden' in run.lines[0]
    assert (netbox.reports, netbox.syncs) == ([], [])


def test_no_secrets(host, netbox, kubectl):
    kubectl()
    host.run('kubernetes.sh', '--sync', **PROD)
    assert netbox.listed['external_ids'] == []


def test_without_the_name_of_the_cluster(host, netbox, kubectl):
    kubectl()
    run = host.run('kubernetes.sh', '--sync', **{**PROD, 'NETBOX_ACME_SOURCE': None})
    assert 'usage: NETBOX_ACME_SOURCE' in run.lines[0]
