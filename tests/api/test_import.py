"""``POST certificates/import/``: single certificates, lists, files, bare certificates; all or nothing."""

from django.core.files.uploadedfile import SimpleUploadedFile
from utilities.testing import APITestCase

from netbox_ssl.models import Certificate, CertificateSource
from tests.support.certificate_factory import make_ca
from tests.support.factories import DAY, grant, issue_acme, successor

URL = '/api/plugins/ssl/certificates/import/'


class ImportTestCase(APITestCase):
    user_permissions = ()

    def setUp(self):
        super().setUp()
        grant(self.user, 'view', 'add', 'change')
        grant(self.user, 'view', 'add', 'change', model=CertificateSource)

    def post(self, data, query='', **options):
        return self.client.post(URL + query, data, **{'format': 'json', **options}, **self.header)

    def post_raw(self, body, content_type, query=''):
        return self.client.generic('POST', URL + query, body, content_type=content_type, **self.header)


class SingleTestCase(ImportTestCase):
    def test_created_then_unchanged_then_renewed(self):
        old = issue_acme()
        answer = self.post({'pem': old.fullchain_pem, 'acme_auto_renewal': True})
        self.assertEqual((answer.status_code, answer.json()['action']), (201, 'created'))
        self.assertEqual(answer.json()['detection']['provider'], "Let's Encrypt")
        self.assertEqual(answer.json()['certificate']['renewal_status'], 'OK')
        answer = self.post({'pem': old.fullchain_pem})
        self.assertEqual((answer.status_code, answer.json()['action']), (200, 'unchanged'))
        answer = self.post({'pem': successor(old).fullchain_pem})
        self.assertEqual((answer.status_code, answer.json()['action']), (200, 'renewed'))

    def test_bare_certificates_with_fields_in_the_query(self):
        for number, content_type in enumerate(
            (
                'application/x-www-form-urlencoded',  # what curl sends with any --data-binary
                'application/x-pem-file',
                'application/pem-certificate-chain',
                'text/plain',
            )
        ):
            with self.subTest(content_type=content_type):
                issued = issue_acme(f'raw{number}.example.net')
                query = f'?external_id=certbot:h:{number}&acme_auto_renewal=true'
                answer = self.post_raw(issued.fullchain_pem, content_type, query)
                self.assertEqual(answer.status_code, 201, answer.content)
                certificate = Certificate.objects.get(name=f'raw{number}.example.net')
                self.assertTrue(certificate.acme_auto_renewal)
                self.assertTrue(certificate.chain_pem)
                self.assertEqual(certificate.sources.get().external_id, f'certbot:h:{number}')

    def test_der(self):
        answer = self.post_raw(issue_acme('der.example.net').der, 'application/pkix-cert')
        self.assertEqual(answer.status_code, 201, answer.content)

    def test_der_under_curls_own_content_type(self):
        answer = self.post_raw(issue_acme('der.example.net').der, 'application/x-www-form-urlencoded')
        self.assertEqual(answer.status_code, 201, answer.content)

    def test_a_real_form_is_still_parsed_as_a_form(self):
        answer = self.client.generic(
            'POST', URL, 'pem=nothing', content_type='application/x-www-form-urlencoded', **self.header
        )
        self.assertEqual(answer.status_code, 400)
        self.assertIn('pem', answer.json())

    def test_file_upload(self):
        upload = SimpleUploadedFile('fullchain.pem', issue_acme('up.example.net').fullchain_pem.encode())
        answer = self.post({'file': upload, 'acme_auto_renewal': 'true'}, format='multipart')
        self.assertEqual(answer.status_code, 201, answer.content)
        self.assertTrue(Certificate.objects.get(name='up.example.net').acme_auto_renewal)

    def test_file_and_pem_together_are_refused(self):
        issued = issue_acme()
        upload = SimpleUploadedFile('fullchain.pem', issued.pem.encode())
        answer = self.post({'file': upload, 'pem': issued.pem}, format='multipart')
        self.assertEqual((answer.status_code, list(answer.json())), (400, ['file']))

    def test_several_certificates_in_one_input_are_several_results(self):
        answer = self.post({'pem': issue_acme('a.example.net').pem + issue_acme('b.example.net').pem})
        self.assertEqual(answer.status_code, 201)
        self.assertEqual([each['certificate']['name'] for each in answer.json()], ['a.example.net', 'b.example.net'])

    def test_several_certificates_cannot_all_renew_the_named_certificate(self):
        pem = issue_acme('a.example.net').pem + issue_acme('b.example.net').pem
        answer = self.post({'pem': pem, 'external_id': 'certbot:h:a'})
        self.assertEqual((answer.status_code, list(answer.json())), (400, ['external_id']))
        self.assertFalse(Certificate.objects.exists())

    def test_unrelated_certificates_are_reported(self):
        answer = self.post({'pem': issue_acme().pem + make_ca('Stranger', 'Stranger CA').pem})
        self.assertEqual(answer.status_code, 201)
        self.assertIn('Stranger CA', ' '.join(answer.json()['warnings']))
        self.assertEqual(Certificate.objects.get().chain_pem, '')

    def test_invalid_bodies(self):
        for body in ({}, 5, 'text', None, [5], [[]], {'pem': None}, {'pem': 5}, {'pem': ['x']}, {'pem': {'x': 1}}):
            with self.subTest(body=body):
                self.assertEqual(self.post(body).status_code, 400)


class ListTestCase(ImportTestCase):
    def entries(self, count, prefix='list'):
        return [{'pem': issue_acme(f'{prefix}{number}.example.net').fullchain_pem} for number in range(count)]

    def test_results_are_in_the_order_of_the_list(self):
        answer = self.post(self.entries(5))
        self.assertEqual(answer.status_code, 201)
        names = [each['certificate']['name'] for each in answer.json()]
        self.assertEqual(names, [f'list{number}.example.net' for number in range(5)])
        self.assertEqual([each['index'] for each in answer.json()], list(range(5)))

    def test_one_of_each_kind(self):
        old = issue_acme('renewed.example.net')
        known = issue_acme('known.example.net')
        self.post([{'pem': old.pem}, {'pem': known.pem}])
        answer = self.post(
            [
                {'pem': successor(old).pem},
                {'pem': known.pem},
                {'pem': known.pem, 'description': 'Changed'},
                {'pem': issue_acme('new.example.net').pem},
                {'pem': successor(old, -60 * DAY).pem},
            ]
        )
        actions = [each['action'] for each in answer.json()]
        self.assertEqual(actions, ['renewed', 'unchanged', 'updated', 'created', 'history'])

    def test_old_and_new_in_one_list_in_either_order(self):
        for number, turn in enumerate((False, True)):
            with self.subTest(turn=turn):
                old = issue_acme(f'both{number}.example.net')
                entries = [{'pem': old.pem}, {'pem': successor(old).pem}]
                answer = self.post(entries[::-1] if turn else entries)
                self.assertEqual(answer.status_code, 201)
                certificate = Certificate.objects.get(name=f'both{number}.example.net')
                self.assertEqual(certificate.issuances.count(), 2)
                self.assertEqual(certificate.valid_to, successor(old).certificate.not_valid_after_utc)

    def test_all_or_nothing(self):
        entries = [*self.entries(2), {'pem': 'nothing'}, {**self.entries(1, 'x')[0], 'acme_renewal_days': 3651}]
        answer = self.post(entries)
        self.assertEqual(answer.status_code, 400)
        errors = {error['index']: list(error['errors']) for error in answer.json()['errors']}
        self.assertEqual(errors, {2: ['pem'], 3: ['acme_renewal_days']})
        self.assertFalse(Certificate.objects.exists())

    def test_skip_imports_the_good_ones(self):
        answer = self.post([*self.entries(2), {'pem': 'nothing'}], '?on_error=skip')
        self.assertEqual(answer.status_code, 200)
        self.assertEqual([each['index'] for each in answer.json()['results']], [0, 1])
        self.assertEqual([error['index'] for error in answer.json()['errors']], [2])
        self.assertEqual(Certificate.objects.count(), 2)

    def test_the_record_beyond_the_permissions_is_named(self):
        self.user.object_permissions.all().delete()
        grant(self.user, 'view', 'add', constraints={'name__startswith': 'list'})
        entries = [*self.entries(2), *self.entries(1, 'other')]
        answer = self.post(entries)
        self.assertEqual(answer.status_code, 403)
        self.assertEqual([error['index'] for error in answer.json()['errors']], [2])
        self.assertFalse(Certificate.objects.exists())
        answer = self.post(entries, '?on_error=skip')
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(Certificate.objects.count(), 2)

    def test_a_list_in_the_background_needs_a_worker(self):
        answer = self.post(self.entries(1), '?background=true')
        self.assertEqual(answer.status_code, 503)
        self.assertFalse(Certificate.objects.exists())
