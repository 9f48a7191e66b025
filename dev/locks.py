"""File locks, which the kernel drops when a process dies, however it dies. Standard library only."""

import fcntl
import os
from contextlib import contextmanager

from dev.console import say


def _lock(path, kind):
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, kind)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def try_exclusive(path):
    """Return a descriptor that holds the lock until it is closed, or None when another process has it."""
    try:
        return _lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None


def shared(path):
    """Return a descriptor that holds a shared lock until it is closed."""
    return _lock(path, fcntl.LOCK_SH)


@contextmanager
def exclusive(path, waiting_for=None):
    """Hold the lock; say what is waited for when another process has it."""
    descriptor = try_exclusive(path)
    if descriptor is None:
        if waiting_for:
            say(f'waiting for another run that {waiting_for} ...')
        descriptor = _lock(path, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def is_held(path):
    """Return whether a living process holds the lock."""
    descriptor = try_exclusive(path)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None
