"""The validity rule and expiry marks: Python and SQL compared with each other and with cases computed by hand."""

from datetime import UTC, datetime, timedelta

from django.db import connection
from django.test import SimpleTestCase
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from netbox_ssl.choices import ValidityChoices
from netbox_ssl.expiry.marks import MAX_MARK, mark_limit, mark_passed, next_mark
from netbox_ssl.expiry.validity import (
    chain_ended_q,
    days_left,
    expires_within_q,
    validity,
    validity_q,
    validity_sql,
)
from netbox_ssl.expiry.wording import short_validity_text, validity_text
from netbox_ssl.models import Certificate

START = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DEFAULT = (1, 7, 14, 30)
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def days(number) -> timedelta:
    return timedelta(days=number)


class MarksTest(SimpleTestCase):
    def limit(self, lifetime, overdue_before=None):
        end = START + lifetime
        return mark_limit(START, end, end, None if overdue_before is None else end - overdue_before)

    def counting(self, *args, marks=DEFAULT):
        limit = self.limit(*args)
        return [mark for mark in marks if mark < limit]

    def test_marks_below_half_of_the_lifetime_count(self):
        self.assertEqual(self.counting(days(365)), [1, 7, 14, 30])
        self.assertEqual(self.counting(days(60)), [1, 7, 14])
        self.assertEqual(self.counting(days(60) + SECOND), [1, 7, 14, 30])
        self.assertEqual(self.counting(timedelta(hours=160)), [1])
        self.assertEqual(self.counting(days(2)), [])

    def test_marks_after_the_overdue_time_count_if_it_renews_by_itself(self):
        self.assertEqual(self.counting(days(90), days(15)), [1, 7, 14])
        self.assertEqual(self.counting(days(90), days(14)), [1, 7])
        self.assertEqual(self.counting(days(90), days(0)), [])

    def test_the_smallest_mark_passed_and_the_next_one(self):
        end = START + days(365)
        for left, passed, following in (
            (days(30) + SECOND, None, 30),
            (days(30), 30, 14),
            (days(7), 7, 1),
            (days(1) - SECOND, 1, None),
            (days(-5), 1, None),
        ):
            with self.subTest(left=left):
                self.assertEqual(mark_passed(DEFAULT, 1000, end, end - left), passed)
                self.assertEqual(next_mark(DEFAULT, 1000, end, end - left), following)

    def test_mark_zero_passes_at_the_end(self):
        end = START + days(10)
        self.assertIsNone(mark_passed([0], self.limit(days(10)), end, end - SECOND))
        self.assertEqual(mark_passed([0], self.limit(days(10)), end, end), 0)

    def test_extreme_dates(self):
        self.assertEqual(mark_passed([MAX_MARK], MAX_MARK + 1, FIRST + days(5), FIRST), MAX_MARK)
        self.assertLess(mark_limit(LAST, FIRST, FIRST, None), 0)


class ValidityTest(SimpleTestCase):
    end = START + days(365)

    def validity(self, now, marks=DEFAULT):
        limit = mark_limit(START, self.end, self.end, None)
        return validity(valid_from=START, valid_to=self.end, end=self.end, limit=limit, marks=marks, now=now)

    def test_boundaries(self):
        for now, expected in (
            (START - SECOND, 'Not yet valid'),
            (START, 'Valid'),
            (self.end - days(30) - SECOND, 'Valid'),
            (self.end - days(30), 'Expiring'),
            (self.end, 'Expiring'),
            (self.end + SECOND, 'Expired'),
        ):
            with self.subTest(now=now):
                self.assertEqual(self.validity(now), expected)

    def test_without_marks_it_is_valid_to_the_end(self):
        self.assertEqual(self.validity(self.end, marks=()), 'Valid')

    def test_days_left_are_rounded_down(self):
        self.assertEqual(days_left(START + days(7), START), 7)
        self.assertEqual(days_left(START + days(7) - SECOND, START), 6)
        self.assertEqual(days_left(START, START), 0)
        self.assertEqual(days_left(START - SECOND, START), -1)

    def test_words(self):
        for valid_to, expected in (
            (START + days(12), 'Expires in 12 days'),
            (START + days(1), 'Expires in 1 day'),
            (START + timedelta(hours=5), 'Expires in 5 hours'),
            (START + SECOND, 'Expires in less than an hour'),
        ):
            self.assertEqual(validity_text('Expiring', FIRST, valid_to, START), expected)
        for chain_valid_to, expected in (
            (START + days(12), 'Expires in 12 days'),
            (START + days(3), 'Chain expires in 3 days'),
            (START, 'Chain expires in less than an hour'),
            (START - days(3), 'Chain expired 3 days ago'),
        ):
            self.assertEqual(validity_text('Expiring', FIRST, START + days(12), START, chain_valid_to), expected)
        for chain_valid_to in (None, START - days(40)):
            text = validity_text('Expired', FIRST, START - days(35), START, chain_valid_to)
            self.assertEqual(text, 'Expired 35 days ago')
        self.assertEqual(
            validity_text('Not yet valid', START + days(2), LAST, START), 'Not yet valid, starts in 2 days'
        )

    def test_short_words_fit_into_a_search_result(self):
        """NetBox cuts what is longer than 40 characters; the date and the brackets take 13 of them."""
        spans = (SECOND, timedelta(hours=23), days(364), days(9999))
        for language in ('en', 'de'):
            for found in ValidityChoices.values():
                for span in spans:
                    for chain_valid_to in (None, START + span, START - span):
                        valid_to = START - span if found == 'Expired' else START + span + SECOND
                        with self.subTest(found, language=language, span=span, chain=chain_valid_to):
                            with override(language):
                                text = short_validity_text(found, START + span, valid_to, START, chain_valid_to)
                            self.assertLessEqual(len(text), 27, text)
        for valid_to, chain_valid_to, expected in (
            (START + days(12), None, 'Expires in 12 days'),
            (START + SECOND, None, 'Expires in < 1 h'),
            (START + days(12), START + days(3), 'Chain expires in 3 days'),
            (START + days(12), START - SECOND, 'Chain expired < 1 h ago'),
        ):
            self.assertEqual(short_validity_text('Expiring', FIRST, valid_to, START, chain_valid_to), expected)
        self.assertEqual(short_validity_text('Not yet valid', START + days(2), LAST, START), 'Starts in 2 days')

    def test_an_unknown_validity_is_an_error(self):
        with self.assertRaises(ValueError):
            validity_q('Fine', START, DEFAULT)


marks = st.lists(st.integers(0, 40) | st.integers(0, MAX_MARK), max_size=6)
# Whole seconds, as in X.509; whole days often, so that marks and dates meet
seconds = st.integers(-63_000_000, 63_000_000) | st.integers(-700, 700).map(lambda number: number * 86400)
moments = seconds.map(lambda number: START + number * SECOND)
cases = st.fixed_dictionaries(
    {
        'valid_from': moments,
        'valid_to': moments,
        'chain_valid_to': st.none() | moments,
        'acme_renewal_days': st.none() | st.integers(0, 60),
        'ari_window_start': st.none() | moments,
        'ari_window_end': st.none() | moments,
        'is_acme': st.booleans(),
        'acme_auto_renewal': st.booleans(),
        'expiry_marks': st.just([]) | marks,
        'default_expiry_marks': marks.map(sorted),
        'announced_until': st.none() | moments,
    }
)


class AgreementTest(TestCase):
    """The database and Python compute the same, for random values and at every boundary."""

    @settings(max_examples=25)
    @given(st.lists(cases, min_size=10, max_size=25), marks)
    def test_python_and_sql_agree(self, batch, setting):
        rows = [Certificate(name=f'c{number}', **case) for number, case in enumerate(batch)]
        rows = Certificate.objects.bulk_create(rows)
        for row in rows:
            limit = row.mark_limit()
            self.assertEqual((row.expires_at, row.expiry_mark_limit), (row.marks_end, limit))
            self.assertEqual(row.next_mark_at, self.next_mark_at(row, limit))
        first = rows[0]
        boundaries = [first.valid_from, first.valid_to, first.expires_at]
        boundaries += [first.expires_at - days(mark) for mark in first.expiry_marks or setting]
        for boundary in boundaries:
            for now in (boundary - SECOND, boundary, boundary + SECOND):
                self.assert_agree(rows, now, setting)

    def next_mark_at(self, row, limit):
        if row.announced_until is None:
            return None
        mark = next_mark(row.expiry_marks or row.default_expiry_marks, limit, row.marks_end, row.announced_until)
        return None if mark is None else row.marks_end - days(mark)

    def assert_agree(self, rows, now, setting):
        by_python = {
            row.pk: validity(
                valid_from=row.valid_from,
                valid_to=row.valid_to,
                end=row.marks_end,
                limit=row.expiry_mark_limit,
                marks=row.expiry_marks or setting,
                now=now,
            )
            for row in rows
        }
        self.assertEqual(
            dict(Certificate.objects.annotate(v=validity_sql(now, setting)).values_list('pk', 'v')), by_python
        )
        by_range = {}
        for each in ValidityChoices.values():
            for pk in Certificate.objects.filter(validity_q(each, now, setting)).values_list('pk', flat=True):
                self.assertNotIn(pk, by_range, 'a certificate has two validities')
                by_range[pk] = each
        self.assertEqual(by_range, by_python)
        soon = set(Certificate.objects.filter(expires_within_q(14, now)).values_list('pk', flat=True))
        self.assertEqual(
            soon, {row.pk for row in rows if now <= row.valid_to and row.marks_end - now <= days(14)}, 'or its chain'
        )
        ended = set(Certificate.objects.filter(chain_ended_q(now)).values_list('pk', flat=True))
        self.assertEqual(ended, {row.pk for row in rows if row.marks_end < now <= row.valid_to})

    def test_extreme_dates_are_stored_and_read_back(self):
        for begin, end, own in (
            (FIRST, LAST, [MAX_MARK]),
            (FIRST, FIRST + days(5), [MAX_MARK, 1]),
            (LAST, FIRST, []),
            (LAST - days(5), LAST, [0]),
        ):
            with self.subTest(begin=begin, end=end, own=own):
                created = Certificate.objects.create(name='x', valid_from=begin, valid_to=end, expiry_marks=own)
                certificate = Certificate.objects.get(pk=created.pk)
                self.assertEqual(certificate.expiry_mark_limit, certificate.mark_limit())
                for now in (FIRST, START, LAST):
                    found = Certificate.objects.filter(
                        validity_q(certificate.validity_at(now), now, DEFAULT), pk=certificate.pk
                    )
                    self.assertTrue(found.exists())

    def test_own_marks_are_sorted_on_every_path(self):
        """Largest first, as those of the setting are written; smallest first for the rule in SQL."""
        saved = Certificate(name='x', valid_from=START, valid_to=START + days(365), expiry_marks=[7, 30, 7])
        saved.save()
        self.assertEqual(saved.expiry_marks, [30, 7])
        Certificate.objects.update(expiry_marks=[60, 3])
        self.assertEqual(Certificate.objects.get().expiry_marks, [60, 3])
        self.assertEqual(Certificate.objects.values_list('expiry_marks', flat=True).get(), [60, 3])
        with connection.cursor() as cursor:
            cursor.execute('SELECT expiry_marks FROM netbox_ssl_certificate')
            self.assertEqual(cursor.fetchone()[0], [3, 60])
