"""Limits for requests to a host: a number per second from all workers, and a pause after repeated failures."""

import time
from collections import Counter
from threading import Lock

from django.core.cache import cache

__all__ = ('HostLimits',)

# Failures in a row after which a host gets no requests for the rest of a run.
MOST_FAILURES = 10
LONGEST_WAIT = 20


class HostLimits:
    """
    Shared by the threads of one run; the counts of requests are in NetBox's cache, which all workers share.

    Args:
        per_second: requests per second to one host
    """

    def __init__(self, per_second: int):
        self._per_second = per_second
        self._failures = Counter()
        self._lock = Lock()

    def admit(self, host: str) -> bool:
        """Wait until this request may be made. Return False if it must not be made now."""
        until = time.monotonic() + LONGEST_WAIT
        while not self.is_resting(host):
            second = time.time()
            key = f'netbox_ssl:ari:requests:{host}:{int(second)}'
            cache.add(key, 0, 5)
            try:
                if cache.incr(key) <= self._per_second:
                    return True
            except ValueError:
                # The count has just expired.
                continue
            if time.monotonic() > until:
                return False
            time.sleep(max(int(second) + 1 - time.time(), 0.001))
        return False

    def is_resting(self, host: str) -> bool:
        with self._lock:
            return self._failures[host] >= MOST_FAILURES

    def note(self, host: str, failed: bool) -> None:
        """Record whether a request failed for a temporary reason."""
        with self._lock:
            self._failures[host] = self._failures[host] + 1 if failed else 0
