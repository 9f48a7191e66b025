"""Suggested endpoints: where certificates are used, as far as the user may view it, and accepting them."""

import re

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from ipam.models import IPAddress, Service
from users.models import User
from utilities.testing import APITestCase, TestCase

from netbox_ssl.models import Certificate, CertificateAssignment, Endpoint
from netbox_ssl.places.endpoint_proposals import find_proposals
from tests.support.endpoints import endpoint
from tests.support.factories import grant, record, superuser
from tests.support.places import address_on, assign, device

URL = '/plugins/ssl/endpoints/suggestions/'


def proposed(user=None, limit=100) -> list[tuple]:
    found = find_proposals(user or superuser(), limit)
    return [(str(each.endpoint()), each.starttls, str(each.assignment.certificate)) for each in found]


class ProposalsTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.host = device('web-01')
        names = ['www.example.net', 'example.net', '*.shop.example.net']
        self.certificate = record(subject_alt_names=names)

    def service(self, *ports, addresses=()):
        made = Service.objects.create(parent=self.host, name='Web', port_mappings=list(ports))
        made.ipaddresses.set(addresses)
        return assign(self.certificate, made)

    def test_services(self):
        self.service('tcp/443', 'tcp/8443', 'udp/443', 'tcp/587', addresses=[address_on(dns_name='www.example.net')])
        self.assertEqual(
            proposed(),
            [
                ('www.example.net:443', '', 'www.example.net'),
                ('www.example.net:587', 'smtp', 'www.example.net'),
                ('www.example.net:8443', '', 'www.example.net'),
            ],
        )

    def test_a_service_without_addresses_has_those_of_its_host(self):
        self.service('tcp/443')
        self.assertEqual(proposed(), [])
        self.host.primary_ip4 = address_on(self.host)
        self.host.save()
        self.assertEqual([label for label, *_ in proposed()], ['192.0.2.10:443/www.example.net'])

    def test_addresses_and_names(self):
        for address, dns_name, label in (
            ('192.0.2.1/24', 'www.example.net', 'www.example.net:443'),
            ('192.0.2.2/24', 'a.shop.example.net', 'a.shop.example.net:443'),
            ('192.0.2.3/24', 'lb.example.com', 'lb.example.com:443/www.example.net'),
            ('192.0.2.4/24', '', '192.0.2.4:443/www.example.net'),
            ('2001:db8::7/64', '', '[2001:db8::7]:443/www.example.net'),
        ):
            with self.subTest(label):
                assignment = assign(self.certificate, address_on(address=address, dns_name=dns_name))
                self.assertEqual([found for found, *_ in proposed()], [label])
                assignment.delete()

    def test_ports_in_notes(self):
        assignment = assign(self.certificate, address_on(dns_name='www.example.net'))
        for note, port in (
            ('', 443),
            ('8443', 8443),
            (':8443', 8443),
            ('tcp/8443', 8443),
            ('on port 636, by nginx', 636),
            ('/srv/www2', 443),
            ('rack 12', 443),
            ('port 99999', 443),
        ):
            with self.subTest(note):
                CertificateAssignment.objects.filter(pk=assignment.pk).update(note=note)
                self.assertEqual([found for found, *_ in proposed()], [f'www.example.net:{port}'])

    def test_not_what_is_monitored_already_or_not_in_use(self):
        assign(self.certificate, address_on(dns_name='www.example.net'))
        assign(self.certificate, self.host)
        made = endpoint('www.example.net', monitor='another')
        self.assertEqual(proposed(), [])
        made.delete()
        self.assertEqual(len(proposed()), 1)
        Certificate.objects.update(status='retired')
        self.assertEqual(proposed(), [])

    def test_only_what_the_user_may_view(self):
        self.service('tcp/443', addresses=[address_on(dns_name='www.example.net')])
        for model in (Certificate, CertificateAssignment, Service):
            grant(self.user, 'view', model=model)
        self.assertEqual(proposed(self.user), [], 'the address is hidden')
        grant(self.user, 'view', model=IPAddress)
        self.user = User.objects.get(pk=self.user.pk)
        self.assertEqual(len(proposed(self.user)), 1)

    def test_queries_do_not_grow(self):
        numbers = []
        for number in (1, 2, 5):
            for each in range(number):
                self.service('tcp/443', addresses=[address_on(address=f'192.0.{number}.{each}/24')])
            with CaptureQueriesContext(connection) as captured:
                proposed()
            numbers.append(len(captured))
        self.assertEqual(numbers[1], numbers[2])


class PageTestCase(TestCase):
    def setUp(self):
        super().setUp()
        for model in (Certificate, CertificateAssignment, IPAddress):
            grant(self.user, 'view', model=model)
        self.certificate = record(subject_alt_names=['www.example.net'])

    def permit(self, **constraints):
        grant(self.user, 'view', 'add', constraints=constraints or None, model=Endpoint)

    def test_accepting(self):
        self.permit()
        for number in (1, 2):
            assign(self.certificate, address_on(address=f'192.0.2.{number}/24'))
        page = self.client.get(URL)
        self.assertContains(page, '192.0.2.1:443/www.example.net')
        keys = [proposal.key for proposal in page.context['proposals']]
        response = self.client.post(
            URL, {'proposal': [keys[0], 'x', '99999999999999999999 x'], 'monitor': 'probe-1'}, follow=True
        )
        self.assertContains(response, 'Added: 1')
        self.assertContains(response, 'No longer suggested, so not added: 2')
        added = Endpoint.objects.get()
        self.assertEqual((added.monitor, added.expected_certificate), ('probe-1', self.certificate))
        self.assertEqual(str(added.assigned_object), '192.0.2.1/24')
        self.assertEqual([each.label for each in response.context['proposals']], ['192.0.2.2:443/www.example.net'])

    def test_beyond_the_constraints(self):
        self.permit(address='192.0.2.1')
        for number in (1, 2):
            assign(self.certificate, address_on(address=f'192.0.2.{number}/24'))
        keys = [proposal.key for proposal in self.client.get(URL).context['proposals']]
        self.client.post(URL, {'proposal': keys})
        self.assertEqual(Endpoint.objects.get().address, '192.0.2.1')

    def test_without_permission_or_suggestions(self):
        self.assertHttpStatus(self.client.get(URL), 403)
        self.assertHttpStatus(self.client.post(URL, {'proposal': 'x'}), 403)
        self.permit()
        self.assertContains(self.client.get(URL), 'No suggestions.')
        self.assertContains(self.client.post(URL, {}, follow=True), 'No endpoints were selected.')
        assign(self.certificate, address_on())

    def test_a_form_with_an_error_keeps_the_selection(self):
        self.permit()
        for number in (1, 2):
            assign(self.certificate, address_on(address=f'192.0.2.{number}/24'))
        key, _other = [proposal.key for proposal in self.client.get(URL).context['proposals']]
        response = self.client.post(URL, {'monitor': 'a:b', 'proposal': key})
        self.assertContains(response, 'neither a colon nor a slash')
        html = response.content.decode()
        self.assertEqual(re.findall(r'value="([^"]+)"[^>]* checked>', html), [key])

    def test_the_button_leads_here(self):
        self.permit()
        self.assertContains(self.client.get(reverse('plugins:netbox_ssl:endpoint_list')), URL)


class RESTTestCase(APITestCase):
    def test_proposals_can_be_posted(self):
        for model in (Certificate, CertificateAssignment, IPAddress):
            grant(self.user, 'view', model=model)
        grant(self.user, 'view', 'add', model=Endpoint)
        address = address_on(dns_name='www.example.net')
        certificate = record(subject_alt_names=['www.example.net'])
        assign(certificate, address, note='tcp/636')
        base = '/api/plugins/ssl/endpoints/'
        proposals = self.client.get(f'{base}proposals/', **self.header).json()
        self.assertEqual([(each['address'], each['port']) for each in proposals], [('www.example.net', 636)])
        self.assertHttpStatus(self.client.post(base, proposals, format='json', **self.header), 201)
        added = Endpoint.objects.get()
        self.assertEqual((added.expected_certificate, added.assigned_object), (certificate, address))
        self.assertEqual(self.client.get(f'{base}proposals/', **self.header).json(), [])
