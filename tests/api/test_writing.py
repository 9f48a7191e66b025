"""Plain REST writing: invalid values are refused at their field, in POST, PUT and PATCH, for one and many objects."""

from django.urls import reverse
from utilities.testing import APITestCase

from netbox_ssl.models import Certificate
from tests.support.factories import DAY, facts, grant, import_pem, in_house_ca, issue_acme, record, successor

NONSENSE = (
    ({'is_acme': True, 'acme_server_url': 'ftp://ca.example.net'}, 'acme_server_url'),
    ({'is_acme': True, 'acme_server_url': 'javascript:alert(1)'}, 'acme_server_url'),
    ({'is_acme': True, 'acme_renewal_days': -1}, 'acme_renewal_days'),
    ({'is_acme': True, 'acme_renewal_days': 3651}, 'acme_renewal_days'),
    ({'is_acme': True, 'acme_renewal_days': 2_000_000_000}, 'acme_renewal_days'),
    ({'is_acme': True, 'acme_renewal_days': 'many'}, 'acme_renewal_days'),
    ({'is_acme': True, 'acme_challenge_type': 'email-01'}, 'acme_challenge_type'),
    ({'is_acme': True, 'acme_account_email': 'nobody'}, 'acme_account_email'),
    ({'is_acme': False, 'acme_provider': 'ZeroSSL'}, 'acme_provider'),
    ({'is_acme': False, 'acme_auto_renewal': True}, 'acme_auto_renewal'),
    ({'is_acme': False, 'acme_renewal_days': 0}, 'acme_renewal_days'),
    ({'serial_number': 'no hex'}, 'serial_number'),
    ({'fingerprint_sha256': 'AB'}, 'fingerprint_sha256'),
    ({'valid_to': '1999-01-01T00:00:00Z'}, 'valid_to'),
    ({'valid_to': 'tomorrow'}, 'valid_to'),
    ({'pem': 'no certificate'}, 'pem'),
    ({'chain_pem': 'no certificate'}, 'chain_pem'),
    ({'subject_alt_names': 'no list'}, 'subject_alt_names'),
    ({'tenant': 4711}, 'tenant'),
    ({'status': 'lost'}, 'status'),
)
FINE = (
    {'is_acme': True, 'acme_server_url': 'http://ca:9000/acme/directory', 'acme_renewal_days': 3650},
    {'is_acme': True, 'acme_server_url': 'https://192.0.2.1:8443/directory', 'acme_renewal_days': 0},
    {'is_acme': True, 'acme_server_url': 'https://[2001:db8::1]/directory', 'acme_provider': 'Our own'},
)


class WritingTestCase(APITestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view', 'add', 'change')
        self.url = reverse('plugins-api:netbox_ssl-api:certificate-list')

    def send(self, method, data, certificate=None):
        url = f'{self.url}{certificate.pk}/' if certificate else self.url
        return getattr(self.client, method)(url, data, format='json', **self.header)

    def assertRefusedAt(self, response, field):
        self.assertHttpStatus(response, 400)
        self.assertIn(field, response.json())


class NonsenseTestCase(WritingTestCase):
    def test_post(self):
        for values, field in NONSENSE:
            with self.subTest(values):
                self.assertRefusedAt(self.send('post', {**facts(), **values}), field)
        self.assertFalse(Certificate.objects.exists())

    def test_post_without_a_key(self):
        for values in FINE:
            with self.subTest(values):
                self.assertHttpStatus(self.send('post', {**facts(), **values}), 201)

    def test_patch_and_put(self):
        certificate = record(is_acme=False, acme_auto_renewal=False)
        before = Certificate.objects.values().get()
        for values, field in NONSENSE:
            for method, base in (('patch', {}), ('put', facts())):
                with self.subTest(values, method=method):
                    self.assertRefusedAt(self.send(method, {**base, **values}, certificate), field)
        self.assertEqual(Certificate.objects.values().get(), before)

    def test_patch_without_a_key(self):
        certificate = record()
        for values in FINE:
            with self.subTest(values):
                self.assertHttpStatus(self.send('patch', values, certificate), 200)
                certificate.refresh_from_db()
                self.assertEqual({name: getattr(certificate, name) for name in values}, values)

    def test_errors_of_a_list_name_the_entry(self):
        certificates = [record(f'{number}', is_acme=False, acme_auto_renewal=False) for number in range(2)]
        good = {'description': 'changed'}
        for values, field in NONSENSE:
            with self.subTest(values):
                response = self.send('post', [facts(), {**facts(), **values}])
                self.assertHttpStatus(response, 400)
                self.assertIn(field, str(response.json()))
                response = self.send(
                    'patch', [{'id': certificates[0].pk, **good}, {'id': certificates[1].pk, **values}]
                )
                self.assertHttpStatus(response, 400)
                errors = response.json()['errors']
                self.assertEqual([each['id'] for each in errors], [certificates[1].pk])
                self.assertIn(field, errors[0]['errors'])
        self.assertEqual(Certificate.objects.exclude(description='').count(), 0)
        self.assertEqual(Certificate.objects.count(), 2)

    def test_switching_acme_off_names_the_fields_to_clear(self):
        certificate = record(acme_provider='ZeroSSL')
        response = self.send('patch', {'is_acme': False}, certificate)
        self.assertHttpStatus(response, 400)
        self.assertEqual(set(response.json()), {'acme_provider', 'acme_auto_renewal'})
        emptied = {'is_acme': False, 'acme_provider': '', 'acme_auto_renewal': False}
        self.assertHttpStatus(self.send('patch', emptied, certificate), 200)


class TypedFactsTestCase(WritingTestCase):
    def test_without_pem(self):
        values = {**facts(), 'serial_number': '0a:1b', 'subject_alt_names': ['WWW.example.net']}
        response = self.send('post', values)
        self.assertHttpStatus(response, 201)
        self.assertEqual(response.json()['serial_number'], '0A1B')
        self.assertEqual(response.json()['subject_alt_names'], ['www.example.net'])
        self.assertFalse(Certificate.objects.get().issuances.exists())

    def test_the_required_fields(self):
        self.assertRefusedAt(self.send('post', {'name': 'x'}), 'valid_to')
        self.assertRefusedAt(self.send('post', {**facts(), 'name': ''}), 'name')

    def test_a_pem_is_enough(self):
        issued = issue_acme(serial_number=0x0A1B)
        response = self.send('post', {'pem': issued.fullchain_pem})
        self.assertHttpStatus(response, 201)
        answer = response.json()
        self.assertEqual(
            (answer['name'], answer['serial_number'], answer['pem'], answer['chain_pem']),
            ('www.example.net', '0A1B', issued.pem, issued.chain_pem),
        )
        self.assertEqual((answer['is_acme'], answer['acme_provider']), (True, "Let's Encrypt"))

    def test_facts_that_contradict_it_are_refused_at_their_field(self):
        pem = issue_acme().pem
        for values in (
            {'subject': 'CN=other'},
            {'serial_number': '77'},
            {'fingerprint_sha256': 'AB' * 32},
            {'valid_to': '2035-01-01T00:00:00Z'},
            {'subject_alt_names': ['other.example.net']},
            {'key_size': 1024},
        ):
            with self.subTest(values):
                response = self.send('post', {'pem': pem, **values})
                self.assertHttpStatus(response, 400)
                self.assertEqual(list(response.json()), list(values))
        self.assertFalse(Certificate.objects.exists())

    def test_facts_cannot_be_changed_separately_from_the_pem(self):
        certificate = import_pem(issue_acme()).certificate
        before = Certificate.objects.values().get()
        for values in ({'subject': 'CN=other'}, {'valid_to': '2035-01-01T00:00:00Z'}, {'subject_alt_names': ['x']}):
            with self.subTest(values):
                self.assertRefusedAt(self.send('patch', values, certificate), next(iter(values)))
        after = Certificate.objects.values().get()
        self.assertEqual(after, before)

    def test_another_pem_is_a_renewal(self):
        old = issue_acme()
        certificate = import_pem(old).certificate
        new = successor(old, later=20 * DAY)
        self.assertHttpStatus(self.send('patch', {'pem': new.pem}, certificate), 200)
        certificate.refresh_from_db()
        self.assertEqual(certificate.valid_to, new.certificate.not_valid_after_utc)
        self.assertEqual(certificate.acme_last_renewed, new.certificate.not_valid_before_utc)
        self.assertEqual(certificate.issuances.count(), 2)

    def test_the_same_pem_twice(self):
        pem = issue_acme().pem
        self.assertHttpStatus(self.send('post', {'pem': pem}), 201)
        self.assertRefusedAt(self.send('post', {'pem': pem}), 'pem')


class AnswerTestCase(WritingTestCase):
    def test_the_renewal_status_is_a_plain_string_or_null(self):
        for columns, status in (
            ({}, 'OK'),
            ({'left': 20 * DAY}, 'Due'),
            ({'left': -DAY}, 'Expired'),
            ({'acme_auto_renewal': False}, 'Manual'),
            ({'is_acme': False, 'acme_auto_renewal': False}, None),
        ):
            with self.subTest(status):
                certificate = record(**columns)
                answer = self.client.get(f'{self.url}{certificate.pk}/', **self.header).json()
                self.assertEqual(answer['renewal_status'], status)

    def test_it_is_computed_from_the_written_values(self):
        certificate = record(left=20 * DAY)
        answer = self.send('patch', {'acme_renewal_days': 5}, certificate).json()
        self.assertEqual(answer['renewal_status'], 'OK')
        self.assertEqual(answer['renewal_due_at'][:10], str((certificate.valid_to - 5 * DAY).date()))

    def test_it_cannot_be_written(self):
        certificate = record()
        answer = self.send('patch', {'renewal_status': 'Expired', 'renewal_due_at': None}, certificate).json()
        self.assertEqual(answer['renewal_status'], 'OK')

    def test_it_can_be_filtered(self):
        for name, left in (('ok', 60), ('due', 20), ('expired', -1)):
            record(name, left=left * DAY)
        for query, names in (
            ('renewal_status=Expired', {'expired'}),
            ('renewal_status=expired&renewal_status=DUE', {'expired', 'due'}),
            ('renewal_overdue=true', set()),
        ):
            with self.subTest(query):
                results = self.client.get(f'{self.url}?{query}', **self.header).json()['results']
                self.assertEqual({each['name'] for each in results}, names)
        self.assertEqual(self.client.get(f'{self.url}?renewal_status=Nonsense', **self.header).status_code, 400)

    def test_detection_does_not_change_values_set_by_a_client(self):
        issued = issue_acme()
        self.assertHttpStatus(self.send('post', {'pem': issued.pem, 'acme_provider': 'Our proxy'}), 201)
        import_pem(successor(issued))
        self.assertEqual(Certificate.objects.get().acme_provider, 'Our proxy')

    def test_an_unknown_issuer_is_not_acme(self):
        answer = self.send('post', {'pem': issue_acme(ca=in_house_ca()).pem}).json()
        self.assertEqual((answer['is_acme'], answer['acme_provider'], answer['renewal_status']), (False, '', None))
