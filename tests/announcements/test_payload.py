"""The data about a certificate in an announcement, with which a receiver needs no further requests."""

import json

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from ipam.models import Service
from tenancy.models import Contact, ContactAssignment, ContactRole
from utilities.testing import TestCase

from netbox_ssl import intake
from netbox_ssl.announcements.payload import MOST_SOURCES, describe, prefetch
from netbox_ssl.announcements.sweep.certificates import sweep
from netbox_ssl.event_types import RENEWAL_OVERDUE, RENEWAL_STATUS_CHANGED
from netbox_ssl.models import Certificate, CertificateSource
from netbox_ssl.places.contacts import MOST_SERVED
from tests.support.announcements import AnnouncingTestMixin
from tests.support.doc_examples import REFERENCE, Documented, fences
from tests.support.factories import DAY, issue_acme, record, successor, superuser
from tests.support.places import address_on, device, machine, service_on
from tests.support.places import assign as assign_certificate

EXTERNAL_ID = 'certbot:web01.example.net:www.example.net'


def assign(certificate, name='Web team', priority='primary', **columns):
    role = ContactRole.objects.get_or_create(name='On call', slug='on-call')[0]
    contact = Contact.objects.create(name=name, **columns)
    return ContactAssignment.objects.create(object=certificate, contact=contact, role=role, priority=priority)


class AnnouncementDataTestCase(AnnouncingTestMixin, TestCase):
    def make_reported(self):
        """Create a certificate with PEM that a client reports, and a contact."""
        issued = issue_acme(left=60 * DAY)
        certificate = self.report(issued, EXTERNAL_ID)
        assign(certificate, email='web@example.net', phone='+1 555 0100')
        assign_certificate(certificate, service_on(device('web-01')), primary=True, note='tcp/443')
        return certificate, issued

    @staticmethod
    def report(issued, external_id):
        leaf = intake.read_single(issued.fullchain_pem)
        return intake.take_in(leaf, superuser(), {'acme_auto_renewal': True}, external_id=external_id).certificate

    def announcement(self):
        return self.deliveries()[-1]['data']['announcement']

    #
    # The documentation
    #

    def test_the_event_data_is_as_documented(self):
        self.make_rule('status', RENEWAL_STATUS_CHANGED)
        self.make_reported()
        sweep(timezone.now() + 31 * DAY)
        announcement = json.loads(json.dumps(self.announcement()))
        (example,) = [text for language, text in fences('event-data.md') if language == 'json']
        documented = json.loads(example)['announcement']
        # A UUID, not the ID of an object.
        self.assertEqual(len(announcement.pop('id')), 36)
        del documented['id']
        year = str((timezone.now() + 31 * DAY).year)[:3]
        for key in ('since', 'valid_to', 'renewal_due_at', 'renewal_overdue_at'):
            self.assertTrue(announcement[key].startswith(year) and announcement[key].endswith('Z'), key)
        without_year = json.loads(json.dumps(documented).replace('2026-', ''))
        self.assertEqual(Documented('').differences(without_year, announcement), [])

    def test_every_field_is_in_a_table(self):
        certificate, _ = self.make_reported()
        data = describe(certificate)
        page = (REFERENCE / 'event-data.md').read_text(encoding='utf-8')
        for fields in (
            data,
            data['sources'][0],
            data['assignments'][0],
            data['contacts'][0],
            data['sources'][0]['issuance'],
        ):
            for name in fields:
                self.assertIn(f'`{name}`', page)

    #
    # The same data from requests and sweeps
    #

    def test_a_request_sends_the_same_data_as_the_sweep(self):
        self.make_rule('status', RENEWAL_STATUS_CHANGED)
        certificate, _ = self.make_reported()
        self.change(Certificate.objects.get(pk=certificate.pk), acme_auto_renewal=False)
        expected = describe(Certificate.objects.get(pk=certificate.pk))
        announcement = self.announcement()
        self.assertEqual((announcement['previous_status'], announcement['renewal_status']), ('OK', 'Manual'))
        # Without a client that renews it
        expected |= {'renewal_due_at': None, 'renewal_overdue_at': None}
        self.assertEqual({key: announcement[key] for key in expected}, expected)

    def test_overdue_sends_the_same_data(self):
        self.make_rule('overdue', RENEWAL_OVERDUE)
        self.make_reported()
        sweep(timezone.now() + 50 * DAY)
        announcement = self.announcement()
        self.assertEqual(announcement['sources'][0]['external_id'], EXTERNAL_ID)
        self.assertEqual(announcement['contacts'][0]['email'], 'web@example.net')
        self.assertEqual(announcement['since'], announcement['renewal_overdue_at'])

    #
    # Contents
    #

    def test_a_host_left_behind_comes_first(self):
        certificate, issued = self.make_reported()
        for each in (issued, successor(issued)):
            self.report(each, 'certbot:web02.example.net:www.example.net')
        CertificateSource.objects.create(certificate=certificate, external_id='a-silent-one')
        # A host has a grace period to reload before it counts as behind.
        behind = CertificateSource.objects.filter(behind_since__isnull=False)
        self.assertEqual(behind.update(behind_since=timezone.now() - 30 * DAY), 1)
        sources = describe(Certificate.objects.get(pk=certificate.pk))['sources']
        self.assertEqual([source['is_behind'] for source in sources], [True, False, False])
        self.assertEqual(sources[0]['external_id'], EXTERNAL_ID)
        silent = sources[2]
        self.assertEqual((silent['reported_at'], silent['issuance']), (None, None))

    def test_contacts_by_priority_without_the_inactive(self):
        certificate = record()
        for name, priority in (('c', None), ('b', 'secondary'), ('x', 'inactive'), ('a', 'tertiary'), ('z', 'primary')):
            assign(certificate, name, priority)
        names = [contact['name'] for contact in describe(certificate)['contacts']]
        self.assertEqual(names, ['z', 'b', 'a', 'c'])

    def test_contacts_of_another_object_are_not_included(self):
        other = record('other.example.net')
        assign(other)
        self.assertEqual(describe(record())['contacts'], [])

    def test_many_sources_are_cut(self):
        certificate = record()
        sources = [
            CertificateSource(certificate=certificate, external_id=f'host-{i:03}') for i in range(MOST_SOURCES + 3)
        ]
        CertificateSource.objects.bulk_create(sources)
        data = describe(certificate)
        self.assertEqual((len(data['sources']), data['sources_omitted']), (MOST_SOURCES, 3))

    #
    # Cost
    #

    def queries(self, certificates) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            prefetch(certificates)
            for certificate in certificates:
                describe(certificate)
        return [query['sql'] for query in queries]

    def test_many_cost_as_many_queries_as_one(self):
        for number in range(5):
            host, guest = device(f'web-{number}'), machine(f'app-{number}')
            places = (host, guest, service_on(host), service_on(guest))
            addresses = (address_on(host, f'192.0.2.{number}/24'), address_on(guest, f'192.0.2.{number + 9}/24'))
            certificate = record(f'{number}.example.net')
            for place in (*places, *addresses, address_on(address=f'192.0.2.{number + 99}/24')):
                assign_certificate(certificate, place)
            # Some have their own contacts; for others the contacts of the objects that use them are read.
            assign(certificate if number % 2 else host, f'Team {number}')
            CertificateSource.objects.create(certificate=certificate, external_id=f'host-{number}')
        for certificate in Certificate.objects.all():
            describe(certificate)
        one = self.queries([Certificate.objects.get(name='0.example.net')])
        many = self.queries(list(Certificate.objects.all()))
        self.assertEqual(len(many), len(one))
        self.assertNotIn('"pem"', ''.join(many))

    def test_objects_that_use_it(self):
        certificate, host = record(), device('web-01')
        assign_certificate(certificate, address_on(host))
        assign_certificate(certificate, service_on(host), primary=True, note='tcp/443')
        assign_certificate(certificate, host)
        assign_certificate(record('other.example.net'), machine())
        data = describe(certificate)
        names = [(each['type'], each['name'], each['host'], each['site']) for each in data['assignments']]
        self.assertEqual(
            names,
            [
                ('ipam.service', 'HTTPS', 'web-01', 'Site 1'),
                ('ipam.ipaddress', '192.0.2.10/24', 'web-01', 'Site 1'),
                ('dcim.device', 'web-01', None, 'Site 1'),
            ],
        )
        self.assertEqual((data['assignments'][0]['primary'], data['assignments'][0]['note']), (True, 'tcp/443'))

    def test_many_assignments_are_cut(self):
        certificate = record()
        for number in range(MOST_SERVED + 3):
            assign_certificate(certificate, address_on(address=f'192.0.2.{number}/32'))
        data = describe(certificate)
        self.assertEqual((len(data['assignments']), data['assignments_omitted']), (MOST_SERVED, 3))

    def test_contacts_of_the_objects_using_it(self):
        certificate, host, guest = record(), device('web-01'), machine('app-01')
        for place in (host, service_on(host, 'HTTPS'), service_on(guest, 'LDAPS'), address_on(guest)):
            assign_certificate(certificate, place)
        assign(host, 'Host team')
        assign(guest, 'Guest team', 'secondary')
        assign(Service.objects.get(name='LDAPS'), 'Directory team', 'tertiary')
        shared = Contact.objects.get(name='Host team')
        role = ContactRole.objects.get()
        ContactAssignment.objects.create(object=guest, contact=shared, role=role, priority='tertiary')
        called = [(contact['name'], contact['via']) for contact in describe(certificate)['contacts']]
        expected = [('Host team', 'web-01'), ('Guest team', 'app-01'), ('Directory team', 'LDAPS')]
        self.assertEqual(called, expected)
        # Its own contacts replace those.
        assign(certificate, 'Web team', None)
        certificate = Certificate.objects.get(pk=certificate.pk)
        called = [(contact['name'], contact['via']) for contact in describe(certificate)['contacts']]
        self.assertEqual(called, [('Web team', None)])
