"""The bar of a certificate's lifetime, on its page and in the list."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from django.template.loader import render_to_string
from django.test import SimpleTestCase
from django.utils.translation import override
from utilities.testing import TestCase

from netbox_ssl.models import Certificate
from netbox_ssl.reports.charts import lifetime
from tests.support.factories import DAY, grant, record

START = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def certificate(**columns) -> Certificate:
    facts = {'name': 'www.example.net', 'valid_from': START, 'valid_to': START + 90 * DAY}
    return Certificate(**{**facts, 'is_acme': True, 'acme_auto_renewal': True, **columns})


class DrawingTestCase(SimpleTestCase):
    def parts(self, now, **columns) -> list[tuple[str, float, float, bool]]:
        drawn = lifetime.draw(certificate(**columns), now)
        return [(part.color, float(part.x[:-1]), float(part.width[:-1]), part.is_elapsed) for part in drawn.parts]

    def test_zones_are_divided_at_now(self):
        third, sixth = 100 * 2 / 3, 100 / 6
        for now, colors in (
            (START - DAY, ['green', 'yellow', 'orange']),
            (START + 30 * DAY, ['green', 'green', 'yellow', 'orange']),
            (START + 65 * DAY, ['green', 'yellow', 'yellow', 'orange']),
            (START + 80 * DAY, ['green', 'yellow', 'orange', 'orange']),
        ):
            with self.subTest(now=now):
                parts = self.parts(now)
                self.assertEqual([color for color, *_ in parts], colors)
                self.assertAlmostEqual(sum(width for _color, _x, width, _ in parts), 100, places=1)
                widths = {color: sum(part[2] for part in parts if part[0] == color) for color in colors}
                self.assertAlmostEqual(widths['green'], third, places=1)
                self.assertAlmostEqual(widths['orange'], sixth, places=1)

    def test_what_has_expired_is_red_and_never_green(self):
        self.assertEqual({color for color, *_ in self.parts(START + 90 * DAY + SECOND)}, {'red'})
        self.assertEqual({color for color, *_ in self.parts(START + 30 * DAY, status='revoked')}, {'secondary'})

    def test_marks_that_count(self):
        bought = {'is_acme': False, 'acme_auto_renewal': False, 'valid_to': START + 100 * DAY}
        drawn = lifetime.draw(certificate(expiry_marks=[60, 30, 10], **bought), START)
        self.assertEqual(drawn.marks, ['70.00%', '90.00%'])

    def test_the_chain_ends_first(self):
        bought = {'is_acme': False, 'acme_auto_renewal': False, 'valid_to': START + 100 * DAY}
        drawn = lifetime.draw(certificate(expiry_marks=[10], chain_valid_to=START + 60 * DAY, **bought), START)
        self.assertEqual(drawn.marks, ['50.00%'])
        self.assertEqual(
            [(str(moment.label), moment.color) for moment in drawn.moments],
            [('Issued', 'green'), ('Expiring', 'yellow'), ('Chain valid to', 'red'), ('Valid to', '')],
        )
        self.assertEqual(drawn.left, 'Chain expires in 60 days')
        self.assertEqual(
            [(part.color, part.width) for part in drawn.parts],
            [('green', '50.00%'), ('yellow', '10.00%'), ('red', '40.00%')],
        )

    def test_what_would_come_after_the_end_of_the_chain_does_not(self):
        drawn = lifetime.draw(certificate(chain_valid_to=START + 70 * DAY), START)
        self.assertEqual([part.color for part in drawn.parts], ['green', 'yellow', 'red'])
        self.assertNotIn('Overdue', drawn.description)

    def test_when_its_chain_has_expired_it_is_red(self):
        for chain_valid_to in (START + 70 * DAY, START - DAY):
            now = max(chain_valid_to, START) + SECOND
            colors = {color for color, *_ in self.parts(now, chain_valid_to=chain_valid_to)}
            self.assertEqual(colors, {'red'})
            drawn = lifetime.draw(certificate(chain_valid_to=chain_valid_to), now)
            self.assertIn('Chain expired', drawn.left)

    def test_no_renewal_is_due_where_no_client_renews(self):
        for columns in ({'is_acme': False, 'acme_auto_renewal': False}, {'acme_auto_renewal': False}):
            with self.subTest(columns):
                drawn = lifetime.draw(certificate(expiry_marks=[30], **columns), START)
                self.assertEqual(
                    drawn.description, 'Expires in 90 days. Issued 2026-01-01, Expiring 2026-03-02, Valid to 2026-04-01'
                )
                # More than half of the lifetime, so that it does not count
                without = lifetime.draw(certificate(expiry_marks=[60], **columns), START)
                self.assertEqual([part.color for part in without.parts], ['green'])

    def test_in_words(self):
        drawn = lifetime.draw(certificate(), START + 30 * DAY)
        self.assertEqual(
            drawn.description,
            'Expires in 60 days. Issued 2026-01-01, Renewal due 2026-03-02, Overdue 2026-03-17, Valid to 2026-04-01',
        )

    def test_extreme_dates(self):
        first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
        for start, end in ((first, last), (last, first), (START, START), (last - DAY, last), (first, first + DAY)):
            for now in (first, START, last):
                for window in (None, first, last):
                    columns = {'valid_from': start, 'valid_to': end, 'ari_window_start': window}
                    with self.subTest(now=now, **columns):
                        for _color, x, width, _ in self.parts(now, expiry_marks=[3650, 1], **columns):
                            self.assertTrue(0 <= x <= 100 and 0 <= x + width <= 100.01)

    def test_numbers_are_numbers_in_every_language(self):
        with override('de'):
            bar = lifetime.draw(certificate(), START + DAY / 3)
            html = render_to_string(
                'netbox_ssl/inc/lifetime.svg', {'bar': bar, 'width': 96, 'height': 16, 'bar_height': 8}
            )
        svg = ElementTree.fromstring(html)
        self.assertTrue(svg.get('aria-label'))
        for value in re.findall(r' (?:x|x1|x2)="([^"]*)"', html):
            self.assertRegex(value, r'^[\d.]+%$')


class PagesTestCase(TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view')

    def test_on_the_page(self):
        response = self.client.get(record(left=5 * DAY).get_absolute_url())
        self.assertContains(response, 'netbox-ssl-lifetime')
        self.assertContains(response, 'Expires in 4 days')

    def test_in_the_list_for_each_row_with_its_own_dates(self):
        record('a.example.net', left=5 * DAY)
        record('b.example.net', left=-3 * DAY)
        html = self.client.get('/plugins/ssl/certificates/').content.decode()
        labels = re.findall(r'netbox-ssl-lifetime[^>]*aria-label="([^.]*)\.', html)
        self.assertEqual(labels, ['Expires in 4 days', 'Expired 3 days ago'])

    def test_export(self):
        record(left=45 * DAY)
        header, row = self.client.get('/plugins/ssl/certificates/?export=table').content.decode().splitlines()
        self.assertRegex(dict(zip(header.split(','), row.split(','), strict=True))['Lifetime'], r'^50\.\d\d%$')
