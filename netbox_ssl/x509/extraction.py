"""Extract the facts of a loaded certificate."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from . import der
from .algorithms import FIXED_KEY_SIZES, KEY_ALGORITHMS, SIGNATURE_ALGORITHMS
from .dn import read_name
from .errors import CertificateInputError
from .extensions import read_extensions
from .facts import CertificateFacts
from .text import gettext_noop, visible

# Hex digits of a serial number. RFC 5280, 4.1.2.2 allows 40; this many still fit into a database index.
MAX_SERIAL_DIGITS = 2048


def read_facts(cert: x509.Certificate) -> CertificateFacts:
    """
    Return the facts of ``cert``.

    Extensions that cannot be read are omitted, and so is the size of a key that cannot be read. Raises
    ``CertificateInputError`` if an essential part cannot be read: names, validity, serial number, algorithms.
    """
    encoded = _essential(gettext_noop('encoding'), lambda: cert.public_bytes(Encoding.DER))
    subject = _essential(gettext_noop('subject'), lambda: read_name(cert.subject))
    issuer = _essential(gettext_noop('issuer'), lambda: read_name(cert.issuer))
    key_algorithm = _essential(gettext_noop('public key'), lambda: _key_algorithm(cert))
    extensions = read_extensions(cert, encoded)
    return CertificateFacts(
        subject=subject.text,
        common_name=subject.common_name,
        issuer=issuer.text,
        issuer_common_name=issuer.common_name,
        issuer_organization=issuer.organization,
        issuer_organizational_unit=issuer.organizational_unit,
        serial_number=_essential(gettext_noop('serial number'), lambda: _serial_number(cert)),
        fingerprint_sha256=hashlib.sha256(encoded).hexdigest().upper(),
        valid_from=_essential(gettext_noop('validity'), lambda: _utc(cert.not_valid_before_utc)),
        valid_to=_essential(gettext_noop('validity'), lambda: _utc(cert.not_valid_after_utc)),
        subject_alt_names=extensions.subject_alt_names,
        dns_names=extensions.dns_names,
        ip_addresses=extensions.ip_addresses,
        key_algorithm=key_algorithm,
        key_size=_key_size(cert, key_algorithm),
        public_key_sha256=_essential(gettext_noop('public key'), lambda: _public_key_sha256(encoded)),
        signature_algorithm=_essential(gettext_noop('signature algorithm'), lambda: _signature_algorithm(cert)),
        is_ca=extensions.is_ca,
        is_self_signed=subject == issuer and _signed_itself(cert),
        authority_key_id=extensions.authority_key_id,
        subject_key_id=extensions.subject_key_id,
        aia_urls=extensions.aia_urls,
        crl_urls=extensions.crl_urls,
        step_provisioner_type=extensions.step_provisioner_type,
        is_acme_challenge=extensions.is_acme_challenge,
        is_precertificate=extensions.is_precertificate,
        pem=cert.public_bytes(Encoding.PEM).decode('ascii'),
        der=encoded,
    )


def _essential[Value](part: str, read: Callable[[], Value]) -> Value:
    """
    Return ``read()``; whatever it raises becomes a ``CertificateInputError`` that names the part.

    ``cryptography`` decodes lazily, and each accessor may raise ValueError or exceptions without a common base
    (InvalidVersion, UnsupportedAlgorithm, UnsupportedGeneralNameType, …).
    """
    try:
        return read()
    except CertificateInputError:
        raise
    except Exception as error:
        raise CertificateInputError(
            'unreadable',
            gettext_noop('The %(part)s of the certificate cannot be read (%(reason)s). Ask its issuer for a new one.'),
            part=part,
            reason=explain(error),
        ) from error


def explain(error: Exception) -> str:
    """Return the text of ``error`` for users: shortened, and without the parser's data structures."""
    text = str(error)
    if not text or 'ParseError' in text:
        return 'malformed DER'
    return visible(text)


def _serial_number(cert: x509.Certificate) -> str:
    number = cert.serial_number
    digits = f'{abs(number):X}'
    if len(digits) > MAX_SERIAL_DIGITS:
        raise ValueError(f'{len(digits)} hex digits, while RFC 5280 allows 40')
    return ('-' if number < 0 else '') + digits.zfill(len(digits) + len(digits) % 2)


def _utc(moment: datetime) -> datetime:
    """Return the same moment with ``datetime.UTC`` as its time zone, so that equal values pickle and print alike."""
    return moment.replace(tzinfo=UTC)


def _key_algorithm(cert: x509.Certificate) -> str:
    oid = cert.public_key_algorithm_oid.dotted_string
    return KEY_ALGORITHMS.get(oid, oid)


def _key_size(cert: x509.Certificate, algorithm: str) -> int | None:
    if algorithm in FIXED_KEY_SIZES:
        return FIXED_KEY_SIZES[algorithm]
    try:
        return getattr(cert.public_key(), 'key_size', None)
    except Exception:  # unknown algorithm or curve, weak or malformed key: the rest of the certificate is still useful
        return None


def _public_key_sha256(encoded: bytes) -> str:
    """Return the hash of the SubjectPublicKeyInfo as encoded in the certificate, for any key algorithm."""
    signed = next(der.children(encoded, der.read_element(encoded)))
    fields = list(der.children(encoded, signed))
    # RFC 5280, 4.1: serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo; before them the version.
    key = fields[5 + (fields[0].tag == der.context(0))]
    return hashlib.sha256(encoded[key.start : key.end]).hexdigest().upper()


def _signature_algorithm(cert: x509.Certificate) -> str:
    oid = cert.signature_algorithm_oid.dotted_string
    return SIGNATURE_ALGORITHMS.get(oid, oid)


def _signed_itself(cert: x509.Certificate) -> bool:
    return is_signed_by(cert, cert)


def is_signed_by(cert: x509.Certificate, issuer: x509.Certificate) -> bool:
    """
    Return whether ``issuer`` has the issuer name of ``cert`` and its key verifies the signature of ``cert``.

    A signature that cannot be verified (unknown algorithm, unreadable key) counts as not signed.
    """
    try:
        cert.verify_directly_issued_by(issuer)
    except Exception:  # ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, and errors of decoding
        return False
    return True
