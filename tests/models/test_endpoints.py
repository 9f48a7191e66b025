"""Endpoint: NetBox's own test cases, validation, and what a change does to the last result."""

from dcim.models import Device, Site
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.test import TestCase
from ipam.models import IPAddress
from utilities.testing import (
    APIViewTestCases,
    ChangeLoggedFilterSetTestMixin,
    TableTestCases,
    ViewTestCases,
    create_tags,
)

import tests.support.query_counts  # noqa: F401  (where the query counts are)
from netbox_ssl.filtersets import CertificateFilterSet, CertificateSourceFilterSet, EndpointFilterSet
from netbox_ssl.models import Certificate, CertificateSource, Endpoint
from netbox_ssl.tables import EndpointTable
from tests.support.endpoints import check, endpoint, seen
from tests.support.factories import grant, issue_acme, record
from tests.support.places import address_on, assign, device, service_on


def make_endpoints():
    for number in range(1, 4):
        endpoint(f'www{number}.example.net', description=f'Number {number}')


class EndpointViewTestCase(ViewTestCases.PrimaryObjectViewTestCase):
    model = Endpoint

    def _get_base_url(self):
        return f'plugins:{super()._get_base_url()}'

    @classmethod
    def setUpTestData(cls):
        make_endpoints()
        certificate = record('shop.example.net')
        tags = create_tags('Alpha', 'Bravo')
        cls.form_data = {
            'address': 'shop.example.net',
            'port': 8443,
            'server_name': 'www.example.net',
            'starttls': 'smtp',
            'ca_file': '/etc/ssl/example-ca.pem',
            'monitor': 'probe-2',
            'interval': 30,
            'expected_certificate': certificate.pk,
            'description': 'The shop',
            'comments': 'Behind the load balancer',
            'tags': [tag.pk for tag in tags],
        }
        cls.bulk_edit_data = {
            'monitor': 'probe-3',
            'interval': 60,
            'starttls': 'imap',
            'ca_file': '/etc/ssl/other.pem',
            'description': 'Changed',
        }
        device('web-01')
        cls.csv_data = (
            'address,port,server_name,starttls,monitor,expected_certificate,assigned_object_type,assigned_object',
            'a.example.net,,,,probe-1,shop.example.net,dcim.device,web-01',
            '192.0.2.7,993,mail.example.net,,,,,',
            '2001:db8::7,587,,smtp,,,,',
        )
        endpoints = Endpoint.objects.order_by('pk')
        cls.csv_update_data = ('id,monitor', *(f'{each.pk},probe-9' for each in endpoints))

    def test_export_objects(self):
        """The export is YAML, which the import accepts; the table is exported as CSV."""
        grant(self.user, 'view', model=Endpoint)
        types = [
            self.client.get(f'{self._get_url("list")}?{query}')['Content-Type'] for query in ('export', 'export=table')
        ]
        self.assertEqual(types, ['text/yaml', 'text/csv; charset=utf-8'])


class EndpointAPITestCase(APIViewTestCases.APIViewTestCase):
    model = Endpoint
    view_namespace = 'plugins-api:netbox_ssl'
    user_permissions = ('netbox_ssl.view_certificate',)
    brief_fields = ['address', 'description', 'display', 'id', 'port', 'server_name', 'state', 'url']
    bulk_update_data = {'monitor': 'probe-2'}
    bulk_update_invalid_data = {'port': 0}

    @classmethod
    def setUpTestData(cls):
        make_endpoints()
        certificate = record('shop.example.net')
        cls.create_data = [
            {'address': 'a.example.net', 'expected_certificate': certificate.pk},
            {'address': '192.0.2.7', 'port': 993, 'server_name': 'mail.example.net'},
            {'address': '2001:db8::7', 'port': 587, 'starttls': 'smtp', 'interval': 5},
        ]


class EndpointFilterSetTestCase(TestCase, ChangeLoggedFilterSetTestMixin):
    # NetBox's test finds the filter set by the first part of this.
    __module__ = 'netbox_ssl.tests.test_filtersets'
    queryset = Endpoint.objects.all()
    filterset = EndpointFilterSet
    ignore_fields = (*Endpoint.STATE_BOOKKEEPING, 'source')

    @classmethod
    def setUpTestData(cls):
        make_endpoints()
        cls.issued = issue_acme('www1.example.net')
        cls.certificate = seen(cls.issued, 'www1.example.net:443').certificate
        check('ok', 'www1.example.net')
        check('timeout', 'www2.example.net', detail='no certificate within 10 seconds')
        cls.host = device('web-03')
        third = Endpoint.objects.get(address='www3.example.net')
        third.assigned_object, third.expected_certificate = service_on(cls.host), record('www3.example.net')
        third.save()

    def found(self, **parameters):
        filterset = self.filterset(parameters, self.queryset)
        self.assertEqual(filterset.errors, {})
        return sorted(filterset.qs.values_list('description', flat=True))

    def test_state_and_result(self):
        for parameters, numbers in (
            ({'state': ['ok']}, ['Number 1']),
            ({'state': ['OK', 'unchecked']}, ['Number 1', 'Number 3']),
            ({'result': ['timeout']}, ['Number 2']),
            ({'problem': 'true'}, ['Number 2']),
            ({'problem': 'false'}, ['Number 1', 'Number 3']),
            ({'result_detail': ['no certificate within 10 seconds']}, ['Number 2']),
            ({'checked_by': ['probe-1']}, ['Number 1', 'Number 2']),
        ):
            with self.subTest(parameters):
                self.assertEqual(self.found(**parameters), numbers)

    def test_certificates_and_places(self):
        third = Endpoint.objects.get(address='www3.example.net')
        for parameters, numbers in (
            ({'certificate_id': [self.certificate.pk]}, ['Number 1']),
            ({'certificate': ['www3.example.net']}, ['Number 3']),
            ({'expected_certificate_id': [third.expected_certificate_id]}, ['Number 3']),
            ({'expected_certificate': ['www3.example.net']}, ['Number 3']),
            ({'device_id': [self.host.pk]}, ['Number 3']),
            ({'site': ['site-1']}, ['Number 3']),
            ({'service_id': [third.assigned_object_id]}, ['Number 3']),
            ({'q': 'www2'}, ['Number 2']),
        ):
            with self.subTest(parameters):
                self.assertEqual(self.found(**parameters), numbers)

    def test_the_source_of_an_endpoint(self):
        first = Endpoint.objects.get(address='www1.example.net')
        found = CertificateSourceFilterSet({'endpoint_id': [first.pk]}, CertificateSource.objects.all()).qs
        self.assertEqual(list(found), [first.source])

    def test_certificates_with_a_problem_at_an_endpoint(self):
        def found(**parameters):
            return sorted(str(each) for each in CertificateFilterSet(parameters, Certificate.objects.all()).qs)

        self.assertEqual(found(endpoint_problem='true'), [])
        check('refused', 'www3.example.net')
        self.assertEqual(found(endpoint_problem='true'), ['www3.example.net'], 'expected there')
        check('expired', 'www1.example.net')
        self.assertEqual(found(endpoint_problem='true'), ['www1.example.net', 'www3.example.net'], 'seen there')
        self.assertEqual(found(endpoint_problem='false'), [])

    def test_at_the_places_of_its_certificate(self):
        """As long as the object that serves it is not known."""
        assign(self.certificate, address_on(self.host))
        self.assertEqual(self.found(site_id=[self.host.site_id]), ['Number 1', 'Number 3'])
        elsewhere = Site.objects.create(name='Site 2', slug='site-2')
        assign(self.certificate, device('web-04', site=elsewhere))
        first = Endpoint.objects.get(address='www1.example.net')
        first.assigned_object = IPAddress.objects.get()
        first.save()
        self.assertEqual(self.found(site=['site-2']), [])
        self.assertEqual(self.found(site=['site-1']), ['Number 1', 'Number 3'])


class EndpointTableTestCase(TableTestCases.StandardTableTestCase):
    table = EndpointTable
    queryset_sources = [('list', Endpoint.objects.with_sources().with_places())]


class ValidationTestCase(TestCase):
    def test_addresses_in_their_canonical_form(self):
        for given, stored in (
            ('WWW.Example.net.', 'www.example.net'),
            ('bücher.example', 'xn--bcher-kva.example'),
            ('192.0.2.7', '192.0.2.7'),
            ('[2001:DB8::0:7]', '2001:db8::7'),
            ('mail', 'mail'),
        ):
            with self.subTest(given):
                made = Endpoint(address=given)
                made.full_clean()
                self.assertEqual(made.address, stored)

    def test_names(self):
        for address, port, name, label in (
            ('www.example.net', 443, '', 'www.example.net:443'),
            ('www.example.net', 443, 'www.example.net', 'www.example.net:443'),
            ('192.0.2.7', 993, 'mail.example.net', '192.0.2.7:993/mail.example.net'),
            ('2001:db8::7', 443, '', '[2001:db8::7]:443'),
        ):
            with self.subTest(label):
                made = Endpoint(address=address, port=port, server_name=name, monitor='probe-1')
                made.full_clean()
                self.assertEqual((str(made), made.external_id), (label, f'served:probe-1:{label}'))

    def test_invalid_values(self):
        host, site = ContentType.objects.get_for_model(Device), ContentType.objects.get_for_model(Site)
        for field, values in (
            ('address', {'address': ''}),
            ('address', {'address': '*.example.net'}),
            ('address', {'address': 'https://www.example.net'}),
            ('address', {'address': 'www.example.net:443'}),
            ('address', {'address': '-oProxyCommand'}),
            ('address', {'address': '256.1.1.1'}),
            ('address', {'address': '127.1'}),
            ('address', {'address': '0x7f.0x1'}),
            ('address', {'address': 'fe80::1%eth0'}),
            ('address', {'address': '[www.example.net]'}),
            ('server_name', {'server_name': '256.1.1.1'}),
            ('port', {'port': 0}),
            ('port', {'port': 65536}),
            ('server_name', {'server_name': 'a b'}),
            ('starttls', {'starttls': 'gopher'}),
            ('interval', {'interval': 0}),
            ('ca_file', {'ca_file': 'ca.pem'}),
            ('ca_file', {'ca_file': '/etc/ca\n.pem'}),
            ('monitor', {'monitor': 'a:b'}),
            ('assigned_object_id', {'assigned_object_type': host}),
            ('assigned_object_type', {'assigned_object_type': site, 'assigned_object_id': 1}),
        ):
            with self.subTest(values):
                with self.assertRaises(ValidationError) as caught:
                    Endpoint(**{'address': 'www.example.net', **values}).full_clean()
                self.assertIn(field, caught.exception.message_dict)

    def test_one_monitor_has_an_endpoint_once(self):
        endpoint()
        endpoint(monitor='probe-2')
        endpoint(port=8443)
        with self.assertRaises(ValidationError):
            endpoint('WWW.example.net')


class ChangeTestCase(TestCase):
    def setUp(self):
        self.certificate = seen(issue_acme()).certificate
        endpoint()
        self.endpoint = check('ok')

    def change(self, **columns):
        stored = Endpoint.objects.get(pk=self.endpoint.pk)
        for name, value in columns.items():
            setattr(stored, name, value)
        stored.full_clean()
        stored.save()
        return Endpoint.objects.get(pk=stored.pk)

    def test_another_address_has_not_been_checked_yet(self):
        changed = self.change(port=8443)
        self.assertEqual((changed.state, changed.source, changed.checked_at), ('unchecked', None, None))

    def test_other_columns_keep_the_result(self):
        changed = self.change(description='The shop', interval=5)
        self.assertEqual((changed.state, changed.certificate), ('ok', self.certificate))

    def test_the_expected_certificate_decides_at_once(self):
        changed = self.change(expected_certificate=record('other.example.net'))
        self.assertEqual((changed.state, changed.reported_result), ('other_certificate', 'ok'))
        self.assertEqual(self.change(expected_certificate=self.certificate).state, 'ok')

    def test_saving_keeps_a_result_that_arrived_meanwhile(self):
        stale = Endpoint.objects.get(pk=self.endpoint.pk)
        check('refused')
        stale.description = 'The shop'
        stale.save()
        stale.refresh_from_db()
        self.assertEqual((stale.result, stale.description), ('refused', 'The shop'))

    def test_deleting_its_object_keeps_it(self):
        host = device()
        self.assertEqual(self.change(assigned_object=host).assigned_object, host)
        host.delete()
        kept = Endpoint.objects.get(pk=self.endpoint.pk)
        self.assertEqual((kept.assigned_object_type, kept.assigned_object_id), (None, None))

    def test_deleting_its_certificate_keeps_it(self):
        self.change(expected_certificate=self.certificate)
        self.certificate.delete()
        kept = Endpoint.objects.get(pk=self.endpoint.pk)
        self.assertEqual((kept.expected_certificate, kept.certificate, kept.state), (None, None, 'ok'))
