"""Certificates without end (RFC 5280, 4.1.2.5), where NetBox's time zone is ahead of UTC, or behind it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.test import override_settings
from django.utils import timezone
from utilities.testing import APITestCase, TestCase

from netbox_ssl.models import Certificate, CertificateSource, Issuance
from netbox_ssl.x509.moments import Moment, moment
from tests.support.certificate_factory import issue, make_ca
from tests.support.factories import facts, grant, record
from tests.support.reporting import report

END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
START = datetime(1, 1, 1, tzinfo=UTC)
ZONES = ('Asia/Tokyo', 'America/New_York', 'UTC')


def endless():
    return issue('www.example.net', make_ca('Example Corp', 'CA'), datetime(2026, 1, 1, tzinfo=UTC), END)


class MomentTestCase(TestCase):
    def test_only_the_ends_are_changed(self):
        now = timezone.now()
        self.assertIs(moment(now), now)
        for end in (START, END):
            self.assertEqual(moment(end), end)
            self.assertIsInstance(moment(end), Moment)
            for zone in (*ZONES, 'Pacific/Kiritimati', 'Etc/GMT+12'):
                self.assertEqual(
                    moment(end).astimezone(ZoneInfo(zone)).utcoffset(), end.replace(tzinfo=ZoneInfo(zone)).utcoffset()
                )
        self.assertEqual(str(moment(END).astimezone(ZoneInfo('Asia/Tokyo'))), '9999-12-31 23:59:59+09:00')
        self.assertEqual(str(moment(END).astimezone(ZoneInfo('America/New_York'))), '9999-12-31 18:59:59-05:00')


class PagesTestCase(TestCase):
    def setUp(self):
        super().setUp()
        for model in (Certificate, CertificateSource, Issuance):
            grant(self.user, 'view', 'change', model=model)

    def test_pages_and_exports(self):
        certificate = report('a', endless()).certificate
        first = record(name='first', valid_from=START, valid_to=END)
        urls = [
            certificate.get_absolute_url(),
            f'{certificate.get_absolute_url()}edit/',
            f'{certificate.get_absolute_url()}history/',
            certificate.issuances.get().get_absolute_url(),
            certificate.sources.get().get_absolute_url(),
            first.get_absolute_url(),
            f'{first.get_absolute_url()}edit/',
            '/plugins/ssl/renewals.ics',
            '/plugins/ssl/renewals/',
            '/plugins/ssl/by-name/?name=www.example.net',
        ]
        for kind in ('certificates', 'issuances', 'sources'):
            urls += [f'/plugins/ssl/{kind}/', f'/plugins/ssl/{kind}/?export', f'/plugins/ssl/{kind}/?export=table']
        for zone in ZONES:
            with override_settings(TIME_ZONE=zone):
                for url in urls:
                    with self.subTest(url, zone=zone):
                        self.assertEqual(self.client.get(url).status_code, 200)
                self.assertContains(self.client.get(certificate.get_absolute_url()), '9999-12-31')


class RESTTestCase(APITestCase):
    def setUp(self):
        super().setUp()
        for model in (Certificate, CertificateSource, Issuance):
            grant(self.user, 'view', 'change', 'add', model=model)

    def send(self, method, path, data, code):
        response = getattr(self.client, method)(f'/api/plugins/ssl/{path}', data, format='json', **self.header)
        self.assertHttpStatus(response, code)
        return response.json()

    def test_reading_and_writing(self):
        for zone in ZONES:
            with self.subTest(zone), override_settings(TIME_ZONE=zone):
                issued = endless()
                imported = self.send('post', 'certificates/import/', {'pem': issued.pem, 'external_id': zone}, 201)
                self.assertEqual(imported['certificate']['valid_to'], '9999-12-31T23:59:59Z')
                pk = imported['certificate']['id']
                # What it shows is what it accepts.
                given = {'pem': issued.pem, 'valid_to': imported['certificate']['valid_to']}
                self.send('post', 'certificates/import/', given, 200)
                self.send('patch', f'certificates/{pk}/', {'description': zone}, 200)
                for kind in ('certificates', 'issuances', 'sources'):
                    shown = self.send('get', f'{kind}/', None, 200)['results']
                    self.assertEqual({each['valid_to'] for each in shown}, {'9999-12-31T23:59:59Z'})
                typed = {**facts(), 'valid_from': '0001-01-01T00:00:00Z', 'valid_to': '9999-12-31T23:59:59Z'}
                made = self.send('post', 'certificates/', {**typed, 'name': zone}, 201)
                stored = Certificate.objects.get(pk=made['id'])
                self.assertEqual((stored.valid_from, stored.valid_to), (START, END))

    def test_beyond_the_calendar(self):
        for value in ('9999-12-31T23:59:59-12:00', '0001-01-01T00:00:00+12:00', '10000-01-01T00:00:00Z'):
            refused = self.send('post', 'certificates/', {**facts(), 'valid_to': value}, 400)
            self.assertIn('valid_to', refused)
