"""Contacts of certificates, and certificates of contacts: both directions agree."""

from dcim.models import Device
from ipam.models import IPAddress, Service
from tenancy.models import Contact, ContactAssignment, ContactRole
from utilities.testing import TestCase

from netbox_ssl.filtersets import CertificateFilterSet
from netbox_ssl.models import Certificate, CertificateAssignment
from netbox_ssl.places.contacts import read_served, responsible_q
from tests.support.factories import grant, record
from tests.support.places import address_on, assign, device, machine, service_on


class ResponsibleTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.role = ContactRole.objects.create(name='On call', slug='on-call')
        host, guest, bare = device('web-01'), machine('app-01'), device('bare')
        service, quiet = service_on(host, 'HTTPS'), service_on(host, 'LDAPS')
        addresses = (
            address_on(host, '192.0.2.1/24'),
            address_on(guest, '192.0.2.2/24'),
            address_on(address='192.0.2.3/24'),
        )
        self.places = {
            'host': host,
            'guest': guest,
            'bare': bare,
            'service': service,
            'service without': quiet,
            'address of host': addresses[0],
            'address of guest': addresses[1],
            'free address': addresses[2],
        }
        for name, place in self.places.items():
            assign(record(name=name), place)
            assign(record(name=f'{name}, own'), place)
            self.call('owner', Certificate.objects.get(name=f'{name}, own'))
        # An inactive contact does not count.
        assign(record(name='inactive'), host)
        self.call('owner', Certificate.objects.get(name='inactive'), 'inactive')
        for name, place in (('host team', host), ('guest team', guest), ('service team', service)):
            self.call(name, place)
        self.call('host team', addresses[1], 'inactive')
        record(name='nowhere')

    def call(self, name, place, priority='primary'):
        contact, _ = Contact.objects.get_or_create(name=name)
        ContactAssignment.objects.create(object=place, contact=contact, role=self.role, priority=priority)

    def by_certificate(self, user=None) -> dict[str, set[str]]:
        """Return contact → certificates, determined for each certificate separately."""
        certificates = Certificate.objects.all() if user is None else Certificate.objects.restrict(user, 'view')
        served = read_served(certificates, user)
        found = {contact.name: set() for contact in Contact.objects.all()}
        for certificate in certificates:
            for called in served[certificate.pk].contacts:
                found[called.assignment.contact.name].add(certificate.name)
        return found

    def by_contact(self, user=None) -> dict[str, set[str]]:
        certificates = Certificate.objects.all() if user is None else Certificate.objects.restrict(user, 'view')
        return {
            contact.name: set(certificates.filter(responsible_q([contact], user)).values_list('name', flat=True))
            for contact in Contact.objects.all()
        }

    def test_both_ends_agree(self):
        found = self.by_contact()
        self.assertEqual(found, self.by_certificate())
        self.assertEqual(found['host team'], {'host', 'service without', 'address of host', 'inactive'})
        self.assertEqual(found['guest team'], {'guest', 'address of guest'})
        self.assertEqual(found['service team'], {'service'})
        self.assertEqual(len(found['owner']), len(self.places))

    def test_the_filter(self):
        contact = Contact.objects.get(name='guest team')
        found = CertificateFilterSet({'responsible': [contact.pk]}, Certificate.objects.all()).qs
        self.assertEqual({each.name for each in found}, {'guest', 'address of guest'})

    def test_constrained(self):
        """Each missing permission hides the same in both directions."""
        models = (Certificate, CertificateAssignment, ContactAssignment, Contact, Device, Service, IPAddress)
        for missing in (None, *models):
            with self.subTest(missing):
                self.user.object_permissions.all().delete()
                for model in models:
                    if model is not missing:
                        grant(self.user, 'view', model=model)
                user = type(self.user).objects.get(pk=self.user.pk)
                found = self.by_contact(user)
                self.assertEqual(found, self.by_certificate(user))
                self.assertNotIn('guest', found['guest team'])
                if missing in (Contact, ContactAssignment):
                    self.assertEqual(set().union(*found.values()), set())
