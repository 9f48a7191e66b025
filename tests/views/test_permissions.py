"""Permissions with constraints: lists show, and actions affect, only permitted objects."""

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tenancy.models import Tenant
from utilities.testing import APITestCase, TestCase

from netbox_ssl.models import Certificate, CertificateSource, Issuance
from netbox_ssl.tables import CertificateSourceTable, CertificateTable, IssuanceTable
from tests.support.factories import DAY, grant, import_pem, issue_acme, record

OURS = {'tenant__slug': 'ours'}


class ConstrainedMixin:
    @classmethod
    def setUpTestData(cls):
        cls.ours, cls.theirs = [Tenant.objects.create(name=slug, slug=slug) for slug in ('ours', 'theirs')]
        cls.mine = import_pem(issue_acme('mine.example.net'), tenant=cls.ours).certificate
        cls.hidden = import_pem(issue_acme('elsewhere.example.net'), tenant=cls.theirs).certificate
        for certificate in (cls.mine, cls.hidden):
            CertificateSource.objects.create(
                certificate=certificate,
                external_id=f'certbot:{certificate.name}',
                issuance=certificate.issuances.get(),
            )


class PagesTestCase(ConstrainedMixin, TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view', 'change', 'delete', constraints=OURS)
        for model in (Issuance, CertificateSource):
            grant(self.user, 'view', constraints={'certificate__tenant__slug': 'ours'}, model=model)

    def test_lists(self):
        for url in ('/plugins/ssl/certificates/', '/plugins/ssl/issuances/', '/plugins/ssl/sources/'):
            for query in ('', '?q=example', '?export', '?export=table'):
                with self.subTest(url + query):
                    content = self.client.get(url + query).content.decode()
                    self.assertNotIn('elsewhere', content)
                    self.assertIn('mine.example.net', content)

    def test_details_and_actions_on_one(self):
        for action in ('', 'edit/', 'delete/', 'changelog/', 'journal/', 'contacts/'):
            with self.subTest(action):
                self.assertEqual(self.client.get(f'{self.mine.get_absolute_url()}{action}').status_code, 200)
                self.assertEqual(self.client.get(f'{self.hidden.get_absolute_url()}{action}').status_code, 404)
        for each, code in ((self.mine, 200), (self.hidden, 404)):
            self.assertEqual(self.client.get(each.issuances.get().get_absolute_url()).status_code, code)
            self.assertEqual(self.client.get(each.sources.get().get_absolute_url()).status_code, code)

    def test_bulk_actions_affect_only_permitted_objects(self):
        pks = [self.mine.pk, self.hidden.pk]
        self.client.post('/plugins/ssl/certificates/edit/', {'pk': pks, '_apply': '1', 'description': 'changed'})
        data = {'pk': pks, '_apply': '1', 'find': 'example', 'replace': 'changed'}
        self.client.post('/plugins/ssl/certificates/rename/', data)
        self.hidden.refresh_from_db()
        self.assertEqual((self.hidden.description, self.hidden.name), ('', 'elsewhere.example.net'))
        self.client.post('/plugins/ssl/certificates/delete/', {'pk': pks, 'confirm': '1', '_confirm': '1'})
        self.assertEqual(list(Certificate.objects.all()), [self.hidden])

    def test_an_edit_beyond_the_permissions_is_refused(self):
        grant(self.user, 'view', model=Tenant)
        url = reverse('plugins:netbox_ssl:certificate_edit', args=[self.mine.pk])
        data = {'pem': self.mine.pem, 'name': 'x', 'status': 'active', 'is_acme': 'on', 'tenant': self.theirs.pk}
        self.assertEqual(self.client.post(url, data).status_code, 200)
        self.mine.refresh_from_db()
        self.assertEqual((self.mine.tenant, self.mine.name), (self.ours, 'mine.example.net'))


class RESTTestCase(ConstrainedMixin, APITestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view', 'change', 'delete', constraints=OURS)
        for model in (Issuance, CertificateSource):
            grant(self.user, 'view', constraints={'certificate__tenant__slug': 'ours'}, model=model)

    def url(self, certificate=None):
        return f'/api/plugins/ssl/certificates/{f"{certificate.pk}/" if certificate else ""}'

    def test_lists(self):
        for kind in ('certificates', 'issuances', 'sources'):
            for query in ('', '?brief=1', '?q=example', '?renewal_status=Manual'):
                with self.subTest(kind=kind, query=query):
                    answer = self.client.get(f'/api/plugins/ssl/{kind}/{query}', **self.header)
                    self.assertHttpStatus(answer, 200)
                    self.assertEqual(len(answer.json()['results']), 1)
                    self.assertNotIn('elsewhere', answer.content.decode())

    def test_one(self):
        for method, data in (('get', None), ('patch', {'description': 'x'}), ('delete', None)):
            with self.subTest(method):
                send = getattr(self.client, method)
                response = send(self.url(self.hidden), data, format='json', **self.header)
                self.assertHttpStatus(response, 404)
        self.assertEqual(Certificate.objects.count(), 2)

    def test_many(self):
        for method in ('patch', 'delete'):
            data = [{'id': self.mine.pk, 'description': 'x'}, {'id': self.hidden.pk, 'description': 'x'}]
            response = getattr(self.client, method)(self.url(), data, format='json', **self.header)
            self.assertIn(response.status_code, (400, 403, 404))
            self.assertEqual(Certificate.objects.filter(description='').count(), 2)

    def test_changes_beyond_the_permissions_are_refused(self):
        grant(self.user, 'view', model=Tenant)
        response = self.client.patch(self.url(self.mine), {'tenant': self.theirs.pk}, format='json', **self.header)
        self.assertHttpStatus(response, 403)
        self.mine.refresh_from_db()
        self.assertEqual(self.mine.tenant, self.ours)


class GrowthTestCase(TestCase):
    """Lists take as many queries for many rows as for few."""

    URLS = (
        '/plugins/ssl/certificates/',
        '/plugins/ssl/issuances/',
        '/plugins/ssl/sources/',
        '/api/plugins/ssl/certificates/',
        '/api/plugins/ssl/certificates/?brief=1',
        '/api/plugins/ssl/issuances/',
        '/api/plugins/ssl/sources/',
    )

    def fill(self, begin, end):
        tenant, _created = Tenant.objects.get_or_create(name='Tenant', slug='tenant')
        for number in range(begin, end):
            issued = issue_acme(f'{number}.example.net')
            certificate = import_pem(issued, tenant=tenant, acme_auto_renewal=True, acme_renewal_days=10).certificate
            issuance = certificate.issuances.get()
            CertificateSource.objects.create(certificate=certificate, external_id=f'{number}', issuance=issuance)
            record(f'typed {number}', left=-DAY, tenant=tenant)

    def counts(self) -> dict[str, int]:
        counts = {}
        for url in self.URLS:
            with CaptureQueriesContext(connection) as queries:
                self.assertHttpStatus(self.client.get(url), 200)
            counts[url] = len(queries)
        return counts

    def test_they_do_not_grow(self):
        for model in (Certificate, Issuance, CertificateSource, Tenant):
            grant(self.user, 'view', model=model)
        # With all columns
        for table in (CertificateTable, IssuanceTable, CertificateSourceTable):
            columns = [name for name in table.base_columns if name not in ('pk', 'actions')]
            self.user.config.set(f'tables.{table.__name__}.columns', columns, commit=True)
        self.fill(0, 2)
        self.counts()
        few = self.counts()
        self.fill(2, 12)
        self.assertEqual(self.counts(), few)
