"""What the tooling prints, and how it gives up: with one line that says what to do."""

import sys
import threading
import time
from contextlib import contextmanager


class Failure(Exception):
    """A problem that the developer can solve; the message says how, in one line."""


class Stopped(BaseException):
    """A signal asked us to stop. Not an Exception: only the clean-up on the way out may see it."""


def say(message):
    print(f'netbox-ssl: {message}', file=sys.stderr, flush=True)


@contextmanager
def step(message):
    """Announce a step that takes a while, and how long it took. A thread is silent: its starter says what it does."""
    announce = say if threading.current_thread() is threading.main_thread() else lambda _: None
    announce(f'{message} ...')
    started = time.monotonic()
    yield
    announce(f'{message}: done in {time.monotonic() - started:.0f} s')
