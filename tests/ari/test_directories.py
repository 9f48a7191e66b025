"""The CA's ``renewalInfo`` URL: which directory is requested, how long it is cached, and retries after failures."""

from datetime import timedelta

from django.core.cache import cache
from django.test import TestCase
from django.utils import timezone

from netbox_ssl.acme.renewal_info import LONG_TERM
from netbox_ssl.ari import directories
from netbox_ssl.ari.fetching import Fetcher, Query
from netbox_ssl.ari.host_limits import HostLimits
from netbox_ssl.ari.http.client import Client
from netbox_ssl.ari.polling import poll
from tests.support.ari_polls import RenewalInfoTestMixin, ari_settings
from tests.support.ari_server import Stub

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class DirectoriesTestCase(RenewalInfoTestMixin, TestCase):
    def setUp(self):
        super().setUp()
        self.now = timezone.now()
        client = Client(allowed_hosts=frozenset({'127.0.0.1'}))
        self.addCleanup(client.close)
        self.fetcher = Fetcher(client, HostLimits(1000), clock=lambda: self.now)

    def fetch(self, after=timedelta(), number=1):
        """Fetch at this time after the previous one. Return the outcome."""
        self.now += after
        return self.fetcher.fetch(Query(number, 'a.b', self.stub.directory_url))

    @property
    def requests(self) -> int:
        return self.stub.paths.count('/directory')

    def test_kept_for_a_day(self):
        self.fetch()
        self.fetch(DAY - SECOND)
        self.assertEqual(self.requests, 1)
        self.fetch(SECOND)
        self.assertEqual(self.requests, 2)

    def test_kept_for_the_next_run(self):
        self.fetch()
        self.fetcher = Fetcher(Client(allowed_hosts=frozenset({'127.0.0.1'})), HostLimits(1000), clock=lambda: self.now)
        self.assertIsNotNone(self.fetch().window)
        self.assertEqual(self.requests, 1)

    def test_a_ca_that_starts_to_offer_it_is_found_the_next_day(self):
        serving, self.stub.directory = self.stub.directory, {}
        self.assertTrue(self.fetch().unsupported)
        self.stub.directory = serving
        self.assertTrue(self.fetch(DAY - SECOND).unsupported)
        self.assertIsNotNone(self.fetch(SECOND).window)

    def test_its_certificates_are_spread_over_an_hour(self):
        self.stub.directory = {}
        waits = [self.fetch(number=number).next_check - self.now - DAY for number in range(50)]
        self.assertGreaterEqual(min(waits), timedelta())
        self.assertLessEqual(max(waits), HOUR)
        self.assertGreater(max(waits) - min(waits), HOUR / 3)

    def test_the_wait_doubles_after_temporary_failures(self):
        self.stub.directory_status = 503
        self.fetch()
        for failures, minutes in enumerate((1, 2, 4), start=2):
            self.fetch(0.89 * minutes * MINUTE)
            self.assertEqual(self.requests, failures - 1, 'not before its time')
            self.fetch(0.22 * minutes * MINUTE)
            self.assertEqual(self.requests, failures)
        self.stub.directory_status = 200
        self.assertIsNotNone(self.fetch(9 * MINUTE).window)
        self.stub.directory_status = 503
        self.fetch(DAY)
        self.assertEqual(directories.known(self.stub.directory_url, self.now).failures, 1, 'counted again')

    def test_other_failures_are_retried_after_six_hours(self):
        self.stub.directory_status = 404
        self.fetch()
        self.assertIn('404', self.fetch(LONG_TERM - SECOND).error)
        self.assertEqual(self.requests, 1)
        self.fetch(SECOND)
        self.assertEqual(self.requests, 2)

    def test_retry_after_of_the_directory(self):
        self.stub.directory_status, self.stub.directory_headers = 503, {'Retry-After': '7200'}
        self.fetch()
        self.fetch(2 * HOUR - SECOND)
        self.assertEqual(self.requests, 1)
        self.fetch(SECOND)
        self.assertEqual(self.requests, 2)

    def test_the_directory_of_the_provider(self):
        provider = {
            'name': 'Example CA',
            'issuer_organization': 'Example Corp',
            'directory_url': self.stub.directory_url,
        }
        with ari_settings(acme_providers=[provider]):
            certificate = self.add(acme_server_url='', acme_provider='Example CA')
            self.assertEqual(poll().windows, 1)
        self.assertEqual(self.stub.cert_ids, [certificate.ari_cert_id])

    def test_the_directory_of_the_certificate_comes_first(self):
        other = Stub()
        self.addCleanup(other.close)
        provider = {'name': 'Example CA', 'issuer_organization': 'Example Corp', 'directory_url': other.directory_url}
        with ari_settings(acme_providers=[provider]):
            self.add(acme_provider='Example CA')
            self.assertEqual(poll().windows, 1)
        self.assertEqual((len(self.stub.cert_ids), other.paths), (1, []))

    def test_https_does_not_lead_to_http(self):
        url = 'https://ca.example/directory'
        entry = directories.Directory(f'{self.stub.base_url}/ari', '', self.now + DAY)
        cache.set(directories._key(url), entry)
        outcome = self.fetcher.fetch(Query(1, 'a.b', url))
        self.assertEqual(outcome.error, 'The address leads from https to http.')
        self.assertEqual(self.stub.paths, [])

    def test_the_cache_may_be_emptied(self):
        self.fetch()
        cache.clear()
        self.assertIsNone(directories.known(self.stub.directory_url, self.now))
