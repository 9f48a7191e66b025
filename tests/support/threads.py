"""Run code in another thread with its own database connection."""

from concurrent.futures import Future, ThreadPoolExecutor

from django.db import connection

__all__ = ('SECONDS', 'in_thread')

# How long to wait for a result before the test fails
SECONDS = 30


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
