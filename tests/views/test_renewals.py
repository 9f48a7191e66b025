"""The page *Renewals* and the status endpoint: coming and overdue renewals, and whether the sweep is running."""

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape

from core.choices import JobStatusChoices
from core.models import Job
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override
from tenancy.models import Contact, ContactAssignment, ContactRole, Tenant
from utilities.testing import APITestCase, TestCase

from netbox_ssl.jobs.sweep import RenewalSweepJob
from netbox_ssl.models import Certificate, CertificateSource
from netbox_ssl.reports.charts.bars import draw
from netbox_ssl.reports.coming_renewals import DAYS, weeks
from tests.support.certificate_factory import issue, make_ca
from tests.support.doc_examples import REFERENCE
from tests.support.factories import DAY, end_chain, grant, import_pem, record
from tests.support.lists import listed

URL = '/plugins/ssl/renewals/'
HOUR = timedelta(hours=1)
BAR = re.compile(r'<a href="([^"]+)" class="text-(\w+)" aria-label="(\d+) certificates? ([^,"]+), ([^"]+)"')


def swept(ago: timedelta) -> None:
    """Record a sweep that ended this long ago."""
    job = RenewalSweepJob.enqueue(immediate=False)
    ended = timezone.now() - ago
    Job.objects.filter(pk=job.pk).update(status=JobStatusChoices.STATUS_COMPLETED, created=ended, completed=ended)


class RenewalsTestCase(TestCase):
    def page(self) -> str:
        response = self.client.get(URL)
        self.assertHttpStatus(response, 200)
        return response.content.decode()

    def bars(self) -> list[tuple[str, str, int]]:
        """Return color, event and number of each bar; check that its list contains exactly these."""
        found = []
        for url, color, count, what, _ in BAR.findall(self.page()):
            self.assertEqual(len(listed(self.client, unescape(url))), int(count), url)
            found.append((color, what, int(count)))
        return found

    def test_each_bar_leads_to_its_certificates(self):
        grant(self.user, 'view')
        record('a.example.net', left=42 * DAY)
        record('b.example.net', left=43 * DAY)
        record('manual.example.net', left=44 * DAY, acme_auto_renewal=False)
        record('bought.example.net', left=42 * DAY, is_acme=False, acme_auto_renewal=False)
        # These are not drawn.
        record('far.example.net', left=90 * DAY, acme_renewal_days=0, acme_auto_renewal=False, status='retired')
        record('expired.example.net', left=-DAY)
        totals = {}
        for color, _what, count in self.bars():
            totals[color] = totals.get(color, 0) + count
        self.assertEqual(totals, {'blue': 2, 'orange': 2, 'purple': 2, 'pink': 1, 'red': 1})

    def test_a_chain_that_expires_first_counts_in_its_week(self):
        grant(self.user, 'view')
        bought = {'is_acme': False, 'acme_auto_renewal': False}
        for name, left, chain in (
            ('soon', 80 * DAY, 10 * DAY),
            # Beyond the period itself
            ('far', 400 * DAY, 10 * DAY),
            # Expired earlier today, or a second ago at midnight: in the list of the first week, too
            ('now', 80 * DAY, -timedelta(seconds=1)),
            ('before', 80 * DAY, -2 * DAY),
        ):
            end_chain(record(f'{name}.example.net', left, **bought), chain)
        now = timezone.now()
        counted = [week.counts.get('expiry_other', 0) for week in weeks(Certificate.objects.all(), now)]
        today = timezone.localtime(now - timedelta(seconds=1)).date() == timezone.localtime(now).date()
        self.assertEqual(sum(counted), 2 + today)
        # Each bar is compared with its list.
        self.assertEqual(sum(count for color, _what, count in self.bars() if color == 'red'), 2 + today)
        self.assertIn('If the chain of a certificate expires first, its date counts.', self.page())

    def test_weeks_have_no_gap_and_no_overlap(self):
        now = timezone.now()
        made = weeks(Certificate.objects.all(), now)
        self.assertEqual((len(made), made[0].start), (13, now))
        for one, following in zip(made, made[1:], strict=False):
            self.assertEqual(one.end, following.start)
        self.assertGreaterEqual(made[-1].end - now, (DAYS - 1) * DAY)

    def test_across_a_daylight_saving_change(self):
        with self.settings(TIME_ZONE='Europe/Berlin'), timezone.override('Europe/Berlin'):
            now = timezone.now().replace(month=10, day=20, hour=22)
            ends = {timezone.localtime(week.end).hour for week in weeks(Certificate.objects.all(), now)}
        self.assertEqual(ends, {0})

    def test_at_the_limits_of_dates(self):
        now = timezone.now().replace(hour=10)
        ends = weeks(Certificate.objects.all(), now)[-1].end
        for name, moment in (
            ('first', now),
            ('last', ends - timedelta(seconds=1)),
            ('after', ends),
            ('gone', now - DAY),
        ):
            record(name, left=moment - timezone.now(), acme_auto_renewal=False)
            Certificate.objects.filter(name=name).update(valid_to=moment)
        made = weeks(Certificate.objects.all(), now)
        self.assertEqual([week.counts.get('expiry_manual', 0) for week in made], [1, *[0] * 11, 1])

    def test_the_drawing(self):
        now = datetime(2026, 11, 24, 12, tzinfo=UTC)
        coming = weeks(Certificate.objects.none(), now)
        coming[0].counts.update(due=1, expiry_other=200)
        coming[12].counts.update(overdue=100)
        with override('de'):
            chart = draw(coming, '/list/')
        self.assertEqual([tick.label for tick in chart.ticks][:2], ['24 Nov', '1 Dez'])
        edges = [float(edge) for bar in chart.bars for edge in re.findall(r'^(\d+\.\d\d)%$', bar.x)]
        self.assertEqual(len(edges), 3)
        self.assertEqual(edges, sorted(edges))
        self.assertGreaterEqual(edges[0], 0)
        self.assertLessEqual(edges[2] + float(chart.bars[2].width.rstrip('%')), 100)
        one, most, half = (bar.height for bar in chart.bars)
        self.assertEqual(half * 2, most)
        self.assertEqual({bar.y + bar.height for bar in chart.bars}, {chart.axis})
        self.assertGreater(one, most / 200, 'so little could not be seen')
        self.assertEqual(chart.bars[1].name, '200 Zertifikate, die nicht ACME sind, laufen ab, 24 Nov bis 30 Nov')

    def test_expiries_are_drawn_as_one_bar_by_who_renews_them(self):
        coming = weeks(Certificate.objects.none(), datetime(2026, 11, 24, 12, tzinfo=UTC))
        coming[0].counts.update(expiry_automatic=10, expiry_manual=20, expiry_other=30)
        bottom, middle, top = draw(coming, '/list/').bars
        self.assertEqual({bar.x for bar in (bottom, middle, top)}, {bottom.x})
        self.assertEqual((middle.y + middle.height, top.y + top.height), (bottom.y, middle.y))
        self.assertEqual([bar.label for bar in (bottom, middle, top)], ['', '', '60'])

    def test_overdue_and_expired_the_worst_first(self):
        grant(self.user, 'view')
        for number in range(12):
            record(f'expired{number:02}.example.net', left=-(number + 1) * DAY)
        record('overdue.example.net', left=5 * DAY)
        record('due.example.net', left=20 * DAY)
        page = self.page()
        self.assertIn('overdue.example.net', page)
        self.assertNotIn('>due.example.net<', page)
        self.assertLess(page.index('expired00'), page.index('expired09'))
        self.assertNotIn('expired10', page)
        self.assertIn('All 12', page)

    def test_expired_and_expiring_certificates_of_every_kind(self):
        grant(self.user, 'view')
        record('bought.example.net', left=-DAY, is_acme=False, acme_auto_renewal=False)
        record('manual.example.net', left=5 * DAY, acme_auto_renewal=False)
        record('retired.example.net', left=-DAY, status='retired')
        page = self.page()
        self.assertIn('bought.example.net', page)
        self.assertIn('By hand', page)
        self.assertIn('Not ACME', page)
        self.assertNotIn('retired.example.net', page)
        self.assertLess(page.index('bought.example.net'), page.index('manual.example.net'))

    def test_chains_that_expire_first_are_listed_by_their_end(self):
        grant(self.user, 'view')
        for each in range(10):
            record(f'leaf{each}.example.net', left=(5 + each) * DAY, is_acme=False, acme_auto_renewal=False)
        now = timezone.now().replace(microsecond=0)
        for name, end in (('gone', now - DAY - HOUR), ('soon', now + 7 * DAY + 12 * HOUR)):
            ca = make_ca('Example Corp', f'Example {name} CA', valid_to=end)
            import_pem(issue([f'{name}.example.net'], ca, now - 60 * DAY, now + 60 * DAY))
        page = self.page()
        names = re.findall(r'>(\w+)\.example\.net</a>', page)
        self.assertEqual(names[:5], ['gone', 'leaf0', 'leaf1', 'leaf2', 'soon'])
        self.assertIn('Chain expired 1 day ago', page)
        self.assertIn('All 12', page)

    def test_whom_to_contact(self):
        grant(self.user, 'view')
        role = ContactRole.objects.create(name='On call', slug='on-call')
        for name in ('first', 'second', 'third', 'hidden'):
            contact = Contact.objects.create(name=name, email=f'{name}@example.org', phone=f'+1 {name}')
            for left in (-DAY, 5 * DAY):
                certificate = Certificate.objects.filter(name=f'{left}').first() or record(f'{left}', left=left)
                ContactAssignment.objects.create(object=certificate, contact=contact, role=role, priority='primary')
        self.assertNotIn('first@example.org', self.page())
        grant(self.user, 'view', model=ContactAssignment)
        grant(self.user, 'view', model=Contact, constraints={'name__in': ['first', 'second', 'third']})
        page = self.page()
        # Expired, overdue and expiring
        self.assertEqual(page.count('href="mailto:first@example.org"'), 3)
        self.assertEqual(page.count('and 1 more'), 3)
        self.assertNotIn('hidden@', page)

    def test_the_address_of_the_calendar(self):
        grant(self.user, 'view')
        self.assertIn('value="http://testserver/plugins/ssl/renewals.ics?token=TOKEN"', self.page())

    def test_only_what_the_user_may_view(self):
        ours = Tenant.objects.create(name='Ours', slug='ours')
        grant(self.user, 'view', constraints={'tenant__slug': 'ours'})
        record('ours.example.net', left=5 * DAY, tenant=ours)
        record('theirs.example.net', left=5 * DAY)
        record('gone.example.net', left=-DAY)
        page = self.page()
        self.assertIn('ours.example.net', page)
        self.assertNotIn('theirs.example.net', page)
        self.assertNotIn('gone.example.net', page)
        self.assertEqual(self.bars(), [('purple', 'that a client renews expires', 1)])

    def test_without_permission(self):
        self.assertHttpStatus(self.client.get(URL), 403)
        self.client.logout()
        self.assertHttpStatus(self.client.get(URL), 302)

    def test_the_menu_has_it(self):
        grant(self.user, 'view')
        self.assertContains(self.client.get('/'), f'href="{URL}"')

    def test_empty(self):
        grant(self.user, 'view')
        self.assertIn('Paste the first one', self.page())
        record(left=-DAY)
        self.assertIn('No certificate becomes due', self.page())

    def test_the_sweep(self):
        grant(self.user, 'view')
        self.assertIn('No sweep for changes has run yet', self.page())
        self.assertIn('netbox rqworker high default low', self.page())
        swept(timedelta(minutes=5))
        self.assertIn('The last sweep for changes was 5', self.page())
        swept(timedelta(seconds=30))
        self.assertNotIn('netbox rqworker', self.page())
        self.assertIn('Last sweep:', self.page())

    def test_sources_behind_and_silent(self):
        grant(self.user, 'view', constraints={'name': 'www.example.net'})
        seen, hidden = record('www.example.net'), record('hidden.example.net')
        now = timezone.now()
        for certificate in (seen, hidden):
            for host in ('behind', 'silent', 'well'):
                certificate.sources.create(external_id=f'certbot:{host}:{certificate.name}', client='certbot')
        # Not saved, because saving would find that there is no older X.509 certificate
        CertificateSource.objects.update(
            is_watched=True, reported_at=now, valid_to=now + 60 * DAY, silent_scaled_at=now + 20 * DAY
        )
        behind = CertificateSource.objects.filter(external_id__contains=':behind:')
        behind.update(behind_since=now - 9 * DAY, behind_scaled_at=now)
        CertificateSource.objects.filter(external_id__contains=':silent:').update(reported_at=now - 9 * DAY)
        self.assertNotIn('Sources behind', self.page())
        grant(self.user, 'view', model=CertificateSource)
        page = self.page()
        self.assertIn('certbot:behind:www.example.net', page)
        self.assertIn('certbot:silent:www.example.net', page)
        self.assertNotIn('certbot:well', page)
        # Not even the number of others
        self.assertNotIn('hidden.example.net', page)
        CertificateSource.objects.all().delete()
        self.assertIn('No ACME client reports yet', self.page())

    def test_queries_do_not_grow(self):
        grant(self.user, 'view')
        swept(timedelta(0))
        counts = []
        for number in range(2):
            for each in range(8):
                record(f'{number}{each}.example.net', left=(5 + each) * DAY)
                record(f'expired{number}{each}.example.net', left=-DAY)
            self.page()
            with CaptureQueriesContext(connection) as queries:
                self.page()
            counts.append(len([query for query in queries if 'netbox_ssl_certificate' in query['sql']]))
        # The second time there are more than are shown, so they are counted.
        self.assertLessEqual(counts[1], counts[0] + 2)
        self.assertLessEqual(counts[0], 20)


class StatusTestCase(APITestCase):
    url = '/api/plugins/ssl/status/'

    def answer(self):
        response = self.client.get(self.url, **self.header)
        self.assertHttpStatus(response, 200)
        return response.json()

    def test_as_documented(self):
        page = (REFERENCE / 'rest-api.md').read_text(encoding='utf-8')
        (documented,) = re.findall(r'```json\n(\{\n    "version".*?\n\})\n```', page, re.DOTALL)
        self.assertEqual(self.answer().keys(), json.loads(documented).keys())

    def test_late_until_a_sweep_has_ended(self):
        answer = self.answer()
        self.assertEqual((answer['last_sweep'], answer['sweep_is_late']), (None, True))
        swept(timedelta(minutes=2))
        answer = self.answer()
        self.assertFalse(answer['sweep_is_late'])
        self.assertIsNotNone(answer['last_sweep'])

    def test_it_requires_permission(self):
        self.assertHttpStatus(self.client.get(self.url), 403)
