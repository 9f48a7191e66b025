"""The sweep of certificates: changes of renewal status and validity caused by time, expiry marks, overdue renewals."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from core.events import OBJECT_UPDATED
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from netbox_ssl.announcements.announcement import CertificateAnnouncement, is_overdue, status_changed
from netbox_ssl.announcements.batches import BATCH, Announcer, Batch, announce_all
from netbox_ssl.announcements.batches import pending as pending_of
from netbox_ssl.announcements.clocks import BACKWARDS_MARGIN
from netbox_ssl.announcements.validity import pending_validity
from netbox_ssl.choices import RenewalStatusChoices, ValidityChoices
from netbox_ssl.event_types import (
    CERTIFICATE_EXPIRED,
    CERTIFICATE_EXPIRING,
    RENEWAL_OVERDUE,
    RENEWAL_STATUS_CHANGED,
)
from netbox_ssl.models import Certificate
from netbox_ssl.models.mixins.renewal import STATE_COLUMNS

from .baseline import write_baseline
from .passes import PASSES, PREPARED, Pass, passes_with_work, unclaimed

__all__ = ('RenewalAnnouncer', 'SweepResult', 'pending', 'sweep')


# The types of announcements of all passes but the one for overdue renewals
CHANGES = (CERTIFICATE_EXPIRED, CERTIFICATE_EXPIRING, RENEWAL_STATUS_CHANGED, OBJECT_UPDATED)

# Columns that decide what is announced
JUDGED_BY = (
    *STATE_COLUMNS,
    'last_updated',
    'renewal_due_at',
    'renewal_overdue_at',
    *Certificate.ANNOUNCED_COLUMNS,
)

# Event type → name of its count
COUNTED_AS = {
    RENEWAL_STATUS_CHANGED: 'status_changed',
    RENEWAL_OVERDUE: 'overdue',
    CERTIFICATE_EXPIRING: 'expiring',
}


@dataclass
class SweepResult:
    """The result of a sweep."""

    status_changed: int = 0
    overdue: int = 0
    # Expiry marks
    expiring: int = 0
    # Changes of validity without a change of the renewal status
    validity_changed: int = 0
    failed: int = 0
    # Certificates whose baseline was written (baseline.py)
    baseline: int = 0
    # False: it stopped at its deadline, and the next sweep continues.
    complete: bool = True

    @property
    def announced(self) -> int:
        return self.status_changed + self.overdue + self.expiring + self.validity_changed

    def summary(self) -> str:
        """Return what was announced, in words."""
        return (
            f'{self.status_changed} changes of renewal status, {self.overdue} overdue renewals, {self.expiring} expiry '
            f'marks, {self.validity_changed} other changes of validity'
        )

    def add(self, batch: Batch) -> None:
        """Count the announcements of a batch."""
        self.failed += batch.failed
        for announcement in batch.announced:
            name = COUNTED_AS.get(announcement.event_type, 'validity_changed')
            setattr(self, name, getattr(self, name) + 1)


class RenewalAnnouncer(Announcer):
    """Announces the changes of certificates that a pass finds."""

    model = Certificate

    def __init__(self, sweep_pass: Pass):
        self.sweep_pass = sweep_pass

    @property
    def is_overdue(self) -> bool:
        """Return whether the pass finds overdue renewals."""
        return self.sweep_pass.event_type == RENEWAL_OVERDUE

    @property
    def event_types(self) -> tuple[str, ...]:
        return (RENEWAL_OVERDUE,) if self.is_overdue else CHANGES

    def page(self, now, after: tuple | None, size: int) -> list[tuple]:
        return self.sweep_pass.page(now, after, size)

    def read(self, pks: list[int], now) -> list[CertificateAnnouncement]:
        return self._found(Certificate.objects.filter(pk__in=pks), now)

    def read_unheard(self, pks: list[int], now) -> list[CertificateAnnouncement]:
        # Without PEMs and other large columns
        return self._found(Certificate.objects.filter(pk__in=pks).only(*JUDGED_BY), now)

    def _found(self, rows: QuerySet, now) -> list[CertificateAnnouncement]:
        found = [announcement for row in rows for announcement in self._announcements(row, now)]
        return sorted(found, key=lambda announcement: (announcement.since, announcement.certificate.pk))

    def _announcements(self, certificate: Certificate, now) -> list[CertificateAnnouncement]:
        if not unclaimed(certificate, now):
            return []
        if certificate.announced_status is None:
            certificate.set_announced(now)
        status = certificate.renewal_status_at(now)
        if self.is_overdue:
            announced = certificate.announced_overdue or certificate.announced_status != RenewalStatusChoices.DUE
            is_late = status == RenewalStatusChoices.DUE and now >= certificate.renewal_overdue_at
            return [is_overdue(certificate)] if is_late and not announced else []
        found = pending_validity(certificate, now)
        if (status or '') == certificate.announced_status or _clocks_differ(certificate, status, now):
            return found
        changed = status_changed(certificate, status, now)
        if not (changed.changes_validity and found and found[-1].validity == changed.validity):
            return [*found, changed]
        # It has expired, or no longer is: one change of both, after the marks.
        *marks, last = found
        return [*marks, replace(changed, previous_validity=last.previous_validity)]

    @transaction.atomic
    def record(self, announced: list[CertificateAnnouncement], now) -> None:
        by_status = defaultdict(list)
        for each in announced:
            if self.is_overdue or each.previous_status != each.renewal_status:
                by_status[each.previous_status, each.renewal_status].append(each.certificate.pk)
        for (previous, status), pks in by_status.items():
            # Only if nothing else has been recorded meanwhile
            certificates = Certificate.objects.filter(pk__in=pks, announced_status=previous or '')
            if self.is_overdue:
                certificates.update(announced_overdue=True)
            elif status == RenewalStatusChoices.OK:
                # Renewed without Certificate.save(), which would have reset "overdue".
                certificates.update(announced_status=status, announced_overdue=False)
            else:
                certificates.update(announced_status=status or '')
        _record_validity(announced, now)


def _record_validity(announced: list[CertificateAnnouncement], now) -> None:
    """Record up to when changes of validity were announced, unless a save has recorded a later time meanwhile."""
    last = {each.certificate.pk: each for each in announced if each.changes_validity}
    # If the queue was lost between a mark and the expiry, the expiry remains to be announced.
    interrupted = [pk for pk, each in last.items() if each.certificate.valid_to < now and not each.expires]
    for pk in interrupted:
        Certificate.objects.filter(pk=pk, announced_until__lt=last[pk].since).update(announced_until=last[pk].since)
    pks = list(last.keys() - set(interrupted))
    Certificate.objects.filter(pk__in=pks, announced_until__lt=now).update(announced_until=now)
    # No longer expired because the clock was set back: the recorded time is in the future.
    for each in last.values():
        if each.previous_validity == ValidityChoices.EXPIRED:
            same = Certificate.objects.filter(pk=each.certificate.pk, announced_until=each.certificate.announced_until)
            same.update(announced_until=now)


def _clocks_differ(certificate: Certificate, status: str | None, now) -> bool:
    """Return whether the status goes back only because the clock is slightly behind the machine that announced last."""
    margin = now + BACKWARDS_MARGIN
    if certificate.announced_status == RenewalStatusChoices.EXPIRED:
        return status is not None and certificate.valid_to < margin
    return (
        certificate.announced_status == RenewalStatusChoices.DUE
        and status == RenewalStatusChoices.OK
        and certificate.renewal_due_at < margin
    )


def sweep(
    now=None,
    *,
    batch_size: int | None = None,
    seconds: float | None = None,
    after_batch: Callable[[SweepResult], None] = lambda result: None,
) -> SweepResult:
    """
    Announce certificates whose announced status is outdated, oldest change first (see ``batches.py``).

    Raises one of ``rules.UNREACHABLE`` if the database or the queue is unreachable; the next sweep announces the rest.

    Args:
        now: aware datetime as of which certificates are judged; now by default
        batch_size: certificates found, announced and recorded at a time (see ``announce_all()``)
        seconds: no batch starts after this many seconds
        after_batch: called with the result so far
    """
    now = now or timezone.now()
    deadline = None if seconds is None else time.monotonic() + seconds
    result = SweepResult()

    def count(batch: Batch) -> None:
        result.add(batch)
        after_batch(result)

    for sweep_pass in _passes(now, result, deadline, after_batch):
        announcer = RenewalAnnouncer(sweep_pass)
        if not announce_all(announcer, now, batch_size=batch_size, deadline=deadline, after_batch=count):
            result.complete = False
            break
    return result


def _passes(now, result: SweepResult, deadline: float | None, after_batch) -> list[Pass]:
    """Write missing baselines; then return the passes that find anything to announce."""
    passes = passes_with_work(now)
    if not set(PREPARED) & set(passes):
        return passes

    def count(number):
        result.baseline += number
        after_batch(result)

    result.complete = write_baseline(now, until=deadline, after_batch=count)
    return [one for one in passes_with_work(now) if one not in PREPARED] if result.complete else []


def pending(now=None, batch_size: int = BATCH) -> Iterator[CertificateAnnouncement]:
    """
    Yield the announcements that a sweep would make now; not "overdue" for certificates that only become Due in it.
    """
    now = now or timezone.now()
    listed = set()
    for sweep_pass in PASSES:
        for announcement in pending_of(RenewalAnnouncer(sweep_pass), now, batch_size):
            # A certificate whose mark has passed and that has expired is in several passes; a sweep announces both in
            # the first.
            key = (announcement.event_type, announcement.certificate.pk)
            if key not in listed:
                listed.add(key)
                yield announcement
