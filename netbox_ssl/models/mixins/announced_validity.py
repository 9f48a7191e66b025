"""Up to when the changes of validity and the expiry marks of a certificate were announced, so that each is once."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from netbox_ssl import settings
from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.expiry.marks import mark_passed, next_mark_at_sql

__all__ = (
    'ANNOUNCED_END',
    'MARKED',
    'MARKED_BY_SETTING',
    'UNANNOUNCED_END',
    'UNANNOUNCED_START',
    'VALIDITY_COLUMNS',
    'VALIDITY_SWEEP_INDEXES',
    'AnnouncedValidityMixin',
    'outdated_marks_q',
    'pending_validity_q',
)

# Columns that announcers write
VALIDITY_COLUMNS = ('announced_until', 'default_expiry_marks')

# Conditions of the partial indexes that the sweep reads (announcements/sweep/passes.py). The validity applies to every
# certificate, but only active ones are announced.
ACTIVE = Q(status=CertificateStatusChoices.STATUS_ACTIVE)
MARKED = ACTIVE & Q(next_mark_at__isnull=False)
# The end of an ACME certificate is announced with its renewal status (announcements.py).
UNANNOUNCED_END = ACTIVE & Q(is_acme=False, announced_until__lte=F('valid_to'))
ANNOUNCED_END = ACTIVE & Q(is_acme=False, announced_until__gt=F('valid_to'))
UNANNOUNCED_START = ACTIVE & Q(announced_until__lt=F('valid_from'))
MARKED_BY_SETTING = ACTIVE & Q(expiry_marks=[])


def _sweep_index(name: str, column: str, condition: Q) -> models.Index:
    """Return an index over rows for the sweep. The included column lets an idle sweep read only the indexes."""
    return models.Index(
        fields=(column, 'id'), include=('announcing_since',), condition=condition, name=f'netbox_ssl_cert_{name}'
    )


VALIDITY_SWEEP_INDEXES = (
    _sweep_index('sweep_marks', 'next_mark_at', MARKED),
    _sweep_index('sweep_end', 'valid_to', UNANNOUNCED_END),
    # For certificates that were announced as expired by a clock that was set back since
    _sweep_index('sweep_no_end', 'valid_to', ANNOUNCED_END),
    _sweep_index('sweep_start', 'valid_from', UNANNOUNCED_START),
    # For the rows that are outdated after a change of the setting
    _sweep_index('default_marks', 'default_expiry_marks', MARKED_BY_SETTING),
)


def outdated_marks_q(marks: list[int]) -> Q:
    """Select the certificates without marks of their own that still have those of a previous setting."""
    return MARKED_BY_SETTING & (Q(default_expiry_marks__lt=marks) | Q(default_expiry_marks__gt=marks))


def pending_validity_q(now: datetime) -> Q:
    """Select the certificates with a change of validity to be announced. SQL twin of ``_is_pending()``."""
    end = ACTIVE & Q(announced_until__lte=F('valid_to'), valid_to__lt=now)
    start = UNANNOUNCED_START & Q(valid_from__lte=now)
    return (MARKED & Q(next_mark_at__lte=now)) | end | start


class AnnouncedValidityMixin(models.Model):
    """
    A single time says what was announced: everything that time has brought up to it. Announcers write these columns
    without ``save()`` (see ``BookkeepingMixin``).
    """

    # All changes of validity and all marks up to this time were announced, or need not be. None: no baseline yet
    announced_until = models.DateTimeField(
        blank=True,
        null=True,
        editable=False,
    )
    # The setting expiry_marks when it was saved or the setting changed
    default_expiry_marks = ArrayField(
        base_field=models.IntegerField(),
        blank=True,
        default=list,
        editable=False,
    )
    # Computed by the database, so that it always matches the columns it depends on
    next_mark_at = models.GeneratedField(
        expression=next_mark_at_sql(after='announced_until'),
        output_field=models.DateTimeField(null=True),
        db_persist=True,
    )

    # Columns whose stored values decide what a save announces
    ANNOUNCED_DEPEND_ON = ('valid_from', 'valid_to', 'next_mark_at')

    class Meta:
        abstract = True

    @property
    def end_is_unannounced(self) -> bool:
        """Return whether it has expired and this was not announced."""
        until = self.announced_until
        return until is not None and until <= self.valid_to < timezone.now()

    def set_announced_validity(self, now) -> None:
        """Set the current validity as announced, for a new certificate."""
        self.announced_until = self._validity_baseline(now)
        self.default_expiry_marks = list(settings.expiry_marks())

    def settle_announced_validity(self, stored: dict, now) -> None:
        """
        Prepare these columns for a save over ``stored`` (see ``take_bookkeeping()``). What the sweep was about to
        announce remains, unless the X.509 certificate is replaced; what has passed only because of this save does not
        count.
        """
        self.default_expiry_marks = list(settings.expiry_marks())
        if self.announced_until is None:
            return
        replaced = (self.valid_from, self.valid_to) != (stored['valid_from'], stored['valid_to'])
        if replaced and now > self.valid_to and now <= stored['valid_to']:
            # Expired by this save: announced by the request, or else by the sweep
            self.announced_until = self.valid_to
        elif replaced:
            self.announced_until = self._validity_baseline(now)
        elif not settings.announce_past() and not _is_pending(stored, now) and self._has_pending(now):
            self.announced_until = now

    def _has_pending(self, now) -> bool:
        """Return whether there is a change of validity to announce, as of ``now``."""
        until = self.announced_until
        changed = until <= self.valid_to < now or until < self.valid_from <= now
        return changed or self.pending_mark(now) is not None

    def pending_mark(self, now) -> int | None:
        """Return the smallest mark that has passed and was not announced; None if none has. See ``next_mark_at``."""
        marks = self.expiry_marks or self.default_expiry_marks
        return mark_passed(marks, self.mark_limit(), self.marks_end, now, after=self.announced_until)

    def _validity_baseline(self, now) -> datetime:
        """
        Return the time up to which changes of validity of a new X.509 certificate count as announced: now, or, with
        the setting ``announce_past``, its start.
        """
        return min(now, self.valid_from, self.valid_to) if settings.announce_past() else now


def _is_pending(stored: dict, now) -> bool:
    """Return whether the sweep is about to announce a change of validity of the stored row."""
    until, mark = stored['announced_until'], stored['next_mark_at']
    if stored['status'] != CertificateStatusChoices.STATUS_ACTIVE:
        return False
    return (
        (mark is not None and mark <= now) or until <= stored['valid_to'] < now or until < stored['valid_from'] <= now
    )
