"""File locks. The kernel drops them when a process dies, however it dies: nothing is ever left locked."""

import fcntl
import os
from contextlib import contextmanager

from dev.console import say


def _open(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _try(path, kind):
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def try_exclusive(path):
    """A descriptor that holds the lock until it is closed, or None when somebody else has it."""
    return _try(path, fcntl.LOCK_EX)


def shared(path):
    """A descriptor that holds a shared lock until it is closed."""
    descriptor = _open(path)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


@contextmanager
def exclusive(path, waiting_for=None):
    """Hold the lock; say what is waited for when somebody else has it."""
    descriptor = try_exclusive(path)
    if descriptor is None:
        if waiting_for:
            say(f'waiting for another run that {waiting_for} ...')
        descriptor = _open(path)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def is_held(path):
    """Whether a living process holds the lock."""
    descriptor = try_exclusive(path)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False
