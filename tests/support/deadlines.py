"""What keeps a test from running for ever, and asserts nothing: a busy machine must not fail a test."""

import signal
from contextlib import contextmanager

__all__ = ('PATIENCE', 'processor_seconds')

# Seconds in which anything that a test waits for happens, however busy the machine is.
PATIENCE = 300


@contextmanager
def processor_seconds(most: float):
    """
    Raise ``TimeoutError`` in what takes more processor time than ``most`` seconds. Time in which other programs have
    the processor is not counted.
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
