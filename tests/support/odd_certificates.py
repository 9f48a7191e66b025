"""Certificates that no builder creates, with replaced parts (and therefore a wrong signature)."""

import ssl

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from netbox_ssl.x509 import der

VERSION, SERIAL, ALGORITHM, ISSUER, VALIDITY, SUBJECT, KEY, EXTENSIONS = range(8)

CN, O = '550403', '55040a'  # noqa: E741  # content of the OIDs, in hex
UTF8, PRINTABLE, T61, IA5, BMP = 0x0C, 0x13, 0x14, 0x16, 0x1E


def with_parts(encoded: bytes, parts: dict[int, bytes | None]) -> bytes:
    """Return the certificate with these elements of its TBSCertificate replaced, or removed if None."""
    signed, *signature = der.children(encoded, der.read_element(encoded))
    fields = [encoded[field.start : field.end] for field in der.children(encoded, signed)]
    for index, replacement in parts.items():
        fields[index] = replacement or b''
    body = der.encode(der.SEQUENCE, b''.join(fields))
    return der.encode(der.SEQUENCE, body + encoded[signature[0].start :])


def validity(valid_from: str, valid_to: str) -> bytes:
    """Return a Validity of two GeneralizedTimes such as ``00010101000000Z``."""
    times = (der.encode(der.GENERALIZED_TIME, moment.encode()) for moment in (valid_from, valid_to))
    return der.encode(der.SEQUENCE, b''.join(times))


def name(*attributes: tuple[str, int, bytes]) -> bytes:
    """Return a Name of (content of the OID in hex, tag of the value, value)."""
    return der.encode(der.SEQUENCE, b''.join(der.encode(der.SET, attribute(*each)) for each in attributes))


def attribute(oid: str, tag: int, value: bytes) -> bytes:
    """Return an AttributeTypeAndValue."""
    return der.encode(der.SEQUENCE, der.encode(der.OID, bytes.fromhex(oid)) + der.encode(tag, value))


def integer(number: int) -> bytes:
    """Return an INTEGER."""
    return der.encode(der.INTEGER, number.to_bytes((number + (number < 0)).bit_length() // 8 + 1, 'big', signed=True))


def extension(oid: str, value: bytes, critical: bool = False) -> bytes:
    """Return an Extension; ``oid`` is the content of its OID, in hex."""
    flag = der.encode(der.BOOLEAN, b'\xff') if critical else b''
    content = der.encode(der.OID, bytes.fromhex(oid)) + flag + der.encode(der.OCTET_STRING, value)
    return der.encode(der.SEQUENCE, content)


def extensions(*each: bytes) -> bytes:
    """Return the explicitly tagged Extensions."""
    return der.encode(der.context(3), der.encode(der.SEQUENCE, b''.join(each)))


def signed_by(key, encoded: bytes) -> bytes:
    """Return the certificate with the signature of ``key``, an ECDSA key, over what it contains now."""
    signed, algorithm, _ = der.children(encoded, der.read_element(encoded))
    parts = encoded[signed.start : signed.end], encoded[algorithm.start : algorithm.end]
    value = key.sign(parts[0], ec.ECDSA(hashes.SHA256()))
    return der.encode(der.SEQUENCE, b''.join(parts) + der.encode(der.BIT_STRING, b'\0' + value))


def with_algorithms(encoded: bytes, algorithm: bytes) -> bytes:
    """Return the certificate with this AlgorithmIdentifier of its signature, inside and outside."""
    *_, value = der.children(encoded, der.read_element(encoded))
    changed = with_parts(encoded, {ALGORITHM: algorithm})
    signed = next(der.children(changed, der.read_element(changed)))
    content = changed[signed.start : signed.end] + algorithm + encoded[value.start : value.end]
    return der.encode(der.SEQUENCE, content)


def parts_of(encoded: bytes) -> list[bytes]:
    """Return the elements of its TBSCertificate."""
    signed = next(der.children(encoded, der.read_element(encoded)))
    return [encoded[field.start : field.end] for field in der.children(encoded, signed)]


def long_length(encoded: bytes) -> bytes:
    """Return an element with its length in four octets, as BER allows."""
    element = der.read_element(encoded)
    return encoded[:1] + b'\x84' + (element.end - element.body).to_bytes(4, 'big') + encoded[element.body :]


def indefinite_length(encoded: bytes) -> bytes:
    """Return a constructed element without its length, as BER allows."""
    element = der.read_element(encoded)
    return encoded[:1] + b'\x80' + encoded[element.body :] + b'\0\0'


def pem(encoded: bytes) -> str:
    """Return a PEM block."""
    return ssl.DER_cert_to_PEM_cert(encoded)
