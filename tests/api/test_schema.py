"""The OpenAPI description of the endpoints."""

from django.test import TestCase
from django.urls import get_resolver
from rest_framework.serializers import BaseSerializer

from tests.support.openapi import BASE, description


def descendants(of: type) -> set[type]:
    return {each for child in of.__subclasses__() for each in (child, *descendants(child))}


class SchemaTestCase(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.schema, cls.complaints = description()

    def test_the_schema_of_the_plugin_has_no_warnings(self):
        self.assertEqual([each for each in self.complaints if 'netbox_ssl' in each or '/plugins/ssl/' in each], [])

    def test_components_are_not_named_like_those_of_netbox(self):
        """They are named after their serializers, and all are in the one description of the whole NetBox."""
        # Loads all of them.
        self.assertTrue(get_resolver().url_patterns)
        names = {True: set(), False: set()}
        for each in descendants(BaseSerializer):
            names[each.__module__.startswith('netbox_ssl.')].add(each.__name__.removesuffix('Serializer'))
        ours = names[True] & set(self.schema['components']['schemas'])
        self.assertIn('Certificate', ours)
        self.assertIn('Site', names[False])
        self.assertEqual(ours & names[False], set())

    def test_the_endpoints_are_in_it(self):
        ours = {path.removeprefix(BASE): set(methods) for path, methods in self.schema['paths'].items()}
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
