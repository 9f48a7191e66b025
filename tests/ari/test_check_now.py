"""*Check now*: the button, the REST endpoint, the panel, and permissions."""

from datetime import timedelta

from django.core.cache import cache
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from utilities.testing import APITestCase, TestCase

from netbox_ssl.models import Certificate
from tests.support.ari_polls import RenewalInfoTestMixin, ari_settings
from tests.support.ari_server import window
from tests.support.factories import grant, import_pem, issue_acme, record

DAY = timedelta(days=1)


class ButtonTestCase(RenewalInfoTestMixin, TestCase):
    def setUp(self):
        super().setUp()
        self.certificate = self.add()
        grant(self.user, 'view')

    def press(self, certificate=None):
        url = reverse('plugins:netbox_ssl:certificate_check_ari', kwargs={'pk': (certificate or self.certificate).pk})
        return self.client.post(url, follow=True)

    def page(self, certificate=None):
        return self.client.get((certificate or self.certificate).get_absolute_url()).content.decode()

    def test_the_result_is_shown(self):
        grant(self.user, 'change')
        start = (timezone.now() + 10 * DAY).replace(microsecond=0)
        self.stub.body = window(start.isoformat(), (start + DAY).isoformat(), explanationURL='https://ca.example/why')
        self.assertContains(self.press(), 'The CA answered')
        page = self.page()
        self.assertIn('The CA suggests renewing between', page)
        self.assertIn('href="https://ca.example/why"', page)
        self.certificate.refresh_from_db()
        self.assertIn(self.certificate.ari_cert_id, page)
        for moment in (self.certificate.ari_last_checked, self.certificate.ari_next_check):
            self.assertIn(f'<span title="{moment:%Y-%m-%d %H:%M:%S}">', page)
        self.assertContains(self.press(), 'less than a minute ago')
        self.assertEqual(len(self.stub.cert_ids), 1)

    def test_errors_are_shown(self):
        grant(self.user, 'change')
        self.stub.status = 404
        self.assertContains(self.press(), 'The CA answered with HTTP status 404.')
        self.assertIn('The CA answered with HTTP status 404.', self.page())

    def test_a_ca_without_it(self):
        grant(self.user, 'change')
        self.stub.directory = {}
        self.assertContains(self.press(), 'offers no renewal information')
        self.assertIn('offers no renewal information', self.page())

    def test_needs_the_permission_to_change_it(self):
        self.assertNotIn('check-ari', self.page())
        self.assertEqual(self.press().status_code, 404)
        grant(self.user, 'change', constraints={'name': 'another'})
        self.assertEqual(self.press().status_code, 404)
        self.assertNotIn('check-ari', self.page())
        self.assertEqual(self.stub.paths, [])
        grant(self.user, 'change', constraints={'name': self.certificate.name})
        self.assertIn('check-ari', self.page())
        self.assertEqual(self.press().status_code, 200)

    def test_only_by_post(self):
        grant(self.user, 'change')
        url = reverse('plugins:netbox_ssl:certificate_check_ari', kwargs={'pk': self.certificate.pk})
        self.assertEqual(self.client.get(url).status_code, 405)

    def test_data_from_the_ca_is_escaped(self):
        hostile = 'https://ca.example/"><script>alert(1)</script>'
        Certificate.objects.update(
            ari_error='<script>alert(2)</script>',
            ari_explanation_url=hostile,
            ari_window_start=timezone.now(),
            ari_window_end=timezone.now() + DAY,
        )
        page = self.page()
        self.assertNotIn('<script>alert(', page)
        self.assertIn('&lt;script&gt;alert(2)', page)
        columns = 'columns=name&columns=ari_error&columns=ari_explanation_url'
        table = self.client.get(f'{reverse("plugins:netbox_ssl:certificate_list")}?{columns}').content.decode()
        self.assertNotIn('<script>alert(', table)

    def test_reasons_for_no_window(self):
        grant(self.user, 'change')
        cases = [
            ('without its PEM', record('typed.example.net')),
            ('set the server URL', self.add('unknown.example.net', acme_server_url='', acme_provider='Nobody')),
            ('has expired', self.add('expired.example.net', left=-DAY)),
            ('Only active', self.add('retired.example.net', status='retired')),
            ('Not polled yet', self.certificate),
        ]
        for reason, certificate in cases:
            with self.subTest(reason):
                self.assertIn(reason, self.page(certificate))
                if reason != 'Not polled yet':
                    self.assertNotIn('check-ari', self.page(certificate))
                    self.assertContains(self.press(certificate), reason)
        Certificate.objects.filter(pk=self.certificate.pk).update(ari_cert_id='')
        self.assertIn('authority key identifier', self.page())
        Certificate.objects.filter(pk=self.certificate.pk).update(ari_cert_id='a.b')
        with ari_settings(ari_disabled_providers=["Let's Encrypt"]):
            self.assertIn('ari_disabled_providers', self.page())
        with ari_settings(ari_enabled=False):
            self.assertIn('ari_enabled', self.page())
        with override_settings(ISOLATED_DEPLOYMENT=True):
            self.assertIn('ISOLATED_DEPLOYMENT', self.page())
            self.assertContains(self.press(), 'ISOLATED_DEPLOYMENT')
        self.assertEqual(self.stub.paths, [])

    def test_no_panel_without_acme(self):
        self.assertNotIn(
            'Renewal Information', self.page(record('plain.example.net', is_acme=False, acme_auto_renewal=False))
        )


class RestTestCase(RenewalInfoTestMixin, APITestCase):
    def setUp(self):
        super().setUp()
        self.certificate = self.add()
        grant(self.user, 'view')

    def fetch(self, status, pk=None):
        url = f'/api/plugins/ssl/certificates/{pk or self.certificate.pk}/check-ari/'
        response = self.client.post(url, {}, format='json', **self.header)
        self.assertHttpStatus(response, status)
        return response

    def test_the_response_is_the_certificate(self):
        grant(self.user, 'change')
        answer = self.fetch(200).json()
        self.assertEqual(answer['ari_window_start'], '2027-01-01T00:00:00Z')
        self.assertEqual(answer['renewal_due_at'], '2027-01-01T00:00:00Z')
        self.assertTrue(answer['has_ari'])
        self.assertEqual(answer['ari_error'], '')
        again = self.fetch(429)
        self.assertIn('less than a minute ago', again.json()['detail'])
        self.assertTrue(0 < int(again['Retry-After']) <= 60)

    def test_errors_are_in_the_response(self):
        grant(self.user, 'change')
        self.stub.status = 500
        answer = self.fetch(200).json()
        self.assertEqual((answer['ari_error'], answer['has_ari']), ('The CA answered with HTTP status 500.', False))

    def test_permissions(self):
        self.fetch(403)
        grant(self.user, 'change', constraints={'name': 'another'})
        self.fetch(403)
        self.assertEqual(self.stub.paths, [])
        self.fetch(404, pk=99999)

    def test_a_token_that_may_not_write(self):
        grant(self.user, 'change')
        self.token.write_enabled = False
        self.token.save()
        self.fetch(403)

    def test_reasons_for_not_polling(self):
        grant(self.user, 'change')
        self.assertIn('PEM', self.fetch(409, record('typed.example.net').pk).json()['detail'])
        with override_settings(ISOLATED_DEPLOYMENT=True):
            self.assertIn('ISOLATED_DEPLOYMENT', self.fetch(409).json()['detail'])

    def test_the_fields_cannot_be_written(self):
        grant(self.user, 'change', 'add')
        url = f'/api/plugins/ssl/certificates/{self.certificate.pk}/'
        written = {
            'ari_cert_id': 'x',
            'ari_window_start': '2027-01-01T00:00:00Z',
            'ari_window_end': '2027-01-01T00:00:00Z',
            'ari_explanation_url': 'javascript:alert(1)',
            'ari_last_checked': '2027-01-01T00:00:00Z',
            'ari_next_check': '2037-01-01T00:00:00Z',
            'ari_error': 'x',
        }
        before = Certificate.objects.get()
        response = self.client.patch(url, {**written, 'description': 'changed'}, format='json', **self.header)
        self.assertHttpStatus(response, 200)
        after = Certificate.objects.get()
        self.assertEqual(after.description, 'changed')
        for name in written:
            self.assertEqual(getattr(after, name), getattr(before, name), name)

    def test_a_patched_pem_resets_the_window(self):
        grant(self.user, 'change')
        self.fetch(200)
        url = f'/api/plugins/ssl/certificates/{self.certificate.pk}/'
        new = issue_acme('www.example.net', 80 * DAY)
        answer = self.client.patch(url, {'pem': new.pem}, format='json', **self.header).json()
        self.assertFalse(answer['has_ari'])
        self.assertIsNone(answer['ari_last_checked'])
        self.assertEqual(
            answer['renewal_due_at'],
            (new.certificate.not_valid_after_utc - 30 * DAY).isoformat().replace('+00:00', 'Z'),
        )
        self.assertNotEqual(answer['ari_cert_id'], self.certificate.ari_cert_id)

    def test_filters(self):
        self.add('failed.example.net')
        ok, failed = Certificate.objects.order_by('pk')
        Certificate.objects.filter(pk=ok.pk).update(
            ari_window_start=timezone.now(), ari_window_end=timezone.now() + DAY
        )
        Certificate.objects.filter(pk=failed.pk).update(ari_error='The CA answered with HTTP status 500.')
        for query, found in (
            ('has_ari=true', [ok.pk]),
            ('has_ari=false', [failed.pk]),
            ('ari_error=true', [failed.pk]),
            ('ari_error=false', [ok.pk]),
            (f'ari_cert_id={ok.ari_cert_id}', [ok.pk]),
            (f'ari_window_start__lte={(timezone.now() + DAY).isoformat().replace("+00:00", "Z")}', [ok.pk]),
        ):
            with self.subTest(query):
                answer = self.client.get(f'/api/plugins/ssl/certificates/?{query}', **self.header).json()
                self.assertEqual([each['id'] for each in answer['results']], found)

    def test_graphql(self):
        grant(self.user, 'change')
        self.fetch(200)
        query = (
            '{ certificate_list(filters: {has_ari: true, ari_window_start: {gte: "2026-12-31T00:00:00Z"}}) '
            '{ name has_ari ari_cert_id ari_window_start ari_window_end ari_explanation_url ari_last_checked '
            'ari_next_check ari_error } }'
        )
        answer = self.client.post('/graphql/', {'query': query}, format='json', **self.header).json()
        (found,) = answer['data']['certificate_list']
        self.assertEqual(found['ari_cert_id'], self.certificate.ari_cert_id)
        self.assertTrue(found['has_ari'])
        none = '{ certificate_list(filters: {has_ari: false}) { name } }'
        answer = self.client.post('/graphql/', {'query': none}, format='json', **self.header).json()
        self.assertEqual(answer['data']['certificate_list'], [])

    def test_both_ways_of_importing_give_the_same_id(self):
        cache.clear()
        issued = issue_acme('bulk.example.net')
        grant(self.user, 'add')
        pems = [{'pem': issued.pem}, {'pem': issue_acme('bulk2.example.net').pem}]
        response = self.client.post('/api/plugins/ssl/certificates/import/', pems, format='json', **self.header)
        self.assertHttpStatus(response, 201)
        bulk = Certificate.objects.get(name='bulk.example.net')
        self.assertTrue(bulk.ari_cert_id)
        self.assertLessEqual(bulk.ari_next_check, timezone.now())
        made = bulk.ari_cert_id
        bulk.delete()
        self.assertEqual(import_pem(issued).certificate.ari_cert_id, made)
