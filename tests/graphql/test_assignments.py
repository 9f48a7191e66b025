"""Assignments over GraphQL, with full and constrained permissions."""

from dcim.models import Device
from django.db import connection
from django.test.utils import CaptureQueriesContext
from utilities.testing import APITestCase

from netbox_ssl.models import CertificateAssignment
from tests.support.factories import grant, record
from tests.support.places import assign, device, service_on

QUERY = """{
  certificate_assignment_list {
    note
    certificate { name renewal_status }
    assigned_object {
      ... on DeviceType { device: name }
      ... on ServiceType { service: name }
    }
  }
}"""


class AssignmentsTestCase(APITestCase):
    def setUp(self):
        super().setUp()
        self.host = device('web-01')
        assign(record(name='www.example.net'), self.host, note='tcp/443')
        grant(self.user, 'view', model=CertificateAssignment)

    def answer(self):
        response = self.client.post('/graphql/', {'query': QUERY}, format='json', **self.header).json()
        self.assertNotIn('errors', response)
        return response['data']['certificate_assignment_list']

    def test_all_fields(self):
        for model in (None, Device):
            grant(self.user, 'view', **({'model': model} if model else {}))
        self.assertEqual(
            self.answer(),
            [
                {
                    'note': 'tcp/443',
                    'certificate': {'name': 'www.example.net', 'renewal_status': 'OK'},
                    'assigned_object': {'device': 'web-01'},
                }
            ],
        )

    def test_shown_only_to_users_who_may_view_the_certificate(self):
        grant(self.user, 'view', model=Device)
        grant(self.user, 'view', constraints={'name': 'other.example.net'})
        self.assertEqual(self.answer(), [])

    def test_the_number_of_queries_does_not_grow(self):
        for model in (None, Device):
            grant(self.user, 'view', **({'model': model} if model else {}))
        self.answer()
        before = self._count()
        for number in range(5):
            assign(record(name=f'more{number}.example.net'), device(f'more-{number}'))
            assign(record(name=f'also{number}.example.net'), self.host)
        self.assertEqual(self._count(), before)

    def _count(self) -> int:
        with CaptureQueriesContext(connection) as captured:
            self.answer()
        return len(captured)

    def test_shown_only_to_users_who_may_view_the_object(self):
        grant(self.user, 'view')
        assign(record(name='svc.example.net'), service_on(self.host))
        self.assertEqual(self.answer(), [])
        grant(self.user, 'view', model=Device, constraints={'name': 'other'})
        self.assertEqual(self.answer(), [])
        grant(self.user, 'view', model=Device, constraints={'name': 'web-01'})
        self.assertEqual([each['assigned_object'] for each in self.answer()], [{'device': 'web-01'}])
