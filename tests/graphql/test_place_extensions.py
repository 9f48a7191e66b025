"""Certificates on NetBox's own GraphQL types: device { certificates { renewal_status } }."""

from dcim.models import Device
from django.db import connection
from django.test.utils import CaptureQueriesContext
from ipam.models import IPAddress, Service
from utilities.testing import APITestCase
from virtualization.models import VirtualMachine

from netbox_ssl.models import Certificate, CertificateAssignment
from tests.support.factories import DAY, grant, record
from tests.support.places import address_on, assign, device, machine, service_on

ALL = (None, CertificateAssignment, Device, VirtualMachine, Service, IPAddress)


class PlacesTestCase(APITestCase):
    """A host and a guest, each with its own certificate, one on a service, one on an address."""

    def setUp(self):
        super().setUp()
        self.host, self.guest = device('web-01'), machine('app-01')
        self.make(self.host, 'host', 1)
        self.make(self.guest, 'guest', 2)

    def make(self, host, name, number):
        places = {'own': host, 'service': service_on(host), 'address': address_on(host, f'192.0.2.{number}/24')}
        for kind, place in places.items():
            assign(record(name=f'{kind}.{name}', left=20 * DAY), place)

    def grant_all(self, but=()):
        for model in ALL:
            if model not in but:
                grant(self.user, 'view', **({'model': model} if model else {}))

    def ask(self, query):
        response = self.client.post('/graphql/', {'query': f'{{{query}}}'}, format='json', **self.header).json()
        self.assertNotIn('errors', response)
        return response['data']

    def names(self, query, key) -> list[str]:
        return [certificate['name'] for place in self.ask(query)[key] for certificate in place['certificates']]


class CertificatesTestCase(PlacesTestCase):
    HOST = ['own.host', 'service.host', 'address.host']
    GUEST = ['own.guest', 'service.guest', 'address.guest']

    def test_of_one_device(self):
        self.grant_all()
        found = self.ask(f'device(id: {self.host.pk}) {{ name certificates {{ name renewal_status }} }}')['device']
        self.assertEqual([each['renewal_status'] for each in found['certificates']], ['Due'] * 3)
        self.assertEqual([each['name'] for each in found['certificates']], self.HOST)

    def test_of_each_kind(self):
        self.grant_all()
        for kind, expected in (
            ('device', self.HOST),
            ('virtual_machine', self.GUEST),
            ('service', ['service.host', 'service.guest']),
            ('ip_address', ['address.host', 'address.guest']),
        ):
            with self.subTest(kind):
                self.assertEqual(self.names(f'{kind}_list {{ certificates {{ name }} }}', f'{kind}_list'), expected)

    def test_each_once(self):
        self.grant_all()
        certificate = Certificate.objects.get(name='own.host')
        assign(certificate, service_on(self.host, 'LDAPS'))
        self.assertEqual(self.names('device_list { certificates { name } }', 'device_list'), self.HOST)

    def test_assignments(self):
        self.grant_all()
        query = 'device_list { certificate_assignments { note certificate { name renewal_status } } }'
        (found,) = self.ask(query)['device_list']
        expected = [{'note': '', 'certificate': {'name': 'own.host', 'renewal_status': 'Due'}}]
        self.assertEqual(found['certificate_assignments'], expected)

    def test_besides_the_columns_that_netbox_requires(self):
        """The device has all of its services, whatever was prefetched for its certificates."""
        self.grant_all()
        service_on(self.host, 'SSH')
        grant(self.user, 'view', model=self.host.interfaces.model)
        query = """device_list {
            first: certificates { name } second: certificates { renewal_status tenant { name } }
            certificate_assignments { note } services { name certificates { name } }
            interfaces { ip_addresses { address certificates { name } } }
        }"""
        (found,) = self.ask(query)['device_list']
        self.assertEqual([each['name'] for each in found['first']], self.HOST)
        self.assertEqual([each['renewal_status'] for each in found['second']], ['Due'] * 3)
        services = {each['name']: [c['name'] for c in each['certificates']] for each in found['services']}
        self.assertEqual(services, {'HTTPS': ['service.host'], 'SSH': []})
        (address,) = found['interfaces'][0]['ip_addresses']
        self.assertEqual(address['certificates'], [{'name': 'address.host'}])

    def test_the_number_of_queries_does_not_grow(self):
        self.grant_all()
        for kind in ('device', 'virtual_machine'):
            query = f"""{kind}_list {{
                name certificates {{ name renewal_status sources {{ external_id }} tenant {{ name }} }}
                certificate_assignments {{ certificate {{ renewal_status }} }}
            }}"""
            self.ask(query)
            before = self.queries(query)
            for number in range(3):
                host = device(f'{kind}-{number}') if kind == 'device' else machine(f'{kind}-{number}')
                self.make(host, f'{kind}{number}', 10 * (number + 1) + len(kind))
            self.assertEqual(self.queries(query), before, kind)

    def queries(self, query) -> int:
        with CaptureQueriesContext(connection) as captured:
            self.ask(query)
        return len(captured)


class ConstrainedTestCase(PlacesTestCase):
    QUERY = 'device_list { certificates { name } certificate_assignments { certificate { name } } }'

    def found(self):
        (place,) = self.ask(self.QUERY)['device_list']
        direct = [each['certificate']['name'] for each in place['certificate_assignments']]
        return [each['name'] for each in place['certificates']], direct

    def test_certificates(self):
        self.grant_all(but=(None,))
        self.assertEqual(self.found(), ([], []))
        grant(self.user, 'view', constraints={'name': 'service.host'})
        self.assertEqual(self.found(), (['service.host'], []))

    def test_assignments(self):
        self.grant_all(but=(CertificateAssignment,))
        self.assertEqual(self.found(), ([], []))
        grant(self.user, 'view', model=CertificateAssignment, constraints={'certificate__name': 'own.host'})
        self.assertEqual(self.found(), (['own.host'], ['own.host']))

    def test_services(self):
        self.grant_all(but=(Service,))
        self.assertEqual(self.found(), (['own.host', 'address.host'], ['own.host']))

    def test_filters_do_not_reveal_others(self):
        self.grant_all(but=(None,))
        query = 'device_list(filters: {certificates: {renewal_status: {exact: DUE}}}) { name }'
        self.assertEqual(self.ask(query)['device_list'], [])
        grant(self.user, 'view', constraints={'name': 'own.host'})
        self.assertEqual(self.ask(query)['device_list'], [{'name': 'web-01'}])
        query = 'device_list(filters: {certificates: {name: {exact: "service.host"}}}) { name }'
        self.assertEqual(self.ask(query)['device_list'], [])

    def test_filters_do_not_reveal_other_assignments(self):
        self.grant_all(but=(CertificateAssignment,))
        query = 'device_list(filters: {certificates: {renewal_status: {exact: DUE}}}) { name }'
        self.assertEqual(self.ask(query)['device_list'], [])
        grant(self.user, 'view', model=CertificateAssignment, constraints={'certificate__name': 'service.host'})
        self.assertEqual(self.ask(query)['device_list'], [{'name': 'web-01'}])


class FiltersTestCase(PlacesTestCase):
    def test_of_each_kind(self):
        self.grant_all()
        device('no certificate')
        for kind, field in (('device', 'host'), ('virtual_machine', 'guest')):
            for which in ('own', 'service', 'address'):
                query = f'{kind}_list(filters: {{certificates: {{name: {{exact: "{which}.{field}"}}}}}}) {{ name }}'
                found = [each['name'] for each in self.ask(query)[f'{kind}_list']]
                self.assertEqual(found, [getattr(self, field).name], (kind, which))
        for kind, expected in (('service', 'HTTPS'), ('ip_address', '192.0.2.1/24')):
            which = kind.removeprefix('ip_')
            query = f'{kind}_list(filters: {{certificates: {{name: {{exact: "{which}.host"}}}}}}) {{ display }}'
            (found,) = self.ask(query)[f'{kind}_list']
            self.assertIn(expected, found['display'])

    def test_through_other_objects(self):
        self.grant_all()
        query = 'service_list(filters: {certificates: {renewal_status: {exact: OK}}}) { name }'
        self.assertEqual(self.ask(query)['service_list'], [])


class CertificateFiltersTestCase(PlacesTestCase):
    """Certificates by the objects that use them, as in the list."""

    def found(self, filters) -> list[str]:
        return [
            each['name']
            for each in self.ask(f'certificate_list(filters: {{{filters}}}) {{ name }}')['certificate_list']
        ]

    def test_each_kind(self):
        self.grant_all()
        record(name='nowhere')
        host = ['address.host', 'own.host', 'service.host']
        guest = ['address.guest', 'own.guest', 'service.guest']
        service, address = (
            Service.objects.get(name='HTTPS', device=self.host),
            IPAddress.objects.get(address='192.0.2.1/24'),
        )
        for filters, expected in (
            (f'device_id: [{self.host.pk}]', host),
            (f'virtual_machine_id: ["{self.guest.pk}"]', guest),
            (f'service_id: [{service.pk}]', ['service.host']),
            (f'ip_address_id: [{address.pk}]', ['address.host']),
            (f'site_id: [{self.host.site.pk}]', host),
            (f'cluster_id: [{self.guest.cluster.pk}]', guest),
            ('assigned: false', ['nowhere']),
            (f'device_id: [{self.host.pk}], renewal_status: {{exact: OK}}', []),
        ):
            with self.subTest(filters):
                self.assertEqual(sorted(self.found(filters)), expected)

    def test_constrained(self):
        self.grant_all(but=(Device,))
        self.assertEqual(sorted(self.found(f'device_id: [{self.host.pk}]')), ['address.host', 'service.host'])
        self.assertEqual(self.found('assigned: false'), ['own.host'])
