"""The page *Hosts*: which X.509 certificate each host has, from the sources that the user may view."""

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tenancy.models import Tenant
from utilities.testing import TestCase

from netbox_ssl.models import CertificateSource
from netbox_ssl.reports.host_matrix import MOST_CERTIFICATES, MOST_HOSTS
from tests.support.factories import DAY, grant, record
from tests.views.test_overview import reported

URL = '/plugins/ssl/overview/hosts/'


class HostsTestCase(TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view')
        grant(self.user, 'view', model=CertificateSource)

    def page(self, query=''):
        response = self.client.get(f'{URL}{query}')
        self.assertHttpStatus(response, 200)
        return response

    def matrix(self, query='') -> tuple[list[str], dict[str, list]]:
        found = self.page(query).context['matrix']
        rows = {host: [cell and (str(cell.label), cell.color) for cell in cells] for host, cells in found.rows}
        return [certificate.name for certificate in found.certificates], rows

    def test_which_version_each_host_has(self):
        now = timezone.now()
        wildcard, other = record('wildcard.example.net'), record('other.example.net')
        reported(wildcard, 'web-01')
        reported(wildcard, 'web-02', behind_since=now - 9 * DAY, behind_scaled_at=now)
        reported(wildcard, 'web-03', valid_to=now - DAY)
        reported(wildcard, 'web-04', reported_at=now - 9 * DAY)
        # Renewed an hour ago
        reported(wildcard, 'web-05', behind_since=now, behind_scaled_at=now + 9 * DAY)
        reported(other, 'web-01')
        columns, rows = self.matrix()
        self.assertEqual(columns, ['wildcard.example.net', 'other.example.net'])
        self.assertEqual(
            list(rows.items()),
            [
                ('web-03', [('Expired', 'red'), None]),
                ('web-02', [('Behind', 'orange'), None]),
                ('web-04', [('Silent', 'yellow'), None]),
                ('web-01', [('Current', 'green'), ('Current', 'green')]),
                ('web-05', [('Previous', 'blue'), None]),
            ],
        )

    def test_a_host_that_has_a_certificate_twice_shows_the_worst(self):
        certificate = record('www.example.net')
        reported(certificate, 'web-01')
        copy = certificate.sources.create(external_id='files:web-01:/etc/www.pem', client='files')
        now = timezone.now()
        CertificateSource.objects.filter(pk=copy.pk).update(
            is_watched=True, reported_at=now, valid_to=now - DAY, silent_scaled_at=now + DAY
        )
        self.assertEqual(self.matrix()[1], {'web-01': [('Expired', 'red')]})

    def test_every_link_leads_somewhere(self):
        reported(record(), 'web-01')
        context = self.page().context
        (((host, url, (cell,))),) = context['rows']
        self.assertEqual(len(self.client.get(url).context['table'].rows), 1)
        self.assertHttpStatus(self.client.get(cell.source.get_absolute_url()), 200)
        self.assertContains(self.page(), f'href="{cell.source.get_absolute_url()}"')
        self.assertEqual(host, 'web-01')

    def test_many(self):
        for number in range(MOST_CERTIFICATES + 2):
            reported(record(f'{number:02}.example.net'), 'web-01')
        certificate = record('wildcard.example.net')
        for number in range(MOST_HOSTS + 3):
            reported(certificate, f'host-{number:02}')
        response = self.page()
        self.assertContains(response, '3 more certificates are reported.')
        self.assertContains(response, '4 more hosts have one of these.')
        self.assertEqual(response.context['matrix'].certificates[0], certificate, 'most hosts have it')

    def test_only_what_the_user_may_view(self):
        hidden = record('hidden.example.net')
        seen = record('seen.example.net', tenant=Tenant.objects.create(name='Ours', slug='ours'))
        for certificate in (hidden, seen):
            reported(certificate, 'web-01')
            reported(certificate, 'secret')
        self.user.object_permissions.all().delete()
        grant(self.user, 'view', constraints={'tenant__slug': 'ours'})
        grant(self.user, 'view', model=CertificateSource, constraints={'external_id__contains': 'web-01'})
        self.assertEqual(self.matrix(), (['seen.example.net'], {'web-01': [('Current', 'green')]}))

    def test_permission_to_view_sources_is_required(self):
        self.user.object_permissions.all().delete()
        grant(self.user, 'view')
        self.assertHttpStatus(self.client.get(URL), 403)
        self.assertNotContains(self.client.get('/plugins/ssl/overview/'), URL)

    def test_for_a_tenant(self):
        ours = Tenant.objects.create(name='Ours', slug='ours')
        grant(self.user, 'view', model=Tenant)
        reported(record('a.example.net'), 'web-01')
        self.assertContains(self.page(f'?tenant_id={ours.pk}'), 'No host that you may view reports')

    def test_empty(self):
        self.assertContains(self.page(), 'No host reports a certificate yet.')

    def test_queries_do_not_grow(self):
        counts = []
        for number in range(2):
            for each in range(5):
                reported(record(f'{number}{each}.example.net'), f'web-{number}{each}')
            self.page()
            with CaptureQueriesContext(connection) as queries:
                self.page()
            counts.append(len(queries))
        self.assertEqual(counts[0], counts[1])
