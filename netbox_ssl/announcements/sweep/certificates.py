"""The sweep of certificates: changes of renewal status caused by time, and renewals that have become overdue."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils import timezone

from netbox_ssl.announcements.announcement import CertificateAnnouncement, is_overdue, status_changed
from netbox_ssl.announcements.batches import BATCH, Announcer, Batch, announce_all
from netbox_ssl.announcements.batches import pending as pending_of
from netbox_ssl.choices import RenewalStatusChoices
from netbox_ssl.event_types import RENEWAL_OVERDUE
from netbox_ssl.models import Certificate

from .baseline import write_baseline
from .passes import BACKWARDS_MARGIN, BASELINE, PASSES, Pass, passes_with_work, unclaimed

__all__ = ('RenewalAnnouncer', 'SweepResult', 'pending', 'sweep')


@dataclass
class SweepResult:
    """The result of a sweep."""

    status_changed: int = 0
    overdue: int = 0
    failed: int = 0
    # Certificates whose baseline was written (baseline.py)
    baseline: int = 0
    # False: it stopped at its deadline, and the next sweep continues.
    complete: bool = True

    @property
    def announced(self) -> int:
        return self.status_changed + self.overdue


class RenewalAnnouncer(Announcer):
    """Announces the changes of certificates that a pass finds."""

    model = Certificate

    def __init__(self, sweep_pass: Pass):
        self.sweep_pass = sweep_pass
        self.event_type = sweep_pass.event_type

    def page(self, now, after: tuple | None, size: int) -> list[tuple]:
        return self.sweep_pass.page(now, after, size)

    def read(self, pks: list[int], now) -> list[CertificateAnnouncement]:
        rows = Certificate.objects.filter(pk__in=pks)
        found = [announcement for row in rows if (announcement := self._announcement(row, now))]
        return sorted(found, key=lambda announcement: (announcement.since, announcement.certificate.pk))

    def _announcement(self, certificate: Certificate, now) -> CertificateAnnouncement | None:
        if not unclaimed(certificate, now):
            return None
        if certificate.announced_status is None:
            certificate.set_announced(now)
        status = certificate.renewal_status_at(now)
        if self.event_type == RENEWAL_OVERDUE:
            announced = certificate.announced_overdue or certificate.announced_status != RenewalStatusChoices.DUE
            is_late = status == RenewalStatusChoices.DUE and now >= certificate.renewal_overdue_at
            return is_overdue(certificate) if is_late and not announced else None
        if (status or '') == certificate.announced_status or _clocks_differ(certificate, status, now):
            return None
        return status_changed(certificate, status)

    def record(self, announced: list[CertificateAnnouncement]) -> None:
        by_status = defaultdict(list)
        for each in announced:
            by_status[each.previous_status, each.renewal_status].append(each.certificate.pk)
        for (previous, status), pks in by_status.items():
            # Only if nothing else has been recorded meanwhile
            certificates = Certificate.objects.filter(pk__in=pks, announced_status=previous or '')
            if self.event_type == RENEWAL_OVERDUE:
                certificates.update(announced_overdue=True)
            elif status == RenewalStatusChoices.OK:
                # Renewed without Certificate.save(), which would have reset "overdue".
                certificates.update(announced_status=status, announced_overdue=False)
            else:
                certificates.update(announced_status=status or '')


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
    batch_size: int = BATCH,
    seconds: float | None = None,
    after_batch: Callable[[SweepResult], None] = lambda result: None,
) -> SweepResult:
    """
    Announce certificates whose announced status is outdated, oldest change first (see ``batches.py``).

    Raises one of ``rules.UNREACHABLE`` if the database or the queue is unreachable; the next sweep announces the rest.

    Args:
        now: aware datetime as of which certificates are judged; now by default
        batch_size: certificates found, announced and recorded at a time
        seconds: no batch starts after this many seconds
        after_batch: called with the result so far
    """
    now = now or timezone.now()
    deadline = None if seconds is None else time.monotonic() + seconds
    result = SweepResult()
    for sweep_pass in _passes(now, result, deadline, after_batch):

        def count(batch: Batch, overdue=sweep_pass.event_type == RENEWAL_OVERDUE) -> None:
            result.failed += batch.failed
            if overdue:
                result.overdue += len(batch.announced)
            else:
                result.status_changed += len(batch.announced)
            after_batch(result)

        announcer = RenewalAnnouncer(sweep_pass)
        if not announce_all(announcer, now, batch_size=batch_size, deadline=deadline, after_batch=count):
            result.complete = False
            break
    return result


def _passes(now, result: SweepResult, deadline: float | None, after_batch) -> list[Pass]:
    """Write missing baselines; then return the passes that find anything to announce."""
    passes = passes_with_work(now)
    if BASELINE not in passes:
        return passes

    def count(number):
        result.baseline += number
        after_batch(result)

    result.complete = write_baseline(now, until=deadline, after_batch=count)
    return [one for one in passes_with_work(now) if one is not BASELINE] if result.complete else []


def pending(now=None, batch_size: int = BATCH) -> Iterator[CertificateAnnouncement]:
    """
    Yield the announcements that a sweep would make now; not "overdue" for certificates that only become Due in it.
    """
    now = now or timezone.now()
    listed = set()
    for sweep_pass in PASSES:
        for announcement in pending_of(RenewalAnnouncer(sweep_pass), now, batch_size):
            # A certificate that has expired and contradicts its settings is in two passes; a sweep announces it in the
            # first.
            key = (sweep_pass.event_type, announcement.certificate.pk)
            if key not in listed:
                listed.add(key)
                yield announcement
