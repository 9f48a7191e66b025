from datetime import timedelta
from itertools import product

from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from netbox_ssl import settings
from netbox_ssl.announcements.sweep import passes as candidates
from netbox_ssl.announcements.sweep.passes import CLAIM_LASTS, OVERDUE, PASSES, passes_with_work
from netbox_ssl.announcements.validity import pending_validity
from netbox_ssl.choices import RenewalStatusChoices
from netbox_ssl.models import Certificate
from tests.support.announcements import LIFETIME

ANNOUNCED = (None, '', *RenewalStatusChoices.values())
# Days left of 90: OK, Due, Due and overdue, Expired
LEFT = (60, 20, 10, -10)


def found_by(sweep_passes, now, size=7):
    pks = []
    for one in sweep_passes:
        end = None
        while page := one.page(now, end, size):
            pks += [pk for _, pk in page]
            end = page[-1]
    return pks


class CandidatesTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.now = timezone.now()
        # No claim, a running one, or one left by a request that died
        claims = (None, cls.now, cls.now - CLAIM_LASTS - timedelta(seconds=1))
        combinations = product(
            ANNOUNCED, (True, False), ('active', 'retired'), (True, False), LEFT, (True, False), claims
        )
        Certificate.objects.bulk_create(
            Certificate(
                name='x',
                announced_status=announced,
                is_acme=is_acme,
                status=status,
                acme_auto_renewal=automatic,
                valid_to=cls.now + timedelta(days=left),
                valid_from=cls.now + timedelta(days=left) - LIFETIME,
                announced_overdue=overdue,
                announcing_since=claim,
                announced_until=None if announced is None else cls.now,
                default_expiry_marks=list(settings.expiry_marks()),
            )
            for announced, is_acme, status, automatic, left, overdue, claim in combinations
        )

    def expected(self, fits):
        return {row.pk for row in Certificate.objects.all() if fits(row) and candidates.unclaimed(row, self.now)}

    def test_they_are_those_whose_status_differs_from_the_announced_one(self):
        found = found_by([one for one in PASSES if one is not OVERDUE], self.now)
        differing = self.expected(lambda row: (row.renewal_status_at(self.now) or '') != row.announced_status)
        self.assertEqual(set(found), differing)

    def test_those_without_baseline_are_in_no_other_pass(self):
        without = set(Certificate.objects.filter(announced_status=None).values_list('pk', flat=True))
        others = [one for one in PASSES if one is not candidates.BASELINE]
        self.assertEqual(set(found_by(others, self.now)) & without, set())

    def test_overdue_are_those_announced_as_due_that_are_past_the_time(self):
        found = found_by([OVERDUE], self.now)
        self.assertEqual(
            set(found),
            self.expected(
                lambda row: (
                    row.renewal_status_at(self.now) == row.announced_status == 'Due'
                    and row.renewal_overdue_at <= self.now
                    and not row.announced_overdue
                )
            ),
        )
        self.assertTrue(found)

    def test_changes_caused_by_time_come_oldest_first(self):
        found = found_by([candidates.TIME], self.now)
        rows = Certificate.objects.in_bulk(found)
        since = [
            rows[pk].valid_to if rows[pk].renewal_status_at(self.now) == 'Expired' else rows[pk].renewal_due_at
            for pk in found
        ]
        self.assertEqual(since, sorted(since))

    def test_one_query_finds_the_passes_with_work(self):
        Certificate.objects.filter(status='active', announced_status='OK').update(default_expiry_marks=[2])
        with CaptureQueriesContext(connection) as queries:
            self.assertEqual(passes_with_work(self.now), list(PASSES))
        self.assertEqual(len([query for query in queries if 'netbox_ssl_certificate' in query['sql']]), 1)

    def test_without_work_there_is_no_pass(self):
        Certificate.objects.all().delete()
        self.assertEqual(passes_with_work(self.now), [])

    def test_a_clock_a_little_behind_sees_no_change_back(self):
        Certificate.objects.all().delete()
        for announced, left in (('Expired', timedelta(seconds=30)), ('Due', timedelta(days=30, seconds=30))):
            valid_to = self.now + left
            Certificate.objects.bulk_create(
                [
                    Certificate(
                        name='x',
                        announced_status=announced,
                        is_acme=True,
                        acme_auto_renewal=True,
                        valid_to=valid_to,
                        valid_from=valid_to - LIFETIME,
                        announced_overdue=True,
                        announced_until=valid_to + timedelta(seconds=1),
                        default_expiry_marks=list(settings.expiry_marks()),
                    )
                ]
            )
        self.assertEqual(passes_with_work(self.now), [])
        self.assertEqual(len(passes_with_work(self.now - timedelta(minutes=2))), 3)


class ValidityPassesTestCase(TestCase):
    """For all combinations of what was announced and what is true, as above, of certificates that are not ACME."""

    # Days left of 300, before and after marks and both ends
    LEFT = (400, 299, 200, 31, 29, 8, 6, 2, 0.5, -0.5, -10)

    def test_they_are_those_with_a_change_to_announce(self):
        now = timezone.now()
        day = timedelta(days=1)
        claims = (None, now, now - CLAIM_LASTS - timedelta(seconds=1))
        combinations = product(self.LEFT, self.LEFT, ('active', 'retired'), ([], [2], [100, 7]), claims)
        marks = list(settings.expiry_marks())
        Certificate.objects.bulk_create(
            Certificate(
                name='x',
                announced_status='',
                status=status,
                valid_to=now + left * day,
                valid_from=now + (left - 300) * day,
                # When this many days were left
                announced_until=now + (left - until) * day,
                expiry_marks=own,
                default_expiry_marks=marks,
                announcing_since=claim,
            )
            for left, until, status, own, claim in combinations
        )
        found = found_by([one for one in PASSES if one is not OVERDUE], now)
        rows = [row for row in Certificate.objects.all() if candidates.unclaimed(row, now)]
        self.assertEqual(set(found), {row.pk for row in rows if pending_validity(row, now)})
        self.assertTrue(found)
