"""Private keys in every common form, created on demand: no key is kept in a file."""

import base64
import json
import textwrap
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from netbox_ssl.x509 import der
from tests.support.certificate_factory import issue, make_ca, self_signed

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
# Its parameters take long to find at a length that would be safe.
DSA = dsa.generate_private_key(1024)
OTHERS = (ed25519.Ed25519PrivateKey.generate(), ed448.Ed448PrivateKey.generate(), x25519.X25519PrivateKey.generate())
PASSWORD = BestAvailableEncryption(b'secret')


@cache
def ders() -> dict[str, bytes]:
    """Yield name and DER."""
    found = {
        'PKCS#1 RSA': RSA.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        'SEC 1 EC': EC.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        'DSA': DSA.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        'encrypted PKCS#8 RSA': RSA.private_bytes(Encoding.DER, PrivateFormat.PKCS8, PASSWORD),
        'encrypted PKCS#8 EC': EC.private_bytes(Encoding.DER, PrivateFormat.PKCS8, PASSWORD),
        'PKCS#12': pkcs12.serialize_key_and_certificates(b'x', RSA, None, None, PASSWORD),
        'PKCS#12 without password': pkcs12.serialize_key_and_certificates(b'x', EC, None, None, NoEncryption()),
    }
    for key in (RSA, EC, DSA, *OTHERS):
        found[f'PKCS#8 {type(key).__name__}'] = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return found


@cache
def pems() -> dict[str, str]:
    """Yield name and PEM block, with the right label."""
    found = {
        'PKCS#8': RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        'PKCS#1 RSA': RSA.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        'PKCS#1 RSA encrypted': RSA.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, PASSWORD),
        'SEC 1 EC': EC.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        'DSA': DSA.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        'PKCS#8 encrypted': RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PASSWORD),
        'OpenSSH': OTHERS[0].private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()),
    }
    texts = {name: pem.decode() for name, pem in found.items()}
    body = _body(texts['PKCS#8'])
    for label in ('ANY PRIVATE KEY', 'PGP PRIVATE KEY BLOCK', 'TSS2 PRIVATE KEY', 'X25519 PRIVATE KEY'):
        texts[label] = f'-----BEGIN {label}-----\n{body}-----END {label}-----\n'
    ssh2 = 'SSH2 ENCRYPTED PRIVATE KEY'
    texts[ssh2] = f'---- BEGIN {ssh2} ----\nComment: "x"\n{body}---- END {ssh2} ----\n'
    texts['OpenVPN'] = f'-----BEGIN OpenVPN Static key V1-----\n{"0a" * 16}\n-----END OpenVPN Static key V1-----\n'
    return texts


@cache
def texts() -> dict[str, str]:
    """Yield name and text of the forms that are neither DER nor PEM."""
    numbers = RSA.private_numbers()
    jwk = {'kty': 'RSA', 'n': _url64(numbers.public_numbers.n), 'e': 'AQAB', 'd': _url64(numbers.d)}
    exponent = ':'.join(textwrap.wrap(f'{numbers.d:0512x}', 2))
    secret = ':'.join(textwrap.wrap(f'{EC.private_numbers().private_value:064x}', 2))
    wireguard = base64.b64encode(OTHERS[2].private_bytes_raw()).decode()
    d = base64.b64encode(numbers.d.to_bytes(256, 'big')).decode()
    return {
        'PuTTY': f'PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nPrivate-Lines: 1\n{d[:64]}\n',
        'JWK RSA': json.dumps(jwk),
        'JWK indented': json.dumps({'keys': [jwk]}, indent=2),
        'JWK in a string': json.dumps({'key': json.dumps(jwk)}),
        'JWK EC': json.dumps({'crv': 'P-256', 'd': _url64(EC.private_numbers().private_value), 'kty': 'EC'}),
        'JWK symmetric': json.dumps({'kty': 'oct', 'k': _url64(numbers.d)}),
        'JWK as YAML': f'kty: RSA\ne: AQAB\nd: {_url64(numbers.d)}\n',
        'JWK as TOML': f'kty = "RSA"\ne = "AQAB"\nd = "{_url64(numbers.d)}"\n',
        'JWK in PHP': f"['kty' => 'RSA', 'd' => '{_url64(numbers.d)}']",
        'age': f'# created: 2026-01-01T00:00:00Z\nAGE-SECRET-KEY-1{"QX7EHR5" * 8}QQ\n',
        'WireGuard': f'[Interface]\nPrivateKey = {wireguard}\nListenPort = 51820\n',
        'WireGuard in YAML': f'private_key: "{wireguard}"\n',
        'WireGuard in JSON': json.dumps({'wg0': json.dumps({'PrivateKey': wireguard})}),
        'WireGuard, preshared': f'[Peer]\nPresharedKey={wireguard}\n',
        'DNSSEC': f'Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: {wireguard}\n',
        'XML': f'<RSAKeyValue><Modulus>AQAB</Modulus><D>{d}</D></RSAKeyValue>',
        'openssl rsa -text': f'Private-Key: (2048 bit, 2 primes)\nprivateExponent:\n    {exponent[:60]}\n',
        'openssl ec -text, joined': f'Private-Key: (256 bit) priv: {secret} pub: 04',
        'openssl ec -text': f'Private-Key: (256 bit)\npriv:\n    {secret[:45]}\n    {secret[45:]}\npub:\n',
    }


@cache
def certificate_pem() -> str:
    """Return a certificate to surround the key."""
    return self_signed('www.example.net').pem


def public_pems() -> list[str]:
    """Yield the public parts of the keys above."""
    formats = serialization.PublicFormat
    found = []
    for key in (RSA, EC, DSA, *OTHERS):
        found.append(key.public_key().public_bytes(Encoding.PEM, formats.SubjectPublicKeyInfo).decode())
    found.append(RSA.public_key().public_bytes(Encoding.PEM, formats.PKCS1).decode())
    found += [key.public_key().public_bytes(Encoding.OpenSSH, formats.OpenSSH).decode() for key in (RSA, EC)]
    return found


def csr_der() -> bytes:
    """Return a certificate signing request."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(EC, hashes.SHA256()).public_bytes(Encoding.DER)


def certificate_der() -> bytes:
    """Return a certificate with the extension of step-ca, which starts like an EC key."""
    provisioner = der.encode(der.SEQUENCE, b'\2\1\1' + b'\x04\x05admin' + b'\x04\x10' + bytes(16))
    extension = x509.UnrecognizedExtension(x509.ObjectIdentifier('1.3.6.1.4.1.37476.9000.64.1'), provisioner)
    return issue('www.example.net', make_ca('Example Corp', 'CA'), extensions=[(extension, False)]).der


def explicit_curve() -> bytes:
    """Return a public key on a curve that is given by its parameters, which start like PKCS#8."""
    key = EC.public_key().public_bytes(Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    field = der.encode(der.SEQUENCE, bytes.fromhex('06072a8648ce3d0101') + b'\2\x21' + bytes(33))
    parameters = der.encode(der.SEQUENCE, b'\2\1\1' + field)
    algorithm = der.encode(der.SEQUENCE, bytes.fromhex('06072a8648ce3d0201') + parameters)
    return der.encode(der.SEQUENCE, algorithm + key[-68:])


def _body(pem: str) -> str:
    return ''.join(pem.splitlines(keepends=True)[1:-1])


def _url64(number: int) -> str:
    octets = number.to_bytes((number.bit_length() + 7) // 8, 'big')
    return base64.urlsafe_b64encode(octets).decode().rstrip('=')
