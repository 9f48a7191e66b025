"""
Makes certificates for tests and the demo: small, fast, with temporary keys that exist only in memory.

    ca = make_ca("Let's Encrypt", 'R13')
    issued = issue(['www.example.net', 'example.net'], ca, valid_from=start, valid_to=end)
    issued.pem, issued.chain_pem, issued.fullchain_pem, issued.certificate, issued.key

Times are aware datetimes; without them a certificate is valid from now for 90 days. An ECDSA key takes 0.1 ms. RSA
keys are slow to create, so one of each size is created and reused, which only a comparison of public keys reveals.
"""

import ipaddress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=90)
# The common name is the first name that fits, as with most CAs. None: no common name
FIRST_NAME = object()
LONGEST_COMMON_NAME = 64


@dataclass(frozen=True)
class Issued:
    """An X.509 certificate, its key, and its chain (without the root)."""

    certificate: x509.Certificate
    key: object = field(repr=False)
    chain: tuple = ()

    @property
    def pem(self):
        return to_pem(self.certificate)

    @property
    def der(self):
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def chain_pem(self):
        return ''.join(to_pem(each) for each in self.chain)

    @property
    def fullchain_pem(self):
        """Return what an ACME client writes to fullchain.pem."""
        return self.pem + self.chain_pem

    @property
    def key_pem(self):
        """Return the key as PEM, for tests that check that private keys are refused."""
        encoding = serialization.Encoding.PEM
        return self.key.private_bytes(
            encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()


@dataclass(frozen=True)
class Authority(Issued):
    """A CA. It can have the key identifier of a real CA, so that its certificates look as if issued by it."""

    key_id: bytes = b''

    @property
    def below(self):
        """Return the chain of its certificates: itself and the CAs above it, without the root."""
        is_root = self.certificate.issuer == self.certificate.subject
        return () if is_root else (self.certificate, *self.chain)


def to_pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


@cache
def _rsa_key(bits):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def make_key(key_type='ecdsa', size=None):
    """Return a key: 'ecdsa' (256 or 384 bits), 'rsa' (2048 bits by default) or 'ed25519'."""
    if key_type == 'ecdsa':
        return ec.generate_private_key(ec.SECP384R1() if size == 384 else ec.SECP256R1())
    if key_type == 'rsa':
        return _rsa_key(size or 2048)
    if key_type == 'ed25519':
        return ed25519.Ed25519PrivateKey.generate()
    raise ValueError(f'unknown key type {key_type!r}')


def distinguished_name(organization=None, common_name=None, country=None):
    given = (
        (NameOID.COUNTRY_NAME, country),
        (NameOID.ORGANIZATION_NAME, organization),
        (NameOID.COMMON_NAME, common_name),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in given if value])


def general_name(name):
    """Return an IP address, an e-mail address if there is an @, or a DNS name (already in IDNA)."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.RFC822Name(name) if '@' in name else x509.DNSName(name)


def _hash_for(key):
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def _builder(subject, issuer, public_key, valid_from, valid_to, serial_number):
    valid_from = valid_from or datetime.now(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(serial_number or x509.random_serial_number())
        .not_valid_before(valid_from)
        .not_valid_after(valid_to or valid_from + LIFETIME)
    )


def make_ca(
    organization=None,
    common_name=None,
    *,
    country='US',
    issuer=None,
    key_type='ecdsa',
    key_id=None,
    key=None,
    valid_to=None,
):
    """
    Return an intermediate CA of ``issuer`` or of a new root. ``key_id`` is hexadecimal; ``key`` renews one.
    """
    issuer = issuer or make_root(organization, f'{common_name or organization} Root')
    key = key or make_key(key_type)
    identifier = bytes.fromhex(key_id) if key_id else x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1000)
    name = distinguished_name(organization, common_name, country)
    valid_to = valid_to or start + timedelta(days=3650)
    builder = _builder(name, issuer.certificate.subject, key.public_key(), start, valid_to, None)
    certificate = _sign_authority(builder, identifier, issuer.key_id, issuer.key)
    return Authority(certificate, key, issuer.below, identifier)


def make_root(organization=None, common_name='Root', *, country='US', key_type='ecdsa'):
    """Return a self-signed CA. Certificates that it issues itself have no chain."""
    key = make_key(key_type)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2000)
    name = distinguished_name(organization, common_name, country)
    builder = _builder(name, name, key.public_key(), start, start + timedelta(days=9000), None)
    return Authority(_sign_authority(builder, identifier, identifier, key), key, (), identifier)


def _sign_authority(builder, identifier, issuer_identifier, issuer_key):
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier(identifier), critical=False)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier(issuer_identifier, None, None), critical=False)
    return builder.sign(issuer_key, _hash_for(issuer_key))


def issue(
    names,
    ca,
    valid_from=None,
    valid_to=None,
    *,
    key_type='ecdsa',
    key=None,
    common_name=FIRST_NAME,
    organization=None,
    serial_number=None,
    extensions=(),
):
    """
    Return a server certificate for ``names`` (DNS names, IP addresses), signed by ``ca``.

    ``extensions`` are additional pairs (extension, critical). ``key`` reuses a given key, as some clients do at
    renewal.
    """
    names = [names] if isinstance(names, str) else list(names)
    if common_name is FIRST_NAME:
        common_name = next((name for name in names if len(name) <= LONGEST_COMMON_NAME), None)
    key = key or make_key(key_type)
    subject = distinguished_name(organization, common_name)
    builder = _builder(subject, ca.certificate.subject, key.public_key(), valid_from, valid_to, serial_number)
    if names:
        alternative = x509.SubjectAlternativeName([general_name(name) for name in names])
        # RFC 5280: critical if there is no subject
        builder = builder.add_extension(alternative, critical=not list(subject))
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier(ca.key_id, None, None), critical=False)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return Issued(builder.sign(ca.key, _hash_for(ca.key)), key, ca.below)


def self_signed(
    names, valid_from=None, valid_to=None, *, key_type='ecdsa', key=None, alternative_names=True, extensions=()
):
    """Return a self-signed server certificate. ``extensions`` are additional pairs (extension, critical)."""
    names = [names] if isinstance(names, str) else list(names)
    key = key or make_key(key_type)
    subject = distinguished_name(common_name=names[0])
    builder = _builder(subject, subject, key.public_key(), valid_from, valid_to, None)
    if alternative_names:
        extensions = [(x509.SubjectAlternativeName([general_name(name) for name in names]), False), *extensions]
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return Issued(builder.sign(key, _hash_for(key)), key)
