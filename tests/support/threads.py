"""Run code in other threads, each with its own database connection."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import connection

__all__ = ('SECONDS', 'at_once', 'in_thread')

# How long to wait for a result before the test fails
SECONDS = 30
# The same for many threads, which wait for each other
SECONDS_AT_ONCE = 60


def in_thread(function, *args, **kwargs) -> Future:
    """Run it in a thread that closes its connection at the end."""

    def run():
        try:
            return function(*args, **kwargs)
        finally:
            connection.close()

    executor = ThreadPoolExecutor(1)
    future = executor.submit(run)
    executor.shutdown(wait=False)
    return future


def at_once(functions) -> list:
    """Call all of them at the same time. Return their results in order."""
    begin = threading.Barrier(len(functions))

    def run(function):
        try:
            # Connect before the start, so that connecting does not delay some of them.
            connection.ensure_connection()
            begin.wait(SECONDS_AT_ONCE)
            return function()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(functions)) as executor:
        return [future.result(SECONDS_AT_ONCE) for future in [executor.submit(run, each) for each in functions]]
