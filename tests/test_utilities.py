"""Transactions that PostgreSQL ends because of a deadlock are repeated; numbers that cannot be IDs are ignored."""

import threading

from django.db import OperationalError, connection, transaction
from django.test import TestCase
from extras.models import Tag

from netbox_ssl.models import Certificate
from netbox_ssl.netbox_internals import events_queue
from netbox_ssl.utilities import is_id, retried
from tests.support.announcements import CommittingTestCase
from tests.support.factories import record, superuser
from tests.support.threads import SECONDS, in_thread


class RetriedTestCase(CommittingTestCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(Tag.objects.all().delete)
        self.pks = [record(f'{number}.example.net').pk for number in range(2)]
        self.attempts = []
        # Each has locked its first row before it asks for the row of the other.
        self.both_began = threading.Barrier(2)

    def lock_both(self, name: str, first: int, second: int) -> str:
        """Lock two rows in this order, and describe the second with ``name``."""
        self.attempts.append(name)
        with transaction.atomic():
            Certificate.objects.select_for_update(of=('self',)).get(pk=first)
            if self.attempts.count(name) == 1:
                self.both_began.wait(SECONDS)
            certificate = Certificate.objects.select_for_update(of=('self',)).get(pk=second)
            Certificate.objects.filter(pk=certificate.pk).update(description=name)
        return name

    def in_opposite_orders(self, run):
        """Let two threads lock the rows in opposite orders, each by ``run(function)``."""
        first, second = self.pks
        calls = [
            in_thread(lambda: run(lambda: self.lock_both('one', first, second))),
            in_thread(lambda: run(lambda: self.lock_both('two', second, first))),
        ]
        return calls

    def test_both_succeed(self):
        one, two = self.in_opposite_orders(retried)
        self.assertEqual((one.result(SECONDS), two.result(SECONDS)), ('one', 'two'))
        self.assertEqual(len(self.attempts), 3, 'exactly one of them was repeated')
        described = Certificate.objects.filter(pk__in=self.pks).order_by('pk')
        self.assertEqual([each.description for each in described], ['two', 'one'])

    def test_one_of_them_fails_without_it(self):
        """PostgreSQL really ends one of the two."""
        failed = []
        for call in self.in_opposite_orders(lambda function: function()):
            try:
                call.result(SECONDS)
            except OperationalError as error:
                failed.append(error)
        self.assertEqual([error.__cause__.sqlstate for error in failed], ['40P01'])
        self.assertEqual(len(self.attempts), 2)

    def test_within_an_outer_transaction_it_is_not_repeated(self):
        """The outer transaction is lost with it."""

        def within(function):
            with transaction.atomic():
                return retried(function)

        failed = [call.exception(SECONDS) for call in self.in_opposite_orders(within)]
        self.assertEqual(len([error for error in failed if error]), 1)
        self.assertEqual(len(self.attempts), 2)

    def test_other_errors_are_not_repeated(self):
        def fail():
            self.attempts.append('')
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute('SET LOCAL statement_timeout = 1')
                cursor.execute('SELECT pg_sleep(10)')

        with self.assertRaises(OperationalError):
            retried(fail)
        self.assertEqual(len(self.attempts), 1)

    def test_events_of_the_failed_attempt_are_dropped(self):
        def once(events):
            def attempt():
                self.attempts.append('')
                events_queue.set({**events_queue.get(), len(self.attempts): {}})
                if len(self.attempts) == 1:
                    error = OperationalError('deadlock detected')
                    error.__cause__ = type('DeadlockDetected', (Exception,), {'sqlstate': '40P01'})()
                    raise error

            return attempt

        before = dict(events_queue.get())
        self.addCleanup(events_queue.set, before)
        retried(once(before))
        self.assertEqual(list(events_queue.get()), [*before, 2])


class IDTestCase(TestCase):
    def test_what_can_be_an_id(self):
        for text, expected in (
            ('1', True),
            ('9' * 18, True),
            ('9' * 5000, False),
            ('', False),
            ('-1', False),
            ('1.0', False),
        ):
            with self.subTest(text[:30]):
                self.assertEqual(is_id(text), expected)

    def test_ids_of_thousands_of_digits_on_a_page(self):
        self.client.force_login(superuser())
        for page in ('certificates/detect/', 'suggestions/accept/'):
            response = self.client.post(f'/plugins/ssl/{page}', {'pk': '9' * 5000})
            self.assertLess(response.status_code, 500)
