"""A clock on which time passes only in ``sleep()``, and a time at which NetBox believes to be."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from unittest.mock import patch

from django.core.cache import cache

__all__ = ('Clock', 'frozen')


@contextmanager
def frozen(now: datetime) -> Iterator[None]:
    """Let it be ``now`` for NetBox and its plugins."""
    with patch('django.utils.timezone.now', lambda: now):
        yield


class Clock:
    """
    A replacement for the module ``time``: ``with Clock().instead_of('netbox_ssl.ari.host_limits') as clock``. ``now``
    is in seconds.
    """

    def __init__(self, now=1_000_000.0):
        self.now = now

    def time(self) -> float:
        return self.now

    monotonic = time

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    @contextmanager
    def instead_of(self, module: str):
        """Patch ``module.time``, and keep entries of the cache from expiring by another clock."""
        add = cache.add
        with (
            patch(f'{module}.time', self),
            patch.object(cache, 'add', lambda key, value, timeout: add(key, value, None)),
        ):
            yield self
