"""
The sweep: finds what time alone has changed since it was last announced, and tells the Event Rules.

It asks by index for certificates that are past a moment, never for each one's status, so that its cost follows the
number of changes and not of certificates. Changes are told in batches: lock, tell, send, record. Killed at any point it
loses nothing; at worst a batch is told again, under the same announcement ids.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from core.events import OBJECT_UPDATED
from django.utils import timezone

from netbox_ssl.announcements.announcement import Announcement, Rules, status_changed, was_overdue
from netbox_ssl.announcements.counter import count_announcements
from netbox_ssl.announcements.delivery import tell
from netbox_ssl.announcements.locks import locked_if_free
from netbox_ssl.announcements.queues import queued_together
from netbox_ssl.choices import RenewalStatusChoices
from netbox_ssl.event_types import RENEWAL_OVERDUE
from netbox_ssl.models import Certificate

from .baseline import write_baseline
from .passes import BACKWARDS_MARGIN, BASELINE, PASSES, Pass, passes_with_work, unclaimed

__all__ = ('BATCH', 'SweepResult', 'pending', 'sweep')

# Recorded together. Of a worker that is killed, so many announcements at most are repeated.
BATCH = 100


@dataclass
class SweepResult:
    """What a sweep did."""

    status_changed: int = 0
    overdue: int = 0
    failed: int = 0
    # Certificates that were given a baseline (baseline.py).
    baseline: int = 0
    # False: it stopped at its deadline, and the next sweep goes on.
    complete: bool = True

    @property
    def announced(self) -> int:
        return self.status_changed + self.overdue


@dataclass
class _Batch:
    """A page of candidates: where it ends (None: the last one), and what of it was told."""

    end: tuple | None = None
    told: list[Announcement] = field(default_factory=list)
    failed: int = 0


def sweep(
    now=None,
    *,
    batch_size: int = BATCH,
    seconds: float | None = None,
    after_batch: Callable[[SweepResult], None] | None = None,
) -> SweepResult:
    """
    Announce what is no longer as announced, oldest change first.

    Other sweeps may run at the same time: they share the work. A rule that fails is logged and holds up nothing.
    Raises one of ``announcements.UNREACHABLE`` when the database or the queue is gone; what was not told then is told
    by the next sweep.

    Args:
        now: aware datetime as of which certificates are judged; this moment by default
        batch_size: certificates looked at, told of and recorded at a time
        seconds: no batch begins when so many have passed
        after_batch: called with the result so far
    """
    now = now or timezone.now()
    deadline = None if seconds is None else time.monotonic() + seconds
    result = SweepResult()
    for sweep_pass in _passes(now, result, deadline, after_batch):
        end = None
        while True:
            if deadline is not None and time.monotonic() >= deadline:
                result.complete = False
                return result
            batch = _announce_batch(sweep_pass, now, end, batch_size)
            result.failed += batch.failed
            for announcement in batch.told:
                if announcement.event_type == RENEWAL_OVERDUE:
                    result.overdue += 1
                else:
                    result.status_changed += 1
            if after_batch is not None:
                after_batch(result)
            if batch.end is None:
                break
            end = batch.end
    return result


def _passes(now, result: SweepResult, deadline: float | None, after_batch) -> list[Pass]:
    """The passes that find anything to announce, when every certificate has a baseline."""
    passes = passes_with_work(now)
    if BASELINE not in passes:
        return passes

    def count(number):
        result.baseline += number
        if after_batch is not None:
            after_batch(result)

    result.complete = write_baseline(now, until=deadline, after_batch=count)
    return [one for one in passes_with_work(now) if one is not BASELINE] if result.complete else []


def pending(now=None, batch_size: int = BATCH) -> Iterator[Announcement]:
    """What a sweep would announce now, without announcing it. Certificates that become Due are not yet overdue here."""
    now = now or timezone.now()
    listed = set()
    for sweep_pass in PASSES:
        end = None
        while page := sweep_pass.page(now, end, batch_size):
            for announcement in _announcements(sweep_pass, [pk for _, pk in page], now):
                # What expired and contradicts its settings is in two passes; a sweep has told it in the first.
                key = (sweep_pass.event_type, announcement.certificate.pk)
                if key not in listed:
                    listed.add(key)
                    yield announcement
            end = page[-1]


def _announcements(sweep_pass: Pass, pks: list[int], now) -> list[Announcement]:
    """For candidates, read anew: one may have been renewed, announced or deleted since it was found."""
    rows = Certificate.objects.filter(pk__in=pks)
    found = [announcement for row in rows if (announcement := _to_announce(sweep_pass, row, now))]
    return sorted(found, key=lambda announcement: (announcement.since, announcement.certificate.pk))


def _to_announce(sweep_pass: Pass, certificate: Certificate, now) -> Announcement | None:
    if not unclaimed(certificate, now):
        return None
    if certificate.announced_status is None:
        certificate.set_announced(now)
    status = certificate.renewal_status_at(now)
    if sweep_pass.event_type == RENEWAL_OVERDUE:
        told = certificate.announced_overdue or certificate.announced_status != RenewalStatusChoices.DUE
        is_overdue = status == RenewalStatusChoices.DUE and now >= certificate.renewal_overdue_at
        return was_overdue(certificate) if is_overdue and not told else None
    if (status or '') == certificate.announced_status or _clocks_differ(certificate, status, now):
        return None
    return status_changed(certificate, status)


def _clocks_differ(certificate: Certificate, status: str | None, now) -> bool:
    """Whether it went back only because the clock here is a little behind that of the machine which announced last."""
    margin = now + BACKWARDS_MARGIN
    if certificate.announced_status == RenewalStatusChoices.EXPIRED:
        return status is not None and certificate.valid_to < margin
    return (
        certificate.announced_status == RenewalStatusChoices.DUE
        and status == RenewalStatusChoices.OK
        and certificate.renewal_due_at < margin
    )


#
# Telling
#


def _announce_batch(sweep_pass: Pass, now, end, batch_size: int) -> _Batch:
    page = sweep_pass.page(now, end, batch_size)
    batch = _Batch(end=page[-1] if len(page) == batch_size else None)
    if not page:
        return batch
    with locked_if_free([pk for _, pk in page]) as held:
        announcements = _announcements(sweep_pass, held, now)
        if announcements:
            rules = Rules([sweep_pass.event_type, OBJECT_UPDATED])
            # Also when the queue is lost half-way: what was told need not be told again.
            with queued_together(when_sent=lambda: _record(batch.told)):
                for announcement in tell(announcements, rules):
                    batch.told.append(announcement)
            batch.failed = len(announcements) - len(batch.told)
    return batch


def _record(told: list[Announcement]) -> None:
    """Without save(): it is no change of the certificate, and not one for the change log."""
    by_status = defaultdict(list)
    for announcement in told:
        key = (announcement.event_type, announcement.previous_status, announcement.renewal_status)
        by_status[key].append(announcement.certificate.pk)
    for (event_type, previous, status), pks in by_status.items():
        count_announcements(event_type, len(pks))
        # Only where nobody has recorded otherwise meanwhile.
        certificates = Certificate.objects.filter(pk__in=pks, announced_status=previous or '')
        if event_type == RENEWAL_OVERDUE:
            certificates.update(announced_overdue=True)
        elif status == RenewalStatusChoices.OK:
            # Renewed past Certificate.save(), which would have seen to "overdue".
            certificates.update(announced_status=status, announced_overdue=False)
        else:
            certificates.update(announced_status=status or '')
