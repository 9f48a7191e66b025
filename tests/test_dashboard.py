"""The dashboard widget: how many certificates have which renewal status, as far as the user may see them."""

import re
from uuid import uuid4

from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from utilities.testing import TestCase

from netbox_ssl.dashboard import RenewalStatusWidget
from tests.factories import DAY, grant, record


class RenewalStatusWidgetTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        record('ok', acme_provider='ZeroSSL')
        record('ok too', acme_provider='ZeroSSL')
        record('due', left=20 * DAY, acme_provider="Let's Encrypt")
        record('overdue', left=5 * DAY)
        for number in range(3):
            record(f'expired {number}', left=-DAY)
        record('manual', acme_auto_renewal=False)
        record('none', is_acme=False, acme_auto_renewal=False)

    def render(self, **config) -> str:
        request = RequestFactory().get('/')
        request.user = self.user
        return RenewalStatusWidget(id=uuid4(), config=config).render(request)

    def counts(self, **config) -> dict[str, int]:
        """Query string of the link → count."""
        rows = re.findall(
            r'href="/plugins/ssl/certificates/\?([^"]*)".*?fs-3">(\d+)<', self.render(**config), re.DOTALL
        )
        return {query.replace('&amp;', '&'): int(count) for query, count in rows}

    def test_counts_and_links(self):
        grant(self.user, 'view')
        counts = self.counts()
        self.assertEqual(
            counts,
            {
                'renewal_status=OK': 2,
                'renewal_status=Due': 2,
                'renewal_status=Expired': 3,
                'renewal_status=Manual': 1,
                'renewal_overdue=true': 1,
            },
        )
        for query, count in counts.items():
            with self.subTest(query):
                response = self.client.get(f'/plugins/ssl/certificates/?{query}')
                self.assertEqual(len(response.context['table'].rows), count)

    def test_only_one_provider(self):
        grant(self.user, 'view')
        counts = self.counts(acme_provider="let's encrypt")
        self.assertEqual(counts['renewal_status=Due&acme_provider=let%27s+encrypt'], 1)
        self.assertEqual(sum(counts.values()), 1)

    def test_constrained_permissions(self):
        grant(self.user, 'view', constraints={'name__startswith': 'expired'})
        counts = self.counts()
        self.assertEqual(counts['renewal_status=Expired'], 3)
        self.assertEqual(sum(counts.values()), 3)

    def test_without_permission(self):
        html = self.render()
        self.assertIn('No permission to view certificates', html)
        self.assertNotIn('href', html)

    def test_with_nothing_to_count_it_says_how_to_begin(self):
        grant(self.user, 'view', constraints={'name': 'none'})
        html = self.render()
        self.assertIn('No ACME certificates yet', html)
        self.assertIn('/plugins/ssl/certificates/smart-paste/', html)

    def test_what_an_index_answers_is_one_query(self):
        """Those that renew by themselves, the expired and the manual ones: each by the index made for them."""
        grant(self.user, 'view')
        with CaptureQueriesContext(connection) as queries:
            self.render()
        self.assertEqual(len([query for query in queries if 'FROM "netbox_ssl_certificate"' in query['sql']]), 3)

    def test_it_can_be_added_to_a_dashboard(self):
        response = self.client.get('/extras/dashboard/widgets/add/', headers={'hx-request': 'true'})
        self.assertContains(response, 'netbox_ssl.RenewalStatusWidget')
