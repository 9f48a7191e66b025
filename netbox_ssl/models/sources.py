from django.conf import settings
from django.db import models, router, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from netbox.models import NetBoxModel

from netbox_ssl.branching import ReplayedMixin
from netbox_ssl.choices import SourceKindChoices

from .external_ids import split_external_id
from .mixins.bookkeeping import BookkeepingMixin
from .mixins.change_log import ChangeLogDataMixin
from .mixins.documentation import DocumentedMixin
from .mixins.moments import MomentsMixin, day_display
from .mixins.source_indexes import SOURCE_CONSTRAINTS, SOURCE_INDEXES
from .mixins.source_states import SourceStatesMixin
from .mixins.yaml_export import SourceYAMLMixin
from .source_reports import settle_reported, settle_sources, stamp_reports
from .visibility import RelatedVisibilityMixin, RelatedVisibilityQuerySet, is_visible

__all__ = ('CertificateSource', 'kind_of_client')

# Programs that read files, and programs that connect to endpoints. All others order certificates themselves.
KIND_OF_CLIENT = {
    'files': SourceKindChoices.COPY,
    'folder': SourceKindChoices.COPY,
    'monitor': SourceKindChoices.SERVED,
    'served': SourceKindChoices.SERVED,
}


def kind_of_client(client: str) -> str:
    """Return the kind (``SourceKindChoices``) of a source whose report names only its client."""
    return KIND_OF_CLIENT.get(client.lower(), SourceKindChoices.CLIENT)


class CertificateSourceQuerySet(RelatedVisibilityQuerySet):
    RELATED = {
        **RelatedVisibilityQuerySet.RELATED,
        'issuance': 'netbox_ssl.Issuance',
        'issuance__certificate': 'netbox_ssl.Certificate',
    }


class CertificateSource(
    RelatedVisibilityMixin,
    MomentsMixin,
    DocumentedMixin,
    ReplayedMixin,
    SourceStatesMixin,
    SourceYAMLMixin,
    BookkeepingMixin,
    ChangeLogDataMixin,
    NetBoxModel,
):
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
        help_text=_('Identifier used by the reporting client, for example certbot:web01.example.net:www.example.net'),
    )
    client = models.CharField(
        verbose_name=_('client'),
        max_length=100,
        blank=True,
        help_text=_('The ACME client or program that reports, for example certbot'),
    )
    kind = models.CharField(
        verbose_name=_('kind'),
        max_length=20,
        choices=SourceKindChoices,
        blank=True,
        help_text=_(
            'Meaning of its reports: a client orders the certificate; a copy or an endpoint only has it. '
            'Derived from the client if empty'
        ),
    )
    machine_id = models.CharField(
        verbose_name=_('machine ID'),
        max_length=64,
        blank=True,
        help_text=_(
            'Identifies the machine that reports under this external ID; reports of other machines are refused'
        ),
    )
    issuance = models.ForeignKey(
        to='netbox_ssl.Issuance',
        on_delete=models.SET_NULL,
        related_name='reported_by',
        verbose_name=_('issuance'),
        blank=True,
        null=True,
        editable=False,
        help_text=_('The X.509 certificate in its last report'),
    )
    # The user whose reports it accepts although the user may not change it: the one with whose token it was created
    reporter = models.ForeignKey(
        to=settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name='+',
        verbose_name=_('reporter'),
        blank=True,
        null=True,
        editable=False,
        # Only read with the source
        db_index=False,
    )
    reported_at = models.DateTimeField(
        verbose_name=_('last report'),
        blank=True,
        null=True,
        editable=False,
    )

    objects = CertificateSourceQuerySet.as_manager()

    DOCUMENTATION = 'reference/source'
    # Written by reports and by the sweep
    BOOKKEEPING = ('issuance', 'reporter', 'reported_at', *SourceStatesMixin.STATE_FIELDS)
    BOOKKEEPING_DEPENDS_ON = ('certificate',)

    get_valid_to_display = day_display('valid_to')
    get_reported_at_display = day_display('reported_at')
    get_gone_since_display = day_display('gone_since')

    class Meta:
        ordering = ('external_id',)
        verbose_name = _('certificate source')
        verbose_name_plural = _('certificate sources')
        constraints = SOURCE_CONSTRAINTS
        indexes = SOURCE_INDEXES

    def __str__(self):
        return self.external_id

    def get_absolute_url(self):
        return reverse('plugins:netbox_ssl:certificatesource', args=[self.pk])

    def get_kind_color(self):
        return SourceKindChoices.colors.get(self.kind)

    def save(self, *args, **kwargs):
        self.kind = self.kind or kind_of_client(self.client)
        using = kwargs.get('using') or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            stored = {}
            if not self._state.adding and kwargs.get('update_fields') is None:
                stored = self.take_bookkeeping(using)
            super().save(*args, **kwargs)
            # It may have been moved to another certificate.
            settle_sources([self.pk], using)
            if (before := stored.get('certificate_id')) != self.certificate_id:
                settle_reported({before or self.certificate_id, self.certificate_id}, using)

    def serialize_object(self, exclude=None):
        """
        Return the data for NetBox's change log and event snapshots, without bookkeeping columns: a report is not a
        change. That the client no longer has it, or has it again, is a change.
        """
        unseen = [name for name in self.BOOKKEEPING if name != 'gone_since']
        return super().serialize_object(exclude=[*(exclude or ()), *unseen])

    @classmethod
    def deserialize_object(cls, data, pk=None):
        """Return a source created in a branch that is merged, for the current state of its certificate."""
        # The issuance has a different ID in the branch.
        data = {name: value for name, value in data.items() if name not in ('issuance', 'reported_at', 'gone_since')}
        replayed = super().deserialize_object(data, pk=pk)
        source = replayed.object
        current = source.certificate.fingerprint_sha256
        source.issuance = source.certificate.issuances.filter(fingerprint_sha256=current).first()
        source.reported_at = timezone.now() if source.issuance else None
        return replayed

    @property
    def place(self) -> str:
        """
        Return the host, cluster or appliance: the part between the first two colons of ``client:host:lineage``. Of an
        endpoint, that is the monitor, and the place is the rest.
        """
        parts = split_external_id(self.external_id)
        if parts and self.kind == SourceKindChoices.SERVED:
            return parts.lineage or self.external_id
        return parts.host + parts.directory if parts else self.external_id

    @property
    def is_unexpected(self) -> bool:
        """Return whether its last report belongs to another certificate than the one it should have."""
        return self.issuance is not None and self.issuance.certificate_id != self.certificate_id

    @property
    def visible_issuance(self):
        """Return the issuance in its last report, or None if there is none or the user may not view it."""
        return self.issuance if is_visible(self, 'issuance') else None

    @property
    def unexpected_certificate(self):
        """Return the certificate that its last report belongs to, if unexpected and visible to the user, or None."""
        return self.issuance.certificate if self.is_unexpected and is_visible(self, 'issuance__certificate') else None

    def mark_gone(self, now) -> None:
        """Record that its client no longer has it, with an entry in the change log."""
        self._mark(gone_since=now)

    def mark_back(self) -> None:
        """Record that its client has it again, with an entry in the change log."""
        self._mark(gone_since=None, missed_since=None)

    def _mark(self, **values) -> None:
        self.snapshot()
        for name, value in values.items():
            setattr(self, name, value)
        # A source that is gone must not be watched (a constraint).
        self.is_watched = False
        self.save(update_fields=[*values, 'is_watched', 'last_updated'])

    def stamp(self, issuance, now=None) -> None:
        """Record a report, without an entry in the change log, because hosts report daily, mostly without changes."""
        stamp_reports([(self.pk, issuance.pk)], now)
        self.refresh_from_db(fields=self.BOOKKEEPING)
