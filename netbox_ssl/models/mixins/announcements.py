"""What has been announced of a certificate, so that each change of its renewal status is announced once."""

from datetime import UTC, datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from netbox_ssl import settings
from netbox_ssl.acme import renewal
from netbox_ssl.choices import RenewalStatusChoices
from netbox_ssl.netbox_internals import current_request, prechange_snapshot

__all__ = (
    'AUTOMATIC',
    'CONTRADICTORY',
    'ELIGIBLE',
    'UNANNOUNCED_OVERDUE',
    'STATUS_INDEXES',
    'SWEEP_INDEXES',
    'WITHOUT_BASELINE',
    'AnnouncedFieldsMixin',
    'baseline_moment',
)

BEGINNING = datetime(1, 1, 1, tzinfo=UTC)

# The conditions of the partial indexes that the sweep reads (announcements/sweep/passes.py): it must use the very same.
ELIGIBLE = renewal.eligible_q()
AUTOMATIC = ELIGIBLE & Q(acme_auto_renewal=True)
UNANNOUNCED_OVERDUE = AUTOMATIC & Q(announced_status=RenewalStatusChoices.DUE, announced_overdue=False)
# What was announced cannot be true with these settings, whatever the time: they were changed past save().
CONTRADICTORY = (
    (~ELIGIBLE & Q(announced_status__gt=''))
    | (ELIGIBLE & Q(announced_status=''))
    | (ELIGIBLE & Q(acme_auto_renewal=True, announced_status=RenewalStatusChoices.MANUAL))
    | (ELIGIBLE & Q(acme_auto_renewal=False, announced_status__in=(RenewalStatusChoices.OK, RenewalStatusChoices.DUE)))
)

# Created past Certificate.save(): nothing is announced until the sweep has given it a baseline.
WITHOUT_BASELINE = Q(announced_status__isnull=True)

# What an idle sweep asks is answered by the indexes alone.
ASKED_TOO = ('id', 'announcing_since')

# From each announced status to the next one that time brings. There is deliberately no index on valid_to alone: the
# planner would take it and read every long expired certificate again and again.
SWEEP_INDEXES = (
    models.Index(
        fields=('announced_status', 'renewal_due_at', 'valid_to'),
        include=ASKED_TOO,
        condition=AUTOMATIC,
        name='netbox_ssl_cert_sweep_due',
    ),
    models.Index(
        fields=('announced_status', 'valid_to'),
        include=ASKED_TOO,
        condition=ELIGIBLE,
        name='netbox_ssl_cert_sweep_expired',
    ),
    models.Index(
        fields=('renewal_overdue_at', 'valid_to'),
        include=ASKED_TOO,
        condition=UNANNOUNCED_OVERDUE,
        name='netbox_ssl_cert_sweep_overdue',
    ),
    # Holds only what was changed past save().
    models.Index(
        fields=('id',),
        include=('announcing_since',),
        condition=CONTRADICTORY,
        name='netbox_ssl_cert_contradictory',
    ),
    models.Index(
        fields=('id',),
        include=('announcing_since',),
        condition=WITHOUT_BASELINE,
        name='netbox_ssl_cert_no_baseline',
    ),
)

# Lists and counts by renewal status (acme/renewal.py), and the list sorted by due time and by when a renewal becomes
# overdue. Expired ones are counted by the sweep's index.
STATUS_INDEXES = (
    models.Index(
        fields=('valid_to', 'renewal_due_at', 'renewal_overdue_at'),
        condition=AUTOMATIC,
        name='netbox_ssl_cert_automatic',
    ),
    models.Index(
        fields=('valid_to',),
        condition=ELIGIBLE & Q(acme_auto_renewal=False),
        name='netbox_ssl_cert_manual',
    ),
    models.Index(
        fields=('name', 'id'),
        condition=~ELIGIBLE,
        name='netbox_ssl_cert_no_status',
    ),
    models.Index(
        fields=('valid_to', 'id'),
        name='netbox_ssl_cert_expiry',
    ),
    models.Index(
        fields=('renewal_due_at', 'id'),
        name='netbox_ssl_cert_due',
    ),
    models.Index(
        fields=('renewal_overdue_at', 'id'),
        name='netbox_ssl_cert_overdue',
    ),
)


def baseline_moment(now: datetime) -> datetime:
    """
    Return as of when a certificate that is new here counts as announced: what time did before is not announced. With
    the setting ``announce_past`` that is before all times, and the sweep announces what time did since.
    """
    return BEGINNING if settings.announce_past() else now


class AnnouncedFieldsMixin(models.Model):
    """What was announced of a certificate. Written by announcers past ``save()`` (see ``BookkeepingMixin``)."""

    # The renewal status announced last; '': none; None: the certificate has no baseline yet.
    announced_status = models.CharField(
        max_length=10,
        blank=True,
        null=True,
        editable=False,
    )
    # Whether it was announced that the current X.509 certificate is overdue.
    announced_overdue = models.BooleanField(
        default=False,
        editable=False,
    )
    # A request changed the renewal status at this moment and announces that itself, when it ends.
    announcing_since = models.DateTimeField(
        blank=True,
        null=True,
        editable=False,
    )

    ANNOUNCED_FIELDS = ('announced_status', 'announced_overdue', 'announcing_since')

    class Meta:
        abstract = True

    def set_announced(self, now) -> None:
        """Take what is true now as announced (see ``baseline_moment``): a new certificate is not a change."""
        moment = baseline_moment(now)
        self.announced_status = self.renewal_status_at(moment) or ''
        self.announced_overdue = self.announced_status == RenewalStatusChoices.DUE and moment >= self.overdue_at()
        self.announcing_since = None

    def settle_announced(self, stored: dict) -> None:
        """Prepare these columns for a save over ``stored`` (see ``take_bookkeeping()``; empty: it is new)."""
        if not stored:
            self.set_announced(timezone.now())
            return
        if self.valid_to != stored['valid_to']:
            # Overdue is announced once for each issuance; those differ in the end of their validity.
            self.announced_overdue = False
        if self._request_announces():
            self.announcing_since = timezone.now()

    def _request_announces(self) -> bool:
        """Whether the present request is going to see a change of the renewal status in NetBox's snapshots."""
        before = prechange_snapshot(self)
        if current_request.get() is None or not before:
            return False
        return before.get('renewal_status') != self.renewal_status
