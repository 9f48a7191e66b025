from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from netbox.models import NetBoxModel

__all__ = ('CertificateSource',)


class CertificateSource(NetBoxModel):
    """
    A place that reports a Certificate: an ACME client's lineage on a host. A certificate copied to ten hosts has ten.
    """

    certificate = models.ForeignKey(
        to='netbox_ssl.Certificate',
        on_delete=models.CASCADE,
        related_name='sources',
    )
    external_id = models.CharField(
        verbose_name=_('external ID'),
        max_length=500,
        unique=True,
        help_text=_('What the reporting client calls it, for instance certbot:web01.example.net:www.example.net'),
    )
    client = models.CharField(
        verbose_name=_('client'),
        max_length=100,
        blank=True,
        help_text=_('The ACME client or program that reports, for instance certbot'),
    )
    issuance = models.ForeignKey(
        to='netbox_ssl.Issuance',
        on_delete=models.SET_NULL,
        related_name='reported_by',
        verbose_name=_('issuance'),
        blank=True,
        null=True,
        editable=False,
        help_text=_('The X.509 certificate that it reported last'),
    )
    reported_at = models.DateTimeField(
        verbose_name=_('last report'),
        blank=True,
        null=True,
        editable=False,
    )

    class Meta:
        ordering = ('external_id',)
        verbose_name = _('certificate source')
        verbose_name_plural = _('certificate sources')

    def __str__(self):
        return self.external_id

    def get_absolute_url(self):
        return reverse('plugins:netbox_ssl:certificatesource', args=[self.pk])

    @property
    def docs_url(self):
        return reverse('plugins:netbox_ssl:documentation', kwargs={'page': 'reference/source'})

    @property
    def is_behind(self) -> bool:
        """Whether it still has an older X.509 certificate than its Certificate: not reloaded, or a stuck client."""
        return self.issuance is not None and self.issuance.fingerprint_sha256 != self.certificate.fingerprint_sha256

    def stamp(self, issuance, now=None) -> None:
        """Note a report, without a change log entry: hosts report daily, mostly nothing new."""
        self.issuance, self.reported_at = issuance, now or timezone.now()
        type(self).objects.filter(pk=self.pk).update(issuance=issuance, reported_at=self.reported_at)
