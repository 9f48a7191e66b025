"""``POST certificates/import/`` with one certificate as JSON: responses and permissions."""

from cryptography import x509
from django.urls import reverse
from extras.models import Tag
from tenancy.models import Tenant
from users.models import Token
from utilities.testing import APITestCase

from netbox_ssl.models import Certificate, Issuance
from tests.support.certificate_factory import make_ca, make_root, self_signed
from tests.support.factories import DAY, grant, import_pem, in_house_ca, issue_acme, record, successor


class ImportTestCase(APITestCase):
    def setUp(self):
        super().setUp()
        self.url = reverse('plugins-api:netbox_ssl-api:certificate-import')

    def send(self, code, **data):
        response = self.client.post(self.url, data, format='json', **self.header)
        self.assertHttpStatus(response, code)
        return response.json()


class AnswerTestCase(ImportTestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view', 'add', 'change')

    def test_created(self):
        answer = self.send(201, pem=issue_acme().fullchain_pem, acme_auto_renewal=True)
        self.assertEqual(answer['action'], 'created')
        self.assertEqual(answer['certificate']['name'], 'www.example.net')
        self.assertEqual(answer['certificate']['renewal_status'], 'OK')
        detection = answer['detection']
        self.assertEqual(
            (detection['provider'], detection['confidence'], detection['is_acme']), ("Let's Encrypt", 'certain', True)
        )
        self.assertEqual(detection['directory_url'], 'https://acme-v02.api.letsencrypt.org/directory')
        self.assertTrue(detection['evidence'][0]['text'])
        self.assertEqual((answer['candidates'], answer['warnings']), ([], []))

    def test_renewed_unchanged_updated_and_history(self):
        old = issue_acme()
        new = successor(old)
        first = self.send(201, pem=old.pem)
        for pem, values, action in (
            (old.pem, {}, 'unchanged'),
            (new.pem, {}, 'renewed'),
            (new.pem, {'description': 'x'}, 'updated'),
            (successor(old, later=-60 * DAY).pem, {}, 'history'),
        ):
            with self.subTest(action):
                answer = self.send(200, pem=pem, **values)
                self.assertEqual((answer['action'], answer['certificate']['id']), (action, first['certificate']['id']))
        self.assertEqual(answer['certificate']['pem'], new.pem)

    def test_omitted_fields_are_not_changed(self):
        old = issue_acme()
        self.send(201, pem=old.pem, acme_auto_renewal=True, acme_renewal_days=20, description='The shop')
        answer = self.send(200, pem=successor(old).pem, comments='x')['certificate']
        self.assertEqual(
            [answer[name] for name in ('acme_auto_renewal', 'acme_renewal_days', 'description', 'comments')],
            [True, 20, 'The shop', 'x'],
        )

    def test_named(self):
        certificate = record('appliance')
        answer = self.send(200, pem=issue_acme('other.example.net', left=61 * DAY).pem, certificate=certificate.pk)
        self.assertEqual((answer['action'], answer['certificate']['id']), ('renewed', certificate.pk))
        self.assertIn('certificate', self.send(400, pem=issue_acme('x.example.net').pem, certificate=4711))

    def test_candidates(self):
        for name in 'ab':
            record(name, subject_alt_names=['www.example.net'], key_algorithm='ECDSA')
        answer = self.send(201, pem=issue_acme().pem)
        self.assertCountEqual([each['name'] for each in answer['candidates']], ['a', 'b'])
        reasons = {each['reason'] for each in answer['candidates']}
        self.assertEqual(reasons, {'It has the same names, but so have others.'})

    def test_null_means_that_it_renews_none(self):
        old = issue_acme()
        self.send(201, pem=old.pem)
        self.send(201, pem=successor(old).pem, certificate=None)

    def test_warnings(self):
        answer = self.send(201, pem=issue_acme().pem, acme_auto_renewal=True, acme_renewal_days=90)
        self.assertIn('always due', answer['warnings'][0])
        self.assertEqual(answer['certificate']['renewal_status'], 'Due')

    def test_tags_and_custom_fields_as_in_all_of_netbox(self):
        grant(self.user, 'view', model=Tag)
        grant(self.user, 'view', model=Tenant)
        Tag.objects.create(name='Web', slug='web')
        tenant = Tenant.objects.create(name='Tenant', slug='tenant')
        answer = self.send(201, pem=issue_acme().pem, tags=[{'name': 'Web'}], tenant={'slug': 'tenant'})
        self.assertEqual([tag['name'] for tag in answer['certificate']['tags']], ['Web'])
        self.assertEqual(answer['certificate']['tenant']['id'], tenant.pk)

    def test_unknown_and_unseen_references_are_explained_alike(self):
        """With the reference and the permission, and without revealing what exists."""
        # Not the tag "secret"
        grant(self.user, 'view', model=Tag, constraints={'slug': 'web'})
        for slug in ('web', 'secret'):
            Tag.objects.create(name=slug, slug=slug)
        Tenant.objects.create(name='Secret', slug='secret')
        pem = issue_acme().pem
        for field, slug, permission in (
            ('tenant', {'slug': 'secret'}, 'tenancy.view_tenant'),
            ('tenant', {'slug': 'nothing'}, 'tenancy.view_tenant'),
            ('tags', [{'slug': 'web'}, {'slug': 'secret'}], 'extras.view_tag'),
            ('add_tags', [{'slug': 'web'}, {'slug': 'secret'}], 'extras.view_tag'),
            ('add_tags', [{'slug': 'nothing'}], 'extras.view_tag'),
        ):
            with self.subTest(field=field, slug=slug):
                answer = self.send(400, pem=pem, **{field: slug})
                self.assertEqual(list(answer), [field])
                (message,) = answer[field]
                self.assertIn('slug “nothing”' if 'nothing' in str(slug) else 'slug “secret”', message)
                self.assertIn(permission, message)
        self.assertEqual(self.send(201, pem=pem, add_tags=[{'slug': 'web'}])['action'], 'created')

    def test_an_unknown_reference_and_another_error(self):
        Tenant.objects.create(name='Seen by its ID', slug='x', pk=7)
        answer = self.send(400, pem=issue_acme().pem, tenant={'slug': 'x'}, acme_renewal_days='soon')
        self.assertEqual(sorted(answer), ['acme_renewal_days', 'tenant'])
        answer = self.send(400, pem=issue_acme().pem, tenant={'id': 7}, acme_renewal_days='soon')
        self.assertEqual(sorted(answer), ['acme_renewal_days'])
        self.send(400, pem=issue_acme().pem, tenant={'slug': ['x'], 'nonsense': 1})
        for reference in (77, 'web', {'slug': 'x', 'nonsense': 1}, None):
            self.assertEqual(list(self.send(400, pem=issue_acme().pem, add_tags=[reference])), ['add_tags'])

    def test_references_in_a_list(self):
        entries = [{'pem': issue_acme(name).pem, 'add_tags': [{'slug': 'web'}]} for name in ('a.example', 'b.example')]
        response = self.client.post(self.url, entries, format='json', **self.header)
        self.assertHttpStatus(response, 400)
        for error in response.json()['errors']:
            self.assertIn('extras.view_tag', error['errors']['add_tags'][0])

    def test_refusals_are_at_their_field(self):
        pem = issue_acme(ca=in_house_ca()).pem
        for values, field in (
            ({}, 'pem'),
            ({'pem': None}, 'pem'),
            ({'pem': ''}, 'pem'),
            ({'pem': 'nonsense'}, 'pem'),
            ({'pem': pem, 'acme_renewal_days': 3651}, 'acme_renewal_days'),
            ({'pem': pem, 'acme_server_url': 'gopher://x'}, 'acme_server_url'),
            ({'pem': pem, 'is_acme': False, 'acme_auto_renewal': True}, 'acme_auto_renewal'),
            ({'pem': pem, 'serial_number': '77'}, 'serial_number'),
            ({'pem': pem, 'valid_to': '2035-01-01T00:00:00Z'}, 'valid_to'),
        ):
            with self.subTest(values=values):
                self.assertEqual(list(self.send(400, **values)), [field])
        self.assertFalse(Certificate.objects.exists())


class PermissionsTestCase(ImportTestCase):
    @classmethod
    def setUpTestData(cls):
        cls.theirs = Tenant.objects.create(name='theirs', slug='theirs')
        cls.issued = issue_acme()
        cls.secret = import_pem(cls.issued, name='Secret project', tenant=cls.theirs).certificate

    def test_neither_add_nor_change(self):
        grant(self.user, 'view')
        self.send(403, pem=issue_acme('new.example.net').pem)

    def test_add_only(self):
        grant(self.user, 'add')
        self.send(201, pem=issue_acme('new.example.net').pem)

    def test_change_only(self):
        grant(self.user, 'view', 'change')
        self.send(403, pem=issue_acme('new.example.net').pem)
        self.assertEqual(self.send(200, pem=successor(self.issued).pem)['action'], 'renewed')

    def test_a_token_that_may_not_write(self):
        grant(self.user, 'view', 'add', 'change')
        Token.objects.update(write_enabled=False)
        self.send(403, pem=issue_acme('new.example.net').pem)

    def test_without_a_token(self):
        self.header = {}
        self.send(403, pem=issue_acme('new.example.net').pem)

    def test_nothing_hidden_is_revealed(self):
        grant(self.user, 'view', 'add', constraints={'tenant__isnull': True})
        grant(self.user, 'change')
        before = (list(Certificate.objects.values()), list(Issuance.objects.values()))
        for code, values in (
            (400, {'pem': self.issued.pem}),
            (400, {'pem': successor(self.issued).pem, 'certificate': self.secret.pk}),
        ):
            with self.subTest(code=code):
                answer = str(self.send(code, **values))
                self.assertNotIn('Secret', answer)
                self.assertNotIn(self.secret.get_absolute_url(), answer)
        self.assertEqual((list(Certificate.objects.values()), list(Issuance.objects.values())), before)
        # As for one that does not exist
        mine = self.send(400, pem=issue_acme('a.example.net').pem, certificate=self.secret.pk)
        none = self.send(400, pem=issue_acme('a.example.net').pem, certificate=10**6)
        self.assertEqual(str(mine).replace(str(self.secret.pk), 'N'), str(none).replace(str(10**6), 'N'))

    def test_a_change_beyond_the_permissions_is_undone(self):
        grant(self.user, 'view', 'change', constraints={'tenant__slug': 'theirs'})
        certificate = Certificate.objects.get()
        self.send(403, pem=self.issued.pem, tenant=None, certificate=certificate.pk)
        self.assertEqual(Certificate.objects.get().tenant, self.theirs)


class CACertificatesTestCase(ImportTestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view', 'add', 'change')

    def test_included(self):
        root = make_root('Example Corp', 'Example Root')
        ca = make_ca('Example Corp', 'Example CA', issuer=root)
        pem = issue_acme(ca=ca).fullchain_pem + root.pem
        answers = self.send(201, pem=pem, include_ca=True, acme_auto_renewal=True)
        self.assertEqual(
            [[answer['certificate'][name] for name in ('name', 'is_ca', 'is_acme')] for answer in answers],
            [['www.example.net', False, True], ['Example CA', True, False], ['Example Root', True, False]],
        )
        self.assertEqual([len(answer['warnings']) for answer in answers], [0, 1, 1])
        self.assertEqual(answers[0]['certificate']['chain_valid_to'], answers[1]['certificate']['valid_to'])

    def test_one_as_such(self):
        ca = make_ca('Example Corp', 'Example CA')
        self.assertIn('include_ca', self.send(400, pem=ca.pem)['pem'][0])
        self.assertTrue(self.send(201, pem=ca.fullchain_pem, is_ca=True)['certificate']['is_ca'])
        self.assertIn('is_ca', self.send(400, pem=issue_acme().pem, is_ca=True))

    def test_a_self_signed_server_certificate_marked_as_a_ca_needs_no_flag(self):
        box = self_signed('box.example.net', extensions=[(x509.BasicConstraints(ca=True, path_length=None), True)])
        answer = self.send(201, pem=box.pem)
        self.assertFalse(answer['certificate']['is_ca'])
        self.assertIn('marked as a CA (CA:TRUE)', answer['warnings'][0])
