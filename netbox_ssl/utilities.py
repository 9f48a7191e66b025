"""Small helpers that all packages may use."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.db import OperationalError

from .branching import atomic, connection
from .netbox_internals import events_queue

__all__ = ('in_choice_case', 'is_id', 'retried', 'savepoint', 'shipped_folder', 'timestamp')

# PostgreSQL's SQLSTATE when it ends one of two conflicting transactions. The transaction succeeds when repeated.
DEADLOCK_DETECTED = '40P01'
SERIALIZATION_FAILURE = '40001'
ATTEMPTS = 5

PACKAGE = Path(__file__).resolve().parent


def in_choice_case(values: list, choices: list) -> list:
    """Return the values with the case of the choice (value, label) that each matches, ignoring case."""
    canonical = {str(choice).lower(): choice for choice, _label in choices}
    return [canonical.get(str(value).lower(), value) for value in values]


def timestamp(moment: datetime | None) -> str | None:
    """Return an aware datetime as the REST API writes it (RFC 3339, UTC, with a Z); None for None."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace('+00:00', 'Z')


def shipped_folder(name: str, holding: str) -> Path | None:
    """
    Return the folder ``name`` (``docs``, ``hooks``) that is shipped with the package: inside it in a wheel, next to
    it in a checkout. None if neither has the file ``holding``.
    """
    folders = (PACKAGE / name, PACKAGE.parent / name)
    return next((folder for folder in folders if (folder / holding).is_file()), None)


@contextmanager
def savepoint() -> Iterator[None]:
    """
    Open a transaction, or a savepoint within one. If it is rolled back, the events that were queued within it are
    dropped.
    """
    queued = dict(events_queue.get())
    try:
        with atomic():
            yield
    except BaseException:
        events_queue.set(queued)
        raise


def retried[Value](function: Callable[[], Value]) -> Value:
    """
    Return ``function()``, which runs in its own transaction. It is called again if PostgreSQL ended the transaction
    because of a deadlock or a serialization failure, but not within an outer transaction, which is lost with it.
    """
    for attempt in range(1, ATTEMPTS + 1):
        queued = dict(events_queue.get())
        try:
            return function()
        except OperationalError as error:
            events_queue.set(queued)
            if not _is_conflict(error) or connection().in_atomic_block or attempt == ATTEMPTS:
                raise
    raise AssertionError('the last attempt returns or raises')


def _is_conflict(error: OperationalError) -> bool:
    return getattr(error.__cause__, 'sqlstate', '') in (DEADLOCK_DETECTED, SERIALIZATION_FAILURE)


def is_id(text: str) -> bool:
    """Return whether a text is a number that can be the ID of an object: within 64 bits."""
    return text.isdecimal() and len(text) < 19
