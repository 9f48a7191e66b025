"""The algorithm and size of a public key."""

from typing import NamedTuple

from cryptography.hazmat.primitives.serialization import load_der_public_key

from . import der
from .algorithms import CURVE_SIZES, FIXED_KEY_SIZES, KEY_ALGORITHMS, SM2_CURVE
from .errors import CertificateInputError
from .text import gettext_noop

# Bits of the public exponent of RSA, as OpenSSL limits it for large keys. In use are 3 and 65537; verifying a signature
# takes time in proportion to the bits.
MAX_EXPONENT_BITS = 64


class KeyFacts(NamedTuple):
    """Algorithm and size (bits; None if unknown) of a public key."""

    algorithm: str
    size: int | None


def describe_key(info: bytes) -> KeyFacts:
    """
    Return the facts of the key in a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7), which is DER.

    Raises ``DerError``, and ``CertificateInputError`` for an RSA key that takes too long to verify signatures with.
    """
    algorithm, key, *_ = der.children(info, der.read_element(info))
    oid, *parameters = der.children(info, algorithm)
    name = der.decode_oid(info[oid.body : oid.end])
    curve = _curve(info, parameters) if name == '1.2.840.10045.2.1' else ''
    if curve == SM2_CURVE:
        return KeyFacts('SM2', CURVE_SIZES[curve])
    name = KEY_ALGORITHMS.get(name, name)
    if name == 'RSA':
        return KeyFacts(name, _rsa_size(info, key))
    return KeyFacts(name, FIXED_KEY_SIZES.get(name) or CURVE_SIZES.get(curve) or _size(info))


def _curve(info: bytes, parameters: list[der.Element]) -> str:
    """Return the OID of a named curve (RFC 5480, 2.1.1), or ''."""
    if not parameters or parameters[0].tag != der.OID:
        return ''
    return der.decode_oid(info[parameters[0].body : parameters[0].end])


def _size(info: bytes) -> int | None:
    try:
        key = load_der_public_key(info)
    except Exception:  # unknown algorithm or curve, weak or malformed key: the rest of the certificate is still useful
        return None
    return getattr(key, 'key_size', None)


def _rsa_size(info: bytes, key: der.Element) -> int | None:
    """
    Return the bits of the modulus of an RSA key (RFC 8017, A.1.1), also of one that ``cryptography`` refuses.

    Raises ``CertificateInputError`` for an exponent over 64 bits.
    """
    try:
        sequence = der.read_element(info, key.body + 1, key.end)
        modulus, exponent, *_ = der.children(info, sequence)
    except (der.DerError, ValueError):
        return None
    if modulus.tag != der.INTEGER or exponent.tag != der.INTEGER:
        return None
    if (bits := _bits(info, exponent)) > MAX_EXPONENT_BITS:
        raise CertificateInputError(
            'rsa_exponent',
            gettext_noop(
                'The RSA key of the certificate has a public exponent of %(bits)d bits; the limit is %(limit)d. Have '
                'it issued again for a key with the exponent 65537.'
            ),
            bits=bits,
            limit=MAX_EXPONENT_BITS,
        )
    return _bits(info, modulus) or None


def _bits(info: bytes, number: der.Element) -> int:
    return int.from_bytes(info[number.body : number.end], 'big').bit_length()
