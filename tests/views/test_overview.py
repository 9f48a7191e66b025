"""The page *Overview*: its tiles, pictures and lists, for exactly the certificates that the user may view."""

import re
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from core.models import ObjectChange
from dcim.models import Device, Site
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override
from extras.models import Tag
from redis.exceptions import ConnectionError as RedisUnreachable
from tenancy.models import Tenant
from utilities.testing import TestCase

from netbox_ssl.filtersets import CertificateFilterSet
from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource, Endpoint, Issuance
from netbox_ssl.reports.charts import heatmap
from netbox_ssl.reports.expiry_days import ExpiryDays, expiry_days
from tests.support.endpoints import check, endpoint
from tests.support.factories import DAY, end_chain, grant, import_pem, issue_acme, record, successor
from tests.support.lists import listed
from tests.support.pictures import PictureMixin
from tests.support.places import assign, device
from tests.views.test_renewals import swept

URL = '/plugins/ssl/overview/'
HOUR = timedelta(hours=1)
BOUGHT = {'is_acme': False, 'acme_auto_renewal': False}
WORKERS = 'netbox_ssl.reports.monitoring.any_workers_for_queue'


def reported(certificate, host, **columns) -> CertificateSource:
    """Return a source of ``certificate`` whose columns are stored as they are."""
    source = certificate.sources.create(external_id=f'certbot:{host}:{certificate.name}', client='certbot')
    now = timezone.now()
    values = {'reported_at': now, 'valid_to': now + 60 * DAY, 'silent_scaled_at': now + 20 * DAY, **columns}
    CertificateSource.objects.filter(pk=source.pk).update(is_watched=True, **values)
    return source


class OverviewMixin(PictureMixin):
    def page(self, query=''):
        response = self.client.get(f'{URL}{query}')
        self.assertHttpStatus(response, 200)
        return response

    def tiles(self, query='') -> dict[str, tuple[int, str]]:
        """Return key → count and color; check that each links to exactly so many certificates."""
        found = {}
        for each in self.page(query).context['tiles']:
            tile = each['tile']
            if tile.list_name == 'certificate_list':
                self.assertEqual(len(self.names_at(each['url'])), tile.count, tile.key)
            else:
                self.assertEqual(len(listed(self.client, each['url'])), tile.count, tile.key)
            if tile.not_automatic is not None:
                self.assertEqual(len(self.names_at(each['not_automatic_url'])), tile.not_automatic, tile.key)
            found[tile.key] = (tile.count, tile.color)
        return found


class TilesTestCase(OverviewMixin, TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view')

    def test_zero_is_grey(self):
        record('fine.example.net')
        self.assertEqual({color for _count, color in self.tiles().values()}, {'secondary'})

    def test_each_leads_to_its_certificates(self):
        grant(self.user, 'view', model=CertificateSource)
        record('expired.example.net', left=-DAY)
        record('retired.example.net', left=-DAY, status='retired')
        record('bought.example.net', left=5 * DAY, **BOUGHT)
        record('due.example.net', left=20 * DAY)
        record('overdue.example.net', left=12 * DAY)
        behind, silent, expired = (record(f'{name}.example.net') for name in ('behind', 'silent', 'on-host'))
        now = timezone.now()
        reported(behind, 'web-01', behind_since=now - 9 * DAY, behind_scaled_at=now)
        reported(silent, 'web-02', reported_at=now - 9 * DAY)
        reported(expired, 'web-03', valid_to=now - DAY)
        self.assertEqual(
            self.tiles(),
            {
                'expired': (1, 'red'),
                'within7': (1, 'orange'),
                'within14': (2, 'yellow'),
                'within30': (3, 'yellow'),
                'overdue': (1, 'orange'),
                'behind': (2, 'red'),
                'silent': (1, 'yellow'),
            },
        )

    def test_certificates_that_their_clients_renew_in_time_do_not_alarm(self):
        for number in range(3):
            record(f'{number}.example.net', left=5 * DAY, valid_from=timezone.now() - DAY)
        found = self.tiles()
        self.assertEqual((found['within7'], found['within30']), ((3, 'blue'), (3, 'blue')))
        self.assertContains(self.page(), 'all renewed automatically')
        record('bought.example.net', left=6 * DAY, **BOUGHT)
        self.assertEqual(self.tiles()['within7'], (4, 'orange'))
        self.assertContains(self.page(), '1 not renewed automatically')

    def test_a_chain_that_expires_first_counts(self):
        end_chain(record('soon.example.net', left=80 * DAY, **BOUGHT), 5 * DAY)
        self.assertEqual(self.tiles()['within7'], (1, 'orange'))
        Certificate.objects.all().delete()
        # Its client would renew it, but clients refuse it already.
        end_chain(record('ended.example.net', left=80 * DAY), -DAY)
        found = self.tiles()
        self.assertEqual((found['within7'], found['within30'], found['expired'][0]), ((1, 'orange'), (1, 'yellow'), 0))

    def test_no_zero_where_sources_are_hidden(self):
        reported(record(), 'web-01', valid_to=timezone.now() - DAY)
        self.assertNotIn('behind', self.tiles())
        grant(self.user, 'view', model=CertificateSource, constraints={'client': 'other'})
        self.assertEqual(self.tiles()['behind'], (0, 'secondary'))

    def test_endpoints_also_those_at_which_no_certificate_was_seen(self):
        ours = Tenant.objects.create(name='Ours', slug='ours')
        certificate = record('www.example.net', tenant=ours)
        endpoint('www.example.net', expected_certificate=certificate)
        check('refused', 'www.example.net')
        check('timeout', 'gone.example.net')
        endpoint('unchecked.example.net')
        self.assertNotIn('endpoints', self.tiles())
        grant(self.user, 'view', model=Endpoint)
        grant(self.user, 'view', model=Tenant)
        self.assertEqual(self.tiles()['endpoints'], (2, 'red'))
        # Of the certificates of a tenant
        self.assertEqual(self.tiles(f'?tenant_id={ours.pk}')['endpoints'], (1, 'red'))

    def test_the_change_log_is_linked_for_those_who_may_view_it(self):
        for left in (60 * DAY, -HOUR):
            record(f'{left.days}.example.net', left=left)
            self.assertNotContains(self.page(), 'Edits in the change log')
        permission = grant(self.user, 'view', model=ObjectChange)
        self.assertContains(self.page(), 'Edits in the change log')
        permission.delete()

    def test_for_a_tenant_a_tag_or_a_site(self):
        ours = Tenant.objects.create(name='Ours', slug='ours')
        tag = Tag.objects.create(name='Public', slug='public')
        record('ours.example.net', left=-DAY, tenant=ours)
        tagged, placed = record('tagged.example.net', left=-DAY), record('placed.example.net', left=-DAY)
        tagged.tags.add(tag)
        assign(placed, device())
        for model in (Tenant, Tag, Site, Device, CertificateAssignment):
            grant(self.user, 'view', model=model)
        self.assertEqual(self.tiles()['expired'][0], 3)
        site = Site.objects.get()
        for query in (f'?tenant_id={ours.pk}', '?tag=public', f'?site_id={site.pk}'):
            with self.subTest(query):
                self.assertEqual(self.tiles(query)['expired'][0], 1)

    def test_other_parameters_are_ignored(self):
        record('a.example.net', left=-DAY)
        self.assertEqual(self.tiles('?name=other&page=2')['expired'][0], 1)

    def test_a_selection_that_does_not_exist(self):
        record('a.example.net')
        hidden = Tenant.objects.create(name='Secret tenant', slug='secret')
        for value in ('99999', 'x', '9' * 30, str(hidden.pk)):
            with self.subTest(value):
                response = self.page(f'?tenant_id={value}')
                self.assertContains(response, 'does not exist, or you do not have permission')
                self.assertNotContains(response, 'Secret tenant')

    def test_an_empty_selection(self):
        record('a.example.net')
        ours = Tenant.objects.create(name='Ours', slug='ours')
        grant(self.user, 'view', model=Tenant)
        self.assertContains(self.page(f'?tenant_id={ours.pk}'), 'No certificate that you may view belongs')


class PageTestCase(OverviewMixin, TestCase):
    def test_the_address_of_the_plugin_leads_to_it(self):
        self.assertRedirects(self.client.get('/plugins/ssl/'), URL, fetch_redirect_response=False)

    def test_without_permission(self):
        self.assertHttpStatus(self.client.get(URL), 403)
        self.client.logout()
        self.assertHttpStatus(self.client.get(URL), 302)

    def test_three_ways_to_begin(self):
        grant(self.user, 'view')
        response = self.page()
        self.assertContains(response, 'Ask an administrator')
        self.assertNotContains(response, 'data-tile')
        grant(self.user, 'add')
        grant(self.user, 'view', model=CertificateSource)
        response = self.page()
        for path in ('certificates/smart-paste/', 'connect/', 'certificates/import/'):
            self.assertContains(response, f'href="/plugins/ssl/{path}"')
        self.assertNotContains(response, 'Ask an administrator')

    def test_only_what_the_user_may_view(self):
        ours = Tenant.objects.create(name='Ours', slug='ours')
        grant(self.user, 'view', constraints={'tenant__slug': 'ours'})
        for model in (CertificateSource, Issuance):
            grant(self.user, 'view', model=model)
        record('ours.example.net', left=5 * DAY, tenant=ours)
        reported(record('theirs.example.net', left=-HOUR), 'web-01', valid_to=timezone.now() - HOUR)
        import_pem(issue_acme('secret.example.net'))
        self.assertEqual({count for count, _color in self.tiles().values()}, {0, 1})
        response = self.page()
        self.assertContains(response, 'ours.example.net')
        for name in ('theirs', 'secret', 'web-01'):
            self.assertNotContains(response, name)

    def test_filters_are_built_only_for_a_selection(self):
        for model in (Certificate, Tenant):
            grant(self.user, 'view', model=model)
        record('seen.example.net')
        with patch.object(CertificateFilterSet, '__init__', side_effect=AssertionError('built')):
            self.assertContains(self.page(), 'data-tile="expired"')
            with self.assertRaisesMessage(AssertionError, 'built'):
                self.page(f'?tenant_id={Tenant.objects.create(name="A", slug="a").pk}')

    def test_queries_do_not_grow(self):
        grant(self.user, 'view')
        for model in (CertificateSource, Issuance):
            grant(self.user, 'view', model=model)
        counts = []
        for number in range(2):
            # At first already more that are overdue than are shown: with fewer, those under control are read, too.
            for each in range(9):
                certificate = record(f'{number}{each}.example.net', left=(each - 2) * DAY / 3)
                reported(certificate, f'web-{number}{each}', valid_to=timezone.now() - HOUR)
                import_pem(issue_acme(f'pem{number}{each}.example.net'))
            self.page()
            with CaptureQueriesContext(connection) as queries:
                self.page()
            counts.append(len(queries))
        self.assertEqual(counts[0], counts[1])


class RecentChangesTestCase(OverviewMixin, TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view')

    def changes(self) -> set[tuple[str, str]]:
        return {(change.certificate.name, str(change.label)) for change in self.page().context['changes']}

    def yesterday(self, *certificates):
        pks = [each.pk for each in certificates]
        Certificate.objects.filter(pk__in=pks).update(created=timezone.now() - 2 * DAY)

    def test_what_time_changed(self):
        self.yesterday(
            record('expired.example.net', left=-HOUR),
            record('expired-earlier.example.net', left=-2 * DAY),
            record('overdue.example.net', left=15 * DAY - HOUR),
            record('overdue-earlier.example.net', left=13 * DAY),
            record('fine.example.net'),
        )
        self.assertEqual(
            self.changes(), {('expired.example.net', 'Expired'), ('overdue.example.net', 'Renewal overdue')}
        )

    def test_a_chain_that_expired_today(self):
        now_dead = record('dead.example.net')
        self.yesterday(now_dead, record('fine.example.net'))
        end_chain(Certificate.objects.get(name='fine.example.net'), -2 * DAY)
        end_chain(now_dead, -HOUR)
        self.assertEqual(self.changes(), {('dead.example.net', 'Its chain expired')})
        # Once it has expired itself, that is what happened.
        Certificate.objects.update(valid_to=timezone.now() - timedelta(minutes=1))
        self.assertIn(('dead.example.net', 'Expired'), self.changes())
        self.assertNotIn(('dead.example.net', 'Its chain expired'), self.changes())

    def test_added_and_renewed(self):
        old = issue_acme('www.example.net')
        certificate = import_pem(old).certificate
        self.assertEqual(self.changes(), {('www.example.net', 'Added')})
        self.yesterday(certificate)
        self.assertEqual(self.changes(), set())
        import_pem(successor(old))
        # An import of an older one is not a renewal.
        import_pem(successor(old, later=-60 * DAY))
        self.assertEqual(self.changes(), set(), 'the user may not view issuances')
        grant(self.user, 'view', model=Issuance)
        self.assertEqual(self.changes(), {('www.example.net', 'Renewed')})

    def test_on_hosts(self):
        certificate = record('www.example.net')
        self.yesterday(certificate)
        now = timezone.now()
        reported(certificate, 'behind-now', behind_since=now - 48 * HOUR - HOUR, behind_scaled_at=now + 9 * DAY)
        reported(certificate, 'behind-before', behind_since=now - 9 * DAY, behind_scaled_at=now + 9 * DAY)
        reported(certificate, 'silent-now', reported_at=now - 7 * DAY - HOUR)
        reported(certificate, 'silent-before', reported_at=now - 9 * DAY)
        reported(certificate, 'expired-now', valid_to=now - HOUR)
        reported(certificate, 'fine')
        self.assertEqual(self.changes(), set())
        grant(self.user, 'view', model=CertificateSource)
        found = {(change.place, str(change.label)) for change in self.page().context['changes']}
        self.assertEqual(
            found,
            {
                ('behind-now', 'Behind on a host'),
                ('silent-now', 'A host is silent'),
                ('expired-now', 'Expired on a host'),
            },
        )
        for change in self.page().context['changes']:
            self.assertLess(abs(change.when - (now - HOUR)), timedelta(minutes=1), change.place)

    def test_many(self):
        for number in range(20):
            record(f'{number}.example.net')
        response = self.page()
        self.assertEqual(len(response.context['changes']), 15)
        self.assertContains(response, 'There were more.')

    def test_nothing(self):
        self.yesterday(record('fine.example.net'))
        self.assertContains(self.page(), 'Nothing was added or renewed')


class MonitoringTestCase(OverviewMixin, TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view')
        record()

    def test_running(self):
        swept(timedelta(0))
        with patch(WORKERS, return_value=True):
            self.assertTrue(self.page().context['monitoring'].is_fine)

    def test_the_sweep_is_late(self):
        swept(timedelta(minutes=5))
        with patch(WORKERS, return_value=True):
            response = self.page()
        self.assertFalse(response.context['monitoring'].is_fine)
        self.assertContains(response, 'Late: changes are announced when it runs.')

    def test_no_worker(self):
        swept(timedelta(0))
        response = self.page()
        self.assertFalse(response.context['monitoring'].is_fine)
        self.assertContains(response, 'None for: high, default, low.')

    def test_no_queue(self):
        swept(timedelta(0))
        with patch(WORKERS, side_effect=RedisUnreachable):
            self.assertContains(self.page(), 'NetBox cannot reach Redis')


class HeatmapTestCase(OverviewMixin, TestCase):
    def draw(self, counts, first):
        days = ExpiryDays(first, first.replace(day=1), counts)
        return heatmap.draw(days, lambda filters: '?' + '&'.join(f'{name}={value}' for name, value in filters))

    def test_each_day_leads_to_its_certificates(self):
        grant(self.user, 'view')
        record('automatic.example.net', left=40 * DAY)
        record('manual.example.net', left=40 * DAY, acme_auto_renewal=False)
        record('bought.example.net', left=200 * DAY, **BOUGHT)
        record('retired.example.net', left=200 * DAY, status='retired')
        record('expired.example.net', left=-2 * DAY)
        record('far.example.net', left=500 * DAY, **BOUGHT)
        found = [
            (cell.color, self.names_at(cell.url)) for row in self.page().context['heatmap'].rows for cell in row.cells
        ]
        self.assertEqual(
            found,
            [
                ('pink', {'automatic.example.net', 'manual.example.net'}),
                ('red', {'bought.example.net'}),
            ],
        )

    def test_a_chain_that_expires_first_counts_on_its_day(self):
        grant(self.user, 'view')
        for name, chain in (('soon', 40 * DAY), ('past', -2 * DAY)):
            end_chain(record(f'{name}.example.net', left=80 * DAY, **BOUGHT), chain)
        found = [self.names_at(cell.url) for row in self.page().context['heatmap'].rows for cell in row.cells]
        self.assertEqual(found, [{'soon.example.net'}])
        end = timezone.localtime(Certificate.objects.get(name='soon.example.net').chain_valid_to).date()
        self.assertEqual(expiry_days(Certificate.objects.all(), timezone.now()).counts, {end: {'not_acme': 1}})

    def test_a_day_begins_and_ends_at_midnight_of_the_time_zone(self):
        with self.settings(TIME_ZONE='Pacific/Auckland'), timezone.override('Pacific/Auckland'):
            now = timezone.now()
            midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
            for name, moment in (('first', midnight), ('last', midnight + DAY - timedelta(seconds=1))):
                record(name, **BOUGHT)
                Certificate.objects.filter(name=name).update(valid_to=moment)
            self.assertEqual(expiry_days(Certificate.objects.all(), now).counts, {midnight.date(): {'not_acme': 2}})

    def test_thirteen_months_over_the_end_of_a_year(self):
        first = datetime(2027, 1, 31, tzinfo=UTC).date()
        drawn = self.draw({}, first)
        with override('en'):
            labels = [row.label for row in drawn.rows]
        self.assertEqual((labels[0], labels[1], labels[12]), ('Jan 2027', 'Feb 2027', 'Jan 2028'))
        self.assertFalse(drawn.any)

    def test_everything_is_within_the_drawing_in_every_language(self):
        first = datetime(2026, 12, 31, tzinfo=UTC).date()
        days = [first + number * DAY for number in range(0, 365, 5)]
        with override('de'):
            drawn = self.draw({day: {'automatic': 1} for day in days}, first)
        self.assertEqual(sum(len(row.cells) for row in drawn.rows), len(days))
        for row in drawn.rows:
            for cell in row.cells:
                self.assertRegex(cell.x, r'^\d+\.\d\d%$')
                self.assertLessEqual(float(cell.x[:-1]) + float(drawn.day_width[:-1]), 100)
                self.assertLess(cell.y + drawn.cell_height, drawn.height)

    def test_in_words(self):
        day = datetime(2026, 12, 5, tzinfo=UTC).date()
        drawn = self.draw({day: {'automatic': 2, 'not_acme': 1}}, day)
        (cell,) = drawn.rows[0].cells
        self.assertEqual(cell.name, '3 certificates expire on 5 December 2026: 1 not ACME, 2 renewed by clients')
        self.assertEqual([total for _kind, total in drawn.legend], [1, 0, 2])

    def test_none(self):
        grant(self.user, 'view')
        record(left=500 * DAY)
        self.assertContains(self.page(), 'No active certificate expires within 13 months.')

    def test_links_can_be_reached_and_are_spoken(self):
        grant(self.user, 'view')
        record(left=40 * DAY)
        html = self.page().content.decode()
        (svg,) = re.findall(r'<svg[^>]*netbox-ssl-heatmap.*?</svg>', html, re.DOTALL)
        self.assertRegex(
            svg, r'<a href="/plugins/ssl/certificates/\?expires_on=[\d-]+&amp;status=active"[^>]*aria-label="1 c'
        )
