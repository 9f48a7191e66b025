"""Malformed input of any kind gets a 400 with a cause, never a server error. Limited to a few hundred requests."""

import base64
import json

from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase
from rest_framework.test import APIClient
from users.constants import TOKEN_PREFIX
from users.models import Token

from netbox_ssl.api.certificate_serializers import CertificateSerializer
from tests.support.factories import issue_acme, record, superuser

QUICK = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

READ_ONLY = {'id', 'url', 'display_url', 'display', 'created', 'last_updated'}
FIELDS = [
    name for name in CertificateSerializer.Meta.fields if name not in READ_ONLY and not name.startswith('renewal')
]
# Values that cause server errors: text that PostgreSQL or JSON cannot store, numbers and dates beyond their types
WORST = ['\x00', '\ud800', '9' * 400, '0001-01-01T00:00:00Z', 2**63, [], {'id': None}]
NASTY = st.sampled_from(
    [
        *WORST,
        'a\x00b',
        '\u202e',
        '-' * 5000,
        '1e400',
        'NaN',
        '9999-12-31T23:59:59-12:00',
        '-----BEGIN CERTIFICATE-----',
        "'; DROP TABLE netbox_ssl_certificate; --",
        2**31,
        -(2**70),
        1e308,
        {},
        [[]],
        [None],
        True,
        None,
    ]
)
RESULTS_URL = '/api/plugins/ssl/endpoints/results/'
JSON = NASTY | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | NASTY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
BODIES = st.dictionaries(
    st.sampled_from([*FIELDS, 'certificate', 'external_id', 'client']) | st.text(), JSON, max_size=4
)


class MalformedTestCase(HypothesisTestCase):
    def setUp(self):
        user = superuser()
        token = Token.objects.create(user=user)
        self.header = {'HTTP_AUTHORIZATION': f'Bearer {TOKEN_PREFIX}{token.key}.{token.token}'}
        # An exception then becomes a response of the server, as for a real client.
        self.api = APIClient(raise_request_exception=False)
        self.pem = issue_acme().pem
        self.certificate = record()
        self.list_url = reverse('plugins-api:netbox_ssl-api:certificate-list')
        self.detail_url = reverse('plugins-api:netbox_ssl-api:certificate-detail', args=[self.certificate.pk])
        self.import_url = reverse('plugins-api:netbox_ssl-api:certificate-import')

    def assertAnswered(self, method, url, body, content_type='application/json'):
        # Roll back, so that the examples do not depend on each other.
        with transaction.atomic():
            response = self.api.generic(method, url, body, content_type=content_type, **self.header)
            transaction.set_rollback(True)
        self.assertLess(response.status_code, 500, (method, url, body, response.content[:500]))
        if response.status_code == 400:
            self.assertTrue(response.json(), 'a cause')
        return response

    def assertJSONAnswered(self, method, url, data):
        self.assertAnswered(method, url, json.dumps(data))

    @QUICK
    @given(JSON)
    def test_any_json_as_the_body_of_an_import(self, data):
        self.assertJSONAnswered('POST', self.import_url, data)
        self.assertJSONAnswered('POST', self.import_url, {'pem': data})

    @QUICK
    @given(st.binary(max_size=200), st.sampled_from(['application/json', 'text/plain', 'application/x-pem-file', 'x']))
    def test_any_bytes_as_the_body_of_an_import(self, body, content_type):
        self.assertAnswered('POST', self.import_url, body, content_type)

    @QUICK
    @given(st.data())
    def test_damaged_certificates(self, data):
        der = bytearray(base64.b64decode(''.join(self.pem.splitlines()[1:-1])))
        for position in data.draw(st.lists(st.integers(0, len(der) - 1), min_size=1, max_size=4)):
            der[position] = data.draw(st.integers(0, 255))
        pem = f'-----BEGIN CERTIFICATE-----\n{base64.b64encode(der).decode()}\n-----END CERTIFICATE-----\n'
        self.assertJSONAnswered('POST', self.import_url, {'pem': pem})

    @QUICK
    @given(BODIES)
    def test_any_field_of_an_import(self, body):
        self.assertJSONAnswered('POST', self.import_url, {'pem': self.pem, **body})
        self.assertJSONAnswered('POST', self.import_url, [{'pem': self.pem, **body}])

    @QUICK
    @given(BODIES)
    def test_any_field_of_a_post(self, body):
        facts = {'name': 'x', 'valid_from': '2026-01-01T00:00:00Z', 'valid_to': '2026-02-01T00:00:00Z'}
        self.assertJSONAnswered('POST', self.list_url, {**facts, **body})
        self.assertJSONAnswered('POST', self.list_url, body)

    @QUICK
    @given(BODIES)
    def test_any_field_of_a_patch(self, body):
        self.assertJSONAnswered('PATCH', self.detail_url, body)
        self.assertJSONAnswered('PATCH', self.list_url, [{**body, 'id': self.certificate.pk}])

    def test_json_that_is_nested_too_deeply(self):
        """Each level takes one of Python's, in the parser or in what reads its result."""
        for depth in (300, 600, 900, 5000):
            nested = '[' * depth + ']' * depth
            for method, url, body in (
                ('POST', self.list_url, nested),
                ('POST', self.import_url, f'{{"pem": {nested}}}'),
                ('PATCH', self.detail_url, f'{{"custom_fields": {nested}}}'),
                ('POST', RESULTS_URL, f'{{"monitor": "probe-1", "results": [{nested}]}}'),
            ):
                with self.subTest(depth=depth, url=url):
                    self.assertEqual(self.assertAnswered(method, url, body).status_code, 400)

    def test_the_worst_value_in_each_field(self):
        """The same with fixed values, independent of hypothesis. Of a list, each object is changed by itself."""
        certificates = [record() for _ in WORST]
        for name in FIELDS:
            with self.subTest(name):
                bodies = [
                    {'id': certificate.pk, 'is_acme': True, name: value}
                    for certificate, value in zip(certificates, WORST, strict=True)
                ]
                self.assertJSONAnswered('PATCH', self.list_url, bodies)
