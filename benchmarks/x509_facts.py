"""
Read a certificate's facts, compared with plain ``cryptography`` loading it and reading the same values.

Needs neither NetBox nor a database. The target is a ratio of at most 1.5.
"""

import hashlib
import itertools
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from benchmarks import options
from benchmarks.measure import interleaved, median, table
from netbox_ssl.x509 import read_certificates, read_facts
from tests.support.certificate_factory import issue, make_ca

CERTIFICATES = options.chosen(200, 200, 2)
ROUNDS = 41
TARGET = 1.5

_START = datetime(2026, 1, 1, tzinfo=UTC)
_URLS = (
    (
        x509.AuthorityInformationAccess(
            [
                x509.AccessDescription(
                    x509.AuthorityInformationAccessOID.CA_ISSUERS,
                    x509.UniformResourceIdentifier('http://r13.i.lencr.org/'),
                )
            ]
        ),
        False,
    ),
    (
        x509.CRLDistributionPoints(
            [x509.DistributionPoint([x509.UniformResourceIdentifier('http://r13.c.lencr.org/1.crl')], None, None, None)]
        ),
        False,
    ),
)


def make_pems(key_type: str) -> list[bytes]:
    """Return certificates like those of Let's Encrypt, which differ only in key, serial number and names."""
    ca = make_ca("Let's Encrypt", 'R13')
    names = (f'host{number:04d}.example.net' for number in itertools.count())
    return [
        issue([name, f'www.{name}'], ca, _START, key_type=key_type, extensions=_URLS).pem.encode()
        for name in itertools.islice(names, CERTIFICATES)
    ]


def bare(pem: bytes) -> tuple:
    """Return everything that ``CertificateFacts`` contains, as provided by ``cryptography``."""
    certificate = x509.load_pem_x509_certificate(pem)
    der = certificate.public_bytes(Encoding.DER)
    values = [
        certificate.subject.rfc4514_string(),
        certificate.issuer.rfc4514_string(),
        certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME),
        certificate.issuer.get_attributes_for_oid(x509.NameOID.COMMON_NAME),
        certificate.issuer.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME),
        certificate.issuer.get_attributes_for_oid(x509.NameOID.ORGANIZATIONAL_UNIT_NAME),
        f'{certificate.serial_number:X}',
        hashlib.sha256(der).hexdigest(),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        certificate.public_key_algorithm_oid.dotted_string,
        certificate.public_key().key_size,
        certificate.signature_algorithm_oid.dotted_string,
        certificate.public_bytes(Encoding.PEM).decode(),
    ]
    extensions = certificate.extensions
    get = extensions.get_extension_for_class
    names = get(x509.SubjectAlternativeName).value
    values += [
        names.get_values_for_type(x509.DNSName),
        names.get_values_for_type(x509.IPAddress),
        get(x509.BasicConstraints).value.ca,
        get(x509.AuthorityKeyIdentifier).value.key_identifier.hex(),
        get(x509.SubjectKeyIdentifier).value.digest.hex(),
        [each.access_location.value for each in get(x509.AuthorityInformationAccess).value],
        [name.value for point in get(x509.CRLDistributionPoints).value for name in point.full_name],
    ]
    return tuple(values)


def main() -> None:
    """Print the microseconds per certificate and the ratio, for RSA and ECDSA keys."""
    rows = []
    for key_type in ('rsa', 'ecdsa'):
        pems = make_pems(key_type)
        times = interleaved(
            ROUNDS,
            bare=lambda _, pems=pems: [bare(pem) for pem in pems],
            facts=lambda _, pems=pems: [read_facts(x509.load_pem_x509_certificate(pem)) for pem in pems],
            whole=lambda _, pems=pems: [read_certificates(pem) for pem in pems],
        )
        each = {name: median(values) / CERTIFICATES * 1e6 for name, values in times.items()}
        ratio = each['facts'] / each['bare']
        rows.append(
            (
                key_type.upper(),
                f'{each["bare"]:.0f} µs',
                f'{each["facts"]:.0f} µs',
                f'{ratio:.2f}',
                'reached' if ratio <= TARGET else 'MISSED',
                f'{each["whole"]:.0f} µs',
            )
        )
    table(('key', 'plain cryptography', 'read_facts', 'ratio', f'target ≤ {TARGET}', 'read_certificates'), rows)


if __name__ == '__main__':
    main()
