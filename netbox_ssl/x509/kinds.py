"""Identify a DER blob by its first elements, even if the rest is cut off or damaged."""

import re
from enum import StrEnum

from . import der

_PKCS7 = bytes.fromhex('2a864886f70d0107')  # 1.2.840.113549.1.7.*: content types of PKCS#7 and CMS
_PBE = (
    bytes.fromhex('2a864886f70d0105'),  # 1.2.840.113549.1.5.*: PKCS#5 (PBES1, PBES2)
    bytes.fromhex('2a864886f70d010c01'),  # 1.2.840.113549.1.12.1.*: PKCS#12 PBE
)


class Kind(StrEnum):
    """The kinds of blobs. The values of private kinds are names shown to users."""

    CERTIFICATE = 'certificate'
    REQUEST = 'certificate_request'
    CRL = 'crl'
    PKCS7 = 'pkcs7'
    PUBLIC_KEY = 'public_key'
    PKCS12 = 'PKCS#12 container'
    PKCS8 = 'PKCS#8'
    ENCRYPTED_PKCS8 = 'encrypted PKCS#8'
    RSA_KEY = 'RSA, PKCS#1'
    DSA_KEY = 'DSA'
    EC_KEY = 'EC, SEC 1'


PRIVATE_KINDS = frozenset(
    {Kind.PKCS12, Kind.PKCS8, Kind.ENCRYPTED_PKCS8, Kind.RSA_KEY, Kind.DSA_KEY, Kind.EC_KEY},
)


def identify(data: bytes) -> Kind | None:
    """Return the kind of ``data`` by its structure, or None. Reads a few headers only; never raises."""
    try:
        outer = der.read_header(data)
        if outer.tag != der.SEQUENCE:
            return None
        first = der.read_header(data, outer.body)
        match first.tag:
            case der.INTEGER:
                return _starts_with_integer(data, outer, first)
            case der.OID if data[first.body : first.end].startswith(_PKCS7):
                return Kind.PKCS7
            case der.SEQUENCE:
                return _starts_with_sequence(data, first)
    except der.DerError:
        pass
    return None


# The extension basicConstraints with cA TRUE (RFC 5280, 4.2.1.9), critical or not, in any boolean form
_CA_CONSTRAINT = re.compile(rb'\x06\x03\x55\x1d\x13(?:\x01\x01.)?\x04.\x30.\x01\x01[^\0]', re.DOTALL)


def looks_like_ca(certificate: bytes) -> bool:
    """Return whether a certificate that cannot be read contains the octets of the extension of a CA."""
    return _CA_CONSTRAINT.search(certificate) is not None


def _starts_with_integer(data: bytes, outer: der.Element, first: der.Element) -> Kind | None:
    """Distinguish keys and PKCS#12: all but RSAPublicKey start with a version number."""
    second = der.read_header(data, first.end)
    version = data[first.body : first.end]
    if version in (b'\0', b'\1') and second.tag == der.INTEGER:
        return _rsa_or_dsa(data, second)
    if version == b'\1' and second.tag == der.OCTET_STRING:
        return Kind.EC_KEY if _is_ec_key(data, outer, second) else None
    if second.tag == der.INTEGER and len(version) > 32:  # RFC 8017, A.1.1: modulus, exponent
        return Kind.PUBLIC_KEY
    if second.tag != der.SEQUENCE:
        return None
    third = der.read_header(data, second.body)
    if third.tag != der.OID:
        return None
    if version == b'\3' and data[third.body : third.end].startswith(_PKCS7):  # RFC 7292, 4
        return Kind.PKCS12
    # RFC 5958, 2. A CRL and a version 1 certificate start alike, and go on with a name.
    is_key = version in (b'\0', b'\1') and _goes_on_with(data, second, der.OCTET_STRING)
    return Kind.PKCS8 if is_key else None


def _is_ec_key(data: bytes, outer: der.Element, secret: der.Element) -> bool:
    """
    Return whether an ECPrivateKey (RFC 5915, 3) ends after its OCTET STRING, or goes on with parameters or public key.

    An extension of step-ca also starts with the INTEGER 1 and an OCTET STRING, but goes on with another one.
    """
    if secret.end >= outer.end:
        return True
    return _goes_on_with(data, secret, der.context(0), der.context(1))


def _goes_on_with(data: bytes, element: der.Element, *tags: int) -> bool:
    """Return whether the next element has one of these tags, or is cut off."""
    try:
        return der.read_header(data, element.end).tag in tags
    except der.DerError:
        return True


def _rsa_or_dsa(data: bytes, second: der.Element) -> Kind | None:
    """
    Distinguish RSA and DSA: the INTEGER after the modulus is RSA's small exponent or DSA's q of 20 octets or more.
    """
    if second.end - second.body < 32:
        return None
    try:
        third = der.read_header(data, second.end)
    except der.DerError:  # the rest is cut off
        return Kind.RSA_KEY
    if third.tag != der.INTEGER:
        return None
    return Kind.RSA_KEY if third.end - third.body < 20 else Kind.DSA_KEY


def _starts_with_sequence(data: bytes, first: der.Element) -> Kind | None:
    """Distinguish signed data (certificate, CSR, CRL) from the keys that start with an AlgorithmIdentifier."""
    inner = der.read_header(data, first.body)
    if inner.tag == der.context(0):  # the explicit version of RFC 5280, 4.1
        return Kind.CERTIFICATE
    if inner.tag == der.OID:
        if data[inner.body : inner.end].startswith(_PBE):  # RFC 5958, 3
            return Kind.ENCRYPTED_PKCS8 if _goes_on_with(data, first, der.OCTET_STRING) else None
        return Kind.PUBLIC_KEY if der.read_header(data, first.end).tag == der.BIT_STRING else None
    if inner.tag == der.INTEGER:
        return _signed_with_integer(data, inner)
    # A version 1 CRL (RFC 5280, 5.1) starts with its AlgorithmIdentifier.
    if inner.tag == der.SEQUENCE and der.read_header(data, inner.body).tag == der.OID and _is_crl(data, inner):
        return Kind.CRL
    return None


def _signed_with_integer(data: bytes, number: der.Element) -> Kind | None:
    """Distinguish a CSR, a CRL and a version 1 certificate."""
    second = der.read_header(data, number.end)
    if second.tag != der.SEQUENCE:
        return None
    if second.body == second.end or der.read_header(data, second.body).tag == der.SET:  # a Name: RFC 2986, 4.1
        return Kind.REQUEST
    if der.read_header(data, second.body).tag != der.OID:
        return None
    return Kind.CRL if _is_crl(data, second) else Kind.CERTIFICATE


def _is_crl(data: bytes, algorithm: der.Element) -> bool:
    """Return whether it is a CRL: after algorithm and issuer, it has a time where a certificate has its Validity."""
    issuer = der.read_header(data, algorithm.end)
    return der.read_header(data, issuer.end).tag in (der.UTC_TIME, der.GENERALIZED_TIME)
