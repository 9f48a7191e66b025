"""
Announces changes not made by a request, in batches: page, lock, read again, deliver, record.

Changes are found in the database by index, so that the cost depends on the number of changes, not of objects. If the
process is killed, nothing is lost; at worst a batch is announced again, with the same IDs. Several processes may run at
the same time and share the work. An event rule that fails is logged and does not block others.
"""

import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from netbox.models import NetBoxModel

from .announcement import Announcement
from .counter import count_announcements
from .delivery import deliver
from .locks import locked_if_free
from .queues import queued_together
from .rules import Rules

__all__ = ('BATCH', 'Announcer', 'Batch', 'announce', 'announce_all', 'pending')

# Announcements recorded together; at most this many are repeated after a worker is killed
BATCH = 100
# If no rule receives them, nothing is repeated, and larger batches cost less.
UNHEARD_BATCH = 1000


class Announcer(ABC):
    """One kind of announcements: how they are found, read, and recorded as announced."""

    model: type[NetBoxModel]
    # All types of its announcements
    event_types: tuple[str, ...]

    @abstractmethod
    def page(self, now, after: tuple | None, size: int) -> list[tuple]:
        """Return up to ``size`` candidates, as pairs (ordering value, pk) in order: those that follow ``after``."""

    @abstractmethod
    def read(self, pks: list[int], now) -> list[Announcement]:
        """Read candidates again: they may have been announced, changed or deleted since they were found."""

    def read_unheard(self, pks: list[int], now) -> list[Announcement]:
        """Read candidates like ``read()``, only to record them: no rule receives what they announce."""
        return self.read(pks, now)

    @abstractmethod
    def record(self, announced: list[Announcement], now) -> None:
        """
        Record that these, as of ``now``, were announced, without ``save()``, because the objects have not changed.
        """


@dataclass
class Batch:
    """The result of a batch."""

    announced: list[Announcement] = field(default_factory=list)
    # Announcements whose objects could not be serialized; logged, and tried again by the next run
    failed: int = 0
    # Whether there is a rule that may receive them
    heard: bool = True


def announce(announcer: Announcer, pks: list[int], now) -> Batch:
    """
    Announce the pending changes of the objects ``pks``, except those locked by another announcer. Raises one of
    ``rules.UNREACHABLE`` if the database or the queue is unreachable; the next run announces the rest.
    """
    batch = Batch()
    with locked_if_free(announcer.model, pks) as held:
        rules = Rules(announcer.event_types, announcer.model)
        batch.heard = bool(rules)
        found = announcer.read(held, now) if rules else announcer.read_unheard(held, now)
        if moot := [announcement for announcement in found if announcement.is_moot]:
            # Record them, so that later runs do not read them again.
            announcer.record(moot, now)
        if wanted := [announcement for announcement in found if not announcement.is_moot]:
            # Also record if the queue is lost midway, so that jobs that were sent are not sent again.
            with queued_together(when_sent=lambda: _record(announcer, batch.announced, now)):
                for announcement in deliver(wanted, rules):
                    batch.announced.append(announcement)
            batch.failed = len(wanted) - len(batch.announced)
    return batch


def announce_all(
    announcer: Announcer,
    now,
    *,
    batch_size: int | None = None,
    deadline: float | None = None,
    after_batch: Callable[[Batch], None] = lambda batch: None,
) -> bool:
    """
    Announce all pending changes of one kind, in the order of its pages. Raises the same as ``announce()``.

    Args:
        now: aware datetime as of which objects are judged
        batch_size: objects found, announced and recorded at a time; by default what suits whether a rule receives them
        deadline: moment of ``time.monotonic()`` after which no batch starts
        after_batch: called with each batch

    Returns:
        False if it stopped at the deadline.
    """
    after, size = None, batch_size or BATCH
    while page := announcer.page(now, after, size):
        if deadline is not None and time.monotonic() >= deadline:
            return False
        batch = announce(announcer, [pk for _, pk in page], now)
        after_batch(batch)
        if len(page) < size:
            break
        after = page[-1]
        size = batch_size or (BATCH if batch.heard else UNHEARD_BATCH)
    return True


def pending(announcer: Announcer, now, batch_size: int = BATCH) -> Iterator[Announcement]:
    """Yield the announcements that ``announce_all()`` would make."""
    after = None
    while page := announcer.page(now, after, batch_size):
        found = announcer.read([pk for _, pk in page], now)
        yield from (announcement for announcement in found if not announcement.is_moot)
        after = page[-1]


def _record(announcer: Announcer, announced: list[Announcement], now) -> None:
    if announced:
        for event_type, number in Counter(kind for each in announced for kind in each.event_types).items():
            count_announcements(event_type, number)
        announcer.record(announced, now)
