"""Certificates on the pages of the objects that use them, and these objects on the pages of certificates."""

import re
from html import unescape

from dcim.models import Device, Site
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from ipam.models import IPAddress, Service
from tenancy.models import Contact, ContactAssignment, ContactRole, Tenant
from utilities.testing import TestCase
from virtualization.models import Cluster, ClusterType, VirtualMachine

from netbox_ssl.models import Certificate, CertificateAssignment
from netbox_ssl.ui.places import assigned_object_params
from tests.support.factories import DAY, grant, record
from tests.support.lists import listed
from tests.support.places import address_on, assign, device, machine, service_on

LIST = '/plugins/ssl/certificates/'
ASSIGNMENTS = '/plugins/ssl/assignments/'
MODELS = (Device, VirtualMachine, Service, IPAddress)


class PlacesTestCase(TestCase):
    """A host with its own certificate, one on a service, and one on an address; another host with one."""

    def setUp(self):
        super().setUp()
        self.host, self.other = device('web-01'), device('web-02')
        self.service, self.address = service_on(self.host), address_on(self.host)
        self.places = {
            'own.example.net': self.host,
            'service.example.net': self.service,
            'address.example.net': self.address,
            'other.example.net': self.other,
        }
        for name, place in self.places.items():
            assign(record(name=name, left=5 * DAY), place)
        for model in MODELS:
            grant(self.user, 'view', model=model)

    def may_see_all(self):
        grant(self.user, 'view')
        grant(self.user, 'view', model=CertificateAssignment)

    def page(self, url) -> str:
        response = self.client.get(url)
        self.assertEqual(response.status_code, 200)
        return unescape(response.content.decode())

    def badge(self, page: str, place) -> int | None:
        """Return the number on the tab *Certificates*; None without the tab."""
        found = re.search(rf'href="{place.get_absolute_url()}certificates/"[^>]*>\s*Certificates\s*<[^>]*>(\d+)', page)
        return int(found[1]) if found else None

    def panel(self, page: str) -> str:
        """Return the panel *Certificates* with its table, which browsers load separately."""
        (url,) = re.findall(rf'hx-get="({ASSIGNMENTS}[^"]*)"', page)
        return unescape(self.client.get(url, headers={'HX-Request': 'true'}).content.decode())

    def names(self, html: str) -> set[str]:
        return set(re.findall(r'[a-z]+\.example\.net', html))


class PlacePagesTestCase(PlacesTestCase):
    def check(self, place, expected: set):
        page = self.page(place.get_absolute_url())
        panel = self.panel(page)
        self.assertEqual(self.names(panel), expected)
        self.assertEqual(self.badge(page, place), len(expected))
        tab = self.page(f'{place.get_absolute_url()}certificates/')
        self.assertEqual(self.names(tab), expected)
        for html in (panel, tab):
            self.assertIn('Renewal overdue', html)
        return page

    def test_a_host_with_its_services_and_addresses(self):
        self.may_see_all()
        self.check(self.host, {'own.example.net', 'service.example.net', 'address.example.net'})
        self.check(self.other, {'other.example.net'})

    def test_service_and_address(self):
        self.may_see_all()
        self.check(self.service, {'service.example.net'})
        self.check(self.address, {'address.example.net'})

    def test_a_page_does_not_repeat_its_own_object(self):
        self.may_see_all()
        page = self.page(self.host.get_absolute_url())
        for html in (self.panel(page), self.page(f'{self.host.get_absolute_url()}certificates/')):
            rows = [row for row in html.split('<tr')[2:] if 'example.net' in row]
            [own] = [row for row in rows if 'own.example.net' in row]
            self.assertIn('this device', own)
            self.assertNotIn('web-01', own)
            [of_service] = [row for row in rows if 'service.example.net' in row]
            self.assertIn('HTTPS', of_service)
        for place in (self.service, self.address):
            panel = self.panel(self.page(place.get_absolute_url()))
            self.assertNotIn('Assigned To', panel)
            self.assertNotIn('Object Type', panel)
        # In other lists, the device has its name.
        self.assertIn('web-01', self.page(f'{ASSIGNMENTS}?device_id={self.host.pk}'))

    def test_virtual_machine(self):
        self.may_see_all()
        guest = machine('app-01')
        page = self.page(guest.get_absolute_url())
        self.assertIn('No assignments', self.panel(page))
        self.assertIsNone(self.badge(page, guest))
        assign(record(name='guest.example.net', left=5 * DAY), guest)
        self.check(guest, {'guest.example.net'})

    def test_the_button_fills_the_form(self):
        self.may_see_all()
        self.assertNotIn(f'{ASSIGNMENTS}add/', self.page(self.host.get_absolute_url()))
        grant(self.user, 'add', model=CertificateAssignment)
        for url in (self.host.get_absolute_url(), f'{self.host.get_absolute_url()}certificates/'):
            (link,) = set(re.findall(rf'href="({ASSIGNMENTS}add/\?[^"]*)"', self.page(url)))
            form = self.client.get(link).context['form']
            self.assertEqual(form.initial['assigned_object_object_id'], str(self.host.pk))
            self.assertIn(f'return_url={url.replace("/", "%2F")}', link)
            self.assertRegex(self.page(link), rf'<option value="{self.host.pk}"[^>]*selected[^>]*>\s*web-01')

    def test_the_number_of_queries_does_not_grow(self):
        self.may_see_all()
        url = f'{self.host.get_absolute_url()}certificates/'
        self.page(url)
        before = self.queries(url)
        for number in range(10):
            assign(record(name=f'more{number}.example.net'), self.host)
        self.assertEqual(self.queries(url), before)

    def queries(self, url) -> int:

        with CaptureQueriesContext(connection) as captured:
            self.page(url)
        return len(captured)


class ConstrainedTestCase(PlacesTestCase):
    """Hidden certificates are neither shown nor counted."""

    def test_without_permission_for_assignments(self):
        grant(self.user, 'view')
        page = self.page(self.host.get_absolute_url())
        self.assertNotIn(ASSIGNMENTS, page)
        self.assertIsNone(self.badge(page, self.host))
        self.assertEqual(self.names(self.page(f'{self.host.get_absolute_url()}certificates/')), set())

    def test_some_certificates(self):
        grant(self.user, 'view', constraints={'name': 'own.example.net'})
        grant(self.user, 'view', model=CertificateAssignment)
        page = self.page(self.host.get_absolute_url())
        self.assertEqual(self.badge(page, self.host), 1)
        self.assertEqual(self.names(self.panel(page)), {'own.example.net'})
        self.assertEqual(self.names(self.page(f'{self.host.get_absolute_url()}certificates/')), {'own.example.net'})
        self.assertIsNone(self.badge(self.page(self.service.get_absolute_url()), self.service))

    def test_some_assignments(self):
        grant(self.user, 'view')
        grant(self.user, 'view', model=CertificateAssignment, constraints={'certificate__name': 'service.example.net'})
        page = self.page(self.host.get_absolute_url())
        self.assertEqual(self.badge(page, self.host), 1)
        self.assertEqual(self.names(self.panel(page)), {'service.example.net'})

    def test_the_form_does_not_name_what_is_hidden(self):
        grant(self.user, 'view')
        grant(self.user, 'add', model=CertificateAssignment)
        self.user.object_permissions.filter(object_types__model='device').delete()
        grant(self.user, 'view', model=Device, constraints={'name': 'web-02'})
        for place, named in ((self.host, False), (self.other, True)):
            kind = reverse('plugins:netbox_ssl:certificateassignment_add')

            params = assigned_object_params(place)
            page = self.page(f'{kind}?' + '&'.join(f'{key}={value}' for key, value in params.items()))
            self.assertEqual(place.name in page, named)


class CertificatePageTestCase(PlacesTestCase):
    def setUp(self):
        super().setUp()
        self.may_see_all()
        self.certificate = Certificate.objects.get(name='own.example.net')

    def test_objects_that_use_it(self):
        assign(self.certificate, machine('app-01'), note='tcp/8443')
        panel = self.panel(self.page(self.certificate.get_absolute_url()))
        for text in ('web-01', 'app-01', 'tcp/8443'):
            self.assertIn(text, panel)
        self.assertNotIn('web-02', panel)

    def test_assign(self):
        url = self.certificate.get_absolute_url()
        self.assertNotIn('Assign\n', self.page(url))
        grant(self.user, 'add', model=CertificateAssignment)
        (link,) = re.findall(rf'href="({ASSIGNMENTS}add/\?[^"]*)"', self.page(url))
        self.assertRegex(self.page(link), rf'<option value="{self.certificate.pk}"[^>]*selected')

    def test_hidden_hosts(self):
        self.user.object_permissions.filter(object_types__model='device').delete()
        self.assertNotIn('web-01', self.panel(self.page(self.certificate.get_absolute_url())))


class ContactsTestCase(PlacesTestCase):
    """The contacts on the page of a certificate."""

    def setUp(self):
        super().setUp()
        self.may_see_all()
        self.certificate = Certificate.objects.get(name='service.example.net')
        role = ContactRole.objects.create(name='On call', slug='on-call')
        for name, place in (('Web team', self.service), ('Host team', self.host), ('Lone wolf', self.other)):
            contact = Contact.objects.create(name=name, email=f'{name.split()[0].lower()}@example.net')
            ContactAssignment.objects.create(object=place, contact=contact, role=role, priority='primary')

    def contacts(self) -> str | None:
        page = self.page(self.certificate.get_absolute_url())
        return page.split('begin ContactsPanel')[1].split('end ContactsPanel')[0] if 'ContactsPanel' in page else None

    def test_nothing_without_permission(self):
        self.assertIsNone(self.contacts())
        grant(self.user, 'view', model=ContactAssignment)
        self.assertIsNone(self.contacts())

    def test_contacts_of_the_objects_that_use_it(self):
        grant(self.user, 'view', model=ContactAssignment)
        grant(self.user, 'view', model=Contact)
        panel = self.contacts()
        for text in ('Web team', 'web@example.net', 'On call', 'Primary', self.service.get_absolute_url()):
            self.assertIn(text, panel)
        for name in ('Host team', 'Lone wolf'):
            self.assertNotIn(name, panel)

    def test_its_own(self):
        grant(self.user, 'view', model=ContactAssignment)
        grant(self.user, 'view', model=Contact)
        own = Contact.objects.create(name='PKI team')
        ContactAssignment.objects.create(object=self.certificate, contact=own, role=ContactRole.objects.get())
        self.assertIn('this certificate', self.contacts())
        self.assertNotIn('Web team', self.contacts())

    def test_constrained(self):
        """Shows neither hidden contacts nor contacts of hidden objects."""
        grant(self.user, 'view', model=ContactAssignment)
        grant(self.user, 'view', model=Contact, constraints={'name': 'Host team'})
        self.assertIn('Host team', self.contacts())
        self.assertNotIn('Web team', self.contacts())
        self.user.object_permissions.filter(object_types__model='service').delete()
        self.assertIn('No contact assigned', self.contacts())


# The counts of certificates by their worst source
NO_BAD_HOST = {'deployment_state=expired': 0, 'deployment_state=behind': 0, 'deployment_state=silent': 0}


class CountsTestCase(TestCase):
    """On tenants, sites and clusters."""

    def setUp(self):
        super().setUp()
        self.tenant = Tenant.objects.create(name='T', slug='t')
        self.cluster = Cluster.objects.create(name='C', type=ClusterType.objects.create(name='V', slug='v'))
        host, guest = device('web-01'), machine('app-01', cluster=self.cluster)
        self.site = host.site
        for name, left in (('ok', 60), ('due', 20), ('overdue', 5), ('expired', -1)):
            certificate = record(name=f'{name}.example.net', left=left * DAY, tenant=self.tenant)
            assign(certificate, service_on(host, name))
            assign(certificate, guest)
        record(name='elsewhere.example.net', left=-DAY)
        for model in (Site, Cluster, Tenant, *MODELS):
            grant(self.user, 'view', model=model)
        self.pages = {'site': self.site, 'cluster': self.cluster, 'tenant': self.tenant}

    def counts(self, kind) -> dict[str, int]:
        """Return filters of the link → the count shown."""
        place = self.pages[kind]
        page = unescape(self.client.get(place.get_absolute_url()).content.decode())
        if 'panel CertificateCountsPanel' not in page and 'CertificateCountsPanel' not in page:
            return {}
        panel = page.split('CertificateCountsPanel')[1]
        links = re.findall(
            rf'<a href="{LIST}\?{kind}_id={place.pk}([^"]*)".*?<span class="badge[^>]*>(\d+)', panel, re.DOTALL
        )
        return {filters.removeprefix('&'): int(count) for filters, count in links}

    def test_counts_link_to_the_list(self):
        grant(self.user, 'view')
        grant(self.user, 'view', model=CertificateAssignment)
        expected = {
            '': 4,
            'renewal_overdue=true': 1,
            'renewal_status=Due': 2,
            'validity=Expired&status=active': 1,
            'validity=Expiring&status=active': 1,
        } | NO_BAD_HOST
        for kind, place in self.pages.items():
            with self.subTest(kind):
                self.assertEqual(self.counts(kind), expected)
                for filters, count in expected.items():
                    self.assertEqual(len(listed(self.client, f'{LIST}?{kind}_id={place.pk}&{filters}')), count)

    def test_constrained(self):
        grant(self.user, 'view', constraints={'name__in': ['ok.example.net', 'elsewhere.example.net']})
        for kind in ('site', 'cluster'):
            self.assertEqual(self.counts(kind), {}, 'without permission for assignments')
        grant(self.user, 'view', model=CertificateAssignment)
        expected = {
            '': 1,
            'renewal_overdue=true': 0,
            'renewal_status=Due': 0,
            'validity=Expired&status=active': 0,
            'validity=Expiring&status=active': 0,
        } | NO_BAD_HOST
        for kind in self.pages:
            with self.subTest(kind):
                self.assertEqual(self.counts(kind), expected)

    def test_without_permission(self):
        grant(self.user, 'view', model=CertificateAssignment)
        for kind in self.pages:
            self.assertEqual(self.counts(kind), {})

    def test_none(self):
        grant(self.user, 'view')
        empty = Tenant.objects.create(name='E', slug='e')
        self.assertContains(self.client.get(empty.get_absolute_url()), 'No certificates')
