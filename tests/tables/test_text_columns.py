"""Columns of names, dates and numbers in tables."""

import re
from datetime import UTC, datetime

from django.test import SimpleTestCase
from utilities.testing import TestCase

from netbox_ssl.models import CertificateAssignment, CertificateSource, Issuance
from netbox_ssl.tables.text_columns import DayColumn, short_hex, wrapped
from tests.support.factories import grant, import_pem, issue_acme, record
from tests.support.places import assign, device, machine
from tests.support.reporting import report

LIST = '/plugins/ssl/certificates/'
COLUMNS = 'include_columns=used_by,source_count'


class TextTestCase(SimpleTestCase):
    def test_long_names_break_after_their_separators(self):
        long = 'x' * 40
        for text, labels in (
            (f'www.{long}.net', ['www.', f'{long}.', 'net']),
            (f'certbot:web01.{long}:www', ['certbot:', 'web01.', f'{long}:', 'www']),
            (f'files:web:/etc/{long}/a.pem', ['files:', 'web:/', 'etc/', f'{long}/', 'a.', 'pem']),
            (f'CN=Example CA, O={long}', ['CN=Example ', 'CA, ', f'O={long}']),
        ):
            found = re.sub(r'</?span[^>]*>', '', wrapped(text)).split('<wbr>')
            self.assertEqual(found, [*labels, ''])

    def test_short_names_are_left_alone(self):
        for text in ('', 'www.example.net', 'certbot:web01.example.net:www'):
            self.assertEqual(wrapped(text), text)

    def test_long_names_are_escaped(self):
        self.assertIn('&lt;b&gt;', wrapped('<b>' + 'x' * 40))

    def test_long_numbers_are_shortened(self):
        for digits, shown in (
            ('0A1B', '0A1B'),
            ('0123456789ABCD', '0123456789ABCD'),
            ('0123456789ABCDEF', '01234567…CDEF'),
        ):
            self.assertEqual(short_hex(digits), shown)


class DayTestCase(SimpleTestCase):
    def test_its_title_is_the_time(self):
        moment = datetime(2026, 12, 5, 23, 59, 30, tzinfo=UTC)
        column = DayColumn()
        self.assertEqual(column.render(moment), '<span title="2026-12-05 23:59">2026-12-05</span>')
        self.assertEqual(column.value(moment), '2026-12-05T23:59:30+00:00')


class TablesTestCase(TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view')

    def test_the_whole_number_can_be_copied(self):
        grant(self.user, 'view', model=Issuance)
        certificate = import_pem(issue_acme()).certificate
        for url in (LIST, '/plugins/ssl/issuances/'):
            html = self.client.get(f'{url}?include_columns=fingerprint_sha256').content.decode()
            number = certificate.fingerprint_sha256
            self.assertIn(f'data-clipboard-text="{number}"', html)
            self.assertIn(f'>{short_hex(number)}<', html)
            self.assertIn('aria-label="Copy SHA-256 Fingerprint"', html)

    def test_exports_are_not_shortened(self):
        certificate = import_pem(issue_acme()).certificate
        grant(self.user, 'view', model=Issuance)
        for url in (LIST, '/plugins/ssl/issuances/'):
            query = 'export=table&include_columns=fingerprint_sha256,issuer,serial_number'
            text = self.client.get(f'{url}?{query}').content.decode()
            for value in (certificate.fingerprint_sha256, certificate.serial_number, certificate.issuer):
                self.assertIn(value, text)
            self.assertNotIn('<', text)

    def test_dates_are_in_one_line_to_the_minute(self):
        start, end = (datetime(year, 11, 28, 10, 20, 30, tzinfo=UTC) for year in (2026, 2126))
        record(valid_from=start, valid_to=end)
        html = self.client.get(f'{LIST}?include_columns=valid_from,valid_to').content.decode()
        self.assertRegex(html, r'<td class="[^"]*text-nowrap[^"]*"\s*>2026-11-28 10:20<')
        # Short in this list, which is full
        self.assertRegex(html, r'<td class="[^"]*text-nowrap[^"]*"\s*><span title="2126-11-28 10:20">2126-11-28<')
        self.assertIn(
            '2126-11-28T10:20:30', self.client.get(f'{LIST}?export=table&include_columns=valid_to').content.decode()
        )

    def test_how_often_it_is_used_and_reported(self):
        certificate = report('a', issue_acme()).certificate
        report('b', issue_acme(), lineage='other')
        for place in (device(), machine()):
            assign(certificate, place)
        self.assertEqual(self.counts(), {})
        grant(self.user, 'view', model=CertificateAssignment)
        grant(self.user, 'view', model=CertificateSource, constraints={'external_id__contains': ':a:'})
        self.assertEqual(self.counts(), {'sources': 1}, 'objects that the user may not view do not count')
        grant(self.user, 'view', model=type(device('web-02')))
        self.assertEqual(self.counts(), {'sources': 1, 'assignments': 1})
        self.assertIn(',1,1\r\n', self.client.get(f'{LIST}?export=table&{COLUMNS}').content.decode())

    def counts(self) -> dict[str, int]:
        html = self.client.get(f'{LIST}?{COLUMNS}').content.decode()
        return {
            name: int(number)
            for name, number in re.findall(r'href="/plugins/ssl/(\w+)/\?certificate_id=\d+">(\d+)</a>', html)
        }
