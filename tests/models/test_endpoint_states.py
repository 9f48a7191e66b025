"""The state of an endpoint: in Python and in SQL the same, and never better than what is known."""

from datetime import timedelta

from django.test import TestCase
from django.utils import timezone

from netbox_ssl.choices import EndpointResultChoices, EndpointStateChoices
from netbox_ssl.models import CertificateSource, Endpoint
from netbox_ssl.models.mixins.endpoint_states import (
    BAD_ENDPOINT_STATES,
    bad_endpoint_q,
    endpoint_severity_sql,
    endpoint_state_q,
    endpoint_state_sql,
)
from netbox_ssl.reports.endpoints import endpoint_counts
from tests.support.announcements import configured
from tests.support.endpoints import check, endpoint, seen
from tests.support.factories import DAY, issue_acme, successor

HOUR = timedelta(hours=1)


class StatesTestCase(TestCase):
    def setUp(self):
        self.now = timezone.now()

    def found(self, **expected):
        """Compare the state of each endpoint (address without domain → state) by all ways to ask for it."""
        expected = {f'{name}.example.net': state for name, state in expected.items()}
        endpoints = Endpoint.objects.with_sources()
        self.assertEqual({each.address: each.state_at(self.now) for each in endpoints}, expected)
        for state in EndpointStateChoices.values():
            found = Endpoint.objects.filter(endpoint_state_q(state, self.now)).values_list('address', flat=True)
            self.assertEqual(sorted(found), sorted(name for name, has in expected.items() if has == state), state)
        annotated = Endpoint.objects.annotate(s=endpoint_state_sql(self.now), place=endpoint_severity_sql(self.now))
        self.assertEqual(dict(annotated.values_list('address', 's')), expected)
        places = {name: EndpointStateChoices.values().index(state) for name, state in expected.items()}
        self.assertEqual(dict(annotated.values_list('address', 'place')), places)
        bad = Endpoint.objects.filter(bad_endpoint_q(self.now)).values_list('address', flat=True)
        self.assertEqual(sorted(bad), sorted(name for name, has in expected.items() if has in BAD_ENDPOINT_STATES))
        counts = endpoint_counts(Endpoint.objects.order_by(), self.now)
        self.assertEqual(sum(counts.values()), len(expected))

    def test_results(self):
        for result in EndpointResultChoices.values():
            name = result.replace('_', '-')
            endpoint(f'{name}.example.net')
            check(result, f'{name}.example.net')
        endpoint('new.example.net')
        expected = {result.replace('_', '-'): result for result in EndpointResultChoices.values()}
        self.found(**expected, new='unchecked')

    def test_an_ok_does_not_outlive_its_certificate(self):
        issued = issue_acme(left=HOUR)
        seen(issued)
        check('ok')
        self.found(www='ok')
        self.now += 2 * HOUR
        self.found(www='expired')
        self.assertEqual(Endpoint.objects.get().state_since_at(self.now), issued.certificate.not_valid_after_utc)

    def test_behind_a_renewal(self):
        old = issue_acme(left=10 * DAY)
        seen(old)
        check('ok')
        seen(successor(old), 'other.example.net:443')
        certificate = seen(old).certificate
        certificate.pem = successor(old).pem
        certificate.full_clean()
        certificate.save()
        self.found(www='ok')
        self.now += 49 * HOUR
        check('ok', at=self.now)
        self.found(www='behind')
        check('refused', at=self.now + HOUR)
        self.found(www='refused')

    def test_without_checks(self):
        endpoint('slow.example.net', interval=3 * 24 * 60)
        for name in ('www', 'slow', 'bad'):
            check('refused' if name == 'bad' else 'ok', f'{name}.example.net', at=self.now)
        for hours, www, slow in ((29, 'ok', 'ok'), (31, 'silent', 'ok'), (7 * 24 + 1, 'silent', 'silent')):
            with self.subTest(hours):
                self.now = Endpoint.objects.first().checked_at + hours * HOUR
                self.found(www=www, slow=slow, bad='refused')
        with configured(source_silent_days=0):
            self.found(www='ok', slow='ok', bad='refused')

    def test_without_its_source(self):
        seen(issue_acme())
        check('ok')
        CertificateSource.objects.all().delete()
        self.found(www='ok')
