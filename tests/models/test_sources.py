"""CertificateSource: NetBox's own test cases, and imports with an external ID."""

from datetime import timedelta

from core.models import ObjectChange
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.test import TestCase
from users.models import User
from utilities.testing import (
    APIViewTestCases,
    ChangeLoggedFilterSetTestMixin,
    TableTestCases,
    ViewTestCases,
    create_tags,
)

import tests.support.query_counts  # noqa: F401  (where the query counts are)
from netbox_ssl import intake
from netbox_ssl.filtersets import CertificateSourceFilterSet
from netbox_ssl.models import Certificate, CertificateSource, Issuance
from netbox_ssl.tables import CertificateSourceTable
from tests.support.factories import DAY, grant, import_pem, issue_acme, record, successor, superuser
from tests.support.sources import fell_behind_earlier


def make_sources():
    certificates = [record(name=f'www{number}.example.net') for number in range(1, 4)]
    for number, certificate in enumerate(certificates, start=1):
        CertificateSource.objects.create(
            certificate=certificate, external_id=f'certbot:web0{number}:www', client='certbot'
        )
    return certificates


class CertificateSourceViewTestCase(ViewTestCases.PrimaryObjectViewTestCase):
    model = CertificateSource

    def _get_base_url(self):
        return f'plugins:{super()._get_base_url()}'

    @classmethod
    def setUpTestData(cls):
        certificates = make_sources()
        tags = create_tags('Alpha', 'Bravo')
        cls.form_data = {
            'certificate': certificates[0].pk,
            'external_id': 'lego:web09:api',
            'client': 'lego',
            'tags': [tag.pk for tag in tags],
        }
        cls.bulk_edit_data = {'client': 'acme.sh'}
        cls.csv_data = (
            'certificate,external_id,client',
            'www1.example.net,lego:a:1,lego',
            'www2.example.net,lego:a:2,lego',
            'www3.example.net,lego:a:3,',
        )
        sources = CertificateSource.objects.order_by('pk')
        cls.csv_update_data = ('id,client', *(f'{source.pk},lego' for source in sources))

    def test_export_objects(self):
        """The export is YAML, which the import accepts; the table is exported as CSV."""
        grant(self.user, 'view', model=CertificateSource)
        types = [
            self.client.get(f'{self._get_url("list")}?{query}')['Content-Type'] for query in ('export', 'export=table')
        ]
        self.assertEqual(types, ['text/yaml', 'text/csv; charset=utf-8'])


class CertificateSourceAPITestCase(APIViewTestCases.APIViewTestCase):
    model = CertificateSource
    view_namespace = 'plugins-api:netbox_ssl'
    user_permissions = ('netbox_ssl.view_certificate',)
    brief_fields = ['client', 'display', 'external_id', 'id', 'state', 'url']
    bulk_update_data = {'client': 'acme.sh'}
    bulk_update_invalid_data = {'client': 'x' * 101}

    @classmethod
    def setUpTestData(cls):
        certificates = make_sources()
        cls.create_data = [
            {'certificate': certificate.pk, 'external_id': f'lego:b:{number}', 'client': 'lego'}
            for number, certificate in enumerate(certificates)
        ]


class CertificateSourceFilterSetTestCase(TestCase, ChangeLoggedFilterSetTestMixin):
    # NetBox's test finds the filter set by the first part of this.
    __module__ = 'netbox_ssl.tests.test_filtersets'
    queryset = CertificateSource.objects.all()
    filterset = CertificateSourceFilterSet
    # Bookkeeping of the announcements
    ignore_fields = (*CertificateSource.STATE_BOOKKEEPING, 'reporter')

    @classmethod
    def setUpTestData(cls):
        cls.certificates = make_sources()
        old = issue_acme('behind.example.net', left=10 * DAY)
        cls.behind = import_pem(old).certificate
        intake.take_in(intake.read_single(old.pem), superuser(), external_id='lego:host:behind')
        import_pem(successor(old))
        fell_behind_earlier(3 * DAY)

    def found(self, **parameters):
        return set(self.filterset(parameters, self.queryset).qs.values_list('external_id', flat=True))

    def test_certificate(self):
        self.assertEqual(self.found(certificate_id=[self.certificates[0].pk]), {'certbot:web01:www'})
        self.assertEqual(self.found(certificate=['www2.example.net']), {'certbot:web02:www'})

    def test_client_and_external_id(self):
        self.assertEqual(self.found(client=['lego']), {'lego:host:behind'})
        self.assertEqual(self.found(external_id=['certbot:web03:www']), {'certbot:web03:www'})

    def test_behind(self):
        self.assertEqual(self.found(behind='true'), {'lego:host:behind'})
        self.assertEqual(len(self.found(behind='false')), 3)

    def test_issuance(self):
        issuance = Issuance.objects.order_by('valid_from').first()
        self.assertEqual(self.found(issuance_id=[issuance.pk]), {'lego:host:behind'})

    def test_q(self):
        self.assertEqual(self.found(q='web01'), {'certbot:web01:www'})
        self.assertEqual(self.found(q='behind.example'), {'lego:host:behind'})


class CertificateSourceTableTestCase(TableTestCases.StandardTableTestCase):
    table = CertificateSourceTable
    queryset_sources = [('list', CertificateSource.objects.select_related('issuance', 'certificate'))]


class ReportTestCase(TestCase):
    """Imports with a source."""

    @classmethod
    def setUpTestData(cls):
        cls.user = superuser()
        cls.old = issue_acme('www.example.net', left=10 * DAY)
        cls.certificate = cls.report(cls.old, 'certbot:web01:www').certificate

    @classmethod
    def report(cls, issued, external_id, user=None, **attributes):
        leaf = intake.read_single(issued.fullchain_pem)
        return intake.take_in(leaf, user or cls.user, attributes, external_id=external_id)

    def test_the_first_report_makes_a_source(self):
        source = CertificateSource.objects.get()
        self.assertEqual((source.certificate, source.client), (self.certificate, 'certbot'))
        self.assertEqual(source.issuance.fingerprint_sha256, self.certificate.fingerprint_sha256)
        self.assertIsNotNone(source.reported_at)
        self.assertFalse(source.is_behind)

    def test_a_report_without_change_only_stamps(self):
        before = CertificateSource.objects.get()
        result = self.report(self.old, 'certbot:web01:www')
        after = CertificateSource.objects.get()
        self.assertEqual(result.action, 'unchanged')
        self.assertGreater(after.reported_at, before.reported_at)
        self.assertEqual(after.last_updated, before.last_updated)
        kind = ContentType.objects.get_for_model(CertificateSource)
        self.assertFalse(ObjectChange.objects.filter(changed_object_type=kind).exists())

    def test_a_source_renews_its_certificate_under_other_names(self):
        result = self.report(issue_acme(['www.example.net', 'new.example.net']), 'certbot:web01:www')
        self.assertEqual((result.action, result.certificate), ('renewed', self.certificate))
        self.assertIn('new.example.net', result.certificate.subject_alt_names)

    def test_one_of_several_sources_is_separated(self):
        self.report(self.old, 'certbot:web02:www')
        result = self.report(issue_acme('other.example.net'), 'certbot:web02:www')
        self.assertEqual(result.action, 'created')
        self.certificate.refresh_from_db()
        self.assertEqual(self.certificate.subject_alt_names, ['www.example.net'])
        self.assertEqual(CertificateSource.objects.get(external_id='certbot:web02:www').certificate, result.certificate)

    def test_a_late_report_never_reverts_the_certificate(self):
        self.report(self.old, 'certbot:web02:www')
        new = successor(self.old)
        self.report(new, 'certbot:web01:www')
        result = self.report(self.old, 'certbot:web02:www')
        self.assertEqual(result.action, 'unchanged')
        self.certificate.refresh_from_db()
        self.assertEqual(self.certificate.valid_to, new.certificate.not_valid_after_utc)
        fell_behind_earlier(3 * DAY)
        behind = CertificateSource.objects.get(external_id='certbot:web02:www')
        self.assertTrue(behind.is_behind)
        self.assertFalse(CertificateSource.objects.get(external_id='certbot:web01:www').is_behind)

    def test_an_unknown_older_certificate_joins_the_history(self):
        self.report(self.old, 'certbot:web03:www')
        older = successor(self.old, -60 * DAY)
        self.assertEqual(self.report(older, 'certbot:web03:www').action, 'history')
        self.assertEqual(self.certificate.issuances.count(), 2)
        self.assertEqual(self.certificate.sources.count(), 2)

    def test_a_copied_wildcard_has_many_sources(self):
        for number in range(5):
            self.report(self.old, f'certbot:web1{number}:www')
        self.assertEqual(self.certificate.sources.count(), 6)
        self.assertEqual(Certificate.objects.count(), 1)

    def test_permissions(self):
        user = User.objects.create_user('hook')
        grant(user, 'view', 'add', 'change')
        with self.assertRaises(PermissionDenied):
            self.report(issue_acme('a.example.net'), 'certbot:web01:a', user)
        self.assertFalse(Certificate.objects.filter(name='a.example.net').exists(), 'nothing is half-written')
        grant(user, 'add', model=CertificateSource)
        # Django caches a user's permissions on the instance.
        user = User.objects.get(pk=user.pk)
        issued = issue_acme('a.example.net')
        self.assertEqual(self.report(issued, 'certbot:web01:a', user).action, 'created')
        self.assertEqual(self.report(issued, 'certbot:web01:a', user).action, 'unchanged')
        with self.assertRaises(PermissionDenied, msg='another user reports it'):
            self.report(self.old, 'certbot:web01:www', user)

    def test_an_external_id_of_a_source_that_the_user_may_not_view(self):
        user = User.objects.create_user('stranger')
        grant(user, 'view', 'add', 'change', constraints={'name': 'mine.example.net'})
        grant(user, 'add', 'change', model=CertificateSource)
        with self.assertRaises(PermissionDenied) as caught:
            self.report(issue_acme('mine.example.net'), 'certbot:web01:www', user)
        self.assertNotIn('www.example.net', str(caught.exception))

    def test_many_reports_without_change_are_stamped_together(self):
        others = [issue_acme(f'www{number}.example.net') for number in range(10)]
        items = [
            intake.Item(intake.read_single(each.pem), external_id=f'certbot:web01:{number}')
            for number, each in enumerate(others)
        ]
        self.assertEqual({result.action for result in intake.take_in_many(items, self.user)}, {'created'})
        before = CertificateSource.objects.get(external_id='certbot:web01:3').reported_at
        # Locks, the survey, the owners with their tags, the sources and their locks, for any number of reports
        with self.assertNumQueries(10):
            results = intake.take_in_many(items, self.user)
        self.assertEqual({result.action for result in results}, {'unchanged'})
        self.assertGreater(CertificateSource.objects.get(external_id='certbot:web01:3').reported_at, before)

    def test_stamping_uses_the_given_time(self):
        source = CertificateSource.objects.get()
        moment = source.reported_at + timedelta(hours=1)
        source.stamp(source.issuance, moment)
        source.refresh_from_db()
        self.assertEqual(source.reported_at, moment)
