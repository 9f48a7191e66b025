"""
No value in any field or parameter of any endpoint of the OpenAPI description is a server error. Values of a field are
sent in one list where there is one: NetBox validates and saves each of its objects by itself, and a request costs more.
"""

import json
import random
from urllib.parse import quote

from django.db import transaction
from django.test import TestCase
from rest_framework.test import APIClient
from users.constants import TOKEN_PREFIX
from users.models import Token

from tests.support.endpoints import MONITOR, endpoint, entry
from tests.support.factories import issue_acme, superuser
from tests.support.openapi import BASE, operations
from tests.support.places import assign, device
from tests.support.reporting import report
from tests.support.worst_values import JSON_VALUES, TEXTS, WORST

# Accepted with any other field and in addition to what the description has
ALSO = ('changelog_message', 'add_tags', 'remove_tags', 'no_such_field')
# Each field gets one in so many of the values, another share of them than the next field
SHARE = 12
# Requests with several of the values, for each operation
COMBINATIONS = 8


def values_for(number: int) -> tuple:
    """Return the values for the field of this number."""
    return (*WORST, *JSON_VALUES[number % SHARE :: SHARE])


def kind_of(operation) -> str:
    return operation.path.removeprefix(BASE).partition('/')[0]


KINDS = ('certificates', 'sources', 'endpoints', 'certificate-assignments')
# Paths at which an object is created or changed, and beside which lists of them are
LISTS = {f'{kind}/{key}' for kind in KINDS for key in ('', '{id}/')}
# Objects of each kind that are changed together, one for each value
OBJECTS = max(len(values_for(number)) for number in range(SHARE))


class AnyValueTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.user = superuser()
        token = Token.objects.create(user=cls.user)
        cls.header = {'HTTP_AUTHORIZATION': f'Bearer {TOKEN_PREFIX}{token.key}.{token.token}'}
        cls.issued = issue_acme()
        certificates = [report(f'host{number}', issue_acme()).certificate for number in range(OBJECTS)]
        certificate, host = certificates[0], device()
        cls.keys = {
            'certificates': [each.pk for each in certificates],
            'certificate-assignments': [assign(each, host).pk for each in certificates],
            'sources': [each.sources.get().pk for each in certificates],
            'issuances': [certificate.issuances.get().pk],
            'endpoints': [
                endpoint(f'host{number}.example.com', expected_certificate=each).pk
                for number, each in enumerate(certificates)
            ],
        }
        # Valid bodies of the object of each number in a list, of which one field at a time is replaced
        cls.bodies = {
            'certificates/': lambda number: {
                'name': f'x{number}',
                'valid_from': '2026-01-01T00:00:00Z',
                'valid_to': '2026-02-01T00:00:00Z',
            },
            'certificates/import/': lambda _: {'pem': cls.issued.pem, 'external_id': 'certbot:a:www'},
            'certificates/detect/': lambda _: {'ids': [certificate.pk]},
            'sources/': lambda number: {'certificate': certificate.pk, 'external_id': f'certbot:b:x{number}'},
            'sources/sync/': lambda _: {'scope': 'certbot:a:', 'external_ids': []},
            'endpoints/': lambda number: {
                'address': f'www{number}.example.com',
                'expected_certificate': certificate.pk,
            },
            'endpoints/results/': lambda _: {'monitor': MONITOR, 'results': [entry()]},
            'certificate-assignments/': lambda number: {
                'certificate': certificates[number].pk,
                'assigned_object_type': 'ipam.service',
                'assigned_object_id': 1,
            },
        }

    def setUp(self):
        # An exception then becomes a response of the server, as for a real client.
        self.api = APIClient(raise_request_exception=False)
        self.failures = []

    def tearDown(self):
        self.assertEqual(self.failures, [])

    def send(self, operation, body=None, url=''):
        url = url or self.url(operation)
        text = '' if body is None else json.dumps(body)
        # Roll back, so that the requests do not depend on each other.
        with transaction.atomic():
            response = self.api.generic(
                operation.method.upper(), url, text, content_type='application/json' if text else '', **self.header
            )
            transaction.set_rollback(True)
        if response.status_code >= 500 or (response.status_code == 400 and not response.json()):
            self.failures.append(
                (response.status_code, operation.method, url[:200], text[:200], response.content[:300])
            )
        return response

    def send_together(self, operation, name, values):
        """Send the values in one list, then those that were not refused, and each by itself after a server error."""
        bodies = [{**self.body(operation, number), name: value} for number, value in enumerate(values)]
        if operation.method == 'patch':
            keys = self.keys[kind_of(operation)]
            bodies = [{**body, 'id': key} for body, key in zip(bodies, keys, strict=False)]
        else:
            keys = range(len(bodies))
        url = operation.path.replace('{id}/', '')
        answer = self.send(operation, bodies, url)
        if answer.status_code >= 500:
            for body in bodies:
                self.send(operation, body)
        elif answer.status_code == 400:
            refused = {each.get('index', each.get('id')) for each in answer.json()['errors']}
            accepted = [body for key, body in zip(keys, bodies, strict=False) if key not in refused]
            if accepted:
                self.send(operation, accepted, url)

    def test_each_field(self):
        for operation in operations():
            if not operation.fields or operation.method not in ('post', 'patch') or operation.is_bulk:
                continue
            for number, name in enumerate((*operation.fields, *ALSO)):
                values = values_for(number)
                if operation.path.removeprefix(BASE) in LISTS:
                    self.send_together(operation, name, values)
                    # The way there is another for one object.
                    values = [values[number % len(values)]]
                for value in values:
                    self.send(operation, {**self.body(operation), name: value})

    def test_each_field_of_a_result(self):
        """Each entry of a list is refused by itself, so the bodies above say little about them."""
        (operation,) = [each for each in operations() if each.path.endswith('/endpoints/results/')]
        for number, name in enumerate((*entry(), 'server_name', 'starttls', 'detail', 'since', 'checked_at')):
            for value in (*WORST, *JSON_VALUES[number % SHARE :: SHARE]):
                self.send(operation, {'monitor': MONITOR, 'results': [{**entry(), name: value}, entry()]})

    def test_several_fields_and_lists(self):
        chance = random.Random(4711)  # noqa: S311
        for operation in operations():
            names = (*operation.fields, *ALSO)
            for _ in range(COMBINATIONS if operation.method != 'get' else 0):
                few = chance.sample(names, min(len(names), chance.randint(1, 4)))
                body = {**self.body(operation), **{name: chance.choice(JSON_VALUES) for name in few}}
                self.send(operation, body)
                self.send(operation, [body, chance.choice(JSON_VALUES)])

    def test_any_body(self):
        for operation in operations():
            for value in JSON_VALUES[::3] if operation.method != 'get' else ():
                self.send(operation, value)

    def test_any_key_in_the_path(self):
        for operation in operations():
            if '{' in operation.path:
                for key in ('0', '99999999999', str(2**63), '9' * 400, 'x', '%00', '%F6', '%2E%2E'):
                    self.send(operation, {}, operation.path.replace('{id}', key))

    def test_parameters(self):
        """Filters are tested with each value in tests/filtersets/test_any_value.py; here, the way to them."""
        for operation in operations():
            own = [name for name in operation.parameters if '__' not in name]
            for number, name in enumerate(own[::8]):
                for value in (quote(TEXTS[number % len(TEXTS)]),):
                    self.send(operation, url=f'{self.url(operation)}?{name}={value}')

    def url(self, operation) -> str:
        return operation.path.replace('{id}', str(self.keys.get(kind_of(operation), [1])[0]))

    def body(self, operation, number=0) -> dict:
        path = operation.path.removeprefix(BASE)
        if operation.method == 'post':
            return self.bodies[path](number) if path in self.bodies else {}
        if '{' in path:
            path = path.replace('{id}/', '')
            return self.bodies[path](number) if operation.method == 'put' and path in self.bodies else {}
        return {'id': self.keys[path.rstrip('/')][number]}
