"""The columns that describe one X.509 certificate, shared by a Certificate (its current one) and each Issuance."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from netbox_ssl.x509 import canonical_name, has_label, normalize_hex, split_names

from .encoding import EncodingMixin

__all__ = ('FACT_FIELDS', 'X509FieldsMixin')

# The facts of an X.509 certificate. With a PEM, they are always read from it.
FACT_FIELDS = (
    'subject',
    'issuer',
    'serial_number',
    'fingerprint_sha256',
    'fingerprint_sha1',
    'valid_from',
    'valid_to',
    'subject_alt_names',
    'key_algorithm',
    'key_size',
    'public_key_sha256',
    'signature_algorithm',
)


class X509FieldsMixin(EncodingMixin, models.Model):
    subject = models.TextField(
        verbose_name=_('subject'),
        blank=True,
        help_text=_('Distinguished name of the subject'),
    )
    issuer = models.TextField(
        verbose_name=_('issuer'),
        blank=True,
        help_text=_('Distinguished name of the CA that signed it'),
    )
    # RFC 5280 allows 20 octets; certificates with up to 512 have been seen.
    serial_number = models.CharField(
        verbose_name=_('serial number'),
        max_length=1100,
        blank=True,
        help_text=_('Hexadecimal; colons, spaces and lower case are accepted'),
    )
    fingerprint_sha1 = models.CharField(
        verbose_name=_('SHA-1 fingerprint'),
        max_length=40,
        blank=True,
        help_text=_('Called the thumbprint by Windows and vCenter'),
    )
    valid_from = models.DateTimeField(
        verbose_name=_('valid from'),
    )
    valid_to = models.DateTimeField(
        verbose_name=_('valid to'),
    )
    subject_alt_names = ArrayField(
        base_field=models.TextField(),
        verbose_name=_('subject alternative names'),
        blank=True,
        default=list,
        help_text=_('DNS names, IP addresses and other names that the certificate covers'),
    )
    key_algorithm = models.CharField(
        verbose_name=_('key algorithm'),
        max_length=100,
        blank=True,
        help_text=_('For example RSA, ECDSA, Ed25519'),
    )
    key_size = models.PositiveIntegerField(
        verbose_name=_('key size'),
        blank=True,
        null=True,
        help_text=_('In bits'),
    )
    public_key_sha256 = models.CharField(
        verbose_name=_('public key SHA-256'),
        max_length=64,
        blank=True,
        help_text=_('Hash of the public key (SubjectPublicKeyInfo): identical for all certificates of one key'),
    )
    signature_algorithm = models.CharField(
        verbose_name=_('signature algorithm'),
        max_length=100,
        blank=True,
        help_text=_('For example sha256WithRSAEncryption'),
    )
    pem = models.TextField(
        verbose_name=_('PEM'),
        blank=True,
        help_text=_('The certificate, PEM-encoded. The facts above are read from it.'),
    )
    chain_pem = models.TextField(
        verbose_name=_('chain'),
        blank=True,
        help_text=_('The CA certificates between the certificate and the root, PEM-encoded, nearest first'),
    )

    class Meta:
        abstract = True

    def normalize_typed_facts(self) -> None:
        """Convert facts that were entered by hand into the form in which facts from a PEM are stored."""
        for name in ('serial_number', 'fingerprint_sha256', 'fingerprint_sha1', 'public_key_sha256'):
            if value := getattr(self, name):
                setattr(self, name, normalize_hex(value) or value)
        self.subject_alt_names = list(
            dict.fromkeys(
                canonical_name(name)
                for entry in self.subject_alt_names or ()
                # A list that was copied from OpenSSL, in a single entry
                for name in (split_names(entry) if has_label(entry) else [entry])
                if name.strip()
            )
        )
