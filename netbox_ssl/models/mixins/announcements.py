"""What has been announced about a certificate, so that each change of its state is announced once."""

from datetime import UTC, datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from netbox_ssl import settings
from netbox_ssl.acme import renewal
from netbox_ssl.choices import RenewalStatusChoices, ValidityChoices
from netbox_ssl.netbox_internals import current_request, prechange_snapshot

from .announced_validity import VALIDITY_COLUMNS, VALIDITY_SWEEP_INDEXES, AnnouncedValidityMixin

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

# Conditions of the partial indexes that the sweep reads (announcements/sweep/passes.py), which must use the same ones.
ELIGIBLE = renewal.eligible_q()
AUTOMATIC = ELIGIBLE & Q(acme_auto_renewal=True)
UNANNOUNCED_OVERDUE = AUTOMATIC & Q(announced_status=RenewalStatusChoices.DUE, announced_overdue=False)
# The announced status is impossible with these settings, at any time: they were changed without save().
CONTRADICTORY = (
    (~ELIGIBLE & Q(announced_status__gt=''))
    | (ELIGIBLE & Q(announced_status=''))
    | (ELIGIBLE & Q(acme_auto_renewal=True, announced_status=RenewalStatusChoices.MANUAL))
    | (ELIGIBLE & Q(acme_auto_renewal=False, announced_status__in=(RenewalStatusChoices.OK, RenewalStatusChoices.DUE)))
)

# Created without Certificate.save(): nothing is announced until the sweep has written a baseline.
WITHOUT_BASELINE = Q(announced_status__isnull=True) | Q(announced_until__isnull=True)

# Included, so that an idle sweep reads only the indexes
ASKED_TOO = ('id', 'announcing_since')

# For the change from each announced status to the next. There is deliberately no index on valid_to alone: the planner
# would choose it and read all certificates that expired long ago in each sweep.
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
    # Contains only rows that were changed without save().
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
    *VALIDITY_SWEEP_INDEXES,
)

# For lists and counts by renewal status (acme/renewal.py), and for lists sorted by due or overdue time. The sweep's
# index serves to count expired certificates.
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
    Return the moment up to which changes of a new certificate count as announced: ``now``, or, with the setting
    ``announce_past``, the earliest possible time, so that the sweep announces all past changes.
    """
    return BEGINNING if settings.announce_past() else now


class AnnouncedFieldsMixin(AnnouncedValidityMixin):
    """What was announced about a certificate. Announcers write it without ``save()`` (see ``BookkeepingMixin``)."""

    # The renewal status that was announced last; '': none; None: the certificate has no baseline yet
    announced_status = models.CharField(
        max_length=10,
        blank=True,
        null=True,
        editable=False,
    )
    # Whether the renewal of the current X.509 certificate was announced as overdue
    announced_overdue = models.BooleanField(
        default=False,
        editable=False,
    )
    # When a request changed the renewal status; the request announces the change when it ends.
    announcing_since = models.DateTimeField(
        blank=True,
        null=True,
        editable=False,
    )

    # Written by announcers
    ANNOUNCED_COLUMNS = ('announced_status', 'announced_overdue', 'announcing_since', *VALIDITY_COLUMNS)
    # Not shown
    ANNOUNCED_FIELDS = (*ANNOUNCED_COLUMNS, 'next_mark_at')

    class Meta:
        abstract = True

    def set_announced(self, now) -> None:
        """Set the current status as announced (see ``baseline_moment``): a new certificate is not a change."""
        moment = baseline_moment(now)
        self.announced_status = self.renewal_status_at(moment) or ''
        self.announced_overdue = self.announced_status == RenewalStatusChoices.DUE and moment >= self.overdue_at()
        self.announcing_since = None
        self.set_announced_validity(now)

    def settle_announced(self, stored: dict) -> None:
        """Prepare these columns for a save over ``stored`` (see ``take_bookkeeping()``; empty: it is new)."""
        if not stored:
            self.set_announced(timezone.now())
            return
        self.settle_announced_validity(stored, timezone.now())
        if self.valid_to != stored['valid_to']:
            # Overdue is announced once for each issuance, and issuances differ in their expiry.
            self.announced_overdue = False
        if self._request_announces():
            self.announcing_since = timezone.now()

    def _request_announces(self) -> bool:
        """Return whether the current request will find a change of state in NetBox's snapshots."""
        before = prechange_snapshot(self)
        if current_request.get() is None or not before:
            return False
        expired = ValidityChoices.EXPIRED
        becomes_expired = before.get('validity') != expired and self.validity == expired
        return becomes_expired or before.get('renewal_status') != self.renewal_status
