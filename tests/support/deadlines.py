"""Time limits that keep a test from running forever. They are not assertions: a busy machine must not fail a test."""

import signal
from contextlib import contextmanager

__all__ = ('PATIENCE', 'POLL_SECONDS', 'processor_seconds')

# Seconds to wait for any event, enough for a busy machine
PATIENCE = 300
# How long a server waits for the next request before it looks whether to stop; by default, half a second
POLL_SECONDS = 0.02


@contextmanager
def processor_seconds(most: float):
    """
    Raise ``TimeoutError`` in code that takes more than ``most`` seconds of processor time. Time used by other programs
    is not counted.
    """

    def stop(_signal, _frame):
        raise TimeoutError(f'more than {most} seconds of processor time')

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, most)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
