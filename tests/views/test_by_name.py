"""The page *By Name*: one answer for a name, from the certificates that the user may view."""

import re
from datetime import timedelta

from dcim.models import Device
from django.db import connection
from django.test import SimpleTestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tenancy.models import Contact, ContactAssignment, ContactRole
from utilities.testing import TestCase, create_test_device

from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource
from netbox_ssl.reports.by_name import answer, own_standing_sql, standing
from netbox_ssl.x509 import covering_names
from tests.support.certificate_factory import issue, make_ca
from tests.support.factories import DAY, end_chain, grant, import_pem, issue_acme, record
from tests.support.lists import listed

URL = '/plugins/ssl/by-name/'
HOUR = timedelta(hours=1)
NAME = 'www.example.net'
BY_HAND = {'acme_auto_renewal': False}
# Standing → a certificate of this kind, with a lifetime of 90 days; due 30, overdue 15 days before expiry
STANDINGS = {
    'fine': {'left': 60 * DAY},
    'due': {'left': 20 * DAY},
    'expiring': {'left': 20 * DAY, **BY_HAND},
    'overdue': {'left': 5 * DAY},
    'expired': {'left': -DAY},
    'future': {'left': 91 * DAY},
    'unused': {'left': 60 * DAY, 'status': 'retired'},
}


def cover(standing='fine', names=(NAME,), **columns) -> Certificate:
    return record(f'{standing} certificate', **{**STANDINGS[standing], 'subject_alt_names': list(names), **columns})


# State of a source → the columns that determine it, at the time "now"
LONG_AGO = timezone.now() - 100 * DAY
SOURCES = {
    'expired': {'valid_to': LONG_AGO},
    'behind': {'behind_since': LONG_AGO, 'behind_scaled_at': LONG_AGO},
    'silent': {'reported_at': LONG_AGO},
    'current': {},
}
OF_SOURCE = {'expired': 'expired_on_host', 'behind': 'behind', 'silent': 'silent', 'current': 'future'}
# From good to bad; a certificate that is not in use stays so, whatever the state of its sources
SEVERITY = ['future', 'fine', 'silent', 'due', 'expiring', 'behind', 'overdue', 'expired_on_host', 'expired', 'unused']


def stands(certificate, now) -> str:
    """Return the standing that is counted for a certificate."""
    counts = answer(Certificate.objects.filter(pk=certificate.pk), now).counts
    (kind,) = (kind for kind, number in counts.items() if number)
    return kind


class StandingTestCase(TestCase):
    def test_each_certificate_is_of_one_kind_in_python_and_sql(self):
        now = timezone.now()
        for kind in STANDINGS:
            cover(kind)
            cover(kind, is_acme=False, acme_auto_renewal=False)
        cover('expired', status='revoked')
        cover('due', expiry_marks=[80, 40, 20])
        cover('expiring', expiry_marks=[80, 40, 20])
        certificates = list(Certificate.objects.all())
        # At each moment of change, and right before and after it
        moments = {
            moment
            for each in certificates
            for moment in (
                each.valid_from,
                each.due_at(),
                each.overdue_at(),
                each.valid_to,
                *(each.valid_to - mark * DAY for mark in each.effective_expiry_marks),
            )
        }
        for moment in moments:
            for later in (-1, 0, 1):
                now = moment + timedelta(microseconds=later)
                with self.subTest(moment=moment, later=later):
                    stood = dict(Certificate.objects.values_list('pk', own_standing_sql(now)))
                    self.assertEqual(stood, {each.pk: standing(each, now) for each in certificates})

    def test_it_is_expiring_by_its_marks_if_no_client_renews_it(self):
        """By the renewal rule it would be due 133, and overdue 66 days before it expires."""
        for columns in ({'is_acme': False, **BY_HAND}, BY_HAND):
            for left, expected in ((61, 'fine'), (31, 'fine'), (29, 'expiring'), (1, 'expiring'), (-1, 'expired')):
                now = timezone.now()
                certificate = cover(left=left * DAY, valid_from=now - (398 - left) * DAY, **columns)
                with self.subTest(left=left, **columns):
                    self.assertEqual(stands(certificate, now), expected)
                    self.assertEqual(standing(certificate, now), expected)

    def test_it_is_overdue_when_its_chain_has_expired(self):
        now = timezone.now().replace(microsecond=0)
        ca = make_ca('Example Corp', 'Example Issuing CA', valid_to=now + DAY)
        certificate = import_pem(issue([NAME], ca, now - DAY, now + 90 * DAY)).certificate
        certificate.refresh_from_db()
        self.assertTrue(certificate.chain_ends_first)
        for later, expected in ((0, 'expiring'), (1, 'overdue')):
            moment = now + DAY + timedelta(microseconds=later)
            self.assertEqual(stands(certificate, moment), expected)
            self.assertEqual(standing(certificate, moment), expected)

    def test_the_next_expiry_may_be_that_of_a_chain(self):
        now = timezone.now()
        first, second = cover('fine'), cover('fine', left=50 * DAY)
        for chain, expected in (
            (20 * DAY, 'chain'),
            (55 * DAY, 'own'),
            # It has expired already; the certificate itself expires later than the other.
            (-DAY, 'own'),
        ):
            certificate = end_chain(first, chain)
            found = answer(Certificate.objects.all(), now)
            with self.subTest(chain=chain):
                self.assertEqual(found.is_of_chain, expected == 'chain')
                self.assertEqual(
                    found.next_expiry, certificate.chain_valid_to if expected == 'chain' else second.valid_to
                )

    def test_with_a_source_in_each_state(self):
        """The standing is the worst of the certificate's own and that of its sources."""
        now = timezone.now()
        for kind in STANDINGS:
            certificate = cover(kind)
            source = CertificateSource.objects.create(certificate=certificate, external_id=f'certbot:web01:{kind}')
            for state, columns in SOURCES.items():
                moments = {'reported_at': now, 'valid_to': now + DAY, 'silent_scaled_at': now + DAY, **columns}
                never = {'behind_since': None, 'behind_scaled_at': None}
                CertificateSource.objects.filter(pk=source.pk).update(is_watched=True, **{**never, **moments})
                source.refresh_from_db()
                self.assertEqual(source.state_at(now), state)
                expected = max(kind, OF_SOURCE[state], key=SEVERITY.index)
                with self.subTest(certificate=kind, source=state):
                    self.assertEqual(stands(certificate, now), expected)
                    self.assertEqual(standing(certificate, now, state), expected)

    def test_the_worst_of_those_in_use_decides(self):
        now = timezone.now()
        for kinds, verdict, in_use in (
            ((), 'nothing', 0),
            (('future', 'unused'), 'nothing', 0),
            (('fine', 'unused', 'future'), 'fine', 1),
            (('fine', 'due'), 'due', 2),
            (('expiring', 'due'), 'expiring', 2),
            (('fine', 'due', 'overdue'), 'overdue', 3),
            (('fine', 'expired', 'overdue', 'due'), 'expired', 4),
        ):
            with self.subTest(kinds=kinds):
                Certificate.objects.all().delete()
                made = [cover(kind) for kind in kinds]
                found = answer(Certificate.objects.all(), now)
                self.assertEqual((found.verdict, found.in_use, found.total), (verdict, in_use, len(kinds)))
                ends = [each.valid_to for each in made if each.status == 'active' and each.valid_to > now]
                self.assertEqual(found.next_expiry, min(ends, default=None))


class FilterTestCase(TestCase):
    """``covers``, in the filter set of pages and REST."""

    @classmethod
    def setUpTestData(cls):
        for name, names in (
            ('exact', [NAME]),
            ('wildcard', ['*.example.net']),
            ('parent', ['example.net']),
            ('deeper', ['*.www.example.net']),
            ('address', ['192.0.2.1', '2001:db8::1']),
            ('idn', ['bücher.example', '*.bücher.example']),
        ):
            record(name, subject_alt_names=names)
        # Clients do not look at the common name (RFC 9525, section 2).
        record('common name', subject=f'CN={NAME}')

    def setUp(self):
        super().setUp()
        grant(self.user, 'view')

    def names(self, *values) -> set[str]:
        query = '&'.join(f'covers={value}' for value in values)
        return {certificate.name for certificate in listed(self.client, f'/plugins/ssl/certificates/?{query}')}

    def test_certificates_that_cover_a_name(self):
        for asked, names in (
            (NAME, {'exact', 'wildcard'}),
            ('WWW.EXAMPLE.NET.', {'exact', 'wildcard'}),
            ('https://www.example.net:8443/path', {'exact', 'wildcard'}),
            ('example.net', {'parent'}),
            ('a.b.example.net', set()),
            ('a.www.example.net', {'deeper'}),
            ('*.example.net', {'wildcard'}),
            ('192.0.2.1', {'address'}),
            ('2001:DB8:0::1', {'address'}),
            ('0.2.1', set()),
            ('bücher.example', {'idn'}),
            ('www.xn--bcher-kva.example', {'idn'}),
        ):
            with self.subTest(asked):
                self.assertEqual(self.names(asked), names)
        self.assertEqual(self.names('example.net', '192.0.2.1'), {'parent', 'address'})

    def test_the_filter_form_refuses_invalid_names(self):
        response = self.client.get('/plugins/ssl/certificates/?covers=no+name')
        self.assertIn('Enter a DNS name', str(response.context['filter_form'].errors['covers']))


class PageTestCase(TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view')

    def page(self, name: str | None = NAME) -> str:
        response = self.client.get(URL, {'name': name} if name is not None else {})
        self.assertHttpStatus(response, 200)
        return response.content.decode()

    def verdict(self, name=NAME) -> str | None:
        match = re.search(r'data-verdict="(\w+)"', self.page(name))
        return match and match[1]

    def test_verdicts(self):
        self.assertEqual(self.verdict(), 'nothing')
        for kind, verdict in (
            ('unused', 'nothing'),
            ('fine', 'fine'),
            ('due', 'due'),
            ('expiring', 'expiring'),
            ('overdue', 'overdue'),
            ('expired', 'expired'),
        ):
            cover(kind, names=['*.example.net'])
            self.assertEqual(self.verdict(), verdict)

    def test_it_shows_the_matching_name_and_the_sources(self):
        certificate = cover('fine', names=['*.example.net', 'example.net'])
        CertificateSource.objects.create(certificate=certificate, external_id='certbot:web01:www', client='certbot')
        html = self.page()
        self.assertIn('>*.example.net</div>', html)
        self.assertNotIn('certbot:web01', html)
        grant(self.user, 'view', model=CertificateSource)
        # The host; the longer ID is its title.
        self.assertIn('title="certbot:web01:www">web01</a>', self.page())
        self.assertIn('/plugins/ssl/certificates/?covers=www.example.net', html)

    def test_places_and_tenant_are_shown(self):
        certificate = cover('fine')
        device = create_test_device('web01')
        CertificateAssignment.objects.create(certificate=certificate, assigned_object=device)
        for model in (Device, CertificateAssignment):
            self.assertNotIn('web01', self.page())
            grant(self.user, 'view', model=model)
        self.assertIn(f'<a href="{device.get_absolute_url()}">web01</a>', self.page())

    def test_contacts_are_shown(self):
        contact = Contact.objects.create(name='Web team', email='web@example.org')
        role = ContactRole.objects.create(name='On call', slug='on-call')
        host = create_test_device('web01')
        ContactAssignment.objects.create(object=host, contact=contact, role=role, priority='primary')
        CertificateAssignment.objects.create(certificate=cover('overdue'), assigned_object=host)
        for model in (CertificateAssignment, Device, Contact):
            grant(self.user, 'view', model=model)
            self.assertNotIn('web@example.org', self.page())
        grant(self.user, 'view', model=ContactAssignment)
        self.assertIn('href="mailto:web@example.org"', self.page())

    def test_a_chain_that_expires_next_is_named(self):
        end_chain(cover('fine'), 3 * DAY + HOUR)
        cover('fine', left=50 * DAY)
        html = ' '.join(self.page().replace('\xa0', ' ').split())
        self.assertIn('3 days from now; a chain that expires before its certificate)', html)
        names = re.findall(r'<div class="small">(.*?)</div>', html)
        self.assertEqual(names[:1], ['Chain expires in 3 days'], 'the soonest first')

    def test_some_of_several(self):
        cover('fine')
        cover('expired', names=['*.example.net'])
        html = self.page()
        self.assertIn('Expired: 1 of the 2 certificates', html)
        self.assertEqual(re.findall('data-standing="(.*?)"', html), ['expired', 'fine'])

    def test_empty_states(self):
        self.assertIn('Does a valid certificate cover www.example.com?', self.page(None))
        self.assertIn('Does a valid certificate cover www.example.com?', self.page(''))
        html = self.page()
        self.assertIn('No certificate that you may view covers this name', html)
        self.assertNotIn('Paste one', html)
        grant(self.user, 'add')
        self.assertIn('Paste one', self.page())

    def test_invalid_names(self):
        for text in ('no name', '<script>alert(1)</script>'):
            html = self.page(text)
            self.assertIn('Enter a DNS name or an IP address', html)
            self.assertNotIn('<script>alert(1)', html)
            self.assertNotIn('data-verdict', html)

    def test_a_private_key_is_not_shown_again(self):
        key = issue_acme().key_pem
        response = self.client.get(URL, {'name': key}, follow=True)
        self.assertContains(response, 'private key')
        self.assertNotContains(response, key.splitlines()[1])

    def test_a_real_certificate(self):
        import_pem(issue_acme(['shop.example.net', '*.shop.example.net']))
        for name, verdict in (
            ('shop.example.net', 'fine'),
            ('a.shop.example.net', 'fine'),
            ('a.b.shop.example.net', 'nothing'),
        ):
            self.assertEqual(self.verdict(name), verdict)

    def test_it_is_in_the_menu(self):
        self.assertContains(self.client.get('/'), f'href="{URL}"')


class PermissionsTestCase(TestCase):
    def test_without_permission(self):
        self.assertHttpStatus(self.client.get(URL), 403)
        self.client.logout()
        self.assertHttpStatus(self.client.get(URL), 302)

    def test_hidden_certificates_are_neither_shown_nor_counted(self):
        cover('expired', names=['*.example.net'])
        cover('fine')
        grant(self.user, 'view', constraints={'name': 'fine certificate'})
        html = self.client.get(URL, {'name': NAME}).content.decode()
        self.assertIn('data-verdict="fine"', html)
        self.assertNotIn('expired', html.lower().partition('<main')[2] or html.lower())
        self.assertNotIn('2 certificates', html)


class QueryTestCase(TestCase):
    def test_the_number_of_queries_does_not_grow(self):
        grant(self.user, 'view')
        grant(self.user, 'view', model=CertificateSource)

        def count():
            with CaptureQueriesContext(connection) as queries:
                self.client.get(URL, {'name': NAME})
            return len(queries)

        for model in (CertificateAssignment, Device, Contact, ContactAssignment):
            grant(self.user, 'view', model=model)
        contact = Contact.objects.create(name='Web team')
        role = ContactRole.objects.create(name='On call', slug='on-call')

        def one_more(number):
            certificate = cover('fine')
            host = create_test_device(f'web{number}')
            ContactAssignment.objects.create(object=host, contact=contact, role=role, priority='primary')
            CertificateAssignment.objects.create(certificate=certificate, assigned_object=host)
            CertificateSource.objects.create(certificate=certificate, external_id=f'certbot:web{number}:www')

        one_more(0)
        count()
        few = count()
        for number in range(1, 6):
            one_more(number)
        self.assertEqual(count(), few)


class CandidatesTestCase(SimpleTestCase):
    def test_a_wildcard_matches_one_label(self):
        self.assertEqual(covering_names('a.b.example.net'), ('a.b.example.net', '*.b.example.net'))
