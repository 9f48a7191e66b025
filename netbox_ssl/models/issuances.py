from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from netbox.models import BaseModel
from netbox.models.features import CustomLinksMixin, ExportTemplatesMixin

from .x509_fields import FACT_FIELDS, X509FieldsMixin

__all__ = ('Issuance',)


class Issuance(CustomLinksMixin, ExportTemplatesMixin, X509FieldsMixin, BaseModel):
    """
    One X.509 certificate that a Certificate has had; the current one is among them.

    Written when its PEM first arrives and never changed. It has no change log of its own: a renewal is one entry, that
    of its Certificate.
    """

    certificate = models.ForeignKey(
        to='netbox_ssl.Certificate',
        on_delete=models.CASCADE,
        related_name='issuances',
    )
    # Unique over all certificates: whatever has been imported once is known.
    fingerprint_sha256 = models.CharField(
        verbose_name=_('SHA-256 fingerprint'),
        max_length=64,
        unique=True,
    )
    created = models.DateTimeField(
        verbose_name=_('recorded'),
        auto_now_add=True,
    )

    class Meta:
        ordering = ('-valid_from', '-pk')
        indexes = (models.Index(fields=('serial_number',)),)
        verbose_name = _('issuance')
        verbose_name_plural = _('issuances')

    def __str__(self):
        return f'{self.serial_number} ({self.valid_from:%Y-%m-%d})'

    def get_absolute_url(self):
        return reverse('plugins:netbox_ssl:issuance', args=[self.pk])

    @property
    def docs_url(self):
        return reverse('plugins:netbox_ssl:documentation', kwargs={'page': 'reference/issuance'})

    @classmethod
    def of(cls, certificate) -> 'Issuance':
        """A new, unsaved Issuance holding the current X.509 certificate of ``certificate``."""
        columns = {name: getattr(certificate, name) for name in (*FACT_FIELDS, 'pem', 'chain_pem')}
        return cls(certificate=certificate, **columns)

    @property
    def is_current(self) -> bool:
        """Whether this is what its Certificate holds today."""
        return self.fingerprint_sha256 == self.certificate.fingerprint_sha256

    @property
    def lifetime(self):
        """Span of validity, a timedelta."""
        return self.valid_to - self.valid_from
