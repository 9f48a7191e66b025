"""Polling: which certificates are polled, what is stored, the time of the next poll, and sharing between workers."""

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from unittest.mock import patch

from core.models import ObjectChange
from django.core.cache import cache
from django.db import connection
from django.test import TestCase
from django.utils import timezone

from netbox_ssl.ari import polling
from netbox_ssl.ari.polling import claim, poll, record
from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.models import Certificate
from tests.support.announcements import CommittingTestCase
from tests.support.ari_polls import RenewalInfoTestMixin, ari_settings
from tests.support.ari_server import closed_port, window
from tests.support.certificate_factory import make_ca
from tests.support.clock import Clock
from tests.support.deadlines import PATIENCE
from tests.support.factories import import_pem, issue_acme, successor
from tests.support.factories import record as record_by_hand

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class PollingTestCase(RenewalInfoTestMixin, TestCase):
    def waits(self, certificate) -> timedelta:
        """Return the time from the last poll, or from now, to the next one."""
        certificate.refresh_from_db()
        return certificate.ari_next_check - (certificate.ari_last_checked or timezone.now())

    def assertWaits(self, certificate, expected: timedelta, tolerance=0.02):
        self.assertAlmostEqual(self.waits(certificate) / expected, 1, delta=tolerance)

    def test_a_response_is_stored_and_determines_the_status(self):
        certificate = self.add()
        self.assertFalse(certificate.has_ari)
        start = certificate.valid_to - 40 * DAY
        self.stub.body = window(
            start.isoformat(), (start + DAY).isoformat(), explanationURL='https://ca.example/why?a=1&b=2'
        )
        before = timezone.now()
        result = poll()
        self.assertEqual((result.checked, result.windows, result.failed, result.complete), (1, 1, 0, True))
        certificate.refresh_from_db()
        self.assertEqual(self.stub.cert_ids, [certificate.ari_cert_id])
        self.assertEqual((certificate.ari_window_start, certificate.ari_window_end), (start, start + DAY))
        self.assertEqual((certificate.renewal_due_at, certificate.renewal_overdue_at), (start, start + DAY))
        self.assertEqual(certificate.ari_explanation_url, 'https://ca.example/why?a=1&b=2')
        self.assertEqual(certificate.ari_error, '')
        self.assertTrue(before <= certificate.ari_last_checked <= timezone.now())
        self.assertWaits(certificate, 6 * HOUR)
        self.assertEqual(poll().checked, 0)

    def test_retry_after_is_followed_within_bounds(self):
        certificate = self.add()
        for header, expected in (
            ('3600', HOUR),
            ('1', MINUTE),
            ('99999999999999999999', DAY),
            ('nonsense', 6 * HOUR),
            (None, 6 * HOUR),
        ):
            with self.subTest(header):
                self.stub.headers = {'Retry-After': header} if header else {}
                self.due(certificate)
                self.assertEqual(poll().windows, 1)
                self.assertWaits(certificate, expected)

    def test_an_http_date_is_followed(self):
        certificate = self.add()
        self.stub.headers = {'Retry-After': format_datetime(datetime.now(UTC) + 2 * HOUR, usegmt=True)}
        self.assertEqual(poll().windows, 1)
        self.assertWaits(certificate, 2 * HOUR)

    def test_last_updated_and_the_change_log_stay(self):
        certificate = self.add()
        before = certificate.last_updated
        changes = ObjectChange.objects.count()
        poll()
        certificate.refresh_from_db()
        self.assertTrue(certificate.has_ari)
        self.assertEqual(certificate.last_updated, before)
        self.assertEqual(ObjectChange.objects.count(), changes)

    def test_requests_in_flight_are_limited(self):
        for number in range(24):
            self.add(f'www{number}.example.net')
        lock, flying, most = threading.Lock(), 0, 0

        def slowly(handler):
            nonlocal flying, most
            with lock:
                flying += 1
                most = max(most, flying)
            time.sleep(0.05)
            with lock:
                flying -= 1
            handler.answer(200, window())

        self.stub.script = slowly
        self.assertEqual(poll(concurrency=3).windows, 24)
        self.assertEqual(most, 3)

    def test_certificates_that_are_not_polled(self):
        provider = {'acme_server_url': '', 'acme_provider': 'Nobody'}
        self.add('unknown.example.net', **provider)
        self.add('expired.example.net', left=-DAY)
        self.add('revoked.example.net', status=CertificateStatusChoices.STATUS_REVOKED)
        self.add('retired.example.net', status=CertificateStatusChoices.STATUS_RETIRED)
        import_pem(issue_acme('none.example.net', ca=make_ca('Example Corp', 'Nobody')))
        record_by_hand('typed.example.net', acme_server_url=self.stub.directory_url)
        asked = self.add('asked.example.net')
        self.assertEqual(poll().checked, 1)
        self.assertEqual(self.stub.cert_ids, [asked.ari_cert_id])

    def test_expired_certificates_are_no_longer_polled(self):
        certificate = self.add()
        Certificate.objects.filter(pk=certificate.pk).update(valid_to=timezone.now() - MINUTE)
        self.assertEqual(poll().checked, 0)
        certificate.refresh_from_db()
        self.assertIsNone(certificate.ari_next_check)

    def test_a_provider_may_be_switched_off(self):
        self.add()
        with ari_settings(ari_disabled_providers=["let's encrypt"]):
            self.assertEqual(poll().checked, 0)
        self.assertEqual(self.stub.paths, [])

    def test_errors_and_the_time_of_the_next_poll(self):
        certificate = self.add()
        poll()
        for status, body, expected, words in (
            (404, b'', 6 * HOUR, '404'),
            (403, b'', 6 * HOUR, '403'),
            (200, b'{', 6 * HOUR, 'not JSON'),
            (200, window('2027-01-02T00:00:00Z', '2027-01-01T00:00:00Z'), 6 * HOUR, 'ends before'),
            (500, b'', MINUTE, '500'),
            (503, b'', 2 * MINUTE, '503'),
            (429, b'', 4 * MINUTE, '429'),
        ):
            with self.subTest(status=status, body=body):
                self.stub.status, self.stub.body, self.stub.headers = status, body, {}
                self.due(certificate)
                self.assertEqual(poll().failed, 1)
                self.assertWaits(certificate, expected, tolerance=0.15)
                self.assertIn(words, certificate.ari_error)
                # The last window of the CA is kept.
                self.assertTrue(certificate.has_ari)
        self.stub.status, self.stub.body, self.stub.headers = 503, b'', {'Retry-After': '7200'}
        self.due(certificate)
        poll()
        self.assertWaits(certificate, 2 * HOUR)
        self.stub.status, self.stub.body = 200, window()
        self.due(certificate)
        poll()
        certificate.refresh_from_db()
        self.assertEqual((certificate.ari_error, certificate.ari_failures), ('', 0))

    def test_an_unreachable_host(self):
        certificate = self.add(acme_server_url=f'http://127.0.0.1:{closed_port()}/directory')
        self.assertEqual(poll().failed, 1)
        certificate.refresh_from_db()
        self.assertEqual(certificate.ari_error, 'ACME directory: The connection was refused.')
        self.assertGreater(self.waits(certificate), 5.9 * HOUR)

    def test_directories_are_requested_once(self):
        certificates = [self.add(f'www{number}.example.net') for number in range(20)]
        poll()
        self.assertEqual(self.stub.paths.count('/directory'), 1)
        self.assertEqual(len(self.stub.cert_ids), 20)
        self.due(*certificates)
        poll()
        self.assertEqual(self.stub.paths.count('/directory'), 1)

    def test_a_ca_without_renewal_information_is_polled_again_daily(self):
        self.stub.directory = {'newNonce': self.stub.base_url}
        certificate = self.add()
        result = poll()
        self.assertEqual((result.checked, result.windows, result.failed), (1, 0, 0))
        self.assertGreater(self.waits(certificate), 23.9 * HOUR)
        self.assertLess(self.waits(certificate), 25.1 * HOUR)
        self.due(certificate)
        poll()
        self.assertEqual(self.stub.paths, ['/directory'])

    def test_a_ca_that_no_longer_offers_it(self):
        certificate = self.add()
        poll()
        cache.clear()
        self.stub.directory = {}
        self.due(certificate)
        poll()
        certificate.refresh_from_db()
        self.assertFalse(certificate.has_ari)
        self.assertEqual(certificate.ari_error, '')

    def test_invalid_directories(self):
        for status, directory in (
            (404, b''),
            (200, b'<html>'),
            (200, {'renewalInfo': 'file:///etc/passwd'}),
            (500, b''),
        ):
            with self.subTest(status=status, directory=directory):
                cache.clear()
                self.stub.directory_status, self.stub.directory = status, directory
                certificate = self.add(f'{status}-{len(directory)}.example.net')
                self.assertEqual(poll().failed, 1)
                certificate.refresh_from_db()
                self.assertIn('ACME directory', certificate.ari_error)
                self.assertEqual(self.stub.cert_ids, [])

    def test_a_private_host_needs_the_setting(self):
        certificate = self.add()
        with ari_settings(ari_allowed_hosts=[]):
            poll()
        certificate.refresh_from_db()
        self.assertIn('ari_allowed_hosts', certificate.ari_error)
        self.assertEqual(self.stub.paths, [])

    def test_requests_to_a_host_are_paused_after_repeated_failures(self):
        for number in range(40):
            self.add(f'www{number}.example.net')
        self.stub.status = 503
        result = poll(concurrency=1)
        self.assertEqual(len(self.stub.cert_ids), 10)
        self.assertEqual(result.failed, 40)
        rested = Certificate.objects.filter(ari_last_checked__isnull=True)
        self.assertEqual(rested.count(), 30)
        self.assertIn('are paused', rested.first().ari_error)

    def test_requests_per_second(self):
        for number in range(15):
            self.add(f'www{number}.example.net')
        with ari_settings(ari_requests_per_second=5), Clock().instead_of('netbox_ssl.ari.host_limits') as clock:
            started = clock.now
            self.assertEqual(poll(concurrency=1).checked, 15)
        # Five at once, five after one second, five after two
        self.assertEqual(clock.now - started, 2)

    def test_a_slow_ca_does_not_delay_the_run(self):
        self.add()
        self.stub.script = lambda handler: handler.drip(b'HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n')
        with patch('netbox_ssl.ari.http.client.Client.get.__defaults__', (False, 1)):
            self.assertEqual(poll().failed, 1)
        self.assertTrue(self.stub.hung_up.wait(PATIENCE), 'it would have gone on')

    def test_at_its_deadline_a_run_claims_no_more(self):
        self.add()
        result = poll(seconds=0)
        self.assertEqual((result.checked, result.complete), (0, False))
        self.assertEqual(poll().checked, 1)

    def test_a_renewal_during_the_poll_is_not_overwritten(self):
        issued = issue_acme()
        certificate = import_pem(issued, acme_server_url=self.stub.directory_url).certificate
        (query,) = claim(timezone.now())
        import_pem(successor(issued))
        record([polling.Outcome(query, timezone.now(), timezone.now(), error='late')])
        certificate.refresh_from_db()
        self.assertEqual((certificate.ari_error, certificate.ari_last_checked), ('', None))

    def test_a_renewal_resets_the_window_and_is_polled_at_once(self):
        issued = issue_acme()
        settings = {'acme_server_url': self.stub.directory_url, 'acme_auto_renewal': True}
        certificate = import_pem(issued, **settings).certificate
        poll()
        renewed = import_pem(successor(issued))
        self.assertEqual(renewed.action, 'renewed')
        old = certificate.ari_cert_id
        certificate.refresh_from_db()
        self.assertFalse(certificate.has_ari)
        self.assertEqual(certificate.renewal_due_at, certificate.valid_to - 30 * DAY)
        self.assertNotEqual(certificate.ari_cert_id, old)
        self.assertLessEqual(certificate.ari_next_check, timezone.now())
        poll()
        self.assertEqual(self.stub.cert_ids, [old, certificate.ari_cert_id])

    def test_other_saves_keep_the_schedule(self):
        certificate = self.add()
        stale = Certificate.objects.get(pk=certificate.pk)
        poll()
        stale.description = 'read before the answer came'
        stale.save()
        self.assertTrue(stale.has_ari)
        certificate.refresh_from_db()
        self.assertTrue(certificate.has_ari)
        self.assertWaits(certificate, 6 * HOUR)

    def test_another_server_or_status_is_polled_again(self):
        certificate = self.add()
        poll()
        certificate.refresh_from_db()
        certificate.status = CertificateStatusChoices.STATUS_RETIRED
        certificate.save()
        self.assertIsNone(certificate.ari_next_check)
        certificate.status = CertificateStatusChoices.STATUS_ACTIVE
        certificate.save()
        self.assertLessEqual(certificate.ari_next_check, timezone.now())


class MishapsTestCase(RenewalInfoTestMixin, TestCase):
    def test_a_hanging_request_does_not_delay_the_run(self):
        """A name server that does not respond, to which no time limit applies."""
        certificate = self.add()
        ended = threading.Event()
        self.addCleanup(ended.set)
        waited_for = []

        class Hanging:
            def fetch(self, query):
                waited_for.append(ended.wait(PATIENCE))

        with patch.object(polling, 'TOTAL_SECONDS', 0.2):
            result = poll(fetcher=Hanging(), concurrency=1)
        self.assertEqual(waited_for, [])
        self.assertEqual(result.checked, 0)
        certificate.refresh_from_db()
        # Its lease ends automatically.
        self.assertGreater(certificate.ari_next_check, timezone.now())

    def test_a_programming_error_is_raised(self):
        self.add()

        class Broken:
            def fetch(self, query):
                raise ZeroDivisionError

        with self.assertRaises(ZeroDivisionError):
            poll(fetcher=Broken(), concurrency=1)

    def test_check_now_claims_the_certificate(self):
        certificate = self.add()
        claimed = []

        def fetch(fetcher, query):
            claimed.append(claim(timezone.now()))
            return polling.Outcome(query, timezone.now() + HOUR, timezone.now())

        with patch.object(polling.Fetcher, 'fetch', fetch):
            polling.check_now(certificate)
        self.assertEqual(claimed, [[]])


class SharingTestCase(RenewalInfoTestMixin, CommittingTestCase):
    def test_workers_share_the_work_without_duplicates(self):
        for number in range(60):
            self.add(f'www{number}.example.net')
        results = []

        def work():
            try:
                results.append(poll(concurrency=4))
            finally:
                connection.close()

        with patch.object(polling, 'CLAIM', 5):
            workers = [threading.Thread(target=work) for _ in range(3)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        self.assertEqual(sum(result.checked for result in results), 60)
        self.assertEqual(len(self.stub.cert_ids), 60)
        self.assertEqual(len(set(self.stub.cert_ids)), 60)

    def test_claims_of_a_dead_worker_are_polled_later(self):
        certificate = self.add()
        now = timezone.now()
        self.assertEqual(len(claim(now)), 1)
        self.assertEqual(claim(now), [])
        self.assertEqual(claim(now + polling.LEASE - timedelta(seconds=1)), [])
        self.assertEqual([query.pk for query in claim(now + polling.LEASE)], [certificate.pk])
