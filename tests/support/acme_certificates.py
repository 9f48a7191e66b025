"""Certificates that look as if issued by various CAs. Made in memory; only the names are real."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from netbox_ssl.x509 import CertificateFacts, read_facts
from tests.support.certificate_factory import issue, make_key

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)

STEP_EXTENSION = '1.3.6.1.4.1.37476.9000.64.1'
# As Caddy's ``acme_server`` writes it: type 6, provisioner "local".
STEP_ACME = '300c02010604056c6f63616c0400'

_KEY = make_key()
_ATTRIBUTES = {
    'organization': NameOID.ORGANIZATION_NAME,
    'unit': NameOID.ORGANIZATIONAL_UNIT_NAME,
    'common_name': NameOID.COMMON_NAME,
}


def leaf(
    organization: str = '',
    common_name: str = '',
    *,
    unit: str = '',
    key_id: str = 'AB' * 20,
    lifetime: timedelta = 90 * DAY,
    aia: tuple[str, ...] = (),
    crl: tuple[str, ...] = (),
    step: str = '',
) -> CertificateFacts:
    """Return the facts of a certificate of www.example.net with this issuer. ``key_id=''``: no authority key ID."""
    given = {'organization': organization, 'unit': unit, 'common_name': common_name}
    issuer = x509.Name([x509.NameAttribute(_ATTRIBUTES[name], value) for name, value in given.items() if value])
    ca = SimpleNamespace(
        certificate=SimpleNamespace(subject=issuer), key=_KEY, key_id=bytes.fromhex(key_id or 'AB' * 20), below=()
    )
    issued = issue('www.example.net', ca, START, START + lifetime, key=_KEY, extensions=_extensions(aia, crl, step))
    facts = read_facts(issued.certificate)
    return facts if key_id else replace(facts, authority_key_id='')


def _extensions(aia: tuple[str, ...], crl: tuple[str, ...], step: str) -> list:
    found = []
    if aia:
        kind = AuthorityInformationAccessOID.CA_ISSUERS
        places = [x509.AccessDescription(kind, x509.UniformResourceIdentifier(url)) for url in aia]
        found.append((x509.AuthorityInformationAccess(places), False))
    if crl:
        points = [x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None) for url in crl]
        found.append((x509.CRLDistributionPoints(points), False))
    if step:
        found.append((x509.UnrecognizedExtension(x509.ObjectIdentifier(STEP_EXTENSION), bytes.fromhex(step)), False))
    return found
