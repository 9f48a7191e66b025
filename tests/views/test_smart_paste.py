"""Smart Paste: the preview writes nothing and says what would happen; confirming does exactly that."""

from core.models import ObjectChange
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from extras.models import Tag
from tenancy.models import Tenant
from utilities.testing import TestCase

from netbox_ssl.imports.smart_paste.decisions import Decisions, field_name
from netbox_ssl.imports.smart_paste.importing import import_now
from netbox_ssl.intake import read_single
from netbox_ssl.models import Certificate
from tests.support.certificate_factory import issue, make_ca
from tests.support.factories import DAY, grant, import_pem, in_house_ca, issue_acme, record, successor


class SmartPasteTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.url = reverse('plugins:netbox_ssl:certificate_smart_paste')

    def preview(self, text='', **values):
        before = list(Certificate.objects.values())
        response = self.client.post(self.url, {'text': text, **values})
        self.assertEqual(list(Certificate.objects.values()), before)
        return response

    def confirm(self, text, follow=True, **values):
        return self.client.post(self.url, {'text': text, '_confirm': '1', **values}, follow=follow)


class PreviewTestCase(SmartPasteTestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view', 'add', 'change')

    def test_the_empty_page(self):
        self.assertContains(self.client.get(self.url), 'Paste one or more certificates')

    def test_facts_detection_and_action(self):
        response = self.preview(issue_acme(['www.example.net', '192.0.2.1'], serial_number=0x0A1B).fullchain_pem)
        for text in (
            'CN=www.example.net',
            '192.0.2.1',
            '0A1B',
            'Will be created',
            'Let&#x27;s Encrypt',
            'confidence: certain',
            'authority key identifier is that of the intermediate',
            'data-action="created"',
        ):
            with self.subTest(text):
                self.assertContains(response, text)

    def test_which_certificate_it_renews(self):
        old = issue_acme()
        certificate = import_pem(old, name='Shop').certificate
        for issued, action in (
            (old, 'unchanged'),
            (successor(old), 'renewed'),
            (successor(old, later=-60 * DAY), 'history'),
        ):
            with self.subTest(action):
                response = self.preview(issued.pem)
                self.assertContains(response, f'data-action="{action}"')
                self.assertContains(response, f'href="{certificate.get_absolute_url()}">Shop</a>')

    def test_certificates_that_are_not_valid_now(self):
        expired, future = issue_acme('old.example.net', left=-3 * DAY), issue_acme('new.example.net', left=95 * DAY)
        for issued, text in ((expired, 'Expired 3 days ago'), (future, 'Not yet valid, starts in 4 days')):
            with self.subTest(text):
                self.assertContains(self.preview(issued.pem), text, count=1)
        self.assertNotContains(self.preview(issue_acme().pem), 'data-warned')
        others = ''.join(issue_acme(f'{name}.example.net').pem for name in 'abc')
        response = self.preview(expired.pem + future.pem + others)
        for text in ('1 has expired', '1 is not valid yet', 'Expired 3 days ago', 'Not yet valid, starts in 4 days'):
            self.assertContains(response, text, count=1)

    def test_a_chain_that_has_expired(self):
        now = timezone.now()
        for ago, text in ((3 * DAY + DAY / 24, 'Chain expired 3 days ago'), (-3 * DAY, None)):
            ca = make_ca('Example Corp', 'Example CA', valid_to=now - ago)
            issued = issue([f'{ago.days}.example.net'], ca, now - 10 * DAY, now + 60 * DAY)
            response = self.preview(issued.fullchain_pem)
            with self.subTest(text):
                self.assertEqual('data-warned' in response.content.decode(), text is not None)
                self.assertContains(response, text or 'data-action', count=1)

    def test_candidates(self):
        for name in ('first one', 'second one'):
            record(name, subject_alt_names=['www.example.net'], key_algorithm='ECDSA')
        response = self.preview(issue_acme().pem)
        self.assertContains(response, 'may be a renewal of one of these')
        self.assertContains(response, 'first one')

    def test_unknown_user(self):
        response = self.preview(issue_acme(ca=in_house_ca()).pem)
        self.assertContains(response, 'Not recognised as issued over ACME')

    def test_a_file(self):
        issued = issue_acme()
        for content in (issued.der, issued.fullchain_pem.encode()):
            response = self.preview(file=SimpleUploadedFile('x', content))
            self.assertContains(response, 'Will be created')
            # Exactly what was shown is confirmed.
            self.assertContains(response, issued.pem.splitlines()[1])

    def test_several(self):
        response = self.preview(''.join(issue_acme(f'{name}.example.net').pem for name in 'abc'))
        self.assertContains(response, 'data-action="created"', count=3)

    def test_errors_are_at_the_form_and_the_pasted_text_is_kept(self):
        for text in ('nonsense', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', in_house_ca().pem):
            with self.subTest(text=text):
                response = self.preview(text)
                self.assertTrue(response.context['form'].errors)
                self.assertContains(response, text.splitlines()[0])

    def test_a_private_key_is_the_only_error(self):
        """One alert, and no toast, which would be in front of the buttons."""
        issued = issue_acme()
        for text in (issued.key_pem, issued.key_pem + issued.pem):
            response = self.preview(text)
            self.assertEqual(list(response.context['form'].errors), ['text'])
            self.assertContains(response, 'contains a private key', count=1)
            self.assertNotContains(response, 'Paste a certificate')
            self.assertNotContains(response, 'toast toast-dark')

    def test_errors_are_not_shown_as_a_toast(self):
        for values in ({'text': ''}, {'text': 'nonsense'}, {'text': '', 'paste': 'gone'}):
            response = self.preview(**values)
            self.assertContains(response, 'role="alert"', count=1)
            self.assertNotContains(response, 'toast toast-dark')

    def test_no_input_or_both(self):
        self.assertTrue(self.preview('').context['form'].errors)
        self.assertTrue(self.preview('x', file=SimpleUploadedFile('x', b'x')).context['form'].errors)

    def test_markup_in_a_certificate_is_shown_as_text(self):
        issued = issue_acme('www.example.net', common_name='<script>alert(1)</script>')
        response = self.preview(issued.pem)
        self.assertNotContains(response, '<script>alert(1)')
        self.assertContains(response, '&lt;script&gt;alert(1)')


class DecisionTestCase(SmartPasteTestCase):
    """The user may choose what a certificate renews if its names alone do not decide."""

    def setUp(self):
        super().setUp()
        grant(self.user, 'view', 'add', 'change')
        self.old = issue_acme()
        self.certificate = import_pem(self.old).certificate

    def field(self, issued) -> str:
        return f'renews-{read_single(issued.pem).facts.fingerprint_sha256}'

    def test_what_can_be_chosen(self):
        renewal, other = successor(self.old), successor(self.old, ca=in_house_ca())
        for issued, options in (
            (renewal, ['', 'new']),
            (other, ['', str(self.certificate.pk)]),
            (self.old, []),
            (issue_acme('x.example.net'), []),
        ):
            with self.subTest(options=options):
                [row] = self.preview(issued.pem).context['rows']
                self.assertEqual([option.value for option in row.options], options)

    def test_new_although_it_looks_like_a_renewal(self):
        new = successor(self.old)
        self.confirm(new.pem, **{self.field(new): 'new'})
        self.assertEqual(Certificate.objects.count(), 2)
        self.assertEqual(Certificate.objects.get(pk=self.certificate.pk).pem, self.old.pem)

    def test_renews_although_another_authority_issued_it(self):
        new = successor(self.old, ca=in_house_ca())
        self.confirm(new.pem, **{self.field(new): str(self.certificate.pk)})
        self.assertEqual(Certificate.objects.get().pem, new.pem)

    def test_an_empty_choice_means_the_default(self):
        new = successor(self.old)
        self.confirm(new.pem, **{self.field(new): ''})
        self.assertEqual(Certificate.objects.get().pem, new.pem)

    def test_a_certificate_that_cannot_be_chosen(self):
        """Nothing is imported, and the preview with everything else is shown again."""
        gone = import_pem(issue_acme('gone.example.net')).certificate.pk
        Certificate.objects.filter(pk=gone).delete()
        hidden = import_pem(issue_acme('hidden.example.net')).certificate
        self.user.object_permissions.all().delete()
        grant(self.user, 'view', 'add', 'change', constraints={'name__startswith': 'www'})
        new, other = successor(self.old, ca=in_house_ca()), issue_acme('www.example.org')
        before = list(Certificate.objects.values())
        for value in (str(gone), str(hidden.pk), 'x', '-1', '9' * 40):
            with self.subTest(value):
                response = self.confirm(
                    new.pem + other.pem, acme_renewal_days='20', **{self.field(new): value, self.field(other): 'new'}
                )
                self.assertContains(response, f'(ID {value[:18]}')
                self.assertContains(response, 'Choose again what it renews.')
                self.assertEqual(list(Certificate.objects.values()), before)
                self.assertContains(response, 'value="20"')
                rows = response.context['rows']
                self.assertEqual([row.leaf.facts.name for row in rows], ['www.example.net', 'www.example.org'])

    def test_a_certificate_that_is_deleted_while_another_is_imported(self):
        new = successor(self.old, ca=in_house_ca())
        decisions = Decisions({self.field(new): str(self.certificate.pk)})
        Certificate.objects.all().delete()
        leaves = [read_single(each.pem) for each in (new, issue_acme('x.example.net'))]
        first, second = import_now(leaves, self.user, {}, decisions)
        self.assertEqual((first['action'], second['action']), ('', 'created'))
        self.assertIn(f'(ID {self.certificate.pk}) has been deleted', first['errors'][0])

    def test_the_choice_is_kept_if_the_settings_are_refused(self):
        new = successor(self.old)
        response = self.confirm(new.pem, acme_renewal_days='-1', **{self.field(new): 'new'})
        [row] = response.context['rows']
        self.assertEqual([option.value for option in row.options if option.selected], ['new'])


class ConfirmTestCase(SmartPasteTestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view', 'add', 'change')

    def test_created_with_its_settings(self):
        grant(self.user, 'view', model=Tenant)
        grant(self.user, 'view', model=Tag)
        tenant = Tenant.objects.create(name='Tenant', slug='tenant')
        tag = Tag.objects.create(name='Web', slug='web')
        response = self.confirm(
            issue_acme().fullchain_pem,
            tenant=tenant.pk,
            add_tags=[tag.pk],
            acme_auto_renewal='true',
            acme_challenge_type='dns-01',
            acme_renewal_days='20',
        )
        certificate = Certificate.objects.get()
        self.assertRedirects(response, certificate.get_absolute_url())
        self.assertContains(response, 'Created certificate')
        self.assertEqual((certificate.tenant, list(certificate.tags.all())), (tenant, [tag]))
        self.assertEqual(
            (certificate.acme_auto_renewal, certificate.acme_challenge_type, certificate.acme_renewal_days),
            (True, 'dns-01', 20),
        )
        self.assertEqual((certificate.is_acme, certificate.acme_provider), (True, "Let's Encrypt"))

    def test_a_renewal_keeps_fields_left_empty(self):
        old = issue_acme()
        import_pem(old, acme_auto_renewal=True, acme_renewal_days=20)
        ObjectChange.objects.all().delete()
        response = self.confirm(successor(old).pem, acme_auto_renewal='', acme_renewal_days='')
        self.assertContains(response, 'Renewed certificate')
        certificate = Certificate.objects.get()
        self.assertEqual((certificate.acme_auto_renewal, certificate.acme_renewal_days), (True, 20))
        self.assertEqual(certificate.issuances.count(), 2)
        self.assertEqual(ObjectChange.objects.get().action, 'update')

    def test_several_all_or_nothing(self):
        text = ''.join(issue_acme(f'{name}.example.net').pem for name in 'ab')
        response = self.confirm(text + issue_acme(ca=in_house_ca()).pem, is_acme='false', acme_auto_renewal='true')
        self.assertTrue(response.context['settings_form'].errors)
        self.assertFalse(Certificate.objects.exists())
        self.assertRedirects(self.confirm(text), reverse('plugins:netbox_ssl:certificate_list'))
        self.assertEqual(Certificate.objects.count(), 2)

    def test_settings_are_refused_at_their_field(self):
        for name, value in (
            ('acme_renewal_days', '3651'),
            ('acme_renewal_days', '-1'),
            ('acme_server_url', 'ftp://ca'),
            ('acme_account_email', 'nobody'),
            ('acme_challenge_type', 'email-01'),
        ):
            with self.subTest(name=name, value=value):
                response = self.confirm(issue_acme().pem, **{name: value})
                self.assertEqual(list(response.context['settings_form'].errors), [name])
        self.assertFalse(Certificate.objects.exists())

    def test_a_warning_for_days_that_are_not_less_than_the_lifetime(self):
        response = self.confirm(issue_acme().pem, acme_auto_renewal='true', acme_renewal_days='90')
        self.assertContains(response, 'always due')


class PermissionsTestCase(SmartPasteTestCase):
    @classmethod
    def setUpTestData(cls):
        cls.issued = issue_acme()
        cls.certificate = import_pem(cls.issued, name='Secret project').certificate

    def test_neither_add_nor_change(self):
        grant(self.user, 'view')
        self.assertEqual(self.client.get(self.url).status_code, 403)
        self.assertEqual(self.confirm(issue_acme('new.example.net').pem).status_code, 403)

    def test_without_any_permission(self):
        self.client.logout()
        self.assertEqual(self.client.get(self.url).status_code, 302)

    def test_add_only_does_not_renew(self):
        grant(self.user, 'view', 'add')
        response = self.confirm(successor(self.issued).pem)
        self.assertContains(response, 'requires permission to change it')
        self.assertEqual(Certificate.objects.get().pem, self.issued.pem)

    def test_change_only_does_not_create(self):
        grant(self.user, 'view', 'change')
        response = self.confirm(issue_acme('new.example.net').pem)
        self.assertContains(response, 'requires permission to add')
        self.assertContains(self.confirm(successor(self.issued).pem), 'Renewed certificate')
        self.assertEqual(Certificate.objects.count(), 1)

    def options(self, issued) -> list[str]:
        [row] = self.preview(issued.pem).context['rows']
        return [option.value for option in row.options]

    def test_add_only_chooses_that_it_is_new(self):
        grant(self.user, 'view', 'add')
        new = successor(self.issued)
        self.assertEqual(self.options(new), ['', 'new'])
        self.assertContains(self.preview(new.pem), 'do not have permission to change')
        self.assertContains(self.confirm(new.pem, **{field_name(read_single(new.pem)): 'new'}), 'Created certificate')

    def test_change_only_chooses_what_it_renews(self):
        grant(self.user, 'view')
        grant(self.user, 'change', constraints={'pk': self.certificate.pk})
        import_pem(successor(self.issued, ca=in_house_ca()))
        new = issue_acme(['www.example.net', 'shop.example.net'], left=80 * DAY)
        self.assertEqual(self.options(new), ['', str(self.certificate.pk)])
        response = self.confirm(new.pem, **{field_name(read_single(new.pem)): str(self.certificate.pk)})
        self.assertContains(response, 'Renewed certificate')
        self.certificate.refresh_from_db()
        self.assertEqual(self.certificate.pem, new.pem)

    def test_nothing_hidden_is_revealed(self):
        grant(self.user, 'view', 'add', constraints={'name': 'none'})
        for send in (self.preview, self.confirm):
            with self.subTest(send=send):
                response = send(self.issued.pem)
                self.assertContains(response, 'already recorded')
                self.assertNotContains(response, 'Secret')
                self.assertNotContains(response, self.certificate.get_absolute_url())
