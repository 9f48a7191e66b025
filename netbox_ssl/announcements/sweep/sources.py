"""
The sweep of sources: those that have become behind or silent (``models/mixins/source_states.py``). Each occurrence is
announced once, with an ID of its own that is the same if it is announced again after a loss.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from netbox_ssl.announcements.announcement import Announcement
from netbox_ssl.announcements.batches import BATCH, Announcer, Batch, announce_all, pending
from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.event_types import SOURCE_BEHIND, SOURCE_SILENT
from netbox_ssl.models import CertificateSource
from netbox_ssl.models.mixins.source_states import BEHIND_UNTOLD, SILENT_UNTOLD, behind_until, silent_until
from netbox_ssl.utilities import timestamp

from .paging import in_order

__all__ = ('SourceAnnouncement', 'SourceAnnouncer', 'SourceSweepResult', 'pending_sources', 'sweep_sources')


@dataclass
class SourceSweepResult:
    """What a sweep of the sources did."""

    behind: int = 0
    silent: int = 0
    failed: int = 0
    # False: it stopped at its deadline, and the next one goes on.
    complete: bool = True


class SourceAnnouncement(Announcement):
    """That a source is behind, or silent, since a moment."""

    @property
    def is_moot(self) -> bool:
        """Whether the certificate is not active any more: its sources need no attention."""
        return self.object.certificate.status != CertificateStatusChoices.STATUS_ACTIVE

    def identity(self) -> tuple:
        return (self.event_type, self.object.pk, self.since.isoformat())

    def data(self, serialized: dict) -> dict:
        announcement = {'id': str(self.id), 'type': self.event_type, 'since': timestamp(self.since)}
        return {**serialized, 'announcement': announcement}

    def snapshots(self) -> dict:
        """Time made it: nothing differs that a snapshot holds."""
        snapshot = self.object.serialize_object()
        return {'prechange': snapshot, 'postchange': snapshot}


@dataclass(frozen=True)
class SourceAnnouncer(Announcer):
    """One of the states that are announced."""

    # How it is counted in SourceSweepResult
    name: str
    event_type: str
    # The sources of which it has not been announced
    unannounced: Q
    # Since when they may be in that state
    column: str
    # What records that it was announced
    flag: str
    # now → that moment at which they are in it; None: none is
    until: Callable[[datetime], datetime | None]

    model = CertificateSource

    def page(self, now, after: tuple | None, size: int) -> list[tuple]:
        found = self._found(now)
        return list(in_order(found, self.column, after)[:size]) if found is not None else []

    def read(self, pks: list[int], now) -> list[SourceAnnouncement]:
        found = self._found(now)
        if found is None:
            return []
        rows = found.filter(pk__in=pks).select_related('certificate', 'issuance').order_by(self.column, 'pk')
        return [SourceAnnouncement(row, self.event_type, getattr(row, self.column)) for row in rows]

    def _found(self, now):
        until = self.until(now)
        if until is None:
            return None
        return CertificateSource.objects.filter(self.unannounced, Q((f'{self.column}__lte', until)))

    def record(self, announced: list[SourceAnnouncement]) -> None:
        # A report that came meanwhile begins anew.
        for announcement in announced:
            same = {'pk': announcement.object.pk, self.column: announcement.since}
            CertificateSource.objects.filter(**same).update(**{self.flag: True})


ANNOUNCERS = (
    SourceAnnouncer('behind', SOURCE_BEHIND, BEHIND_UNTOLD, 'behind_since', 'behind_announced', behind_until),
    SourceAnnouncer('silent', SOURCE_SILENT, SILENT_UNTOLD, 'reported_at', 'silent_announced', silent_until),
)


def sweep_sources(now=None, *, batch_size: int = BATCH, seconds: float | None = None) -> SourceSweepResult:
    """
    Announce the sources that are behind or silent (``batches.py`` says how).

    Raises one of ``rules.UNREACHABLE`` when the database or the queue is gone; the next run announces what is left.

    Args:
        now: aware datetime as of which sources are judged; this moment by default
        batch_size: sources found, announced and recorded at a time
        seconds: no batch begins when so many have passed
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
    """Yield what ``sweep_sources()`` would announce now, without announcing it."""
    for announcer in ANNOUNCERS:
        yield from pending(announcer, now or timezone.now())
