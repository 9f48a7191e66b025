"""What one X.509 certificate says, as plain values that a database and a page can take."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    r"""The facts of one certificate (RFC 5280).

    All text has gone through `visible()`: control characters, direction overrides and the like are spelled out
    (`\x00`, `\u202e`), and it is cut to a sane length. Key ids, serial number and fingerprint are upper-case hex
    without separators. Missing text is '', never None.
    """

    subject: str
    """RFC 4514, most specific part first, as `openssl x509 -nameopt RFC2253` has it: `CN=www.example.com,O=Example`."""
    common_name: str
    """The most specific (last) CN of the subject. Certificates need not have one (Let's Encrypt `tlsserver`)."""
    issuer: str
    """Like `subject`."""
    issuer_common_name: str
    issuer_organization: str
    issuer_organizational_unit: str
    serial_number: str
    """Padded to whole octets, as `openssl x509 -serial` prints it: `0A1B`, `00`, `-01`."""
    fingerprint_sha256: str
    """64 digits, over the DER."""
    valid_from: datetime
    """Aware, UTC. May lie after `valid_to`."""
    valid_to: datetime
    """Aware, UTC. 9999-12-31T23:59:59Z means "no end" (RFC 5280, 4.1.2.5)."""
    subject_alt_names: tuple[str, ...]
    """DNS names (lower case), IP addresses, e-mail addresses and URIs bare; others as
    `otherName:1.3.6.1.4.1.311.20.2.3` (the type, not the value), `dirName:CN=…`, `RID:1.2.3`. In the certificate's
    order, without repetitions."""
    dns_names: tuple[str, ...]
    ip_addresses: tuple[str, ...]
    key_algorithm: str
    """`RSA`, `ECDSA`, `Ed25519`, `Ed448`, `DSA`, `ML-DSA-65`, …; a dotted OID for what has no name here."""
    key_size: int | None
    """Bits; None where the algorithm has no such figure, or the key cannot be read."""
    public_key_sha256: str
    """64 digits, over the DER of the SubjectPublicKeyInfo (RFC 5280, 4.1.2.7)."""
    signature_algorithm: str
    """As OpenSSL prints it (`sha256WithRSAEncryption`, `ecdsa-with-SHA384`), else a dotted OID."""
    is_ca: bool
    """BasicConstraints (RFC 5280, 4.2.1.9) says so."""
    is_self_signed: bool
    """Issuer and subject are the same, and the certificate's own key made the signature."""
    authority_key_id: str
    """`keyIdentifier` of RFC 5280, 4.2.1.1."""
    subject_key_id: str
    aia_urls: tuple[str, ...]
    """Where the issuer's certificate and OCSP answers are said to be (RFC 5280, 4.2.2.1). Never fetched."""
    crl_urls: tuple[str, ...]
    """CRL distribution points (RFC 5280, 4.2.1.13). Never fetched."""
    step_provisioner_type: int | None
    """`type` in Smallstep's provisioner extension 1.3.6.1.4.1.37476.9000.64.1; 6 is ACME."""
    is_acme_challenge: bool
    """Carries the critical acmeIdentifier extension (RFC 8737, 3): made for one tls-alpn-01 validation, not for use."""
    is_precertificate: bool
    """Carries the critical poison extension (RFC 6962, 3.1): made for Certificate Transparency logs, not for use."""
    pem: str = field(repr=False)
    """One `CERTIFICATE` block with a line feed at its end."""
    der: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """What to call the certificate: CN, else first DNS name, IP address, subject, serial number. Never empty."""
        candidates = (self.common_name, *self.dns_names[:1], *self.ip_addresses[:1], self.subject, self.serial_number)
        return next(candidate[:255] for candidate in candidates if candidate.strip())
