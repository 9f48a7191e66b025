"""The facts of one X.509 certificate, as plain values for a database or a page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .text import Message, gettext_noop

# Violations named in a warning
_MOST_VIOLATIONS = 5

# Alternative names that are shown with their type, because they are not names of a host, service or person
_TYPED = ('otherName:', 'dirName:', 'RID:')


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    r"""
    The facts of one certificate (RFC 5280).

    All text has gone through ``visible()``: control characters, direction overrides and the like are spelled out
    (``\x00``, ``\u202e``), and long text is cut off. Key IDs, serial number and fingerprint are upper-case hex
    without separators. Missing text is '', never None.
    """

    # RFC 4514, most specific part first, as printed by ``openssl x509 -nameopt RFC2253``:
    # ``CN=www.example.com,O=Example``.
    subject: str
    # The most specific (last) CN of the subject. Certificates need not have one (Let's Encrypt ``tlsserver``).
    common_name: str
    # In the same form as ``subject``
    issuer: str
    issuer_common_name: str
    issuer_organization: str
    issuer_organizational_unit: str
    # Padded to whole octets, as printed by ``openssl x509 -serial``: ``0A1B``, ``00``, ``-01``.
    serial_number: str
    # 64 digits, over the DER.
    fingerprint_sha256: str
    # 40 digits. Windows and vCenter show it as the thumbprint.
    fingerprint_sha1: str
    # Aware, UTC. May lie after ``valid_to``.
    valid_from: datetime
    # Aware, UTC. 9999-12-31T23:59:59Z means that it does not expire (RFC 5280, 4.1.2.5).
    valid_to: datetime
    # DNS names (lower case), IP addresses, e-mail addresses and URIs bare; others as
    # ``otherName:1.3.6.1.4.1.311.20.2.3`` (the type, not the value), ``dirName:CN=…``, ``RID:1.2.3``. In the
    # certificate's order, without repetitions.
    subject_alt_names: tuple[str, ...]
    dns_names: tuple[str, ...]
    ip_addresses: tuple[str, ...]
    # ``RSA``, ``ECDSA``, ``Ed25519``, ``Ed448``, ``DSA``, ``ML-DSA-65``, …; a dotted OID if it has no name here
    key_algorithm: str
    # Bits; None if the algorithm has only one size or the key cannot be read
    key_size: int | None
    # 64 digits, over the DER of the SubjectPublicKeyInfo (RFC 5280, 4.1.2.7).
    public_key_sha256: str
    # As OpenSSL prints it (``sha256WithRSAEncryption``, ``ecdsa-with-SHA384``), else a dotted OID.
    signature_algorithm: str
    # By BasicConstraints (RFC 5280, 4.2.1.9)
    has_ca_constraint: bool
    # Has the constraint, and is not the self-signed certificate of a server that merely sets it
    is_ca: bool
    # Issuer and subject are the same, and its own key verifies the signature.
    is_self_signed: bool
    # ``keyIdentifier`` of RFC 5280, 4.2.1.1.
    authority_key_id: str
    subject_key_id: str
    # URLs of the issuer's certificate and of OCSP (RFC 5280, 4.2.2.1). Never fetched.
    aia_urls: tuple[str, ...]
    # CRL distribution points (RFC 5280, 4.2.1.13). Never fetched.
    crl_urls: tuple[str, ...]
    # ``type`` in Smallstep's provisioner extension 1.3.6.1.4.1.37476.9000.64.1; 6 is ACME.
    step_provisioner_type: int | None
    # Has the critical acmeIdentifier extension (RFC 8737, 3): made for one tls-alpn-01 validation, not for use.
    is_acme_challenge: bool
    # Has the critical poison extension (RFC 6962, 3.1): made for Certificate Transparency logs, not for use.
    is_precertificate: bool
    # Violations of X.690 or RFC 5280 that did not prevent reading it: phrases for a sentence
    violations: tuple[str, ...]
    # One ``CERTIFICATE`` block with a line feed at its end.
    pem: str = field(repr=False)
    der: bytes = field(repr=False)

    @property
    def is_server_marked_as_ca(self) -> bool:
        """
        Return whether it is a self-signed server certificate with CA:TRUE, as made by ``openssl req -x509`` and by many
        appliances.
        """
        return self.has_ca_constraint and not self.is_ca

    @property
    def name(self) -> str:
        """
        Return a name for the certificate. Never empty.

        It is the CN, else the first DNS name, IP address, e-mail address or URI (SPIFFE), the subject, or the serial
        number.
        """
        others = [name for name in self.subject_alt_names if not name.startswith(_TYPED)]
        candidates = (
            self.common_name,
            *self.dns_names[:1],
            *self.ip_addresses[:1],
            *others[:1],
            self.subject,
            self.serial_number,
        )
        return next(candidate[:255] for candidate in candidates if candidate.strip())

    @property
    def notice(self) -> Message | None:
        """Return a warning that names the violations, if there are any."""
        if not self.violations:
            return None
        return Message(
            'malformed',
            gettext_noop(
                'The encoding of the certificate “%(name)s” violates X.509: %(violations)s. It was read and stored '
                'as it is, but some programs refuse it. Report this to its CA.'
            ),
            name=self.name,
            violations=_listed(self.violations),
        )


def _listed(violations: Sequence[str]) -> str:
    more = [f'and {len(violations) - _MOST_VIOLATIONS} more'] if len(violations) > _MOST_VIOLATIONS else []
    return '; '.join([*violations[:_MOST_VIOLATIONS], *more])
