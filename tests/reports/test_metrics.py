"""The metrics, parsed as Prometheus parses them."""

from datetime import timedelta
from unittest import mock

from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.test import RequestFactory, TestCase, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import ResolverMatch
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from netbox_ssl import middleware
from netbox_ssl.announcements.counter import announcements, count_announcements
from netbox_ssl.announcements.sweep.certificates import sweep
from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.event_types import RENEWAL_OVERDUE, RENEWAL_STATUS_CHANGED
from netbox_ssl.models import Certificate
from netbox_ssl.reports import metrics
from tests.support.announcements import CommittingTestCase
from tests.support.factories import DAY, end_chain, record


def samples(exposition: bytes) -> dict[tuple, float]:
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(exposition.decode())
        for sample in family.samples
    }


def scrape(now=None) -> dict[tuple, float]:
    registry = CollectorRegistry()
    registry.register(metrics.RenewalCollector(now))
    return samples(generate_latest(registry))


def statuses(found: dict[tuple, float], status: str) -> dict[str, float]:
    """Return provider → number of ACME certificates with this renewal status."""
    return {
        next(label for label in labels if label != status): value
        for (name, *labels), value in found.items()
        if name == 'netbox_ssl_acme_certificates' and status in labels
    }


class FiguresTestCase(TestCase):
    def test_by_status_and_provider(self):
        record('ok.example.net', 60 * DAY, acme_provider="Let's Encrypt")
        record('due.example.net', 25 * DAY, acme_provider="Let's Encrypt")
        record('overdue.example.net', 5 * DAY, acme_provider="Let's Encrypt")
        record('expired.example.net', -DAY, acme_provider='ZeroSSL "EU"\n')
        record('manual.example.net', acme_auto_renewal=False)
        record('plain.example.net', is_acme=False, acme_auto_renewal=False)
        record('revoked.example.net', status=CertificateStatusChoices.STATUS_REVOKED)
        found = scrape()
        expected = {
            ("Let's Encrypt", 'OK'): 1,
            ("Let's Encrypt", 'Due'): 2,
            ("Let's Encrypt", 'Expired'): 0,
            ("Let's Encrypt", 'Manual'): 0,
            ('ZeroSSL "EU"\n', 'Expired'): 1,
            ('', 'Manual'): 1,
        }
        for labels, number in expected.items():
            with self.subTest(labels):
                self.assertEqual(found['netbox_ssl_acme_certificates', *sorted(labels)], number)
        counted = sum(number for (name, *_), number in found.items() if name == 'netbox_ssl_acme_certificates')
        self.assertEqual(counted, 5)
        self.assertEqual(found['netbox_ssl_certificates_overdue', "Let's Encrypt"], 1)

    def test_by_validity_and_by_who_renews_them(self):
        record('automatic', 60 * DAY)
        record('overdue', 5 * DAY)
        record('manual', 20 * DAY, acme_auto_renewal=False)
        record('bought', -DAY, is_acme=False, acme_auto_renewal=False)
        record('retired', -DAY, status=CertificateStatusChoices.STATUS_RETIRED)
        record('future', 120 * DAY, is_acme=False, acme_auto_renewal=False)
        found = {labels: number for labels, number in scrape().items() if labels[0] == 'netbox_ssl_certificates'}
        self.assertEqual(len(found), 12)
        expected = {
            ('automatic', 'Valid'): 1,
            ('automatic', 'Expiring'): 1,
            ('manual', 'Expiring'): 1,
            ('not_acme', 'Expired'): 1,
            ('not_acme', 'Not yet valid'): 1,
        }
        for (kind, validity), number in expected.items():
            with self.subTest(kind=kind, validity=validity):
                self.assertEqual(found['netbox_ssl_certificates', *sorted((kind, validity))], number)
        self.assertEqual(sum(found.values()), 5)

    def test_the_number_of_providers_is_limited(self):
        for number in range(5):
            for each in range(number + 1):
                record(f'{number}-{each}.example.net', acme_provider=f'CA {number}')
        with mock.patch.object(metrics, 'MOST_PROVIDERS', 2):
            found = scrape()
        self.assertEqual(statuses(found, 'OK'), {'CA 4': 5, 'CA 3': 4, '(other)': 6})
        self.assertEqual(found['netbox_ssl_certificates_overdue', '(other)'], 0)

    def test_a_provider_with_the_name_of_the_others_is_one_of_them(self):
        record('first', acme_provider='(other)')
        record('second', acme_provider='CA')
        self.assertEqual(statuses(scrape(), 'OK'), {'(other)': 1, 'CA': 1})

    def test_the_next_expiry_is_that_of_any_active_certificate(self):
        bought = record('bought', 3 * DAY, is_acme=False, acme_auto_renewal=False)
        record('retired', DAY, status=CertificateStatusChoices.STATUS_RETIRED)
        record('later', 5 * DAY)
        now = bought.valid_to - timedelta(seconds=60)
        self.assertEqual(scrape(now)['netbox_ssl_next_expiry_seconds',], 60)
        chain = end_chain(Certificate.objects.get(name='later'), 2 * DAY).chain_valid_to
        self.assertEqual(
            scrape(chain - timedelta(seconds=30))['netbox_ssl_next_expiry_seconds',], 30, 'or that of a chain'
        )

    def test_next_renewals(self):
        first = record('a.example.net', 40 * DAY)
        second = record('b.example.net', 50 * DAY)
        record('expired.example.net', -DAY)
        now = first.renewal_due_at - timedelta(minutes=5)
        found = scrape(now)
        self.assertEqual(found['netbox_ssl_next_due_seconds',], 300)
        self.assertEqual(found['netbox_ssl_next_expiry_seconds',], (first.valid_to - now).total_seconds())
        # Already due, so the next one counts
        until_second = (second.renewal_due_at - first.renewal_due_at).total_seconds()
        self.assertEqual(scrape(first.renewal_due_at)['netbox_ssl_next_due_seconds',], until_second)

    def test_an_empty_inventory(self):
        found = scrape()
        self.assertNotIn(('netbox_ssl_next_expiry_seconds',), found)
        self.assertNotIn(('netbox_ssl_last_sweep_timestamp_seconds',), found)
        self.assertEqual(found['netbox_ssl_sweep_late',], 1)

    def test_one_pass_whatever_the_number_of_providers(self):
        record()
        before = self.queries()
        for number in range(3):
            record(f'{number}.example.net', acme_provider=f'CA {number}')
        self.assertEqual(self.queries(), before)

    def queries(self) -> int:
        with CaptureQueriesContext(connection) as queries:
            scrape()
        return len(queries)


@override_settings(METRICS_ENABLED=True)
class AnnouncementsTestCase(CommittingTestCase):
    def test_counted_when_made(self):
        before = announcements()
        certificate = record(left=5 * DAY)
        Certificate.objects.filter(pk=certificate.pk).update(announced_status='OK', announced_overdue=False)
        sweep()
        after = announcements()
        self.assertEqual([after[name] - before[name] for name in (RENEWAL_STATUS_CHANGED, RENEWAL_OVERDUE)], [1, 1])
        sweep()
        self.assertEqual(announcements(), after)
        self.assertEqual(
            scrape()['netbox_ssl_announcements_total', RENEWAL_STATUS_CHANGED], after[RENEWAL_STATUS_CHANGED]
        )

    def test_not_counted_without_rules(self):
        before = announcements()
        with override_settings(METRICS_ENABLED=False):
            count_announcements(RENEWAL_OVERDUE)
        self.assertEqual(announcements(), before)


class MiddlewareTestCase(TestCase):
    def answer(self, url_name, status=200) -> bytes:
        request = RequestFactory().get('/metrics')
        request.resolver_match = ResolverMatch(None, (), {}, url_name) if url_name else None
        return middleware.MetricsMiddleware(lambda request: HttpResponse(b'theirs 1.0\n', status=status))(
            request
        ).content

    def test_only_the_page_of_metrics_is_touched(self):
        self.assertIn(('theirs',), samples(self.answer(middleware.METRICS_VIEW)))
        self.assertIn(('netbox_ssl_sweep_late',), samples(self.answer(middleware.METRICS_VIEW)))
        for other in (None, 'home'):
            self.assertEqual(self.answer(other), b'theirs 1.0\n')
        self.assertEqual(self.answer(middleware.METRICS_VIEW, status=500), b'theirs 1.0\n')

    def test_netbox_serves_its_metrics_if_the_plugin_fails(self):
        with (
            mock.patch.object(metrics, '_by_provider', side_effect=DatabaseError('gone')),
            self.assertLogs('netbox.plugins.netbox_ssl', 'ERROR'),
        ):
            self.assertEqual(self.answer(middleware.METRICS_VIEW), b'theirs 1.0\n')
