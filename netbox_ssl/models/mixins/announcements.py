"""What the event rules have been told of a certificate, so that each change of its renewal status is told once."""

from contextlib import contextmanager
from datetime import UTC, datetime

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from netbox.context import current_request

from netbox_ssl import settings
from netbox_ssl.choices import CertificateStatusChoices, RenewalStatusChoices

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

# The conditions of the partial indexes that the sweep (sweep.py) reads: it must ask in the very same words.
ELIGIBLE = Q(is_acme=True, status=CertificateStatusChoices.STATUS_ACTIVE)
AUTOMATIC = ELIGIBLE & Q(acme_auto_renewal=True)
UNANNOUNCED_OVERDUE = AUTOMATIC & Q(announced_status=RenewalStatusChoices.DUE, announced_overdue=False)
# What was told cannot be true with these settings, whatever the time: they were changed behind our back.
CONTRADICTORY = (
    (~ELIGIBLE & Q(announced_status__gt=''))
    | (ELIGIBLE & Q(announced_status=''))
    | (ELIGIBLE & Q(acme_auto_renewal=True, announced_status=RenewalStatusChoices.MANUAL))
    | (ELIGIBLE & Q(acme_auto_renewal=False, announced_status__in=(RenewalStatusChoices.OK, RenewalStatusChoices.DUE)))
)

# Written past Certificate.save(): nothing was told, and nothing is until the sweep has taken something for told.
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
    # Holds only what was changed behind our back.
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
    As of when a certificate that is new here counts as announced: what time did before is not told. With the setting
    ``announce_past`` that is before all times, and the sweep tells what time did since.
    """
    return BEGINNING if settings.announce_past() else now


class AnnouncedFieldsMixin(models.Model):
    """
    Bookkeeping of announcements. Only a creation and the announcers (events.py, sweep.py) write it; every other save
    leaves in the database what is there, for the instance may have been read before something was announced.
    """

    # The renewal status told last: '' stands for none, None for a certificate that has no baseline yet.
    announced_status = models.CharField(
        max_length=10,
        blank=True,
        null=True,
        editable=False,
    )
    # Whether it was told that the current X.509 certificate is overdue.
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
        """Take what is true now for announced (see ``baseline_moment``): a new certificate is no change of status."""
        moment = baseline_moment(now)
        self.announced_status = self.renewal_status_at(moment) or ''
        self.announced_overdue = self.announced_status == RenewalStatusChoices.DUE and moment >= self.overdue_at()
        self.announcing_since = None

    @contextmanager
    def announced_settled(self, update_fields=None):
        """Around a save: see to the columns of this class, unless only others are written (``update_fields``)."""
        before = {name: getattr(self, name) for name in self.ANNOUNCED_FIELDS}
        if self._state.adding:
            self.set_announced(timezone.now())
        elif update_fields is None:
            self._keep_announced()
        try:
            yield
        except BaseException:
            # Nobody can work with an instance that holds expressions.
            for name, value in before.items():
                setattr(self, name, value)
            raise

    def _keep_announced(self) -> None:
        """Expressions for what the database holds; Django reads the values back when it has saved them."""
        self.announced_status = F('announced_status')
        # Overdue is told once for each issuance; those differ in their end of validity.
        self.announced_overdue = Case(When(valid_to=self.valid_to, then=F('announced_overdue')), default=Value(False))
        self.announcing_since = timezone.now() if self._request_announces() else F('announcing_since')

    def _request_announces(self) -> bool:
        """Whether the present request is going to see a change of the renewal status in NetBox's snapshots."""
        before = getattr(self, '_prechange_snapshot', None)
        if current_request.get() is None or not before:
            return False
        return before.get('renewal_status') != self.renewal_status
