"""Pages: sources, issuances and deletions do not reveal certificates and objects that the user may not view."""

from dcim.models import Device
from django.core.management import call_command
from utilities.testing import TestCase

from netbox_ssl.models import CertificateAssignment, CertificateSource
from netbox_ssl.tables import CertificateSourceTable, IssuanceTable
from tests.support.factories import grant, record
from tests.support.hidden import HiddenCertificateMixin
from tests.support.places import assign, device

URL = '/plugins/ssl/'


class PagesTestCase(HiddenCertificateMixin, TestCase):
    def get(self, path, **parameters):
        response = self.client.get(path if path.startswith('/') else f'{URL}{path}', parameters)
        self.assertHttpStatus(response, 200)
        return response

    def test_lists_and_exports(self):
        for table in (CertificateSourceTable, IssuanceTable):
            columns = [name for name in table.base_columns if name not in ('pk', 'actions')]
            self.user.config.set(f'tables.{table.__name__}.columns', columns, commit=True)
        for kind in ('sources', 'issuances'):
            for query in ('', '?export', '?export=table', '?sort=certificate', '?sort=-certificate', '?q=certbot'):
                with self.subTest(kind, query=query):
                    self.assertNothingRevealed(self.get(f'{kind}/{query}'))
            self.assertContains(self.get(f'{kind}/'), self.seen.get_absolute_url())

    def test_the_order_does_not_reveal_hidden_names(self):
        record(name='Zzz')
        for name in ('Aaa', 'Zzz'):
            type(self.hidden).objects.filter(pk=self.hidden.pk).update(name=name)
            rows = self.get('sources/?sort=certificate').context['table'].data.data
            self.assertEqual([row.pk for row in rows], [self.source.pk, self.hidden_source.pk])

    def test_details(self):
        url = self.hidden_source.get_absolute_url()
        for path in (url, f'{url}changelog/', self.hidden.issuances.get().get_absolute_url()):
            with self.subTest(path):
                self.assertNothingRevealed(self.get(path))
        self.assertContains(self.get(self.source.get_absolute_url()), self.seen.get_absolute_url())

    def test_the_page_of_a_source_names_its_issuance_with_permission_only(self):
        issuance = self.seen.issuances.get()
        self.assertContains(self.get(self.source.get_absolute_url()), issuance.get_absolute_url())
        self.remove_permissions('netbox_ssl.view_issuance')
        for path in (self.source.get_absolute_url(), 'sources/'):
            self.assertNotContains(self.get(path), issuance.get_absolute_url())

    def test_a_source_that_reports_a_hidden_certificate(self):
        CertificateSource.objects.filter(pk=self.source.pk).update(issuance=self.hidden.issuances.get())
        response = self.get(self.source.get_absolute_url())
        self.assertContains(response, 'Its X.509 certificate belongs to another certificate.')
        self.assertNothingRevealed(response)

    def test_filters_do_not_name_it(self):
        for kind in ('sources', 'issuances', 'assignments'):
            grant(self.user, 'view', model=CertificateAssignment)
            with self.subTest(kind):
                self.assertNothingRevealed(self.get(f'{kind}/', certificate_id=self.hidden.pk))
                self.assertContains(self.get(f'{kind}/', certificate_id=self.seen.pk), 'Seen')

    def test_filters_of_certificates_do_not_name_hidden_hosts(self):
        host = device('Secret host')
        self.assertNotContains(self.get('certificates/', device_id=host.pk), 'Secret host')
        grant(self.user, 'view', model=Device)
        self.assertContains(self.get('certificates/', device_id=host.pk), 'Secret host')

    def test_forms(self):
        url = self.hidden_source.get_absolute_url()
        for path in (f'{url}edit/', f'{url}delete/', f'sources/add/?certificate={self.hidden.pk}'):
            with self.subTest(path):
                self.assertNothingRevealed(self.get(path))
        data = {'pk': [self.source.pk, self.hidden_source.pk]}
        for action in ('edit', 'delete'):
            self.assertNothingRevealed(self.client.post(f'{URL}sources/{action}/', data))

    def test_it_cannot_be_chosen(self):
        data = {'certificate': self.hidden.pk, 'external_id': 'mine'}
        line = 'certificate,external_id\n"Secret project",mine'
        for path, posted in (
            ('sources/add/', data),
            (f'sources/{self.source.pk}/edit/', data),
            ('sources/edit/', {'pk': [self.source.pk], '_apply': '1', 'certificate': self.hidden.pk}),
            ('sources/import/', {'data': line, 'format': 'csv', 'csv_delimiter': ','}),
        ):
            with self.subTest(path):
                self.assertHttpStatus(self.client.post(f'{URL}{path}', posted), 200)
        self.source.refresh_from_db()
        self.assertEqual(self.source.certificate, self.seen)
        self.assertFalse(CertificateSource.objects.filter(external_id='mine').exists())

    def test_global_search(self):
        call_command('reindex', 'netbox_ssl', verbosity=0)
        for term in ('certbot:b', self.hidden.serial_number):
            response = self.get('/search/', q=term)
            self.assertContains(response, term)
            self.assertNothingRevealed(response)


class DeletionTestCase(HiddenCertificateMixin, TestCase):
    def confirmation(self, certificate) -> str:
        response = self.client.get(f'{certificate.get_absolute_url()}delete/')
        self.assertHttpStatus(response, 200)
        return response.content.decode()

    def test_only_visible_dependents_are_named(self):
        grant(self.user, 'delete', constraints={'name': 'Seen'})
        host = device('Secret host')
        assign(self.seen, host)
        page = self.confirmation(self.seen)
        self.assertNotIn('Secret host', page)
        self.assertIn('You do not have permission to view this object.', page)
        self.assertIn('certbot:a', page)
        grant(self.user, 'view', model=Device)
        grant(self.user, 'view', model=CertificateAssignment)
        self.assertIn('Secret host', self.confirmation(self.seen))
