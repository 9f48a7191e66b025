"""Querysets of the REST API are annotated and filtered only where that is of use."""

from unittest.mock import patch

from utilities.testing import APITestCase

from netbox_ssl.api import views
from netbox_ssl.filtersets import CertificateFilterSet
from netbox_ssl.models import Certificate
from tests.support.factories import grant, record

URL = '/api/plugins/ssl/certificates/'


class FrugalQuerysetTestCase(APITestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view', 'change', constraints={'name__startswith': 'seen'})
        self.seen, self.hidden = record('seen'), record('hidden')

    def get(self, url, code=200):
        response = self.client.get(url, **self.header)
        self.assertHttpStatus(response, code)
        return response.json()

    def test_without_filters_none_are_built(self):
        with patch.object(CertificateFilterSet, '__init__', side_effect=AssertionError('built')):
            for query in ('', '?limit=5&offset=0', '?limit=5&start=0', '?brief=true', '?fields=name', '?format=json'):
                self.assertEqual([each['name'] for each in self.get(f'{URL}{query}')['results']], ['seen'], query)
            self.assertEqual(self.get(f'{URL}{self.seen.pk}/')['name'], 'seen')
            self.get(f'{URL}{self.hidden.pk}/', 404)
            with self.assertRaisesMessage(AssertionError, 'built'):
                self.get(f'{URL}?status=active')

    def test_parameters_filter_also_a_single_object(self):
        self.assertEqual(self.get(f'{URL}?status=retired')['count'], 0)
        self.assertEqual(self.get(f'{URL}?status=active')['count'], 1)
        self.get(f'{URL}{self.seen.pk}/?status=retired', 404)
        self.get(f'{URL}?id=x', 400)

    def test_checks_of_permissions_annotate_nothing(self):
        with patch.object(views, 'deployment_state_sql', wraps=views.deployment_state_sql) as composed:
            self.assertIn('deployment_state', self.get(f'{URL}{self.seen.pk}/'))
        self.assertEqual(composed.call_count, 1)

    def test_the_permissions_are_checked_nevertheless(self):
        response = self.client.patch(f'{URL}{self.hidden.pk}/', {'description': 'x'}, format='json', **self.header)
        self.assertHttpStatus(response, 404)
        self.assertHttpStatus(self.client.delete(f'{URL}{self.seen.pk}/', **self.header), 403)
        self.assertEqual(Certificate.objects.exclude(description='').count(), 0)
