"""Extract the facts of a certificate."""

import hashlib
from datetime import UTC, datetime
from ssl import DER_cert_to_PEM_cert, PEM_cert_to_DER_cert

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from . import der
from .algorithms import SIGNATURE_ALGORITHMS
from .dn import read_name
from .errors import UnreadableError
from .extensions import ExtensionFacts, read_extensions
from .facts import CertificateFacts
from .hostnames import is_host
from .keys import describe_key
from .lenient import read_leniently
from .moments import moment as as_moment
from .parts import Parts, StrictSignature, essential
from .signatures import is_signed_by
from .text import gettext_noop

# Hex digits of a serial number. RFC 5280, 4.1.2.2 allows 40; this many still fit into a database index.
MAX_SERIAL_DIGITS = 2048
_PEM_END = '-----END CERTIFICATE-----'


def read_facts(certificate: x509.Certificate) -> CertificateFacts:
    """
    Return the facts of ``certificate``.

    Extensions that cannot be read are omitted, and so is the size of a key that cannot be read. Raises
    ``CertificateInputError`` if an essential part cannot be read: names, validity, serial number, algorithms.
    """
    return facts_of(read_parts(certificate.public_bytes(Encoding.DER), certificate))


def read_pem_facts(pem: str) -> CertificateFacts:
    """
    Return the facts of one PEM block as written in ``CertificateFacts.pem``.

    Raises any exception if it cannot be read.
    """
    return facts_of(read_parts(PEM_cert_to_DER_cert(pem)))


def read_chain(pem: str) -> list[CertificateFacts]:
    """Return the facts of the PEM blocks of a stored chain, in its order; none if one of them cannot be read."""
    try:
        return [read_pem_facts(block.lstrip() + _PEM_END) for block in pem.split(_PEM_END)[:-1]]
    except Exception:  # perhaps another version of the libraries could read it
        return []


def read_parts(encoded: bytes, certificate: x509.Certificate | None = None) -> Parts:
    """
    Return the parts of the certificate ``encoded``: with ``cryptography``, else as leniently as OpenSSL.

    Args:
        certificate: the same, if it is already loaded

    Raises ``CertificateInputError`` if an essential part cannot be read, and any other exception if ``encoded`` is not
    a certificate at all.
    """
    try:
        return _read_strictly(encoded, certificate or x509.load_der_x509_certificate(encoded))
    except Exception:  # ValueError, UnsupportedAlgorithm, InvalidVersion, …: no common base class
        return read_leniently(encoded)


def _read_strictly(encoded: bytes, certificate: x509.Certificate) -> Parts:
    extensions = read_extensions(certificate, encoded)
    return Parts(
        encoded=encoded,
        subject=read_name(certificate.subject),
        issuer=read_name(certificate.issuer),
        serial_number=certificate.serial_number,
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
        public_key_info=_public_key_info(encoded),
        signature_algorithm=certificate.signature_algorithm_oid.dotted_string,
        extensions=extensions,
        signature=StrictSignature(certificate),
    )


def facts_of(parts: Parts) -> CertificateFacts:
    """Return the facts of a certificate that was read. Raises as ``read_facts()`` does."""
    extensions = parts.extensions
    key = essential(gettext_noop('public key'), lambda: describe_key(parts.public_key_info))
    is_self_signed = parts.subject == parts.issuer and is_signed_by(parts, parts)
    is_server = is_self_signed and _is_server(extensions, parts.subject.common_name)
    return CertificateFacts(
        subject=parts.subject.text,
        common_name=parts.subject.common_name,
        issuer=parts.issuer.text,
        issuer_common_name=parts.issuer.common_name,
        issuer_organization=parts.issuer.organization,
        issuer_organizational_unit=parts.issuer.organizational_unit,
        serial_number=essential(gettext_noop('serial number'), lambda: _serial_number(parts.serial_number)),
        fingerprint_sha1=hashlib.sha1(parts.encoded, usedforsecurity=False).hexdigest().upper(),
        fingerprint_sha256=hashlib.sha256(parts.encoded).hexdigest().upper(),
        valid_from=_utc(parts.valid_from),
        valid_to=_utc(parts.valid_to),
        subject_alt_names=extensions.subject_alt_names,
        dns_names=extensions.dns_names,
        ip_addresses=extensions.ip_addresses,
        key_algorithm=key.algorithm,
        key_size=key.size,
        public_key_sha256=hashlib.sha256(parts.public_key_info).hexdigest().upper(),
        signature_algorithm=SIGNATURE_ALGORITHMS.get(parts.signature_algorithm, parts.signature_algorithm),
        has_ca_constraint=extensions.has_ca_constraint,
        is_ca=extensions.has_ca_constraint and not is_server,
        is_self_signed=is_self_signed,
        authority_key_id=extensions.authority_key_id,
        subject_key_id=extensions.subject_key_id,
        aia_urls=extensions.aia_urls,
        crl_urls=extensions.crl_urls,
        step_provisioner_type=extensions.step_provisioner_type,
        is_acme_challenge=extensions.is_acme_challenge,
        is_precertificate=extensions.is_precertificate,
        violations=tuple(dict.fromkeys((*parts.violations, *extensions.violations))),
        pem=DER_cert_to_PEM_cert(parts.encoded),
        der=parts.encoded,
    )


def _is_server(extensions: ExtensionFacts, common_name: str) -> bool:
    """
    Return whether a self-signed certificate is that of a server, whatever its BasicConstraints say: it names a host,
    and it is not declared a CA by ``keyCertSign`` alone, as the root of a cluster is that has a DNS name.
    """
    if extensions.may_sign_certificates and not extensions.is_for_servers:
        return False
    return bool(extensions.dns_names or extensions.ip_addresses or is_host(common_name))


def _serial_number(number: int) -> str:
    digits = f'{abs(number):X}'
    if len(digits) > MAX_SERIAL_DIGITS:
        raise UnreadableError(f'{len(digits)} hex digits, while RFC 5280 allows 40')
    return ('-' if number < 0 else '') + digits.zfill(len(digits) + len(digits) % 2)


def _utc(moment: datetime) -> datetime:
    """Return the same moment with ``datetime.UTC`` as its time zone, so that equal values pickle and print alike."""
    return as_moment(moment.replace(tzinfo=UTC))


def _public_key_info(encoded: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo as encoded in the certificate, for any key algorithm."""
    signed = next(der.children(encoded, der.read_element(encoded)))
    fields = list(der.children(encoded, signed))
    # RFC 5280, 4.1: serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo; before them the version.
    key = fields[5 + (fields[0].tag == der.context(0))]
    return encoded[key.start : key.end]
