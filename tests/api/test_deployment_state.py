"""The deployment state in the brief form and in event data, read for a whole list at once."""

from core.models import ObjectType
from dcim.models import Site
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from extras.models import CustomField
from utilities.testing import APITestCase

from netbox_ssl.models import Certificate, CertificateSource, Endpoint
from tests.support.factories import DAY, grant, issue_acme, successor, superuser
from tests.support.places import assign, device
from tests.support.reporting import report


class DeploymentStateTestCase(APITestCase):
    def setUp(self):
        super().setUp()
        for number in range(4):
            old = issue_acme(f'{number}.example.net')
            certificate = report(f'web{number}', old).certificate
            report(f'copy{number}', old, 'copy')
            report(f'web{number}', successor(old, later=20 * DAY))
            assign(certificate, device(f'web{number}'))
        long_ago = timezone.now() - 5 * DAY
        CertificateSource.objects.filter(external_id='files:copy1:www').update(
            behind_since=long_ago, behind_scaled_at=long_ago
        )
        CertificateSource.objects.filter(external_id='files:copy2:www').update(valid_to=long_ago)

    def get(self, path):
        response = self.client.get(f'/api/plugins/ssl/{path}', **self.header)
        self.assertHttpStatus(response, 200)
        return response.json()['results']

    def states(self, rows):
        return {row['certificate']['name'][0]: row['certificate']['deployment_state'] for row in rows}

    def test_in_lists_of_objects_with_a_certificate(self):
        self.user.is_superuser = True
        self.user.save()
        expected = {'0': 'current', '1': 'behind', '2': 'expired', '3': 'current'}
        for path in ('sources/?limit=100', 'issuances/?limit=100', 'certificate-assignments/?limit=100'):
            with self.subTest(path):
                self.assertEqual(self.states(self.get(path)), expected)
        brief = self.get('certificates/?brief=true')
        self.assertEqual({each['name'][0]: each['deployment_state'] for each in brief}, expected)

    def test_a_longer_list_takes_no_more_queries(self):
        self.user.is_superuser = True
        self.user.save()
        for path in ('sources/', 'issuances/', 'certificate-assignments/', 'certificates/'):
            self.get(path)
            counts = []
            for limit in (1, 4):
                with CaptureQueriesContext(connection) as queries:
                    self.get(f'{path}?limit={limit}')
                counts.append(len(queries))
            with self.subTest(path):
                self.assertEqual(*counts)

    def test_nor_with_custom_fields_that_refer_to_objects(self):
        self.user.is_superuser = True
        self.user.save()
        field = CustomField.objects.create(
            name='owner_site', type='object', related_object_type=ObjectType.objects.get_for_model(Site)
        )
        for model, path in ((Certificate, 'certificates/'), (Endpoint, 'endpoints/')):
            field.object_types.add(ObjectType.objects.get_for_model(model))
            for number in range(4):
                site = Site.objects.create(name=f'{path}{number}', slug=f'{path[:4]}{number}')
                values = {'custom_field_data': {'owner_site': site.pk}}
                if model is Endpoint:
                    Endpoint.objects.create(address=f'{number}.example.net', **values)
                else:
                    Certificate.objects.filter(name=f'{number}.example.net').update(**values)
            self.get(path)
            counts = []
            for limit in (1, 4):
                with CaptureQueriesContext(connection) as queries:
                    rows = self.get(f'{path}?limit={limit}')
                counts.append(len(queries))
            with self.subTest(path):
                self.assertTrue(all(row['custom_fields']['owner_site']['name'].startswith(path) for row in rows))
                self.assertEqual(*counts)

    def test_only_sources_that_the_user_may_view_count(self):
        grant(self.user, 'view')
        grant(self.user, 'view', model=CertificateSource, constraints={'kind': 'client'})
        rows = self.get('sources/?limit=100')
        self.assertEqual(self.states(rows), dict.fromkeys('0123', 'current'))

    def test_in_snapshots_of_a_change(self):
        """All sources count, because event rules have no user."""
        source = CertificateSource.objects.get(external_id='files:copy2:www')
        self.assertEqual(source.certificate.serialize_object()['deployment_state'], 'expired')
        certificate = report('new', issue_acme('new.example.net'), user=superuser()).certificate
        certificate.refresh_from_db()
        self.assertEqual(certificate.serialize_object()['deployment_state'], 'current')
        self.assertNotIn('deployment_state', certificate.serialize_object(exclude=['deployment_state']))
