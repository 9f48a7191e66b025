"""A minimal certificate around one part of another, so that ``cryptography`` can read that part alone."""

from cryptography import x509

from . import der

_VERSION_3 = der.encode(der.context(0), der.encode(der.INTEGER, b'\2'))
_SERIAL_NUMBER = der.encode(der.INTEGER, b'\1')
_NO_NAME = der.encode(der.SEQUENCE, b'')
_VALIDITY = der.encode(der.SEQUENCE, 2 * der.encode(der.UTC_TIME, b'700101000000Z'))
_ED25519 = der.encode(der.SEQUENCE, der.encode(der.OID, bytes.fromhex('2b6570')))
_KEY = der.encode(der.SEQUENCE, _ED25519 + der.encode(der.BIT_STRING, bytes(33)))
_SIGNATURE = der.encode(der.BIT_STRING, bytes(65))


def carry_extension(oid: bytes, critical: bool, value: bytes) -> x509.Extension:
    """
    Return the extension as an object.

    Args:
        oid: the OBJECT IDENTIFIER, as DER
        value: the content of ``extnValue``

    Raises any exception of ``cryptography`` if it is malformed.
    """
    flag = der.encode(der.BOOLEAN, b'\xff') if critical else b''
    extension = der.encode(der.SEQUENCE, oid + flag + der.encode(der.OCTET_STRING, value))
    extensions = der.encode(der.context(3), der.encode(der.SEQUENCE, extension))
    return next(iter(_load(_ED25519, extensions).extensions))


def carry_signature_algorithm(algorithm: bytes) -> x509.Certificate:
    """
    Return a certificate with this AlgorithmIdentifier (DER), of which only that may be used.

    Raises any exception of ``cryptography`` if it is malformed.
    """
    return _load(algorithm, b'')


def _load(algorithm: bytes, extensions: bytes) -> x509.Certificate:
    fields = (_VERSION_3, _SERIAL_NUMBER, algorithm, _NO_NAME, _VALIDITY, _NO_NAME, _KEY, extensions)
    signed = der.encode(der.SEQUENCE, b''.join(fields))
    return x509.load_der_x509_certificate(der.encode(der.SEQUENCE, signed + algorithm + _SIGNATURE))
