"""Limits for requests to a host: from several workers together, and after failures."""

import threading

from django.core.cache import cache
from django.test import SimpleTestCase

from netbox_ssl.ari import host_limits as limits
from netbox_ssl.ari.host_limits import MOST_FAILURES, HostLimits
from tests.support.clock import Clock


class HostLimitsTestCase(SimpleTestCase):
    def setUp(self):
        cache.clear()
        self.clock = self.enterContext(Clock().instead_of('netbox_ssl.ari.host_limits'))

    def admitted(self, limit: HostLimits, times: int, host='ca.example') -> list[float]:
        """Return when each of these requests was admitted, in seconds from now."""
        start = self.clock.now
        return [round(self.clock.now - start) for _ in range(times) if limit.admit(host)]

    def test_requests_per_second_are_limited(self):
        self.assertEqual(self.admitted(HostLimits(3), 8), [0, 0, 0, 1, 1, 1, 2, 2])

    def test_workers_count_together(self):
        first, second = HostLimits(4), HostLimits(4)
        self.assertEqual(self.admitted(first, 3), [0, 0, 0])
        self.assertEqual(self.admitted(second, 3), [0, 1, 1])

    def test_each_host_has_its_own_limit(self):
        limit = HostLimits(2)
        self.assertEqual(self.admitted(limit, 2, 'one.example'), [0, 0])
        self.assertEqual(self.admitted(limit, 2, 'two.example'), [0, 0])

    def test_waiting_too_long_gives_up(self):
        limit = HostLimits(1)
        for second in range(60):
            # Other requests always come first.
            cache.set(f'netbox_ssl:ari:requests:ca.example:{int(self.clock.now) + second}', 1, 100)
        start = self.clock.now
        self.assertFalse(limit.admit('ca.example'))
        self.assertLess(self.clock.now - start, limits.LONGEST_WAIT + 2)
        self.assertFalse(limit.is_resting('ca.example'))

    def test_requests_to_a_failing_host_are_paused(self):
        limit = HostLimits(1000)
        for _ in range(MOST_FAILURES - 1):
            limit.note('ca.example', failed=True)
        self.assertTrue(limit.admit('ca.example'))
        limit.note('ca.example', failed=False)
        for _ in range(MOST_FAILURES - 1):
            limit.note('ca.example', failed=True)
        self.assertTrue(limit.admit('ca.example'), 'in a row only')
        limit.note('ca.example', failed=True)
        self.assertFalse(limit.admit('ca.example'))
        self.assertTrue(limit.admit('other.example'))

    def test_threads_do_not_count_twice(self):
        limit, turns = HostLimits(10_000), []
        threads = [
            threading.Thread(target=lambda: turns.extend(limit.admit('ca.example') for _ in range(50)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        counted = cache.get(f'netbox_ssl:ari:requests:ca.example:{int(self.clock.now)}')
        self.assertEqual((len(turns), counted), (200, 200))
