"""The tables of the reference pages are complete and list nothing that does not exist; documented permissions hold."""

import ast
import re

from django.test import SimpleTestCase
from netbox.registry import registry
from tenancy.models import Tenant
from users.models import User
from utilities.testing import APITestCase

from netbox_ssl import config
from netbox_ssl.acme.catalogue import CUSTOM_KEYS, parse_custom_providers
from netbox_ssl.api.serializers import (
    CertificateAssignmentSerializer,
    CertificateSerializer,
    CertificateSourceSerializer,
    EndpointSerializer,
    IssuanceSerializer,
)
from netbox_ssl.api.urls import router
from netbox_ssl.filtersets import (
    CertificateAssignmentFilterSet,
    CertificateFilterSet,
    CertificateSourceFilterSet,
    EndpointFilterSet,
    IssuanceFilterSet,
)
from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource, Endpoint, Issuance
from netbox_ssl.settings import INTEGER_RANGES
from tests.support.doc_examples import REFERENCE, fences
from tests.support.factories import grant, issue_acme, successor

# Fields and filters of every NetBox object
COMMON = {'id', 'created', 'last_updated', 'custom_field_data', 'url', 'display_url', 'display'}
NETBOX_FILTERS = {'id', 'created', 'last_updated', 'tag', 'tag_id', 'q'}
NETBOX_FILTERS |= {'created_by_request', 'updated_by_request', 'modified_by_request'}


def text(page: str) -> str:
    return (REFERENCE / page).read_text(encoding='utf-8')


def rows(markdown: str, columns: int) -> list[list[str]]:
    """Return the cells of each row of tables with this many columns, without headers."""
    lines = [line for line in markdown.splitlines() if line.startswith('| ')]
    cells = [[cell.strip() for cell in line.strip('|').split('|')] for line in lines]
    return [row for row in cells if len(row) == columns and row[0].startswith('`')]


def names_of_endpoints(page: str) -> set[str]:
    (table,) = re.findall(r'^\| Endpoint \|.*?\n\n', page, re.MULTILINE | re.DOTALL)
    return set(re.findall(r'`([\w/<>-]+/)`', table))


def names(markdown: str) -> set[str]:
    return set(re.findall(r'`(\w+)`', markdown))


class FieldsTestCase(SimpleTestCase):
    def test_every_field_is_on_its_page(self):
        for page, model, serializer in (
            ('certificate.md', Certificate, CertificateSerializer),
            ('issuance.md', Issuance, IssuanceSerializer),
            ('assignment.md', CertificateAssignment, CertificateAssignmentSerializer),
            ('source.md', CertificateSource, CertificateSourceSerializer),
            ('endpoint.md', Endpoint, EndpointSerializer),
        ):
            columns = {field.name for field in model._meta.concrete_fields} | set(serializer.Meta.fields)
            with self.subTest(page):
                self.assertEqual(columns - COMMON - names(text(page)), set())

    def test_every_endpoint_is_on_the_page(self):
        documented = names_of_endpoints(text('rest-api.md'))
        routes = {
            re.sub(r'\(\?P<pk>[^)]+\)', '<id>', str(url.pattern)).strip('^$')
            for url in router.urls
            if 'format' not in str(url.pattern)
        }
        self.assertEqual(routes - {''} - documented, set())
        self.assertEqual(documented - routes, set())

    def test_every_filter_is_on_the_page(self):
        page = text('rest-api.md')
        for part, filterset in (
            ('Certificates', CertificateFilterSet),
            ('Issuances', IssuanceFilterSet),
            ('Assignments', CertificateAssignmentFilterSet),
            ('Sources', CertificateSourceFilterSet),
            ('Endpoints', EndpointFilterSet),
        ):
            documented = names(page.partition(f'\n## {part}\n')[2].partition('\n## ')[0])
            # Filters with a "__" suffix are NetBox's lookups; "_id" is not a lookup.
            filters = {name for name in filterset.base_filters if '__' not in name}
            with self.subTest(part):
                self.assertEqual(filters - NETBOX_FILTERS - documented, set())


class GraphQLTestCase(APITestCase):
    def test_every_filter_and_choice_is_on_the_page(self):
        grant(self.user, 'view')
        documented = names(text('graphql.md'))
        for query, part in (
            ('{ __type(name: "CertificateFilter") { inputFields { name } } }', 'inputFields'),
            ('{ __type(name: "RenewalStatusEnum") { enumValues { name } } }', 'enumValues'),
            ('{ __type(name: "ACMEChallengeTypeEnum") { enumValues { name } } }', 'enumValues'),
            ('{ __type(name: "CertificateStatusEnum") { enumValues { name } } }', 'enumValues'),
        ):
            response = self.client.post('/graphql/', {'query': query}, format='json', **self.header)
            found = {each['name'] for each in response.json()['data']['__type'][part]}
            with self.subTest(query):
                self.assertTrue(found)
                self.assertEqual(found - {'AND', 'OR', 'NOT', 'DISTINCT'} - documented, set())


class EventDataTestCase(SimpleTestCase):
    def test_every_event_type_is_on_the_page(self):
        documented = set(re.findall(r'`(netbox_ssl\.\w+)`', text('event-data.md')))
        registered = {name for name in registry['event_types'] if name.startswith('netbox_ssl.')}
        self.assertEqual(documented, registered)


class SettingsTestCase(SimpleTestCase):
    def test_the_table_lists_all_settings(self):
        documented = {row[0].strip('`'): ast.literal_eval(row[1].strip('`')) for row in rows(text('settings.md'), 4)}
        self.assertEqual(documented, config.default_settings)

    def test_ranges(self):
        ranges = {row[0].strip('`'): row[2] for row in rows(text('settings.md'), 4)}
        for name, (low, high) in INTEGER_RANGES.items():
            with self.subTest(name):
                self.assertEqual(ranges[name], f'{low} to {high}')

    def test_keys_of_a_provider(self):
        documented = [row[0].strip('`') for row in rows(text('settings.md'), 2)]
        self.assertEqual(sorted(documented), sorted(CUSTOM_KEYS))

    def test_the_example_is_accepted(self):
        (example,) = [code for language, code in fences('settings.md') if language == 'python']
        values = {}
        exec(example, values)
        given = values['PLUGINS_CONFIG']['netbox_ssl']
        self.assertLessEqual(given.keys(), config.default_settings.keys())
        (provider,) = parse_custom_providers(given['acme_providers'])
        self.assertEqual(provider.name, 'Example Corp CA')


class PermissionsTestCase(APITestCase):
    """The token of a hook, with the documented permissions and without each of them."""

    def send(self, code, pem, **values):
        values = {'pem': pem, 'external_id': 'certbot:web01:www', **values}
        url = '/api/plugins/ssl/certificates/import/'
        response = self.client.post(url, values, format='json', **self.header)
        self.assertHttpStatus(response, code)
        return response.json()

    def test_permissions_of_a_hook(self):
        grant(self.user, 'view', 'add', 'change')
        grant(self.user, 'add', 'change', model=CertificateSource)
        issued = issue_acme()
        actions = [self.send(code, pem)['action'] for code, pem in ((201, issued.pem), (200, successor(issued).pem))]
        self.assertEqual(actions, ['created', 'renewed'])

    def test_without_add_existing_certificates_are_renewed_only(self):
        grant(self.user, 'view', 'change')
        grant(self.user, 'add', model=CertificateSource)
        self.send(403, issue_acme().pem)

    def test_within_a_tenant(self):
        Tenant.objects.create(name='Ours', slug='ours')
        grant(self.user, 'view', 'add', 'change', constraints={'tenant__slug': 'ours'})
        grant(self.user, 'add', 'change', model=CertificateSource, constraints={'certificate__tenant__slug': 'ours'})
        issued = issue_acme()
        ours = {'tenant': {'slug': 'ours'}}
        self.send(403, issued.pem)
        self.send(400, issued.pem, **ours)
        grant(self.user, 'view', model=Tenant)
        # Permissions are cached on the user object.
        self.user = User.objects.get(pk=self.user.pk)
        self.send(201, issued.pem, **ours)
        self.send(200, successor(issued).pem)

    def test_without_view_a_renewal_is_not_recognised(self):
        grant(self.user, 'add', 'change')
        grant(self.user, 'add', model=CertificateSource)
        issued = issue_acme()
        self.send(201, issued.pem, external_id='a:b')
        self.assertEqual(self.send(201, successor(issued).pem, external_id='c:d')['action'], 'created')
