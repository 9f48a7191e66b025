"""Lists of reports that hosts repeat every night: the PEM of most is the stored one, and is not read like others."""

from unittest.mock import patch

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from users.models import User
from utilities.testing import APITestCase

from netbox_ssl.models import Certificate, CertificateSource
from tests.support.certificate_factory import make_ca, make_root
from tests.support.factories import DAY, grant, import_pem, issue_acme, successor
from tests.support.reporting import external_id, report, source_of

# Reads inputs that are not the stored ones
READER = 'netbox_ssl.validators.read_certificates'


class RepeatedReportsTestCase(APITestCase):
    user_permissions = ()

    def setUp(self):
        super().setUp()
        for model in (Certificate, CertificateSource):
            grant(self.user, 'view', 'add', 'change', model=model)
        self.url = reverse('plugins-api:netbox_ssl-api:certificate-import')
        self.issued = [issue_acme(f'www{number}.example.net') for number in range(3)]
        self.entries = [self.entry(number, issued) for number, issued in enumerate(self.issued)]
        self.first = self.send(201, self.entries)
        CertificateSource.objects.update(reported_at=timezone.now() - DAY)

    def entry(self, number, issued, **values) -> dict:
        return {
            'pem': issued.fullchain_pem,
            'external_id': external_id(f'web{number}'),
            'client': 'certbot',
            'acme_auto_renewal': True,
            **values,
        }

    def send(self, code, entries):
        response = self.client.post(self.url, entries, format='json', **self.header)
        self.assertHttpStatus(response, code)
        return response.json()

    def actions(self, *entries) -> list[str]:
        return [each['action'] for each in self.send(200, list(entries))]

    def test_they_are_neither_searched_nor_verified_again(self):
        # Some hosts have other line ends, and empty lines between the certificates.
        self.entries[1]['pem'] = self.entries[1]['pem'].replace('\n', '\r\n')
        self.entries[2]['pem'] = self.entries[2]['pem'].replace('-----BEGIN', '\n-----BEGIN')
        with patch(READER, side_effect=AssertionError):
            answer = self.send(200, self.entries)
        same = [{**each, 'action': 'unchanged'} for each in self.first]
        for one, other in zip(answer, same, strict=True):
            one['certificate'].pop('deployment_state')
            other['certificate'].pop('deployment_state')
        self.assertEqual(answer, same)
        for number in range(3):
            self.assertGreater(source_of(f'web{number}').reported_at, timezone.now() - DAY / 2)

    def test_others_of_the_list_are_read(self):
        renewed = successor(self.issued[1])
        actions = self.actions(self.entries[0], self.entry(1, renewed), {**self.entries[2], 'description': 'The shop'})
        self.assertEqual(actions, ['unchanged', 'renewed', 'updated'])
        self.assertEqual(source_of('web1').certificate.pem, renewed.pem)
        self.assertEqual(source_of('web2').certificate.description, 'The shop')

    def test_a_certificate_without_its_chain(self):
        entry = {**self.entries[0], 'pem': self.issued[0].pem}
        self.assertEqual(self.actions(entry), ['unchanged'])
        self.assertEqual(source_of('web0').certificate.chain_pem, self.issued[0].chain_pem)

    def test_the_chain_grows(self):
        root = make_root('Example Corp', 'Root')
        ca = make_ca('Example Corp', 'Issuing', issuer=make_ca('Example Corp', 'Upper', issuer=root))
        issued = issue_acme('chain.example.net', ca=ca)
        self.send(201, [self.entry(9, issued, pem=issued.pem)])
        self.assertEqual(self.actions(self.entry(9, issued)), ['updated'])
        self.assertEqual(source_of('web9').certificate.chain_pem, issued.chain_pem)
        with patch(READER, side_effect=AssertionError):
            self.assertEqual(self.actions(self.entry(9, issued)), ['unchanged'])

    def test_a_private_key_beside_what_is_stored_is_refused(self):
        key = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n'
        answer = self.send(400, [{**self.entries[0], 'pem': self.entries[0]['pem'] + key}])
        self.assertIn('private key', str(answer['errors'][0]['errors']['pem']))

    def test_ca_certificates_that_the_request_includes(self):
        answer = self.send(400, [{**self.entries[0], 'include_ca': True}])
        self.assertIn('external_id', answer['errors'][0]['errors'])

    def test_the_certificate_of_another_source(self):
        """Two hosts exchange their certificates: each is recorded where it belongs."""
        report('web0', self.issued[0], 'copy')
        report('web1', self.issued[1], 'copy')
        entries = [
            {'pem': self.issued[1 - number].fullchain_pem, 'external_id': external_id(f'web{number}', 'copy')}
            for number in (0, 1)
        ]
        self.assertEqual(self.actions(*entries), ['unchanged'] * 2)
        for number in (0, 1):
            self.assertEqual(source_of(f'web{number}', 'copy').certificate.pem, self.issued[1 - number].pem)

    def test_hidden_certificates_are_not_revealed(self):
        """The answer is the same whether the user repeats a hidden certificate, or imports it for the first time."""
        stranger = User.objects.create_user('stranger')
        constraints = {'name': 'mine.example.net'}
        for model, limits in ((Certificate, constraints), (CertificateSource, None)):
            grant(stranger, 'view', 'add', 'change', constraints=limits, model=model)
        hidden = import_pem(issue_acme('pasted.example.net'))
        self.client.force_authenticate(stranger)
        for pem in (self.entries[0]['pem'], hidden.certificate.pem):
            answer = self.send(400, [{'pem': pem}])
            [message] = answer['errors'][0]['errors']['pem']
            self.assertIn('already recorded where you do not have permission', message)
        answer = self.send(403, [self.entries[0]])
        self.assertNotIn('www0', str(answer))

    def test_as_many_queries_for_many_as_for_one(self):
        with CaptureQueriesContext(connection) as few:
            self.send(200, self.entries[:1])
        with self.assertNumQueries(len(few)):
            self.send(200, self.entries)
