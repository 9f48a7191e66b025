"""The OpenAPI description of the endpoints."""

import json
from io import StringIO

from django.core.management import call_command
from django.test import TestCase
from drf_spectacular.drainage import GENERATOR_STATS


class SchemaTestCase(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        GENERATOR_STATS.reset()
        with StringIO() as output, GENERATOR_STATS.silence():
            call_command('spectacular', format='openapi-json', stdout=output)
            cls.schema = json.loads(output.getvalue())
        cls.complaints = [
            str(complaint)
            for cache in (GENERATOR_STATS._warn_cache, GENERATOR_STATS._error_cache)
            for complaint in cache
        ]

    def test_the_schema_of_the_plugin_has_no_warnings(self):
        self.assertEqual([each for each in self.complaints if 'netbox_ssl' in each or '/plugins/ssl/' in each], [])

    def test_the_endpoints_are_in_it(self):
        base = '/api/plugins/ssl/'
        ours = {path.removeprefix(base): set(methods) for path, methods in self.schema['paths'].items() if base in path}
        self.assertLessEqual({'get', 'post', 'put', 'patch', 'delete'}, ours['certificates/'])
        self.assertLessEqual({'get', 'put', 'patch', 'delete'}, ours['certificates/{id}/'])
        self.assertEqual((ours['certificates/import/'], ours['endpoints/results/']), ({'post'}, {'post'}))
        self.assertEqual((ours['issuances/'], ours['issuances/{id}/']), ({'get'}, {'get'}))

    def test_renewal_status_is_a_string_or_null(self):
        schema = self.schema['components']['schemas']['Certificate']['properties']['renewal_status']
        self.assertTrue(schema['readOnly'])
        self.assertIn(schema.get('type'), ('string', None))
        self.assertTrue(schema.get('nullable'), schema)

    def test_importing_needs_only_the_pem(self):
        self.assertEqual(self.schema['components']['schemas']['CertificateImportRequest']['required'], ['pem'])

    def test_the_renewal_status_can_be_filtered(self):
        parameters = self.schema['paths']['/api/plugins/ssl/certificates/']['get']['parameters']
        names = {parameter['name'] for parameter in parameters}
        self.assertLessEqual(
            {'renewal_status', 'renewal_overdue', 'is_acme', 'acme_provider', 'subject_alt_name'}, names
        )
