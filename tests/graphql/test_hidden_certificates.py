"""GraphQL: filters do not read fields of certificates and issuances that the user may not view."""

from utilities.testing import APITestCase

from netbox_ssl.models import CertificateAssignment
from tests.support.factories import grant
from tests.support.hidden import HiddenCertificateMixin
from tests.support.places import assign, device

HIDDEN = 'comments: {starts_with: "merger"}'
SEEN = 'name: {exact: "Seen"}'


class FiltersTestCase(HiddenCertificateMixin, APITestCase):
    def count(self, query: str, filters: str) -> int:
        body = {'query': f'{{ {query}(filters: {{{filters}}}) {{ id }} }}'}
        response = self.client.post('/graphql/', body, format='json', **self.header).json()
        self.assertNotIn('errors', response)
        return len(response['data'][query])

    def test_through_a_certificate(self):
        for query in ('certificate_source_list', 'issuance_list'):
            with self.subTest(query):
                self.assertEqual(self.count(query, f'certificate: {{{HIDDEN}}}'), 0)
                self.assertEqual(self.count(query, f'certificate: {{{SEEN}}}'), 1)

    def test_by_the_id_of_a_certificate(self):
        for query in ('certificate_source_list', 'issuance_list'):
            with self.subTest(query):
                self.assertEqual(self.count(query, f'certificate_id: "{self.hidden.pk}"'), 0)
                self.assertEqual(self.count(query, f'certificate_id: "{self.seen.pk}"'), 1)

    def test_negations_and_alternatives_reveal_nothing_either(self):
        for query in ('certificate_source_list', 'issuance_list'):
            for wrong in ('comments: {starts_with: "nothing"}', HIDDEN):
                with self.subTest(query, wrong=wrong):
                    self.assertEqual(self.count(query, f'NOT: {{certificate: {{{wrong}}}}}'), 2)
                    self.assertEqual(self.count(query, f'certificate: {{{SEEN}, OR: {{{wrong}}}}}'), 1)
                    self.assertEqual(self.count(query, f'certificate: {{{SEEN}}}, OR: {{certificate: {{{wrong}}}}}'), 1)

    def test_through_an_issuance(self):
        serial = self.hidden.serial_number
        nested = f'issuance: {{certificate: {{{HIDDEN}}}}}'
        self.assertEqual(self.count('certificate_source_list', nested), 0)
        found = f'issuance: {{serial_number: {{exact: "{serial}"}}}}'
        self.assertEqual(self.count('certificate_source_list', found), 1)
        self.remove_permissions('netbox_ssl.view_issuance')
        self.assertEqual(self.count('certificate_source_list', found), 0)

    def test_through_an_assignment(self):
        for certificate in (self.seen, self.hidden):
            assign(certificate, device(f'host of {certificate.pk}'))
        grant(self.user, 'view', model=CertificateAssignment)
        grant(self.user, 'view', model=type(device('another')))
        self.assertEqual(self.count('certificate_assignment_list', f'certificate: {{{HIDDEN}}}'), 0)
        self.assertEqual(self.count('certificate_assignment_list', f'certificate: {{{SEEN}}}'), 1)
        self.assertEqual(self.count('device_list', f'certificates: {{{HIDDEN}}}'), 0)
        self.assertEqual(self.count('device_list', f'certificates: {{{SEEN}}}'), 1)
