"""The columns that describe one X.509 certificate, shared by a Certificate (its current one) and each Issuance."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from netbox_ssl.x509 import canonical_name, has_label, normalize_hex, split_names

from .authorities import AuthorityMixin
from .chains import ChainMixin
from .encoding import EncodingMixin
from .moments import MomentsMixin, day_display

__all__ = ('FACT_FIELDS', 'HEX_FIELDS', 'X509_FIELDS', 'X509FieldsMixin')

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
    'is_ca',
    'authority_key_id',
    'subject_key_id',
)

# The columns of this module: what an Issuance has of the X.509 certificate
X509_FIELDS = (*FACT_FIELDS, 'pem', 'chain_pem', 'chain_valid_to')

# Facts stored as upper-case hexadecimal digits → number of digits if it is fixed
HEX_FIELDS = {
    'serial_number': None,
    'fingerprint_sha256': 64,
    'fingerprint_sha1': 40,
    'public_key_sha256': 64,
    'authority_key_id': None,
    'subject_key_id': None,
}


class X509FieldsMixin(AuthorityMixin, ChainMixin, EncodingMixin, MomentsMixin, models.Model):
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
    is_ca = models.BooleanField(
        verbose_name=_('CA certificate'),
        default=False,
        help_text=_('The certificate of a CA: a root or an intermediate'),
    )
    # keyIdentifier of RFC 5280, 4.2.1.1 and 4.2.1.2: hexadecimal, at most 64 octets (x509/extensions.py)
    authority_key_id = models.CharField(
        verbose_name=_('authority key ID'),
        max_length=128,
        blank=True,
        help_text=_('Identifies the key of the CA that signed it'),
    )
    subject_key_id = models.CharField(
        verbose_name=_('subject key ID'),
        max_length=128,
        blank=True,
        help_text=_('Identifies its own key in the certificates that it issues'),
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

    # Null without a chain. May be before valid_to: clients refuse the certificate once a link has expired.
    chain_valid_to = models.DateTimeField(
        verbose_name=_('chain valid to'),
        blank=True,
        null=True,
        editable=False,
        help_text=_('When the first link of the stored chain expires'),
    )

    get_valid_from_display = day_display('valid_from')
    get_valid_to_display = day_display('valid_to')

    class Meta:
        abstract = True

    def normalize_typed_facts(self) -> None:
        """Convert facts that were entered by hand into the form in which facts from a PEM are stored."""
        for name in HEX_FIELDS:
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
