"""Imports at the same moment, each with a thread and a connection of its own, end in what one after the other does."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from netbox_ssl.intake import Action
from netbox_ssl.models import Certificate, Issuance
from tests.support.announcements import CommittingTestCase
from tests.support.factories import grant, import_pem, issue_acme, successor, superuser

PARALLEL = 20
SECONDS = 60


def at_once(functions) -> list:
    """Call all of them at the same moment; what they return, in their order."""
    begin = threading.Barrier(len(functions))

    def run(function):
        try:
            # Connect before the start, or the connecting would keep them apart.
            connection.ensure_connection()
            begin.wait(SECONDS)
            return function()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(functions)) as executor:
        return [future.result(SECONDS) for future in [executor.submit(run, each) for each in functions]]


class ConcurrencyTestCase(CommittingTestCase):
    def setUp(self):
        super().setUp()
        # Committed, and not among what CommittingTestCase deletes
        self.addCleanup(grant(self.user, 'view', 'add', 'change').delete)

    def import_at_once(self, *issued, user=None) -> list[str]:
        actions = [lambda each=each: import_pem(each, user=user or self.user).action for each in issued]
        return at_once(actions)

    def assertEnd(self, current, issuances):
        certificate = Certificate.objects.get()
        self.assertEqual(certificate.pem, current.pem)
        self.assertEqual(Issuance.objects.count(), issuances)
        self.assertTrue(Issuance.objects.get(pem=current.pem).is_current)

    def test_the_same_one_many_times(self):
        issued = issue_acme()
        actions = self.import_at_once(*[issued] * PARALLEL)
        self.assertEqual(sorted(actions), [Action.CREATED] + [Action.UNCHANGED] * (PARALLEL - 1))
        self.assertEnd(issued, issuances=1)

    def test_the_old_and_the_new_one_in_either_order(self):
        for turn in range(6):
            old = issue_acme()
            new = successor(old)
            both = (old, new) if turn % 2 else (new, old)
            with self.subTest(turn=turn):
                actions = self.import_at_once(*both)
                self.assertIn(Action.CREATED, actions)
                self.assertTrue({Action.RENEWED, Action.HISTORY} & set(actions), actions)
                self.assertEnd(new, issuances=2)
            Certificate.objects.all().delete()

    def test_both_many_times(self):
        old = issue_acme()
        new = successor(old)
        self.import_at_once(*[old, new] * (PARALLEL // 2))
        self.assertEnd(new, issuances=2)

    def test_renewals_of_one_that_is_there(self):
        old = issue_acme()
        import_pem(old, user=superuser())
        newer = successor(old)
        newest = successor(newer)
        self.import_at_once(*[newest, newer, old] * 4)
        self.assertEnd(newest, issuances=3)

    def test_other_certificates_do_not_disturb_each_other(self):
        issued = [issue_acme(f'{number}.example.net') for number in range(PARALLEL)]
        self.assertEqual(self.import_at_once(*issued), [Action.CREATED] * PARALLEL)
        self.assertEqual((Certificate.objects.count(), Issuance.objects.count()), (PARALLEL, PARALLEL))
