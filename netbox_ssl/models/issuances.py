from django.db import models
from django.db.models import Case, F, OuterRef, Subquery, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from netbox.models import BaseModel
from netbox.models.features import CustomLinksMixin, ExportTemplatesMixin

from .issuance_order import ORDER, newer_q
from .mixins.documentation import DocumentedMixin
from .mixins.x509 import X509_FIELDS, X509FieldsMixin
from .visibility import RelatedVisibilityMixin, RelatedVisibilityQuerySet

__all__ = ('REPLACED_AT', 'Issuance', 'replaced_at_sql')

SECONDS_OF_A_DAY = 86400
# The annotation of ``with_replacement()``, which the properties of an Issuance read
REPLACED_AT = 'annotated_replaced_at'


def replaced_at_sql():
    """
    Return the expression for the time an issuance was replaced: when the next one of its certificate became valid; null
    for the current one. A subquery, because a window function would only see the filtered rows.
    """
    following = Issuance.objects.filter(newer_q(), certificate=OuterRef('certificate')).order_by(*ORDER)
    return Case(
        When(fingerprint_sha256=F('certificate__fingerprint_sha256'), then=None),
        default=Subquery(following.values('valid_from')[:1]),
        output_field=models.DateTimeField(null=True),
    )


class IssuanceQuerySet(RelatedVisibilityQuerySet):
    def with_replacement(self):
        """Annotate each issuance with the time it was replaced, so that this takes no further query."""
        return self.annotate(**{REPLACED_AT: replaced_at_sql()})


class Issuance(
    RelatedVisibilityMixin, DocumentedMixin, CustomLinksMixin, ExportTemplatesMixin, X509FieldsMixin, BaseModel
):
    """
    One X.509 certificate that a Certificate has had; the current one is among them.

    Written when its PEM is first imported, and never changed. It has no change log: a renewal is a single entry, for
    its Certificate.
    """

    certificate = models.ForeignKey(
        to='netbox_ssl.Certificate',
        on_delete=models.CASCADE,
        related_name='issuances',
    )
    # Unique over all certificates, so that an X.509 certificate is recorded once
    fingerprint_sha256 = models.CharField(
        verbose_name=_('SHA-256 fingerprint'),
        max_length=64,
    )
    created = models.DateTimeField(
        verbose_name=_('recorded'),
        auto_now_add=True,
    )

    objects = IssuanceQuerySet.as_manager()

    DOCUMENTATION = 'reference/issuance'

    class Meta:
        ordering = ('-valid_from', '-pk')
        constraints = (
            models.UniqueConstraint(fields=('fingerprint_sha256',), name='%(app_label)s_%(class)s_fingerprint'),
        )
        indexes = (
            models.Index(fields=('serial_number',)),
            models.Index(fields=('fingerprint_sha1',), name='netbox_ssl_issuance_sha1'),
        )
        verbose_name = _('issuance')
        verbose_name_plural = _('issuances')

    def __str__(self):
        return f'{self.serial_number} ({self.valid_from:%Y-%m-%d})'

    def get_absolute_url(self):
        return reverse('plugins:netbox_ssl:issuance', args=[self.pk])

    @classmethod
    def of(cls, certificate) -> 'Issuance':
        """Return a new, unsaved Issuance with the current X.509 certificate of ``certificate``."""
        columns = {name: getattr(certificate, name) for name in X509_FIELDS}
        return cls(certificate=certificate, **columns)

    @property
    def is_current(self) -> bool:
        """Return whether it is the current X.509 certificate of its Certificate."""
        return self.fingerprint_sha256 == self.certificate.fingerprint_sha256

    @property
    def lifetime(self):
        """Return the lifetime as a timedelta."""
        return self.valid_to - self.valid_from

    @property
    def lifetime_days(self) -> float:
        """Return the lifetime in days."""
        return _days(self.lifetime)

    @property
    def replaced_at(self):
        """Return when it was replaced (aware datetime); None for the current one. See ``with_replacement()``."""
        if REPLACED_AT not in self.__dict__:
            found = Issuance.objects.filter(pk=self.pk).values_list(replaced_at_sql(), flat=True)
            setattr(self, REPLACED_AT, found.first())
        return getattr(self, REPLACED_AT)

    @property
    def replaced_days_before_expiry(self) -> float | None:
        """Return how many days before expiry it was replaced, negative after expiry; None for the current one."""
        return None if self.replaced_at is None else _days(self.valid_to - self.replaced_at)


def _days(span) -> float:
    return round(span.total_seconds() / SECONDS_OF_A_DAY, 2)
