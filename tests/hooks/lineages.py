"""The files of ACME clients on a host."""

import base64
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from tests.support.acme_issuances import issue_acme
from tests.support.certificate_factory import Issued

__all__ = ('DIRECTORY', 'RENEWED', 'RENEWED_TEXT', 'certbot', 'cert_manager', 'dehydrated', 'lego', 'traefik')

DIRECTORY = 'https://acme-v02.api.letsencrypt.org/directory'
# When the files were written
RENEWED = datetime(2026, 11, 3, 4, 5, 6, tzinfo=UTC)
RENEWED_TEXT = '2026-11-03T04:05:06Z'

# As certbot 5.8.0 and 2.1.0 wrote it against a server on this machine.
RENEWAL = """# renew_before_expiry = 30 days
version = 5.8.0
archive_dir = {directory}/archive/{name}
cert = {directory}/live/{name}/cert.pem
privkey = {directory}/live/{name}/privkey.pem
chain = {directory}/live/{name}/chain.pem
fullchain = {directory}/live/{name}/fullchain.pem

# Options used in the renewal process
[renewalparams]
account = 0123456789abcdef0123456789abcdef
{more}authenticator = {authenticator}
server = {server}
key_type = ecdsa
[[webroot_map]]
server = /var/www/html
"""


def written(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.utime(file, (RENEWED.timestamp(),) * 2)
    return file


def certbot(directory: Path, name='www.example.net', issued: Issued | None = None, **conf) -> Path:
    """Create a lineage of certbot. Return its RENEWED_LINEAGE."""
    issued = issued or issue_acme(name)
    archive, live = directory / 'archive' / name, directory / 'live' / name
    live.mkdir(parents=True)
    texts = {
        'cert': issued.pem,
        'chain': issued.fullchain_pem.removeprefix(issued.pem),
        'fullchain': issued.fullchain_pem,
        'privkey': issued.key_pem,
    }
    for kind, text in texts.items():
        written(archive / f'{kind}2.pem', text)
        (live / f'{kind}.pem').symlink_to(f'../../archive/{name}/{kind}2.pem')
    conf = {
        'authenticator': 'webroot',
        'server': 'https://acme-v02.api.letsencrypt.org/directory',
        'more': '',
        **conf,
    }
    written(directory / 'renewal' / f'{name}.conf', RENEWAL.format(directory=directory, name=name, **conf))
    return live


def dehydrated(directory: Path, name='www.example.net', issued: Issued | None = None) -> Path:
    """Create a certificate of dehydrated. Return its folder."""
    issued = issued or issue_acme(name)
    folder, stamp = directory / 'certs' / name, int(RENEWED.timestamp())
    for kind, text in (('cert', issued.pem), ('fullchain', issued.fullchain_pem), ('privkey', issued.key_pem)):
        written(folder / f'{kind}-{stamp}.pem', text)
        (folder / f'{kind}.pem').symlink_to(f'{kind}-{stamp}.pem')
    # From a later order that failed
    written(folder / f'cert-{stamp + 60}.pem', '')
    return folder


def lego(directory: Path, name='www.example.net', issued: Issued | None = None) -> Path:
    """Create a certificate of lego. Return its file."""
    issued = issued or issue_acme(name)
    folder = directory / 'certificates'
    written(folder / f'{name}.key', issued.key_pem)
    written(folder / f'{name}.issuer.crt', issued.fullchain_pem.removeprefix(issued.pem))
    written(folder / f'{name}.json', '{"domain":"www.example.net"}')
    (directory / 'accounts' / '127.0.0.1_14000' / 'ops@example.net').mkdir(parents=True, exist_ok=True)
    return written(folder / f'{name}.crt', issued.fullchain_pem)


def traefik(file: Path, issued: Issued, resolver='le') -> Path:
    """Create acme.json as in traefik v3.7.0, pkg/provider/acme/{local_store,account,provider}.go. Return its path."""
    content = {
        resolver: {
            'Account': {
                'Email': 'ops@example.net',
                'Registration': {'body': {'status': 'valid'}, 'uri': 'https://ca.example.net/acct/1'},
                'PrivateKey': _base64(issued.key_pem),
                'KeyType': '4096',
            },
            'Certificates': [
                {
                    'domain': {'main': 'www.example.net', 'sans': ['example.net']},
                    'certificate': _base64(issued.fullchain_pem),
                    'key': _base64(issued.key_pem),
                    'Store': 'default',
                }
            ],
        },
        'empty': {'Account': None, 'Certificates': None},
    }
    return written(file, json.dumps(content, indent=2))


def cert_manager(
    issued: Issued,
    *,
    solvers=({'http01': {'ingress': {}}},),
    acme=True,
    revision='3',
    names=('www.example.net',),
) -> tuple[dict, dict]:
    """
    Return the output of kubectl for namespaced objects and for cluster issuers, as defined by cert-manager:
    pkg/apis/certmanager/v1/types*.go, pkg/apis/acme/v1/types_issuer.go.
    """
    condition = {'type': 'Ready', 'status': 'True', 'lastTransitionTime': RENEWED_TEXT}
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
            'notBefore': RENEWED_TEXT,
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
            'status': {'certificate': _base64(issued.fullchain_pem), 'conditions': [condition]},
        }

    objects = {'items': [certificate, request('2'), request(revision), request('3', 'another')]}
    return objects, {'items': [issuer]}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
