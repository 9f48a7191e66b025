"""Reports change a source only as far as the permissions of the reporting user allow, before and after the change."""

from datetime import UTC, datetime

from tenancy.models import Tenant
from users.models import User
from utilities.testing import APITestCase

from netbox_ssl.models import Certificate, CertificateSource
from tests.support.factories import grant, issue_acme, successor
from tests.support.reporting import external_id, report, source_of

URL = '/api/plugins/ssl/certificates/import/'
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class ReportingTestCase(APITestCase):
    def setUp(self):
        super().setUp()
        self.ours, self.theirs = [Tenant.objects.create(name=slug, slug=slug) for slug in ('ours', 'theirs')]
        grant(self.user, 'view', model=Tenant)
        grant(self.user, 'view', 'add', 'change')

    def body(self, issued, host='a', **fields) -> dict:
        return {'pem': issued.pem, 'external_id': external_id(host), **fields}

    def send(self, body, code):
        response = self.client.post(URL, body, format='json', **self.header)
        self.assertHttpStatus(response, code)
        return response

    def refused(self, body):
        """Assert that the report is refused, alone and in lists, and stores nothing."""
        before = self.state()
        self.send(body, 403)
        self.send([body], 403)
        response = self.client.post(f'{URL}?on_error=skip', [body], format='json', **self.header)
        self.assertEqual((response.json()['results'], len(response.json()['errors'])), ([], 1))
        self.assertEqual(self.state(), before)

    def state(self):
        return [list(model.objects.order_by('pk').values()) for model in (Certificate, CertificateSource)]


class ConstraintsTestCase(ReportingTestCase):
    def test_a_source_is_not_renamed_beyond_them(self):
        issued = issue_acme()
        report('a', issued)
        grant(self.user, 'add', model=CertificateSource)
        grant(self.user, 'change', model=CertificateSource, constraints={'client': 'certbot'})
        self.refused(self.body(issued, client='lego'))
        self.send(self.body(issued, client='certbot', machine_id='abc'), 200)
        self.assertEqual(source_of('a').machine_id, 'abc')

    def test_a_source_is_not_moved_to_another_tenants_certificate(self):
        mine, other = issue_acme('mine.example.net'), issue_acme('other.example.net')
        report('a', mine, tenant=self.ours)
        report('b', other, tenant=self.theirs)
        grant(self.user, 'add', model=CertificateSource)
        grant(self.user, 'change', model=CertificateSource, constraints={'certificate__tenant__slug': 'ours'})
        self.refused(self.body(other))
        self.assertEqual(source_of('a').certificate.tenant, self.ours)

    def test_a_source_is_not_added_to_another_tenants_certificate(self):
        other = issue_acme('other.example.net')
        report('b', other, tenant=self.theirs)
        grant(self.user, 'add', model=CertificateSource, constraints={'certificate__tenant__slug': 'ours'})
        self.refused(self.body(other))
        self.refused(self.body(issue_acme('new.example.net')))
        self.send(self.body(issue_acme('new.example.net'), tenant=self.ours.pk), 201)


class ReporterTestCase(ReportingTestCase):
    """Others must not make a silent host look alive with an old PEM."""

    def stale(self, issued):
        report('a', issued)
        CertificateSource.objects.update(reported_at=LONG_AGO)

    def test_others_do_not_refresh_a_source(self):
        issued = issue_acme()
        self.stale(issued)
        self.refused(self.body(issued))
        grant(self.user, 'add', model=CertificateSource)
        self.refused(self.body(issued))
        self.refused(self.body(successor(issued)))
        self.assertEqual(source_of('a').reported_at, LONG_AGO)

    def test_those_who_may_change_it_do(self):
        issued = issue_acme()
        self.stale(issued)
        grant(self.user, 'change', model=CertificateSource, constraints={'external_id': external_id('a')})
        self.send(self.body(issued), 200)
        self.assertGreater(source_of('a').reported_at, LONG_AGO)
        self.send([self.body(issued)], 200)

    def test_the_reporting_user_needs_no_further_permission(self):
        issued = issue_acme()
        added = grant(self.user, 'add', model=CertificateSource)
        self.send(self.body(issued), 201)
        added.delete()
        CertificateSource.objects.update(reported_at=LONG_AGO)
        self.send([self.body(issued)], 200)
        self.assertGreater(source_of('a').reported_at, LONG_AGO)
        self.send(self.body(successor(issued)), 200)

    def test_created_in_a_list(self):
        grant(self.user, 'add', model=CertificateSource)
        bodies = [self.body(issue_acme(f'{host}.example.net'), host) for host in 'ab']
        self.send(bodies, 201)
        self.assertEqual({source.reporter for source in CertificateSource.objects.all()}, {self.user})
        self.send(bodies, 200)

    def test_the_reporter_may_be_deleted(self):
        other = User.objects.create_user('other', is_superuser=True)
        report('a', issue_acme(), user=other)
        other.delete()
        self.assertIsNone(source_of('a').reporter)

    def test_the_reporter_is_neither_shown_nor_logged(self):
        report('a', issue_acme())
        source = source_of('a')
        self.assertNotIn('reporter', source.serialize_object())
        grant(self.user, 'view', model=CertificateSource)
        response = self.client.get(f'/api/plugins/ssl/sources/{source.pk}/', **self.header)
        self.assertNotIn('reporter', response.json())
