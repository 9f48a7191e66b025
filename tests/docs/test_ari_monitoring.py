"""docs/how-to/ari-monitoring.md is correct: reasons, filters, limits, figures, and the settings as written."""

import re
from copy import deepcopy
from datetime import timedelta
from pathlib import Path

from django.conf import settings as django_settings
from django.test import SimpleTestCase, override_settings
from django.utils import timezone
from utilities.testing import APITestCase

from netbox_ssl import NetBoxSSLConfig, settings
from netbox_ssl.acme import renewal_info as ari
from netbox_ssl.ari import host_limits as limits
from netbox_ssl.ari.eligibility import why_never, why_not, why_switched_off
from netbox_ssl.ari.http import client, transport
from netbox_ssl.ari.http.client import Client
from netbox_ssl.ari.http.failures import Failure
from netbox_ssl.models import Certificate
from tests.support.ari_polls import RenewalInfoTestMixin
from tests.support.factories import DAY, grant, record

PAGE = (Path(__file__).parents[2] / 'docs' / 'how-to' / 'ari-monitoring.md').read_text(encoding='utf-8')
# Sentences of the page may break anywhere.
FLOWING = ' '.join(PAGE.split())


def configured():
    """Return the settings of the page, as a user copies them."""
    (block,) = re.findall(r'^```python\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL)
    scope = {}
    exec(block, scope)  # noqa: S102
    return scope['PLUGINS_CONFIG']['netbox_ssl']


class PageTestCase(RenewalInfoTestMixin, APITestCase):
    def apply(self, **values):
        config = deepcopy(django_settings.PLUGINS_CONFIG)
        config['netbox_ssl'] = {**config['netbox_ssl'], **values}
        self.enterContext(override_settings(PLUGINS_CONFIG=config))
        self.addCleanup(settings.forget)
        settings.forget()

    def test_the_settings_turn_it_off(self):
        written = configured()
        self.apply(ari_disabled_providers=written['ari_disabled_providers'])
        self.assertEqual(why_switched_off(), '')
        self.assertIn('ari_disabled_providers', why_not('https://ca.example/directory', "Let's Encrypt"))
        self.assertEqual(why_not('https://ca.example/directory', 'ZeroSSL'), '')
        self.apply(**written)
        self.assertIn('ari_enabled', why_switched_off())

    def test_every_reason_is_explained(self):
        now = timezone.now()
        made = self.add()
        made.ari_cert_id = ''
        reasons = [
            why_not('', ''),
            why_never(record('typed.example.net'), now),
            why_never(made, now),
        ]
        for reason in reasons:
            with self.subTest(reason):
                self.assertIn(f'*{reason.removesuffix(" Import the PEM.")}*', PAGE)
        for beginning in ('Polling is switched off', 'Polling this provider is switched off'):
            self.assertIn(f'*{beginning}*', PAGE)
        with override_settings(ISOLATED_DEPLOYMENT=True):
            self.assertIn(f'*{why_switched_off().partition(" (")[0]}*', PAGE)
        with self.assertRaisesRegex(Failure, r'^The host \S+ has an address that is not public\.'):
            Client().get('https://127.0.0.1/')
        self.assertIn('*The host … has an address that is not public.*', PAGE)

    def test_the_filters_find(self):
        grant(self.user, 'view')
        start = timezone.now() + 30 * DAY
        with_window, failed = self.add('window.example.net'), self.add('failed.example.net')
        written = re.findall(r'^\| .+ \| `(\?\w+=.+)` \|$', PAGE, re.MULTILINE)
        (day,) = re.findall(r'ari_window_start__lte=(.+?)`', PAGE)
        Certificate.objects.filter(pk=with_window.pk).update(ari_window_start=day, ari_window_end=start)
        Certificate.objects.filter(pk=failed.pk).update(ari_error='The CA did not answer in time.')
        found = {}
        for query in written:
            answer = self.client.get(f'/api/plugins/ssl/certificates/{query}', **self.header).json()
            found[query.partition('=')[0]] = [each['id'] for each in answer['results']]
        self.assertEqual(
            found,
            {
                '?has_ari': [with_window.pk],
                '?ari_error': [failed.pk],
                '?ari_window_start__lte': [with_window.pk],
            },
        )


class LimitsTestCase(SimpleTestCase):
    def test_limits_are_as_documented(self):
        self.assertIn(f'{client.MAX_BYTES // 1024} KiB and {transport.TOTAL_SECONDS} seconds', FLOWING)
        self.assertEqual((client.MAX_REDIRECTS, limits.MOST_FAILURES), (3, 10))
        self.assertIn('three redirects', FLOWING)
        self.assertIn('fails ten times in a row', FLOWING)
        minute, day, six_hours = timedelta(minutes=1), timedelta(days=1), timedelta(hours=6)
        self.assertEqual((ari.SHORTEST, ari.LONGEST, ari.LONG_TERM), (minute, day, six_hours))
        self.assertIn('never sooner than one minute and never later than one day', FLOWING)
        self.assertIn('without `Retry-After`, it is sent after six hours', FLOWING)

    def test_the_requests_per_second_are_right(self):
        default = NetBoxSSLConfig.default_settings['ari_requests_per_second']
        rows = re.findall(r'^\| ([\d,]+) \| ([\d.]+) \| (\d+)( \(default\))? \|$', PAGE, re.MULTILINE)
        self.assertEqual(len(rows), 3)
        for certificates, needed, setting, is_default in rows:
            with self.subTest(certificates):
                per_second = int(certificates.replace(',', '')) / 21_600
                self.assertEqual(f'{per_second:.1f}', needed)
                self.assertGreater(int(setting), per_second)
                self.assertEqual(bool(is_default), int(setting) == default)
