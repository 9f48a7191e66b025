"""
Tells the Event Rules of sources that have become behind or silent (models/source_states.py): each occurrence once, with
an id that is the same if it is told again after a loss.

It works as the sweep of the certificates does: candidates by partial index, so that an idle run costs as little with a
million sources as with ten; a batch is locked, told and recorded; a rule that fails stops no other.
"""

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Q
from django.utils import timezone
from utilities.api import get_serializer_for_model

from netbox_ssl.announcements.announcement import NAMESPACE, UNREACHABLE, Rules
from netbox_ssl.announcements.locks import locked_if_free
from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.event_types import SOURCE_BEHIND, SOURCE_SILENT
from netbox_ssl.models import CertificateSource
from netbox_ssl.models.mixins.source_states import BEHIND_UNTOLD, SILENT_UNTOLD, behind_until, silent_until

__all__ = ('SourceAnnouncement', 'SourceSweepResult', 'pending_sources', 'sweep_sources')

logger = logging.getLogger('netbox.plugins.netbox_ssl')

BATCH = 100


@dataclass
class SourceSweepResult:
    """What a sweep of the sources did."""

    behind: int = 0
    silent: int = 0
    failed: int = 0
    # False: it stopped at its deadline, and the next one goes on.
    complete: bool = True


@dataclass(frozen=True)
class SourceAnnouncement:
    """That a source is behind, or silent, since a moment."""

    object: CertificateSource
    event_type: str
    since: datetime

    @property
    def id(self) -> uuid.UUID:
        """The same each time the same thing is told, so that a receiver recognises a repeat."""
        return uuid.uuid5(NAMESPACE, f'{self.event_type}|{self.object.pk}|{self.since.isoformat()}')

    def data(self) -> dict:
        """Event data: the source as the REST API shows it, and the announcement itself."""
        serializer = get_serializer_for_model(CertificateSource)
        return {
            **serializer(self.object, context={'request': None}).data,
            'announcement': {
                'id': str(self.id),
                'type': self.event_type,
                'since': self.since.astimezone(UTC).isoformat().replace('+00:00', 'Z'),
            },
        }


@dataclass(frozen=True)
class _Kind:
    """One of the two things that are told: which sources have not been, since when (column), what notes that it was."""

    event_type: str
    untold: Q
    column: str
    flag: str
    until: Callable

    def candidates(self, now, after: tuple | None = None, size: int = BATCH) -> list[tuple]:
        """Pairs (since, id) in the order of the index."""
        if (until := self.until(now)) is None:
            return []
        rows = CertificateSource.objects.filter(self.untold, Q((f'{self.column}__lte', until)))
        if after is not None:
            since, pk = after
            rows = rows.filter(Q((f'{self.column}__gte', since)) & (Q((f'{self.column}__gt', since)) | Q(pk__gt=pk)))
        return list(rows.order_by(self.column, 'pk').values_list(self.column, 'pk')[:size])

    def read(self, pks: list[int], now) -> list[SourceAnnouncement]:
        """Read anew: one may have reported, or been told of, since it was found."""
        rows = CertificateSource.objects.filter(self.untold, Q((f'{self.column}__lte', self.until(now))), pk__in=pks)
        rows = rows.select_related('certificate', 'issuance').prefetch_related('tags').order_by(self.column, 'pk')
        return [SourceAnnouncement(row, self.event_type, getattr(row, self.column)) for row in rows]

    def record(self, announcements: list[SourceAnnouncement]) -> None:
        """Without save(): no entry of the change log. A report that came meanwhile begins anew."""
        for announcement in announcements:
            same = {'pk': announcement.object.pk, self.column: announcement.since}
            CertificateSource.objects.filter(**same).update(**{self.flag: True})


KINDS = (
    _Kind(SOURCE_BEHIND, BEHIND_UNTOLD, 'behind_since', 'behind_announced', behind_until),
    _Kind(SOURCE_SILENT, SILENT_UNTOLD, 'reported_at', 'silent_announced', silent_until),
)


def pending_sources(now=None) -> list[SourceAnnouncement]:
    """What a sweep would announce first now (a batch of each kind), without announcing it."""
    now = now or timezone.now()
    found = []
    for kind in KINDS:
        if page := kind.candidates(now):
            found += [each for each in kind.read([pk for _, pk in page], now) if _is_waited_for(each)]
    return found


def sweep_sources(now=None, *, batch_size: int = BATCH, seconds: float | None = None) -> SourceSweepResult:
    """
    Announce the sources that are behind or silent and of which nobody has been told. Raises one of
    ``announcements.UNREACHABLE`` when the database or the queue is gone; the next run goes on.

    Args:
        now: aware datetime as of which they are judged; this moment by default
        batch_size: sources looked at, told of and recorded at a time
        seconds: no batch begins when so many have passed
    """
    now = now or timezone.now()
    deadline = None if seconds is None else time.monotonic() + seconds
    result = SourceSweepResult()
    for kind in KINDS:
        after = None
        while page := kind.candidates(now, after, batch_size):
            if deadline is not None and time.monotonic() >= deadline:
                result.complete = False
                return result
            _announce(kind, [pk for _, pk in page], now, result)
            if len(page) < batch_size:
                break
            after = page[-1]
    return result


def _announce(kind: _Kind, pks: list[int], now, result: SourceSweepResult) -> None:
    # Negative: the numbers of certificates are locked by the same means.
    with locked_if_free([-pk for pk in pks]) as held:
        announcements = kind.read([-pk for pk in held], now)
        waited_for = [each for each in announcements if _is_waited_for(each)]
        # Of a certificate that was retired nobody waits to hear; nor shall each run look at them again.
        kind.record([each for each in announcements if not _is_waited_for(each)])
        rules = Rules([kind.event_type], model=CertificateSource)
        told = []
        try:
            for announcement in waited_for:
                if _tell(announcement, rules):
                    told.append(announcement)
                else:
                    result.failed += 1
        finally:
            # Also when the queue is lost half-way: what was told need not be told again.
            kind.record(told)
        if kind.event_type == SOURCE_BEHIND:
            result.behind += len(told)
        else:
            result.silent += len(told)


def _is_waited_for(announcement: SourceAnnouncement) -> bool:
    return announcement.object.certificate.status == CertificateStatusChoices.STATUS_ACTIVE


def _tell(announcement: SourceAnnouncement, rules: Rules) -> bool:
    """Whether it was told; one that cannot be serialised is logged and left for the next run."""
    if not rules.for_announcement(announcement):
        return True
    try:
        data = announcement.data()
        # Time made it: nothing differs that a snapshot holds.
        snapshot = announcement.object.serialize_object()
    except UNREACHABLE:
        raise
    except Exception:
        logger.exception('Source %s cannot be announced', announcement.object.pk)
        return False
    rules.tell(announcement, data, {'prechange': snapshot, 'postchange': snapshot})
    return True
