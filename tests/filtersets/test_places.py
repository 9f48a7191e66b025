"""Filters of certificates and assignments by the objects that use them, and with constrained permissions."""

from dcim.models import Device, Site
from ipam.models import IPAddress
from utilities.testing import APITestCase, TestCase
from virtualization.models import Cluster, ClusterType

from netbox_ssl.filtersets import CertificateAssignmentFilterSet, CertificateFilterSet
from netbox_ssl.models import Certificate, CertificateAssignment
from tests.support.factories import grant, record
from tests.support.lists import listed
from tests.support.places import address_on, assign, device, machine, service_on


class PlacesTestCase(TestCase):
    """A certificate on each kind of object, named after it."""

    @classmethod
    def setUpTestData(cls):
        cls.host, cls.other = device('web-01'), device('web-02', site=Site.objects.create(name='S2', slug='s2'))
        cluster = Cluster.objects.create(name='c1', type=ClusterType.objects.create(name='T', slug='t'))
        cls.machine = machine('app-01', cluster=cluster)
        cls.places = {
            'device': cls.host,
            'device-service': service_on(cls.host),
            'device-address': address_on(cls.host),
            'other-device': cls.other,
            'machine': cls.machine,
            'machine-service': service_on(cls.machine),
            'machine-address': address_on(cls.machine, '192.0.2.20/24'),
            'free-address': address_on(address='192.0.2.30/24'),
        }
        for name, place in cls.places.items():
            assign(record(name=name), place)
        record(name='nowhere')
        cls.on_device = {'device', 'device-service', 'device-address'}
        cls.on_machine = {'machine', 'machine-service', 'machine-address'}

    def check(self, expected: set, **parameters):
        found = CertificateFilterSet(parameters, Certificate.objects.all()).qs.values_list('name', flat=True)
        # A duplicate would come from a join.
        self.assertEqual(sorted(found), sorted(expected))
        assignments = CertificateAssignmentFilterSet(parameters, CertificateAssignment.objects.all()).qs
        self.assertEqual(set(assignments.values_list('certificate__name', flat=True)), expected)

    def test_hosts_with_their_services_and_addresses(self):
        self.check(self.on_device, device=['web-01'])
        self.check(self.on_device | {'other-device'}, device_id=[self.host.pk, self.other.pk])
        self.check(self.on_machine, virtual_machine=['app-01'])
        self.check(self.on_machine, virtual_machine_id=[self.machine.pk])

    def test_service_and_address(self):
        self.check({'device-service'}, service_id=[self.places['device-service'].pk])
        self.check({'device-service', 'machine-service'}, service=['HTTPS'])
        self.check({'free-address'}, ip_address=['192.0.2.30/24'])
        self.check({'machine-address'}, ip_address_id=[self.places['machine-address'].pk])

    def test_site_and_cluster(self):
        self.check({'other-device'}, site=['s2'])
        self.check(self.on_device, site_id=[self.host.site.pk])
        self.check(self.on_machine, cluster=['c1'])
        self.check(self.on_machine, cluster_id=[self.machine.cluster.pk])

    def test_an_address_that_was_moved_is_found_where_it_is_now(self):
        address = IPAddress.objects.get(pk=self.places['device-address'].pk)
        address.assigned_object = self.other.interfaces.create(name='eth1')
        address.save()
        self.check({'other-device', 'device-address'}, device=['web-02'])

    def test_assigned_to_nothing(self):
        found = CertificateFilterSet({'assigned': 'false'}, Certificate.objects.all()).qs
        self.assertEqual([each.name for each in found], ['nowhere'])
        self.assertEqual(CertificateFilterSet({'assigned': 'true'}, Certificate.objects.all()).qs.count(), 8)


class ConstrainedTestCase(APITestCase):
    """Filters reveal no assignments that the user may not view."""

    def setUp(self):
        super().setUp()
        self.host = device('web-01')
        for name in ('shown', 'hidden'):
            assign(record(name=name), self.host)
        grant(self.user, 'view')
        grant(self.user, 'view', model=Device)
        self.client.force_login(self.user)

    def found(self, query):
        api = self.client.get(f'/api/plugins/ssl/certificates/?{query}', **self.header).json()['results']
        names = sorted(each['name'] for each in api)
        shown = listed(self.client, f'/plugins/ssl/certificates/?{query}')
        self.assertEqual(sorted(certificate.name for certificate in shown), names)
        return names

    def test_without_permission(self):
        self.assertEqual(self.found(f'device_id={self.host.pk}'), [])
        self.assertEqual(self.found('assigned=true'), [])
        self.assertEqual(self.found('assigned=false'), ['hidden', 'shown'])

    def test_with_a_constraint(self):
        grant(self.user, 'view', model=CertificateAssignment, constraints={'certificate__name': 'shown'})
        self.assertEqual(self.found(f'device_id={self.host.pk}'), ['shown'])
        self.assertEqual(self.found('assigned=true'), ['shown'])
        self.assertEqual(self.found('assigned=false'), ['hidden'])

    def test_names_of_hidden_objects(self):
        """Hidden names are treated as nonexistent, so that they are not revealed."""
        grant(self.user, 'view', model=CertificateAssignment)
        self.user.object_permissions.filter(object_types__model='device').delete()
        grant(self.user, 'view', model=Device, constraints={'name': 'web-02'})
        seen = device('web-02')
        self.assertEqual(self.found('device=web-02'), [])
        self.assertEqual(self.found(f'device_id={seen.pk}'), [])
        url = '/api/plugins/ssl/certificates/'
        for hidden, nothing in (('device=web-01', 'device=web-99'), (f'device_id={self.host.pk}', 'device_id=987654')):
            answers = [self.client.get(f'{url}?{query}', **self.header) for query in (hidden, nothing)]
            self.assertEqual([answer.status_code for answer in answers], [400, 400])
