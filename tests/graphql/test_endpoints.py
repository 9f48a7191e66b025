"""Certificates by the state of the endpoints that should serve them or do serve them."""

from netbox_ssl.models import Endpoint, Issuance
from tests.support.endpoints import check, endpoint, seen
from tests.support.factories import grant, issue_acme, record
from tests.support.graphql import GraphQLTestCase


class EndpointProblemTestCase(GraphQLTestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view')
        seen(issue_acme('seen.example.net'), 'seen.example.net:443')
        endpoint('seen.example.net')
        endpoint('hidden.example.net', expected_certificate=record('hidden.example.net'))
        endpoint('expected.example.net', expected_certificate=record('expected.example.net'))
        record('nowhere.example.net')
        for address in ('seen.example.net', 'expected.example.net', 'hidden.example.net'):
            check('expired' if address == 'seen.example.net' else 'refused', address)

    def names(self, value: str) -> set[str]:
        answer = self.ask(f'{{ certificate_list(filters: {{endpoint_problem: {value}}}) {{ name }} }}')
        return {each['name'].partition('.')[0] for each in answer['certificate_list']}

    def test_only_endpoints_that_the_user_may_view_count(self):
        everything = {'seen', 'expected', 'hidden', 'nowhere'}
        self.assertEqual((self.names('true'), self.names('false')), (set(), everything))
        grant(
            self.user, 'view', model=Endpoint, constraints={'address__in': ['seen.example.net', 'expected.example.net']}
        )
        self.assertEqual(self.names('true'), {'seen', 'expected'})
        self.assertEqual(self.names('false'), {'hidden', 'nowhere'})
        check('ok', 'expected.example.net')
        self.assertEqual(self.names('true'), {'seen'})

    def test_through_another_object(self):
        grant(self.user, 'view', model=Endpoint)
        grant(self.user, 'view', model=Issuance)
        filters = 'certificate: {endpoint_problem: true}'
        answer = self.ask(f'{{ issuance_list(filters: {{{filters}}}) {{ certificate {{ name }} }} }}')
        self.assertEqual(answer, {'issuance_list': [{'certificate': {'name': 'seen.example.net'}}]})
