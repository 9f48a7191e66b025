"""Bulk edit: ACME fields and their errors."""

from django.urls import reverse
from utilities.testing import TestCase

from netbox_ssl.models import Certificate
from tests.support.factories import grant, import_pem, issue_acme, record, successor


class BulkEditTestCase(TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view', 'change')
        self.certificates = [record(f'{number}') for number in range(3)]

    def send(self, **values):
        url = reverse('plugins:netbox_ssl:certificate_bulk_edit')
        data = {'pk': [each.pk for each in self.certificates], '_apply': '1', **values}
        return self.client.post(url, data)

    def values(self, name):
        return list(Certificate.objects.values_list(name, flat=True))

    def test_acme_fields(self):
        for name, sent, kept in (
            ('acme_provider', 'ZeroSSL', 'ZeroSSL'),
            ('acme_account_email', 'a@example.net', 'a@example.net'),
            ('acme_challenge_type', 'dns-01', 'dns-01'),
            ('acme_server_url', 'http://ca/acme', 'http://ca/acme'),
            ('acme_renewal_days', '0', 0),
            ('acme_auto_renewal', 'false', False),
        ):
            with self.subTest(name):
                self.assertEqual(self.send(**{name: sent}).status_code, 302)
                self.assertEqual(self.values(name), [kept] * 3)
        # Omitted fields are not changed.
        self.assertEqual(self.values('is_acme'), [True] * 3)
        self.assertEqual(self.values('acme_provider'), ['ZeroSSL'] * 3)

    def test_invalid_values(self):
        for values in (
            {'acme_server_url': 'ftp://ca'},
            {'acme_renewal_days': '-1'},
            {'acme_renewal_days': '3651'},
            {'acme_account_email': 'nobody'},
            # They have auto-renewal, which is an ACME setting.
            {'is_acme': 'false'},
        ):
            with self.subTest(values):
                before = list(Certificate.objects.values())
                response = self.send(**values)
                self.assertEqual(response.status_code, 200)
                self.assertTrue(response.context['form'].errors)
                self.assertEqual(list(Certificate.objects.values()), before)

    def test_emptying(self):
        self.send(acme_provider='ZeroSSL', acme_renewal_days='20')
        self.assertEqual(self.send(_nullify=['acme_provider', 'acme_renewal_days']).status_code, 302)
        self.assertEqual((self.values('acme_provider'), self.values('acme_renewal_days')), ([''] * 3, [None] * 3))

    def test_detection_does_not_change_values_set_by_bulk_edit(self):
        issued = issue_acme()
        self.certificates = [import_pem(issued).certificate]
        self.send(acme_provider='Our proxy')
        import_pem(successor(issued))
        self.assertEqual(Certificate.objects.get(pk=self.certificates[0].pk).acme_provider, 'Our proxy')
