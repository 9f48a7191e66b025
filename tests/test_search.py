"""NetBox's global search finds a certificate by any of its identifiers."""

import re
from html import unescape

from django.urls import reverse
from django.utils import timezone
from utilities.testing import TestCase

from netbox_ssl.models import Certificate, CertificateSource, Endpoint, Issuance
from tests.support.factories import DAY, end_chain, grant, import_pem, issue_acme, record, successor


class SearchTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.old = issue_acme(['shop.example.net', 'cart.example.net'], serial_number=0x0A1B2C)
        cls.new = successor(cls.old, serial_number=0x0D0E0F)
        # The index is updated after the commit.
        with cls.captureOnCommitCallbacks(execute=True):
            import_pem(cls.old)
            cls.certificate = import_pem(cls.new, acme_account_email='hostmaster@example.org').certificate
            record('fine.example.net', subject_alt_names=['fine.example.net'])
            record('elsewhere', serial_number='77', fingerprint_sha256='AB' * 32)

    def setUp(self):
        super().setUp()
        grant(self.user, 'view')
        grant(self.user, 'view', model=Issuance)

    def found(self, text):
        response = self.client.get(reverse('search'), {'q': text})
        self.assertHttpStatus(response, 200)
        return {row.object for row in response.context['table'].data}

    def attributes(self, text) -> dict[str, str]:
        """Return the attributes of all results, as shown."""
        html = self.client.get(reverse('search'), {'q': text}).content.decode()
        badges = re.findall(r'<span class="badge text-bg-secondary"[^>]*>(.*?)</span>', html, re.DOTALL)
        texts = (unescape(' '.join(re.sub('<[^>]*>', '', badge).split())) for badge in badges)
        return dict(text.split(': ', 1) for text in texts if ': ' in text)

    def test_the_current_one(self):
        fingerprint = self.certificate.fingerprint_sha256
        thumbprint = self.certificate.fingerprint_sha1
        for text in (
            'shop.example.net',
            'cart.example.net',
            '0D0E0F',
            '0d:0e:0f',
            fingerprint,
            ':'.join(fingerprint[i : i + 2] for i in range(0, 64, 2)).lower(),
            thumbprint.lower(),
            ':'.join(thumbprint[i : i + 2] for i in range(0, 40, 2)),
            "Let's Encrypt",
            'hostmaster@example.org',
        ):
            with self.subTest(text):
                self.assertIn(self.certificate, self.found(text))

    def test_the_validity_is_shown(self):
        response = self.client.get(reverse('search'), {'q': 'fine.example.net'})
        self.assertRegex(response.content.decode(), r'\d{4}-\d\d-\d\d \(Expires in \d+ days\)')

    def test_every_date_is_a_day_in_one_format(self):
        now = timezone.now()
        certificate = record('dated.example.net', subject_alt_names=['dated.example.net'])
        with self.captureOnCommitCallbacks(execute=True):
            certificate.sources.create(external_id='certbot:web01:dated.example.net', client='certbot')
            Endpoint.objects.create(address='dated.example.net', server_name='dated.example.net')
            certificate.save()
        CertificateSource.objects.update(reported_at=now, valid_to=now + DAY, gone_since=now)
        Endpoint.objects.update(checked_at=now)
        for model in (CertificateSource, Endpoint):
            grant(self.user, 'view', model=model)
        shown = self.attributes('dated.example.net') | self.attributes('0A1B2C')
        dates = {name: value for name, value in shown.items() if re.search(r'\d{4}|\d:\d\d', value)}
        self.assertLessEqual({'Valid To', 'Renewal Due', 'Valid From', 'Last Report', 'Gone Since'}, set(dates))
        for name, value in dates.items():
            with self.subTest(name):
                self.assertRegex(value, r'^\d{4}-\d\d-\d\d( \(.*\))?$')

    def test_no_renewal_is_due_where_no_client_renews(self):
        with self.captureOnCommitCallbacks(execute=True):
            record('bought.example.net', left=-DAY / 48, is_acme=False, acme_auto_renewal=False)
        shown = self.attributes('bought.example.net')
        self.assertNotIn('Renewal Due', shown)
        self.assertTrue(shown['Valid To'].endswith('(Expired < 1 h ago)'), shown)
        self.assertNotIn('…', ''.join(shown.values()))

    def test_a_chain_that_expires_first_is_named(self):
        with self.captureOnCommitCallbacks(execute=True):
            end_chain(record('chain.example.net'), 3 * DAY + DAY / 24)
        self.assertRegex(self.attributes('chain.example.net')['Valid To'], r' \(Chain expires in 3 days\)$')

    def test_the_verdict_on_a_name(self):
        """Next to the search box, with a link to *By Name*, and only for names that certificates cover."""
        for text, verdict in (
            ('fine.example.net', 'fine'),
            ('https://FINE.example.net/path', 'fine'),
            ('elsewhere.example.net', None),
            ('not a name', None),
            ('', None),
        ):
            with self.subTest(text):
                html = self.client.get(reverse('search'), {'q': text}).content.decode()
                found = set(re.findall(r'href="(/plugins/ssl/by-name/\?name=[^"]*)"[^>]*data-verdict="(\w+)"', html))
                expected = {('/plugins/ssl/by-name/?name=fine.example.net', verdict)} if verdict else set()
                self.assertEqual(found, expected)
        self.assertNotContains(self.client.get('/?q=fine.example.net'), 'data-verdict')
        self.remove_permissions('netbox_ssl.view_certificate')
        grant(self.user, 'view', constraints={'name': 'elsewhere'})
        self.assertNotContains(self.client.get(reverse('search'), {'q': 'fine.example.net'}), 'data-verdict')

    def test_an_old_serial_number_through_its_issuance(self):
        for text in ('0A1B2C', '0a:1b:2c'):
            with self.subTest(text):
                found = self.found(text)
                self.assertEqual({type(each) for each in found}, {Issuance})
                self.assertEqual({each.certificate for each in found}, {self.certificate})

    def test_only_objects_that_the_user_may_view(self):
        self.remove_permissions('netbox_ssl.view_certificate', 'netbox_ssl.view_issuance')
        grant(self.user, 'view', constraints={'name': 'elsewhere'})
        self.assertEqual(self.found('shop.example.net'), set())
        self.assertEqual({str(each) for each in self.found('elsewhere')}, {'elsewhere'})

    def test_deleted_objects_are_no_longer_found(self):
        with self.captureOnCommitCallbacks(execute=True):
            Certificate.objects.get(name='elsewhere').delete()
        self.assertEqual(self.found('elsewhere'), set())
