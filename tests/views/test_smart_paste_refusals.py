"""Smart Paste with several inputs at once: refused inputs, the reasons, and that they do not block others."""

from unittest.mock import patch

from django.core.cache import cache
from users.models import User

from netbox_ssl import settings
from netbox_ssl.imports.smart_paste import store
from netbox_ssl.imports.smart_paste.inputs import Pasted
from netbox_ssl.models import Certificate
from netbox_ssl.x509 import Limits
from tests.support.factories import grant, in_house_ca, issue_acme
from tests.support.smart_paste import ManyTestCase, file, issue


class RefusalTestCase(ManyTestCase):
    def setUp(self):
        super().setUp()
        self.allow()

    def test_a_bad_file_does_not_block_the_others(self):
        a, b = issue(*'ab')
        response = self.preview(
            [file('a.pem', a.pem), file('bad.pem', 'nonsense'), file('empty.pem', ''), file('b', b.pem)]
        )
        self.assertContains(response, '<strong>bad.pem</strong> will not be imported')
        self.assertContains(response, '<strong>empty.pem</strong> will not be imported')
        self.assertContains(response, 'This is not a certificate')
        self.confirm(response)
        self.assertEqual(Certificate.objects.count(), 2)

    def test_bad_text_does_not_block_the_files(self):
        response = self.preview([file('a.pem', issue_acme().pem)], 'nonsense')
        self.assertContains(response, '<strong>Pasted text</strong> will not be imported')
        self.confirm(response)
        self.assertEqual(Certificate.objects.count(), 1)

    def test_only_bad_inputs_are_errors_of_the_form(self):
        response = self.preview([file('bad.pem', 'nonsense'), file('ca.pem', in_house_ca().pem)], 'this stays')
        errors = response.context['form'].errors
        self.assertEqual(set(errors), {'text', 'file'})
        self.assertRegex(errors['file'][0], '^bad.pem: ')
        self.assertRegex(errors['file'][1], '^ca.pem: .*only CA certificates')
        self.assertContains(response, 'this stays</textarea>')

    def test_a_private_key_refuses_its_file_which_is_dropped(self):
        good, evil = issue('good', 'evil')
        secret = evil.key_pem.splitlines()[1]
        response = self.preview([file('good.pem', good.pem), file('evil.pem', evil.pem + evil.key_pem)])
        self.assertContains(response, '<strong>evil.pem</strong> will not be imported')
        self.assertContains(response, 'private key')
        self.assertNotContains(response, secret)
        kept, texts = store._get('preview', self.user, self.key(response))
        self.assertNotIn(secret, repr((kept, texts)))
        self.assertNotIn('evil.example.net', repr(texts))
        self.confirm(response)
        self.assertEqual([each.name for each in Certificate.objects.all()], ['good.example.net'])

    def test_a_private_key_in_the_text_stops_everything(self):
        good, evil = issue('good', 'evil')
        response = self.preview([file('good.pem', good.pem)], evil.key_pem)
        self.assertEqual(list(response.context['form'].errors), ['text'])
        self.assertNotContains(response, evil.key_pem.splitlines()[1])

    def test_a_private_key_as_the_name_of_a_file(self):
        key = issue_acme().key_pem.replace('\n', ' ').replace('/', '_')
        body = key.split()[4]
        with patch('netbox_ssl.imports.smart_paste.inputs.find_private_key', return_value='private key'):
            response = self.preview([file(body[:40], 'nonsense')])
        self.assertNotContains(response, body[:40])
        self.assertContains(response, 'File 1: ')

    def test_limits_apply_to_each_input(self):
        pems = [each.pem for each in issue(*'abcd')]
        with patch.object(settings, 'limits', return_value=Limits(max_input_bytes=1000, max_certificates=2)):
            response = self.preview([file(f'{number}', pem) for number, pem in enumerate(pems)])
            self.assertEqual(self.actions(response), ['created'] * 4)
            response = self.preview([file('large.pem', pems[0] + ' ' * 1000), file('good', pems[1])])
            self.assertContains(response, '<strong>large.pem</strong>')
            self.assertContains(response, 'larger than 1000 bytes')

    def test_limits_apply_to_the_input_not_to_its_pem(self):
        ders = [each.der for each in issue(*'abcd')]
        limits = Limits(max_input_bytes=max(map(len, ders)))
        with patch.object(settings, 'limits', return_value=limits):
            self.confirm(self.preview([file(f'{number}', der) for number, der in enumerate(ders)]))
        self.assertEqual(Certificate.objects.count(), 4)

    def test_the_key_of_the_preview_is_for_its_user_and_expires(self):
        response = self.preview([file('a', issue_acme().pem), file('b', issue('b')[0].pem)])
        key = self.key(response)
        other = User.objects.create_user('other')
        grant(other, 'view', 'add', 'change')
        self.client.force_login(other)
        answer = self.client.post(self.url, {'paste': key, '_confirm': '1'})
        self.assertIn('has expired', str(answer.context['form'].errors))
        self.client.force_login(self.user)
        for wrong in ('x', '../../etc', 'é' * 32, 'A' * 5000):
            answer = self.client.post(self.url, {'paste': wrong, '_confirm': '1'})
            self.assertIn('has expired', str(answer.context['form'].errors))
        cache.delete(store._name('preview', self.user, store._slot(key)))
        answer = self.client.post(self.url, {'paste': key, '_confirm': '1'})
        self.assertContains(answer, 'has expired')
        self.assertFalse(Certificate.objects.exists())

    def test_a_user_has_a_limited_number_of_previews(self):
        pasted = Pasted(inputs=1)
        first, *others = [store.put(self.user, pasted) for _ in range(store.MOST)]
        self.assertIsNotNone(store.get(self.user, first))
        newest = store.put(self.user, pasted)
        self.assertIsNone(store.get(self.user, first))
        for key in (*others, newest):
            self.assertIsNotNone(store.get(self.user, key))

    def test_a_user_has_a_limited_number_of_results(self):
        first, *others = [store.put_results(self.user, []) for _ in range(store.MOST + 1)]
        self.assertIsNone(store.get_results(self.user, first))
        for key in others:
            self.assertEqual(store.get_results(self.user, key), [])

    def test_settings_errors_keep_the_preview(self):
        response = self.preview([file(each, issue_acme(f'{each}.example.net').pem) for each in 'abcd'])
        answer = self.confirm(response, acme_renewal_days='3651')
        self.assertEqual(list(answer.context['settings_form'].errors), ['acme_renewal_days'])
        self.assertEqual(self.key(answer), self.key(response))
        self.confirm(answer, acme_renewal_days='20')
        self.assertEqual({each.acme_renewal_days for each in Certificate.objects.all()}, {20})

    def test_if_all_are_refused_each_cause_is_reported_once(self):
        response = self.preview([file(each, issue_acme(f'{each}.example.net').pem) for each in 'abcd'])
        answer = self.confirm(response, is_acme='false', acme_auto_renewal='true')
        errors = answer.context['settings_form'].errors
        self.assertEqual({field: len(causes) for field, causes in errors.items()}['acme_auto_renewal'], 1)
        self.assertFalse(Certificate.objects.exists())
