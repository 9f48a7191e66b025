"""The parts of a certificate as plain values, whichever library read them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509

from .dn import NameFacts
from .errors import CertificateInputError, UnreadableError
from .extensions import ExtensionFacts
from .text import gettext_noop, visible


@dataclass(frozen=True, slots=True)
class Parts:
    """What ``read_facts()`` needs of a certificate (RFC 5280, 4.1)."""

    # The certificate as it was received
    encoded: bytes = field(repr=False)
    subject: NameFacts
    issuer: NameFacts
    serial_number: int
    # Aware
    valid_from: datetime
    valid_to: datetime
    # SubjectPublicKeyInfo, in DER
    public_key_info: bytes = field(repr=False)
    signature_algorithm: str
    extensions: ExtensionFacts
    signature: 'StrictSignature | LenientSignature' = field(repr=False)
    # Violations of X.690 or RFC 5280 that did not prevent reading it: phrases for a sentence
    violations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StrictSignature:
    """The signature of a certificate that ``cryptography`` reads; it verifies it itself."""

    certificate: x509.Certificate


@dataclass(frozen=True, slots=True)
class LenientSignature:
    """The signature of another certificate."""

    # What was signed: the TBSCertificate as it was received
    signed: bytes
    # AlgorithmIdentifier, in DER
    algorithm: bytes
    value: bytes


def essential[Value](part: str, read: Callable[[], Value]) -> Value:
    """
    Return ``read()``; whatever it raises becomes a ``CertificateInputError`` that names the part.

    Both libraries decode lazily, and each access may raise ValueError or exceptions without a common base
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
    """Return the reason of ``error`` for users."""
    return visible(str(error)) if isinstance(error, UnreadableError) else 'malformed DER'
