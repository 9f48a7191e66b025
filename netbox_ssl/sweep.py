"""
The sweep: finds what time alone has changed since it was last announced, and tells the Event Rules.

It asks by index for certificates that are past a moment, never for each one's status, so that its cost follows the
number of changes and not of certificates. Changes are told in batches: lock, tell, record, commit. Killed at any point
it loses nothing; at worst a batch is told again, under the same announcement ids.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from core.events import OBJECT_UPDATED
from django.db import connection, transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone
from netbox.context import query_cache
from utilities.api import get_prefetches_for_serializer, get_serializer_for_model

from .announcements import UNREACHABLE, Announcement, Rules, status_changed, was_overdue
from .candidates import BACKWARDS_MARGIN, PASSES, Pass, passes_with_work, unclaimed
from .choices import RenewalStatusChoices
from .event_types import RENEWAL_OVERDUE
from .models import Certificate

__all__ = ('BATCH', 'SweepResult', 'pending', 'sweep')

logger = logging.getLogger('netbox.plugins.netbox_ssl')

# Rows of one batch stay locked until all of it is told: with a webhook rule less than a second.
BATCH = 200


@dataclass
class SweepResult:
    """What a sweep did."""

    status_changed: int = 0
    overdue: int = 0
    failed: int = 0
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
        batch_size: certificates locked at a time
        seconds: no batch begins when so many have passed
        after_batch: called with the result so far
    """
    now = now or timezone.now()
    deadline = None if seconds is None else time.monotonic() + seconds
    result = SweepResult()
    for sweep_pass in passes_with_work(now):
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


def pending(now=None, batch_size: int = BATCH) -> Iterator[Announcement]:
    """What a sweep would announce now, without announcing it. Certificates that become Due are not yet overdue here."""
    now = now or timezone.now()
    for sweep_pass in PASSES:
        end = None
        while page := sweep_pass.page(now, end, batch_size):
            yield from _announcements(sweep_pass, page, now, Certificate.objects.all())
            end = page[-1]


def _announcements(sweep_pass: Pass, page: list, now, certificates) -> list[Announcement]:
    """For a page of candidates, read anew: one may have been renewed, announced or deleted since it was found."""
    rows = certificates.filter(pk__in=[pk for _, pk in page]).order_by('pk')
    found = [announcement for row in rows if (announcement := _to_announce(sweep_pass, row, now))]
    return sorted(found, key=lambda announcement: (announcement.since, announcement.certificate.pk))


def _to_announce(sweep_pass: Pass, certificate: Certificate, now) -> Announcement | None:
    if not unclaimed(certificate, now):
        return None
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


@contextmanager
def _batch_transaction():
    """Jobs run in autocommit. Serialising without NetBox's per-request cache costs five times as much."""
    token = query_cache.set(defaultdict(dict))
    try:
        with transaction.atomic():
            yield
    finally:
        query_cache.reset(token)


def _announce_batch(sweep_pass: Pass, now, end, batch_size: int) -> _Batch:
    with _batch_transaction():
        with connection.cursor() as cursor:
            # Compiling the query takes longer than it runs.
            cursor.execute('SET LOCAL jit = off')
        page = sweep_pass.page(now, end, batch_size)
        batch = _Batch(end=page[-1] if len(page) == batch_size else None)
        if not page:
            return batch
        # no_key: others may refer to the rows meanwhile. skip_locked: another sweep, or a request, has them.
        locked = Certificate.objects.select_for_update(skip_locked=True, no_key=True, of=('self',))
        announcements = _announcements(sweep_pass, page, now, locked)
        if announcements:
            rules = Rules([sweep_pass.event_type, OBJECT_UPDATED])
            batch.told = _tell(announcements, rules)
            batch.failed = len(announcements) - len(batch.told)
            _record(batch.told)
        return batch


def _tell(announcements: list[Announcement], rules: Rules) -> list[Announcement]:
    """Returns those that were told; one that cannot be serialised is logged and left for the next sweep."""
    if not any(rules.for_announcement(announcement) for announcement in announcements[:1]):
        return announcements
    told = []
    for announcement, serialized in _serialize(announcements):
        try:
            data, snapshots = announcement.data(serialized), announcement.snapshots()
        except UNREACHABLE:
            raise
        except Exception:
            logger.exception('Certificate %s cannot be announced', announcement.certificate.pk)
            continue
        rules.tell(announcement, data, snapshots)
        told.append(announcement)
    return told


def _serialize(announcements: list[Announcement]) -> Iterator[tuple[Announcement, dict]]:
    """Each announcement with its certificate as the REST API shows it: together if possible, else one by one."""
    serializer = get_serializer_for_model(Certificate)
    certificates = [announcement.certificate for announcement in announcements]
    try:
        with transaction.atomic():
            prefetch_related_objects(certificates, *get_prefetches_for_serializer(serializer), 'tags')
            serialized = serializer(certificates, many=True, context={'request': None}).data
    except UNREACHABLE:
        raise
    except Exception:
        logger.warning('A certificate among %s cannot be serialised', [row.pk for row in certificates], exc_info=True)
    else:
        yield from zip(announcements, serialized, strict=True)
        return
    for announcement in announcements:
        try:
            with transaction.atomic():
                data = serializer(announcement.certificate, context={'request': None}).data
        except UNREACHABLE:
            raise
        except Exception:
            logger.exception('Certificate %s cannot be announced', announcement.certificate.pk)
        else:
            yield announcement, data


def _record(told: list[Announcement]) -> None:
    """Without save(): it is no change of the certificate, and not one for the change log."""
    by_status = defaultdict(list)
    for announcement in told:
        key = (announcement.event_type, announcement.renewal_status)
        by_status[key].append(announcement.certificate.pk)
    for (event_type, status), pks in by_status.items():
        if event_type == RENEWAL_OVERDUE:
            values = {'announced_overdue': True}
        else:
            values = {'announced_status': status or '', 'announcing_since': None}
            if status == RenewalStatusChoices.OK:
                # Renewed past Certificate.save(), which would have done this.
                values['announced_overdue'] = False
        Certificate.objects.filter(pk__in=pks).update(**values)
