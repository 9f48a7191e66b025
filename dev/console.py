"""What the tooling says, and how it gives up: one line that tells what to do."""

import sys
import time
from contextlib import contextmanager


class Failure(Exception):
    """Something that the person at the keyboard can mend. The message says how, in one line."""


class Stopped(BaseException):
    """We were asked to stop, by a signal. Not an Exception: only the clean-up on the way out may see it."""


def say(message):
    print(f'netbox-ssl: {message}', file=sys.stderr, flush=True)


@contextmanager
def step(message):
    """Announce a step that takes a while, and how long it took."""
    say(f'{message} ...')
    started = time.monotonic()
    yield
    say(f'{message}: done in {time.monotonic() - started:.0f} s')
