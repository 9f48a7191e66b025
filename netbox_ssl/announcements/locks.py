"""
Locks on objects while they are announced: at most one sweep or request at a time announces an object.

They are advisory locks of the database session, because row locks need a transaction, within which django-rq puts a
webhook into the queue only after the commit. A worker that is killed in between would have recorded announcements that
were never delivered. A session ends with its process, so the locks of a killed process are released.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, connection

__all__ = ('locked', 'locked_if_free')

# Makes the keys differ from those of other programs that lock by a hash.
SEED = 0x6E65746273736C

KEYS = "hashtextextended(%(model)s || ':' || pk::text, %(seed)s)) FROM unnest(%(pks)s::bigint[]) AS pk"


@contextmanager
def locked(model, pk: int) -> Iterator[None]:
    """Hold the lock of one object. Waits for it, at most for one batch of another process."""
    _execute(f'SELECT pg_advisory_lock({KEYS}', model, [pk])
    try:
        yield
    finally:
        _unlock(model, [pk])


@contextmanager
def locked_if_free(model, pks: list[int]) -> Iterator[list[int]]:
    """Hold the locks of those of ``pks`` that are free, and yield these."""
    rows = _execute(f'SELECT pk, pg_try_advisory_lock({KEYS}', model, pks)
    held = [pk for pk, is_held in rows if is_held]
    try:
        yield held
    finally:
        _unlock(model, held)


def _unlock(model, pks: list[int]) -> None:
    try:
        _execute(f'SELECT pg_advisory_unlock({KEYS}', model, pks)
    except Error:
        # If an error is already being raised, the end of the session releases the locks.
        if not connection.in_atomic_block:
            connection.close()


def _execute(sql: str, model, pks: list[int]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {'model': model._meta.label_lower, 'seed': SEED, 'pks': pks})
        return cursor.fetchall()
