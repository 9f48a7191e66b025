"""Sweeps and requests at the same time, each with its own connection to the database."""

import threading
from datetime import timedelta
from unittest.mock import patch

from django.db import connection
from django.utils import timezone

from netbox_ssl.announcements.locks import locked, locked_if_free
from netbox_ssl.announcements.rules import Rules
from netbox_ssl.announcements.sweep.certificates import sweep
from netbox_ssl.event_types import RENEWAL_STATUS_CHANGED
from netbox_ssl.models import Certificate
from tests.support.announcements import LIFETIME, CommittingTestCase, make_certificate
from tests.support.threads import SECONDS, in_thread

DAY = timedelta(days=1)


class ConcurrencyTestCase(CommittingTestCase):
    def test_two_sweeps_share_the_work_and_announce_nothing_twice(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        for number in range(60):
            make_certificate(DAY, name=f'{number}')
        now = timezone.now() + 2 * DAY
        begin = threading.Barrier(2)
        original = Rules.notify
        started = threading.local()

        def both_at_once(*args, **kwargs):
            if not hasattr(started, 'yes'):
                started.yes = True
                begin.wait(SECONDS)
            original(*args, **kwargs)

        with patch.object(Rules, 'notify', both_at_once):
            sweeps = [in_thread(sweep, now, batch_size=5) for _ in range(2)]
            announced = [future.result(SECONDS).announced for future in sweeps]
        self.assertEqual(sum(announced), 60)
        self.assertTrue(all(announced), announced)
        ids = [delivery['data']['announcement']['id'] for delivery in self.deliveries()]
        self.assertEqual((len(ids), len(set(ids))), (60, 60))
        self.assertEqual(sweep(now).announced, 0)

    def test_a_request_waits_for_the_sweep_that_is_announcing_its_certificate(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        certificate = make_certificate(timedelta(seconds=-1) + DAY)
        delivering, go_on = threading.Event(), threading.Event()
        original = Rules.notify

        def slow(rules, announcement, *args, **kwargs):
            if announcement.renewal_status == 'Expired':
                delivering.set()
                go_on.wait(SECONDS)
            original(rules, announcement, *args, **kwargs)

        with patch.object(Rules, 'notify', slow):
            swept = in_thread(sweep, timezone.now() + DAY)
            self.assertTrue(delivering.wait(SECONDS))
            valid_from = timezone.now()
            changed = in_thread(self.change, certificate, valid_from=valid_from, valid_to=valid_from + LIFETIME)
            self.assertFalse(go_on.wait(0.5) or changed.done(), 'the request waits')
            go_on.set()
            self.assertEqual(swept.result(SECONDS).announced, 1)
            changed.result(SECONDS)
        announced = [delivery['data']['announcement'] for delivery in self.deliveries('own')]
        self.assertEqual(
            [(each['previous_status'], each['renewal_status']) for each in announced],
            [('Due', 'Expired'), ('Expired', 'OK')],
        )
        self.assertEqual(Certificate.objects.get().announced_status, 'OK')

    def test_a_sweep_skips_certificates_locked_by_another(self):
        held, other = make_certificate(DAY, name='held'), make_certificate(DAY, name='other')
        with locked(Certificate, held.pk):
            self.assertEqual(in_thread(sweep, timezone.now() + 2 * DAY).result(SECONDS).announced, 1)
        held.refresh_from_db()
        other.refresh_from_db()
        self.assertEqual((held.announced_status, other.announced_status), ('Due', 'Expired'))
        self.assertEqual(sweep(timezone.now() + 2 * DAY).announced, 1, 'the lock was released')


class LockTestCase(CommittingTestCase):
    def held_elsewhere(self, pks):
        def ask():
            with locked_if_free(Certificate, pks) as held:
                return sorted(set(pks) - set(held))

        return in_thread(ask).result(SECONDS)

    def test_only_free_ones_are_taken(self):
        with locked(Certificate, 1), locked_if_free(Certificate, [2, 3]) as held:
            self.assertEqual(held, [2, 3])
            self.assertEqual(self.held_elsewhere([1, 2, 3, 4]), [1, 2, 3])
        self.assertEqual(self.held_elsewhere([1, 2, 3, 4]), [])

    def test_they_are_released_when_something_fails(self):
        with self.assertRaises(RuntimeError), locked(Certificate, 1):
            raise RuntimeError
        self.assertEqual(self.held_elsewhere([1]), [])

    def test_the_end_of_a_session_releases_them(self):
        def die():
            never_left = locked(Certificate, 1)
            never_left.__enter__()
            self.assertEqual(self.held_elsewhere([1]), [1])
            connection.close()
            return never_left

        in_thread(die).result(SECONDS)
        self.assertEqual(self.held_elsewhere([1]), [])
