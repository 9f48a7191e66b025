"""The renewal rule: Python and SQL compared with each other and with cases computed by hand."""

from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, transaction
from django.test import SimpleTestCase
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from netbox_ssl.acme import renewal
from netbox_ssl.choices import CertificateStatusChoices, RenewalStatusChoices
from netbox_ssl.models import Certificate

START = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def days(number) -> timedelta:
    return timedelta(days=number)


class DueTimeTest(SimpleTestCase):
    """``valid_to`` minus the due time, for usual lifetimes and settings."""

    def test_by_lifetime(self):
        for lifetime, before in (
            (days(90), days(30)),
            (days(45), days(15)),
            (days(10), days(10) / 3),
            (days(10) - SECOND, (days(10) - SECOND) / 2),
            (timedelta(hours=160), timedelta(hours=80)),
        ):
            with self.subTest(lifetime=lifetime):
                end = START + lifetime
                self.assertEqual(end - renewal.renewal_due_at(START, end), before)

    def test_renewal_days_win_over_the_lifetime(self):
        end = START + days(90)
        self.assertEqual(renewal.renewal_due_at(START, end, renewal_days=7), end - days(7))
        self.assertEqual(renewal.renewal_due_at(START, end, renewal_days=0), end)

    def test_days_beyond_the_lifetime_mean_always_due(self):
        self.assertEqual(renewal.renewal_due_at(START, START + days(90), renewal_days=3650), START)

    def test_the_window_of_the_ca_wins_over_all(self):
        window = START + days(20)
        self.assertEqual(renewal.renewal_due_at(START, START + days(90), 7, window), window)

    def test_extreme_dates(self):
        first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
        self.assertEqual(renewal.renewal_due_at(first, first + days(5), renewal_days=3650), first)
        self.assertLess(renewal.renewal_due_at(first, last), last)
        # notAfter before notBefore: due when it ends
        self.assertEqual(renewal.renewal_due_at(last, first), first)

    def test_overdue_is_halfway_to_the_expiry(self):
        end = START + days(90)
        self.assertEqual(renewal.overdue_at(end - days(30), end), end - days(15))

    def test_overdue_is_within_the_window_of_the_ca_and_the_validity(self):
        end = START + days(90)
        due = end - days(30)
        self.assertEqual(renewal.overdue_at(due, end, due + days(2)), due + days(2))
        self.assertEqual(renewal.overdue_at(due, end, end + days(2)), end)
        self.assertEqual(renewal.overdue_at(due, end, due - days(2)), due)


class StatusTest(SimpleTestCase):
    end = START + days(90)
    due = end - days(30)

    def status(self, now, **changes):
        case = {'is_acme': True, 'status': 'active', 'valid_to': self.end, 'auto_renewal': True, 'due_at': self.due}
        return renewal.renewal_status(**{**case, **changes}, now=now)

    def test_boundaries(self):
        self.assertEqual(self.status(self.due - SECOND), 'OK')
        self.assertEqual(self.status(self.due), 'Due')
        self.assertEqual(self.status(self.end), 'Due')
        self.assertEqual(self.status(self.end + SECOND), 'Expired')

    def test_manual_until_it_expires(self):
        self.assertEqual(self.status(self.due, auto_renewal=False), 'Manual')
        self.assertEqual(self.status(self.end + SECOND, auto_renewal=False), 'Expired')

    def test_none_if_no_renewal_is_expected(self):
        for changes in ({'is_acme': False}, {'status': 'revoked'}, {'status': 'retired'}):
            with self.subTest(**changes):
                self.assertIsNone(self.status(self.end + SECOND, **changes))

    def test_an_unknown_status_is_an_error(self):
        with self.assertRaises(ValueError):
            renewal.status_q('Fine', START)


# Whole seconds, as in X.509; up to two years, so that thirds agree to the microsecond (PostgreSQL rounds the parts of
# an interval separately, which adds up to 3 µs over thousands of years).
moments = st.integers(min_value=-63_000_000, max_value=63_000_000).map(lambda seconds: START + seconds * SECOND)
cases = st.fixed_dictionaries(
    {
        'valid_from': moments,
        'valid_to': moments,
        'acme_renewal_days': st.none() | st.integers(0, renewal.MAX_RENEWAL_DAYS),
        'ari_window_start': st.none() | moments,
        'ari_window_end': st.none() | moments,
        'is_acme': st.booleans(),
        'acme_auto_renewal': st.booleans(),
        'status': st.sampled_from(CertificateStatusChoices.values()),
    }
)


class AgreementTest(TestCase):
    """The database and Python compute the same, for random values and at every boundary."""

    @settings(max_examples=25)
    @given(st.lists(cases, min_size=20, max_size=40))
    def test_python_and_sql_agree(self, batch):
        certificates = Certificate.objects.bulk_create(
            [Certificate(name=f'c{number}', **case) for number, case in enumerate(batch)]
        )
        for certificate in certificates:
            automatic = certificate.renews_automatically
            self.assertEqual(certificate.renewal_due_at, certificate.due_at() if automatic else None)
            self.assertEqual(certificate.renewal_overdue_at, certificate.overdue_at() if automatic else None)
        first = certificates[0]
        for boundary in (first.due_at(), first.overdue_at(), first.valid_to):
            for now in (boundary - SECOND, boundary, boundary + SECOND):
                self.assert_agree(certificates, now)

    def assert_agree(self, certificates, now):
        by_python = {certificate.pk: certificate.renewal_status_at(now) for certificate in certificates}
        by_case = dict(Certificate.objects.annotate(rs=renewal.status_sql(now)).values_list('pk', 'rs'))
        self.assertEqual(by_case, by_python)
        by_range = {}
        for status in (*RenewalStatusChoices.values(), None):
            for pk in Certificate.objects.filter(renewal.status_q(status, now)).values_list('pk', flat=True):
                self.assertNotIn(pk, by_range, 'a certificate has two statuses')
                by_range[pk] = status
        self.assertEqual(by_range, by_python)
        overdue = set(Certificate.objects.filter(renewal.overdue_q(now)).values_list('pk', flat=True))
        expected = {c.pk for c in certificates if by_python[c.pk] == 'Due' and now >= c.overdue_at()}
        self.assertEqual(overdue, expected)
        counts = {status: list(by_python.values()).count(status) for status in RenewalStatusChoices.values()}
        everything = Certificate.objects.all()
        self.assertEqual(renewal.status_counts(everything, now), {**counts, 'overdue': len(expected)})

    def test_extreme_dates_are_stored_and_read_back(self):
        first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
        for number, (begin, end, renewal_days) in enumerate(
            ((first, last, None), (first, first + days(5), 3650), (last, first, None), (last, first, 3650))
        ):
            with self.subTest(begin=begin, end=end, renewal_days=renewal_days):
                name = f'extreme {number}'
                columns = {'acme_renewal_days': renewal_days, 'is_acme': True, 'acme_auto_renewal': True}
                Certificate.objects.create(name=name, valid_from=begin, valid_to=end, **columns)
                certificate = Certificate.objects.get(name=name)
                self.assertLess(abs(certificate.renewal_due_at - certificate.due_at()), timedelta(milliseconds=1))

    def test_the_database_refuses_renewal_days_out_of_range(self):
        with self.assertRaises(IntegrityError), transaction.atomic():
            Certificate.objects.create(
                name='x', valid_from=START, valid_to=START + days(90), acme_renewal_days=renewal.MAX_RENEWAL_DAYS + 1
            )
