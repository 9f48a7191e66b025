"""The calendar feed, parsed as by a calendar program."""

from datetime import timedelta

from dcim.models import Device, Site
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from icalendar import Calendar
from tenancy.models import Tenant
from users.models import Token, User
from utilities.testing import TestCase

from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.models import Certificate, CertificateAssignment
from netbox_ssl.views import calendar as calendar_view
from tests.support.factories import DAY, end_chain, grant, import_pem, issue_acme, record, successor, superuser
from tests.support.places import assign, device

URL = '/plugins/ssl/renewals.ics'


class CalendarTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.client.logout()
        grant(self.user, 'view')
        self.token = Token.objects.create(user=self.user, version=1, write_enabled=False)

    def get(self, status=200, **parameters):
        answer = self.client.get(URL, {'token': self.token.token, **parameters})
        self.assertEqual(answer.status_code, status, answer.content)
        return answer

    def events(self, **parameters) -> list[tuple[str, object]]:
        calendar = Calendar.from_ical(self.get(**parameters).content)
        return [(str(event['summary']), event['dtstart'].dt) for event in calendar.walk('VEVENT')]


class FeedTestCase(CalendarTestCase):
    def test_due_and_expiry_soonest_first(self):
        far, near = record('far.example.net', 60 * DAY), record('near.example.net', 40 * DAY)
        self.assertEqual(
            self.events(),
            [
                ('near.example.net: renewal due', near.renewal_due_at),
                ('far.example.net: renewal due', far.renewal_due_at),
                ('near.example.net: certificate expires', near.valid_to),
                ('far.example.net: certificate expires', far.valid_to),
            ],
        )

    def test_the_requested_kinds(self):
        certificate = record(left=5 * DAY)
        self.assertEqual(
            self.events(event='overdue'),
            [('www.example.net: renewal overdue if not renewed by now', certificate.renewal_overdue_at)],
        )
        self.assertIn('event: “soon” is not one of due, overdue, expiry.', self.get(400, event='soon').content.decode())

    def test_certificates_that_are_not_renewed_only_expire(self):
        for columns in ({'acme_auto_renewal': False}, {'acme_auto_renewal': False, 'is_acme': False}):
            Certificate.objects.all().delete()
            certificate = record(**columns)
            self.assertEqual(self.events(), [('www.example.net: certificate expires', certificate.valid_to)])

    def test_a_chain_that_expires_first_has_an_event_of_its_own(self):
        bought = {'is_acme': False, 'acme_auto_renewal': False}
        certificate = end_chain(record(**bought), 10 * DAY)
        far = end_chain(record('far.example.net', 500 * DAY, **bought), 20 * DAY)
        record('later.example.net', 15 * DAY, **bought)
        self.assertEqual(
            self.events(event='expiry'),
            [
                ('www.example.net: its chain expires', certificate.chain_valid_to),
                ('later.example.net: certificate expires', Certificate.objects.get(name='later.example.net').valid_to),
                # Its own expiry is beyond what the calendar shows.
                ('far.example.net: its chain expires', far.chain_valid_to),
                ('www.example.net: certificate expires', certificate.valid_to),
            ],
        )
        self.assertEqual(self.events(event='due'), [])
        events = Calendar.from_ical(self.get().content).walk('VEVENT')
        self.assertEqual(len({str(event['uid']) for event in events}), 4)
        self.assertIn('Its chain is valid to', str(events[0]['description']))
        self.assertEqual(events[0]['categories'].cats, ['expiry'])

    def test_the_soonest_are_kept_also_if_it_is_a_chain(self):
        for number in range(3):
            record(f'{number}.example.net', (number + 40) * DAY)
        end_chain(record('chain.example.net', 80 * DAY), 5 * DAY)
        most, calendar_view.MOST_EVENTS = calendar_view.MOST_EVENTS, 1
        self.addCleanup(setattr, calendar_view, 'MOST_EVENTS', most)
        self.assertEqual([name for name, _ in self.events(event='expiry')], ['chain.example.net: its chain expires'])

    def test_neither_long_expired_nor_revoked(self):
        record('old.example.net', -31 * DAY)
        record('revoked.example.net', status=CertificateStatusChoices.STATUS_REVOKED)
        record('recent.example.net', -2 * DAY)
        self.assertEqual([summary for summary, _ in self.events()], ['recent.example.net: certificate expires'])

    def test_a_renewal_moves_the_event(self):
        issued = issue_acme()
        import_pem(issued, acme_auto_renewal=True)
        before = Calendar.from_ical(self.get().content).walk('VEVENT')
        import_pem(successor(issued))
        after = Calendar.from_ical(self.get().content).walk('VEVENT')
        self.assertEqual({str(event['uid']) for event in before}, {str(event['uid']) for event in after})
        self.assertEqual(len({str(event['uid']) for event in after}), 2)
        self.assertNotEqual([event['dtstart'].dt for event in before], [event['dtstart'].dt for event in after])

    def test_an_event_leads_to_its_certificate(self):
        tenant = Tenant.objects.create(name='Acme; Ltd, "X"', slug='acme')
        certificate = record('a,b;c\\d', tenant=tenant, acme_provider="Let's Encrypt")
        (event,) = Calendar.from_ical(self.get(event='expiry').content).walk('VEVENT')
        self.assertEqual(str(event['summary']), 'a,b;c\\d: certificate expires')
        self.assertEqual(str(event['url']), f'http://testserver{certificate.get_absolute_url()}')
        self.assertIn('Tenant: Acme; Ltd, "X"', str(event['description']))
        self.assertIn("ACME provider: Let's Encrypt", str(event['description']))
        self.assertEqual(event['last-modified'].dt, certificate.last_updated.replace(microsecond=0))
        self.assertEqual(event['transp'], 'TRANSPARENT')

    def test_filters_of_the_list(self):
        record('le.example.net', acme_provider="Let's Encrypt")
        record('other.example.net', acme_provider='ZeroSSL', left=5 * DAY)
        for parameters in ({'acme_provider': 'ZeroSSL'}, {'renewal_status': 'due'}, {'q': 'other'}):
            with self.subTest(parameters):
                names = {summary.partition(':')[0] for summary, _ in self.events(**parameters)}
                self.assertEqual(names, {'other.example.net'})

    def test_a_filter_that_cannot_be_used_is_named(self):
        self.assertIn('renewal_status', self.get(400, renewal_status='Soon').content.decode())

    def test_calendar_programs_find_its_name(self):
        text = self.get().content.decode()
        self.assertIn('\r\nNAME:Certificate renewals\r\n', text)
        self.assertIn('\r\nX-WR-CALNAME:Certificate renewals\r\n', text)

    def test_empty(self):
        self.assertEqual(self.events(), [])

    def test_more_than_a_calendar_takes(self):
        for number in range(3):
            record(f'{number}.example.net', (number + 40) * DAY)
        most, calendar_view.MOST_EVENTS = calendar_view.MOST_EVENTS, 2
        self.addCleanup(setattr, calendar_view, 'MOST_EVENTS', most)
        calendar = Calendar.from_ical(self.get(event='expiry').content)
        self.assertEqual(
            [str(event['summary']).partition(':')[0] for event in calendar.walk('VEVENT')],
            ['0.example.net', '1.example.net'],
        )
        self.assertIn('Some entries are omitted', str(calendar['description']))

    def test_the_number_of_queries_does_not_grow(self):
        tenant = Tenant.objects.create(name='Acme', slug='acme')
        record(tenant=tenant)
        self.get()
        before = self.queries()
        for number in range(5):
            record(f'{number}.example.net', tenant=tenant)
        self.assertEqual(self.queries(), before)

    def queries(self) -> int:
        with CaptureQueriesContext(connection) as queries:
            self.get()
        return len(queries)


class WhoAsksTestCase(CalendarTestCase):
    def test_without_any_permission(self):
        answer = self.client.get(URL)
        self.assertEqual(answer.status_code, 401)
        self.assertIn('?token=', answer.content.decode())

    def test_tokens_are_checked_as_in_the_rest_api(self):
        record()
        for columns in (
            {'enabled': False},
            {'expires': timezone.now() - timedelta(minutes=1)},
            {'allowed_ips': ['192.0.2.0/24']},
        ):
            with self.subTest(columns):
                token = Token.objects.create(user=self.user, version=1, **columns)
                self.get(401, token=token.token)
        self.get(401, token='0' * 40)
        self.get(401, token='nbt_nonsense')
        self.get(401, token='two words')

    def test_tokens_of_version_2(self):
        record()
        token = Token(user=self.user, version=2)
        token.save()
        self.assertEqual(len(self.events(token=f'nbt_{token.key}.{token.token}')), 2)

    def test_a_header_or_a_session_is_accepted(self):
        record()
        self.assertEqual(self.client.get(URL, headers={'Authorization': f'Token {self.token.token}'}).status_code, 200)
        self.client.force_login(self.user)
        self.assertEqual(self.client.get(URL).status_code, 200)

    def test_permissions(self):
        record('mine.example.net')
        record('hidden.example.net')
        self.user.object_permissions.all().delete()
        self.get(403)
        grant(self.user, 'view', constraints={'name__startswith': 'mine'})
        self.assertEqual({name.partition(':')[0] for name, _ in self.events()}, {'mine.example.net'})

    def test_middleware_may_have_read_the_headers(self):
        """As that of NetBox's metrics does."""
        record()
        request = RequestFactory().get(URL, {'token': self.token.token})
        request.user = AnonymousUser()
        self.assertFalse(request.headers.get('Authorization'))
        self.assertEqual(calendar_view.CalendarView.as_view()(request).status_code, 200)

    def test_filters_consider_what_the_user_of_the_token_may_view(self):
        host = device()
        assign(record('assigned.example.net'), host)
        record('other.example.net')
        for model in (CertificateAssignment, Device, Site):
            grant(self.user, 'view', model=model)
        for other in (None, User.objects.create_user('other')):
            if other:
                # A browser that is logged in as someone else
                self.client.force_login(other)
            for filters in ({'assigned': 'true'}, {'site': host.site.slug}, {'device_id': host.pk}):
                with self.subTest(filters, other=other):
                    names = {name.partition(':')[0] for name, _ in self.events(**filters)}
                    self.assertEqual(names, {'assigned.example.net'})

    def test_the_session_does_not_extend_the_token(self):
        host = device()
        assign(record(), host)
        self.client.force_login(superuser())
        self.get(400, device_id=host.pk)
        self.assertEqual(self.events(assigned='true'), [])

    @override_settings(LOGIN_REQUIRED=False, EXEMPT_VIEW_PERMISSIONS=['netbox_ssl.certificate'])
    def test_where_no_login_is_required(self):
        record()
        self.assertEqual(self.client.get(URL).status_code, 200)

    @override_settings(LOGIN_REQUIRED=False)
    def test_where_no_login_is_required_but_a_permission_is(self):
        self.assertEqual(self.client.get(URL).status_code, 401)

    def test_an_inactive_user(self):
        self.user.is_active = False
        self.user.save()
        self.get(401)

    def test_the_url_is_kept_private(self):
        for answer in (self.get(), self.get(401, token='0' * 40)):
            self.assertEqual(answer['Cache-Control'], 'private, no-store')
            self.assertEqual(answer['Referrer-Policy'], 'no-referrer')
            self.assertNotIn(self.token.token, answer.content.decode())

    @override_settings(MAINTENANCE_MODE=True)
    def test_read_only_databases(self):
        superuser()
        record()
        self.assertEqual(len(self.events()), 2)
