"""Endpoints on pages: their own, those of certificates and sites, Renewals, By Name, the dashboard, and metrics."""

from uuid import uuid4

from dcim.models import Site
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from ipam.models import IPAddress
from prometheus_client import CollectorRegistry, generate_latest
from users.models import User
from utilities.testing import TestCase

from netbox_ssl.choices import EndpointStateChoices
from netbox_ssl.dashboard import EndpointsWidget
from netbox_ssl.models import Certificate, CertificateAssignment, Endpoint
from netbox_ssl.reports.metrics import RenewalCollector
from netbox_ssl.tables import CertificateTable
from tests.support.endpoints import check, endpoint, seen
from tests.support.factories import grant, issue_acme, record
from tests.support.places import address_on, assign, device

LIST = '/plugins/ssl/endpoints/'


class EndpointPagesTestCase(TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view', model=Endpoint)
        self.issued = issue_acme()
        self.certificate = seen(self.issued).certificate
        self.endpoint = check('ok')

    def permit(self, *models, constraints=None):
        for model in models:
            grant(self.user, 'view', model=model, constraints=constraints)
        self.user = User.objects.get(pk=self.user.pk)

    def test_the_page_says_what_to_do(self):
        url = self.endpoint.get_absolute_url()
        for state in EndpointStateChoices.values():
            if state in ('behind', 'silent'):
                continue
            result = '' if state == 'unchecked' else state
            Endpoint.objects.update(result=result)
            with self.subTest(state):
                page = self.client.get(url)
                self.assertContains(page, dict(EndpointStateChoices)[state])
                text = page.content.decode().partition('class="text-secondary">')[2]
                self.assertTrue(text.partition('<')[0].strip() or state == 'ok')

    def test_hidden_certificates_and_objects(self):
        self.endpoint.expected_certificate = self.certificate
        self.endpoint.assigned_object = address_on(address='192.0.2.99/24')
        self.endpoint.save()
        for url in (self.endpoint.get_absolute_url(), LIST, f'{LIST}?export', f'{LIST}?export=table'):
            with self.subTest(url):
                page = self.client.get(url)
                self.assertNotContains(page, self.certificate.get_absolute_url())
                self.assertNotContains(page, self.certificate.fingerprint_sha256)
                self.assertNotContains(page, '192.0.2.99')
        self.permit(Certificate, IPAddress)
        page = self.client.get(self.endpoint.get_absolute_url())
        self.assertContains(page, self.certificate.get_absolute_url())
        self.assertContains(page, '192.0.2.99')

    def test_the_form_keeps_what_the_user_may_not_view(self):
        self.endpoint.expected_certificate = hidden = record('hidden.example.net')
        self.endpoint.assigned_object = place = address_on(address='192.0.2.99/24')
        self.endpoint.save()
        grant(self.user, 'change', model=Endpoint)
        self.user = User.objects.get(pk=self.user.pk)
        url = f'{self.endpoint.get_absolute_url()}edit/'
        page = self.client.get(url)
        self.assertContains(page, 'www.example.net')
        self.assertNotContains(page, 'hidden.example.net')
        self.assertNotContains(page, '192.0.2.99')
        data = {'address': 'www.example.net', 'port': 443, 'monitor': 'probe-1', 'description': 'The shop'}
        self.assertHttpStatus(self.client.post(url, data), 302)
        self.endpoint = Endpoint.objects.get()
        self.assertEqual((self.endpoint.description, self.endpoint.expected_certificate), ('The shop', hidden))
        self.assertEqual(self.endpoint.assigned_object, place)
        self.permit(Certificate, IPAddress)
        self.assertContains(self.client.get(url), '192.0.2.99')
        self.assertHttpStatus(self.client.post(url, data), 302)
        self.endpoint = Endpoint.objects.get()
        self.assertEqual((self.endpoint.expected_certificate, self.endpoint.assigned_object), (None, None))

    def test_the_list_in_the_order_of_the_states(self):
        for name, result in (('bad', 'expired'), ('late', 'timeout')):
            check(result, f'{name}.example.net')
        endpoint('new.example.net')
        for sort, first in (('state', 'bad.example.net'), ('-state', 'new.example.net')):
            rows = self.client.get(f'{LIST}?sort={sort}').context['table'].rows
            self.assertEqual(rows[0].record.address, first)
        for column in ('certificate', 'expected_certificate', 'days_left', 'valid_to'):
            self.assertHttpStatus(self.client.get(f'{LIST}?sort={column}'), 200)

    def test_queries_of_the_list_do_not_grow(self):
        self.permit(Certificate)
        # The first request of a process reads what it keeps.
        self.client.get(LIST)
        numbers = []
        for count in (3, 9):
            for number in range(count):
                address = f'www{number}.example.net'
                seen(issue_acme(address), f'{address}:443')
                check('ok', address)
            with CaptureQueriesContext(connection) as captured:
                self.assertHttpStatus(self.client.get(LIST), 200)
            numbers.append(len(captured))
        self.assertEqual(*numbers)

    def test_the_page_of_a_certificate_loads_who_is_affected(self):
        self.permit(Certificate)
        url = f'{LIST}?certificate_id={self.certificate.pk}'
        loaded = f'{LIST}?embedded=True&certificate_id={self.certificate.pk}'
        self.assertContains(self.client.get(self.certificate.get_absolute_url()), loaded)
        endpoint('other.example.net')
        records = [row.record for row in self.client.get(url).context['table'].rows]
        self.assertEqual(records, [self.endpoint])

    def test_the_column_of_certificates(self):
        self.permit(Certificate)
        other = record('other.example.net')
        check('timeout', 'bad.example.net')
        Endpoint.objects.filter(address='bad.example.net').update(expected_certificate=self.certificate)
        table = CertificateTable(Certificate.objects.order_by('name'))
        table.request = RequestFactory().get('/')
        table.request.user = self.user
        cells = {row.record.pk: row.get_cell('endpoints') for row in table.rows}
        self.assertEqual(cells[other.pk], '—')
        url = f'{LIST}?certificate_id={self.certificate.pk}'
        self.assertIn(f'href="{url}">2</a>', cells[self.certificate.pk])
        self.assertIn(f'href="{url}&problem=true"', cells[self.certificate.pk])
        values = {row.record.pk: row.get_cell_value('endpoints') for row in table.rows}
        self.assertEqual(values, {self.certificate.pk: 2, other.pk: None})

    def test_renewals(self):
        self.permit(Certificate)
        self.assertContains(self.client.get('/plugins/ssl/renewals/'), 'every endpoint that was checked serves')
        check('expired', 'bad.example.net', detail='certificate has expired')
        page = self.client.get('/plugins/ssl/renewals/')
        self.assertContains(page, f'{LIST}?problem=true')
        self.assertContains(page, 'bad.example.net:443')
        self.assertNotContains(page, 'www.example.net:443')
        Endpoint.objects.all().delete()
        self.assertContains(self.client.get('/plugins/ssl/renewals/'), 'No endpoint is monitored yet.')

    def test_by_name(self):
        self.permit(Certificate)
        check('ok', '192.0.2.7', server_name='www.example.net')
        url = '/plugins/ssl/by-name/?name=www.example.net'
        page = self.client.get(url)
        self.assertContains(page, 'Served at:')
        self.assertContains(page, '192.0.2.7:443/www.example.net')
        self.assertNotContains(page, 'Problem at an endpoint')
        check('name_mismatch', '192.0.2.7', server_name='www.example.net')
        page = self.client.get(url)
        self.assertContains(page, 'Problem at an endpoint')
        self.assertContains(page, 'card-status-start bg-red')

    def test_by_name_shows_visible_endpoints_only(self):
        self.permit(Certificate)
        Endpoint.objects.all().delete()
        check('refused')
        self.user.object_permissions.filter(object_types__model='endpoint').delete()
        grant(self.user, 'view', model=Endpoint, constraints={'address': 'a.example.net'})
        self.user = User.objects.get(pk=self.user.pk)
        self.client.force_login(self.user)
        page = self.client.get('/plugins/ssl/by-name/?name=www.example.net')
        self.assertNotContains(page, 'Problem at an endpoint')
        self.assertNotContains(page, 'Served at:')

    def test_the_page_of_a_site(self):
        self.permit(Certificate, CertificateAssignment, Site, IPAddress)
        host = device()
        assign(record('inside.example.net'), address_on(host))
        self.endpoint.assigned_object = address_on(host, address='192.0.2.11/24')
        self.endpoint.save()
        Endpoint.objects.update(result='refused')
        page = self.client.get(host.site.get_absolute_url())
        self.assertContains(page, f'{LIST}?site_id={host.site_id}&amp;problem=true')
        self.assertContains(page, 'Endpoints needing attention')

    def test_the_widget(self):
        def render(**config):
            request = RequestFactory().get('/')
            request.user = self.user
            return EndpointsWidget(id=uuid4(), config=config).render(request)

        check('timeout', 'bad.example.net', monitor='probe-2')
        shown = render()
        self.assertIn(f'{LIST}?state=timeout', shown)
        self.assertIn(f'{LIST}?state=ok', shown)
        self.assertNotIn('state=expired', shown, 'only those that there are')
        self.assertNotIn('state=ok', render(monitor='probe-2'))
        self.assertIn('Change its configuration', render(tag_id=[4711]))
        Endpoint.objects.all().delete()
        self.assertIn('No endpoint is monitored yet.', render())
        self.user = User.objects.create(username='nobody')
        self.assertIn('No permission to view endpoints', render())

    def test_metrics(self):
        check('timeout', 'bad.example.net')
        registry = CollectorRegistry()
        registry.register(RenewalCollector())
        lines = generate_latest(registry).decode().splitlines()
        for line in (
            'netbox_ssl_endpoints{result="ok"} 1.0',
            'netbox_ssl_endpoints{result="timeout"} 1.0',
            'netbox_ssl_endpoints{result="expired"} 0.0',
            'netbox_ssl_endpoints{result="unchecked"} 0.0',
        ):
            self.assertIn(line, lines)
