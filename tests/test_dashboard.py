"""The dashboard widgets: certificates that the user may view, filtered by the configuration."""

import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

from django.db import connection
from django.test import RequestFactory, SimpleTestCase
from django.test.utils import CaptureQueriesContext
from extras.dashboard.utils import get_dashboard
from extras.models import Dashboard, Tag
from tenancy.models import Tenant
from users.models import User
from utilities.testing import TestCase

from netbox_ssl.choices import RenewalStatusChoices
from netbox_ssl.dashboard import NextDueWidget, OverdueWidget, RenewalStatusWidget
from netbox_ssl.models import Certificate
from netbox_ssl.reports.charts.ring import LEAST, ring
from tests.support.factories import DAY, end_chain, grant, record
from tests.support.lists import listed


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
        """Return query string of the link → count."""
        rows = re.findall(
            r'href="/plugins/ssl/certificates/\?([^"]*)".*?fs-3">(\d+)<', self.render(**config), re.DOTALL
        )
        return {query.replace('&amp;', '&'): int(count) for query, count in rows}

    def test_counts_and_links(self):
        grant(self.user, 'view')
        record('bought', left=-DAY, is_acme=False, acme_auto_renewal=False)
        record('retired', left=-DAY, status='retired')
        acme = '&is_acme=true'
        for config, expected in (
            (
                {'is_acme': 'true'},
                {
                    f'status=active&renewal_status=OK{acme}': 2,
                    f'status=active&renewal_status=Due{acme}': 2,
                    f'status=active&renewal_status=Expired{acme}': 3,
                    f'status=active&renewal_status=Manual{acme}': 1,
                    f'renewal_overdue=true{acme}': 1,
                },
            ),
            (
                {},
                {
                    'status=active&validity=Valid': 5,
                    'status=active&validity=Expiring': 1,
                    'status=active&validity=Expired': 4,
                    'status=active&validity=Not%20yet%20valid': 0,
                    'renewal_overdue=true': 1,
                },
            ),
        ):
            counts = self.counts(**config)
            self.assertEqual(counts, expected)
            for query, count in counts.items():
                with self.subTest(query):
                    self.assertEqual(len(listed(self.client, f'/plugins/ssl/certificates/?{query}')), count)

    def test_only_one_provider(self):
        grant(self.user, 'view')
        counts = self.counts(acme_provider="let's encrypt")
        self.assertEqual(counts['status=active&validity=Valid&acme_provider=let%27s+encrypt'], 1)
        self.assertEqual(sum(counts.values()), 1)

    def test_only_one_tenant_and_only_a_tag(self):
        grant(self.user, 'view')
        tenant = Tenant.objects.create(name='Ours', slug='ours')
        web, production = [Tag.objects.create(name=name, slug=name) for name in ('web', 'production')]
        for name in ('ours and web', 'ours'):
            record(name, tenant=tenant, left=-DAY)
        for certificate in (Certificate.objects.get(name='ours and web'), Certificate.objects.get(name='overdue')):
            certificate.tags.add(web)
        for config, query, count in (
            ({'tenant_id': [tenant.pk]}, f'status=active&validity=Expired&tenant_id={tenant.pk}', 2),
            ({'tag_id': [web.pk]}, f'status=active&validity=Expired&tag_id={web.pk}', 1),
            (
                {'tenant_id': [tenant.pk], 'tag_id': [web.pk]},
                f'status=active&validity=Expired&tenant_id={tenant.pk}&tag_id={web.pk}',
                1,
            ),
            ({'tag_id': [web.pk]}, f'renewal_overdue=true&tag_id={web.pk}', 1),
        ):
            with self.subTest(query):
                self.assertEqual(self.counts(**config)[query], count)
                self.assertEqual(len(listed(self.client, f'/plugins/ssl/certificates/?{query}')), count)
        self.assertIn('No certificates here', self.render(tag_id=[web.pk, production.pk]))

    def test_a_deleted_tenant(self):
        grant(self.user, 'view')
        html = self.render(tenant_id=[4711])
        self.assertIn('no longer exists', html)
        self.assertNotIn('href', html)

    def test_constrained_permissions(self):
        grant(self.user, 'view', constraints={'name__startswith': 'expired'})
        counts = self.counts()
        self.assertEqual(counts['status=active&validity=Expired'], 3)
        self.assertEqual(sum(counts.values()), 3)

    def test_without_permission(self):
        html = self.render()
        self.assertIn('No permission to view certificates', html)
        self.assertNotIn('href', html)

    def test_an_empty_inventory_shows_how_to_start(self):
        grant(self.user, 'view', constraints={'name': 'nothing'})
        self.assertNotIn('smart-paste', self.render())
        grant(self.user, 'add')
        self.user = User.objects.get(pk=self.user.pk)
        html = self.render()
        self.assertIn('No certificates yet', html)
        self.assertIn('/plugins/ssl/certificates/smart-paste/', html)

    def test_counts_use_the_indexes(self):
        """Certificates with auto-renewal, expired and manual ones each use their index, in a single query."""
        grant(self.user, 'view')
        with CaptureQueriesContext(connection) as queries:
            self.render(is_acme='true')
        self.assertEqual(len([query for query in queries if 'FROM "netbox_ssl_certificate"' in query['sql']]), 3)

    def test_it_can_be_added_to_a_dashboard(self):
        tenant = Tenant.objects.create(name='Ours', slug='ours')
        tag = Tag.objects.create(name='web', slug='web')
        get_dashboard(self.user)
        htmx = {'hx-request': 'true'}
        offered = self.client.get('/extras/dashboard/widgets/add/', headers=htmx)
        for widget in (RenewalStatusWidget, NextDueWidget, OverdueWidget):
            name = f'netbox_ssl.{widget.__name__}'
            self.assertContains(offered, name)
            data = {
                'widget_class': name,
                'config-tenant_id': [tenant.pk],
                'config-tag_id': [tag.pk],
                'config-rows': '5',
            }
            self.assertIn('HX-Redirect', self.client.post('/extras/dashboard/widgets/add/', data, headers=htmx))
            dashboard = Dashboard.objects.get(user=self.user)
            key = dashboard.layout[-1]['id']
            self.assertEqual(dashboard.config[key]['config']['tenant_id'], [tenant.pk])
            self.assertEqual(dashboard.config[key]['config']['tag_id'], [tag.pk])
            # The form for changes shows the current choice.
            response = self.client.get(f'/extras/dashboard/widgets/{key}/configure/', headers=htmx)
            self.assertContains(response, f'<option value="{tenant.pk}" selected>Ours</option>', html=True)
            self.assertContains(response, f'<option value="{tag.pk}" selected>web</option>', html=True)
        self.assertHttpStatus(self.client.get('/'), 200)


class RingTestCase(SimpleTestCase):
    def lengths(self, *counts) -> list[float]:
        made = ring(dict(zip(('OK', 'Due', 'Expired', 'Manual'), counts, strict=True)), RenewalStatusChoices)
        self.assertEqual(made.total, sum(counts))
        self.assertEqual([segment.count for segment in made.segments], list(counts))
        return [float(segment.length or 0) for segment in made.segments]

    def test_in_proportion(self):
        self.assertEqual(self.lengths(7, 0, 0, 0), [100, 0, 0, 0])
        half, none, other, nothing = self.lengths(5, 0, 5, 0)
        self.assertEqual((half, none, nothing), (other, 0, 0))
        self.assertGreater(half, 48)

    def test_a_single_one_can_still_be_seen(self):
        lengths = self.lengths(1_000_000, 1, 0, 1)
        self.assertGreater(min(length for length in lengths if length), LEAST / 2)
        self.assertLess(sum(lengths), 100)


class RowsTestCase(TestCase):
    widget = None

    def render(self, **config) -> str:
        request = RequestFactory().get('/')
        request.user = User.objects.get(pk=self.user.pk)
        return self.widget(id=uuid4(), config=config).render(request)

    def names(self, **config) -> list[str]:
        return re.findall(r'<td class="text-break"><a href="[^"]+">(.*?)</a>', self.render(**config))


class NextDueWidgetTestCase(RowsTestCase):
    widget = NextDueWidget

    @classmethod
    def setUpTestData(cls):
        record('later', left=50 * DAY, acme_provider='ZeroSSL')
        record('soon', left=40 * DAY)
        record('due', left=20 * DAY)
        record('expired', left=-DAY)
        record('manual', left=35 * DAY, acme_auto_renewal=False)

    def test_the_soonest_first(self):
        grant(self.user, 'view')
        # Due in 10 and 20 days; the one that is renewed by hand and the bought one expire
        record('bought', left=15 * DAY, is_acme=False, acme_auto_renewal=False)
        record('retired', left=15 * DAY, status='retired')
        self.assertEqual(self.names(), ['soon', 'bought', 'later', 'manual'])
        self.assertEqual(self.names(is_acme='true'), ['soon', 'later', 'manual'])
        self.assertEqual(self.names(acme_provider='zerossl'), ['later'])
        html = self.render(rows=1)
        self.assertNotIn('later', html)
        self.assertIn('href="/plugins/ssl/renewals/"', html)
        self.assertNotIn('href="/plugins/ssl/renewals/"', self.render())

    def test_a_chain_that_expires_first(self):
        grant(self.user, 'view')
        hour = timedelta(hours=1)
        for name, chain in (('due', 12 * DAY + hour), ('later', 15 * DAY), ('manual', -2 * DAY - hour)):
            end_chain(Certificate.objects.get(name=name), chain)
        # The renewal of "soon" is due before its chain expires.
        end_chain(Certificate.objects.get(name='soon'), 30 * DAY)
        self.assertEqual(self.names(), ['manual', 'soon', 'due', 'later'])
        html = ' '.join(self.render().replace('\xa0', ' ').split())
        self.assertIn('its chain expired 2 days, 1 hour ago', html)
        self.assertIn('its chain expires 1 week, 5 days from now', html)
        self.assertEqual(self.names(rows=2), ['manual', 'soon'])

    def test_permissions(self):
        self.assertIn('No permission', self.render())
        grant(self.user, 'view', constraints={'name': 'later'})
        self.assertEqual(self.names(), ['later'])

    def test_empty_states(self):
        grant(self.user, 'view', constraints={'name': 'due'})
        self.assertIn('No renewal is coming up', self.render())
        Certificate.objects.all().delete()
        self.assertIn('No certificates yet', self.render())


class OverdueWidgetTestCase(RowsTestCase):
    widget = OverdueWidget

    @classmethod
    def setUpTestData(cls):
        record('overdue', left=10 * DAY)
        record('longer', left=5 * DAY)
        record('due', left=20 * DAY)
        record('expired', left=-DAY)

    def test_the_longest_first(self):
        grant(self.user, 'view')
        self.assertEqual(self.names(), ['longer', 'overdue'])
        self.assertIn('1 has expired', self.render())
        record('bought', left=-DAY, is_acme=False, acme_auto_renewal=False)
        self.assertIn('2 have expired', self.render())
        self.assertIn('1 has expired', self.render(is_acme='true'))
        html = self.render(rows=1)
        query = unescape(re.search(r'\?(renewal_overdue=true&amp;sort=renewal_overdue_at)"', html)[1])
        response = self.client.get(f'/plugins/ssl/certificates/?{query}')
        self.assertEqual([row.record.name for row in response.context['table'].rows], ['longer', 'overdue'])

    def test_permissions(self):
        grant(self.user, 'view', constraints={'name__in': ['overdue', 'due']})
        self.assertEqual(self.names(), ['overdue'])
        self.assertNotIn('expired', self.render())

    def test_empty_states(self):
        grant(self.user, 'view', constraints={'name': 'due'})
        self.assertIn('No renewal is overdue.', self.render())
        Certificate.objects.all().delete()
        self.assertIn('No certificates yet', self.render())
