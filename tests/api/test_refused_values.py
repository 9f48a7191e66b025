"""Errors of the REST API: each under its field, and without the middle of a long value that it quotes."""

from utilities.testing import APITestCase

from tests.support.factories import import_pem, issue_acme

URL = '/api/plugins/ssl/certificates/import/'


class RefusedValuesTestCase(APITestCase):
    LONG = 'x' * 1_000_000

    def setUp(self):
        super().setUp()
        self.user.is_superuser = True
        self.user.save()
        self.issued = issue_acme()

    def post(self, data, query=''):
        return self.client.post(URL + query, data, format='json', **self.header)

    def test_an_entry_that_is_not_an_object(self):
        for value in (None, 1, 'x', []):
            with self.subTest(value):
                (error,) = self.post([value]).json()['errors']
                self.assertEqual((error['index'], list(error['errors'])), (0, ['__all__']))
                (error,) = self.post([value], '?on_error=skip').json()['errors']
                self.assertEqual(list(error['errors']), ['__all__'])
        answer = self.client.generic('POST', URL, 'null', content_type='application/json', **self.header)
        self.assertEqual((answer.status_code, list(answer.json())), (400, ['__all__']))

    def test_long_values_are_not_echoed(self):
        certificate = import_pem(self.issued).certificate
        entry = {'pem': self.issued.pem}
        for body in (
            {**entry, 'kind': self.LONG},
            {**entry, 'certificate': self.LONG},
            {**entry, 'tenant': {'slug': self.LONG}},
            {**entry, 'tags': [{'slug': self.LONG}]},
            {**entry, 'acme_challenge_type': self.LONG},
            {**entry, 'status': self.LONG},
            {**entry, 'subject': self.LONG},
            {**entry, self.LONG: self.issued.key_pem},
        ):
            for sent, query in ((body, ''), ([body], ''), ([body], '?on_error=skip')):
                with self.subTest(list(body)[1][:20], kind=type(sent), query=query):
                    answer = self.post(sent, query)
                    self.assertLess(len(answer.content), 3000)
                    self.assertEqual(answer.status_code, 200 if query else 400)
        for url, body in (
            ('certificates/', {'name': 'x', 'status': self.LONG}),
            (f'certificates/{certificate.pk}/', {'tenant': {'slug': self.LONG}}),
            ('sources/', {'certificate': {'name': self.LONG}, 'external_id': 'x', 'kind': self.LONG}),
            ('sources/sync/', {'scope': 'certbot:web01:', 'external_ids': [self.LONG]}),
            ('certificates/detect/', {'filter': {self.LONG: 'x'}}),
            ('certificates/detect/', {'filter': {'status': self.LONG}}),
            ('certificate-assignments/', {'certificate': self.LONG, 'assigned_object_type': self.LONG}),
        ):
            with self.subTest(url):
                send = self.client.patch if url.endswith(f'{certificate.pk}/') else self.client.post
                answer = send(f'/api/plugins/ssl/{url}', body, format='json', **self.header)
                self.assertEqual(answer.status_code, 400, answer.content[:300])
                self.assertLess(len(answer.content), 3000)

    def test_short_values_are_quoted(self):
        answer = self.post({'pem': self.issued.pem, 'kind': 'other'})
        self.assertEqual(answer.json(), {'kind': ['"other" is not a valid choice.']})
