"""
The sweep of sources: those that have expired, fallen behind or fallen silent (``models/mixins/source_states.py``). Each
occurrence is announced once, with an ID that stays the same if the announcement is repeated after a failure.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from netbox_ssl.announcements.announcement import Announcement
from netbox_ssl.announcements.batches import Announcer, Batch, announce_all, pending
from netbox_ssl.announcements.payload import describe, describe_source, prefetch
from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.event_types import SOURCE_BEHIND, SOURCE_EXPIRED, SOURCE_SILENT
from netbox_ssl.models import CertificateSource
from netbox_ssl.models.mixins.source_indexes import BEHIND_UNANNOUNCED, EXPIRED_UNANNOUNCED, SILENT_UNANNOUNCED
from netbox_ssl.models.mixins.source_states import (
    behind_q,
    behind_until,
    expired_q,
    silent_q,
    silent_until,
)
from netbox_ssl.utilities import timestamp

from .paging import in_order, together

__all__ = ('SourceAnnouncement', 'SourceAnnouncer', 'SourceSweepResult', 'pending_sources', 'sweep_sources')


@dataclass
class SourceSweepResult:
    """The result of a sweep of the sources."""

    expired: int = 0
    behind: int = 0
    silent: int = 0
    failed: int = 0
    # False: it stopped at its deadline, and the next run continues.
    complete: bool = True

    @property
    def announced(self) -> int:
        return self.expired + self.behind + self.silent


@dataclass(frozen=True)
class SourceAnnouncement(Announcement):
    """The announcement that a source has been expired, behind, or silent since a moment."""

    # The time as of which it is judged
    now: datetime

    @property
    def is_moot(self) -> bool:
        """
        Return whether its certificate is no longer active, or it has expired and need not also be announced as behind.
        """
        if self.object.certificate.status != CertificateStatusChoices.STATUS_ACTIVE:
            return True
        return self.event_type == SOURCE_BEHIND and self.object.is_expired_at(self.now)

    @staticmethod
    def prefetch(objects: list[CertificateSource]) -> None:
        prefetch([source.certificate for source in objects])

    def identity(self) -> tuple:
        same = (self.event_type, self.object.pk, self.since.isoformat())
        if self.event_type != SOURCE_EXPIRED:
            return same
        # A source that had the renewal and falls back to the old certificate has expired again.
        return (*same, self.object.issuance_since.isoformat())

    def data(self, serialized: dict) -> dict:
        announcement = {
            'id': str(self.id),
            'type': self.event_type,
            'since': timestamp(self.since),
            'source': describe_source(self.object),
            **describe(self.object.certificate),
        }
        return {**serialized, 'announcement': announcement}

    def snapshots(self) -> dict:
        """Return equal snapshots: time caused the event, and it does not change any column."""
        snapshot = self.object.serialize_object()
        return {'prechange': snapshot, 'postchange': snapshot}


@dataclass(frozen=True)
class SourceAnnouncer(Announcer):
    """Announces one of the states."""

    # Name of its count in SourceSweepResult
    name: str
    event_type: str
    # The sources for which it has not been announced
    unannounced: Q
    # now → the sources that are in that state
    condition: Callable[[datetime], Q]
    # now → the same sources in parts, each with the column of the index that it is read with
    branches: Callable[[datetime], list[tuple[Q, str]]]
    # Column: since when they are in that state
    column: str
    # Column that records that it was announced
    flag: str

    model = CertificateSource

    @property
    def event_types(self) -> tuple[str, ...]:
        return (self.event_type,)

    def page(self, now, after: tuple | None, size: int) -> list[tuple]:
        unannounced = CertificateSource.objects.filter(self.unannounced)
        parts = [in_order(unannounced.filter(q), column, after)[:size] for q, column in self.branches(now)]
        return list(together(parts)[:size]) if parts else []

    def read(self, pks: list[int], now) -> list[SourceAnnouncement]:
        found = CertificateSource.objects.filter(self.unannounced, self.condition(now), pk__in=pks)
        rows = found.select_related('certificate', 'issuance').order_by(self.column, 'pk')
        return [SourceAnnouncement(row, self.event_type, getattr(row, self.column), now) for row in rows]

    def record(self, announced: list[SourceAnnouncement], now) -> None:
        # A report that arrived meanwhile starts a new occurrence.
        for announcement in announced:
            same = {'pk': announcement.object.pk, self.column: announcement.since}
            CertificateSource.objects.filter(**same).update(**{self.flag: True})


def _expired(now) -> list[tuple[Q, str]]:
    return [(Q(valid_to__lt=now), 'valid_to')]


def _behind(now) -> list[tuple[Q, str]]:
    until = behind_until(now)
    return [
        (Q(behind_since__lte=until), 'behind_since'),
        (Q(behind_scaled_at__lte=now, behind_since__gt=until), 'behind_scaled_at'),
    ]


def _silent(now) -> list[tuple[Q, str]]:
    if (until := silent_until(now)) is None:
        return []
    return [
        (Q(reported_at__lt=until), 'reported_at'),
        (Q(silent_scaled_at__lt=now, reported_at__gte=until), 'silent_scaled_at'),
    ]


# The worst first
ANNOUNCERS = (
    SourceAnnouncer(
        'expired', SOURCE_EXPIRED, EXPIRED_UNANNOUNCED, expired_q, _expired, 'valid_to', 'expired_announced'
    ),
    SourceAnnouncer('behind', SOURCE_BEHIND, BEHIND_UNANNOUNCED, behind_q, _behind, 'behind_since', 'behind_announced'),
    SourceAnnouncer('silent', SOURCE_SILENT, SILENT_UNANNOUNCED, silent_q, _silent, 'reported_at', 'silent_announced'),
)


def sweep_sources(now=None, *, batch_size: int | None = None, seconds: float | None = None) -> SourceSweepResult:
    """
    Announce the sources that are expired, behind or silent (see ``batches.py``).

    Raises one of ``rules.UNREACHABLE`` if the database or the queue is unreachable; the next run announces the rest.

    Args:
        now: aware datetime as of which sources are judged; now by default
        batch_size: sources found, announced and recorded at a time (see ``announce_all()``)
        seconds: no batch starts after this many seconds
    """
    now = now or timezone.now()
    deadline = None if seconds is None else time.monotonic() + seconds
    result = SourceSweepResult()
    for announcer in ANNOUNCERS:

        def count(batch: Batch, name=announcer.name) -> None:
            result.failed += batch.failed
            setattr(result, name, getattr(result, name) + len(batch.announced))

        if not announce_all(announcer, now, batch_size=batch_size, deadline=deadline, after_batch=count):
            result.complete = False
            break
    return result


def pending_sources(now=None) -> Iterator[SourceAnnouncement]:
    """Yield the announcements that ``sweep_sources()`` would make now."""
    for announcer in ANNOUNCERS:
        yield from pending(announcer, now or timezone.now())
