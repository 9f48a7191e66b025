"""Certificates whose encoding violates X.509, from the import to the page: taken as they are, with a warning."""

from django.test import TestCase
from django.urls import reverse

from netbox_ssl.intake import Action
from netbox_ssl.models import Certificate, Issuance
from netbox_ssl.x509 import der
from tests.support import odd_certificates as odd
from tests.support.certificate_factory import make_ca
from tests.support.factories import import_pem, issue_acme, successor, superuser


def odd_pem(issued) -> str:
    """Return ``issued`` with an organization that its string type does not allow."""
    subject = odd.name((odd.O, odd.PRINTABLE, b'Smith & Sons'))
    return odd.pem(odd.with_parts(issued.der, {odd.SUBJECT: subject}))


def broken_ca() -> str:
    """Return a CA certificate that cannot be read."""
    broken = make_ca('Example Corp', 'Example Broken CA')
    return odd.pem(odd.with_parts(broken.der, {odd.SUBJECT: odd.name((odd.CN, odd.UTF8, b'\xff'))}))


class OddCertificateTestCase(TestCase):
    def setUp(self):
        self.issued = issue_acme()
        self.pem = odd_pem(self.issued)

    def test_it_is_stored_as_it_is_and_renewed(self):
        result = import_pem(self.pem)
        self.assertEqual(result.action, Action.CREATED)
        self.assertEqual(result.certificate.pem, self.pem)
        self.assertEqual(result.certificate.subject, 'O=Smith & Sons')
        self.assertEqual(result.certificate.acme_provider, "Let's Encrypt")
        self.assertTrue(result.certificate.ari_cert_id)
        renewed = import_pem(successor(self.issued))
        self.assertEqual((renewed.action, renewed.certificate), (Action.RENEWED, result.certificate))
        self.assertEqual(renewed.warnings, [])
        self.assertEqual(Issuance.objects.filter(certificate=result.certificate).count(), 2)

    def test_every_report_of_it_has_a_warning(self):
        for _ in range(2):
            [warning] = import_pem(self.pem).warnings
            self.assertIn('O in the subject has characters that a PrintableString must not contain', warning)
            self.assertIn('“www.example.net”', warning)

    def test_its_pages_show_what_is_wrong(self):
        certificate = import_pem(self.pem).certificate
        issuance = Issuance.objects.get()
        sound = import_pem(issue_acme('sound.example.net')).certificate
        self.client.force_login(superuser())
        for page, shown in ((certificate, True), (issuance, True), (sound, False)):
            with self.subTest(page):
                html = self.client.get(page.get_absolute_url()).content.decode()
                self.assertEqual('must not contain' in html, shown)

    def test_an_unreadable_ca_certificate_is_omitted_with_a_warning(self):
        self.client.force_login(superuser())
        url = reverse('plugins-api:netbox_ssl-api:certificate-import')
        response = self.client.post(url, {'pem': self.issued.pem + broken_ca()}, content_type='application/json')
        self.assertEqual(response.status_code, 201, response.content)
        [warning] = response.json()['warnings']
        self.assertIn('PEM block 2 (CERTIFICATE)', warning)
        self.assertEqual(Certificate.objects.get().chain_pem, '')

    def test_the_preview_of_smart_paste_shows_what_is_wrong(self):
        self.client.force_login(superuser())
        url = reverse('plugins:netbox_ssl:certificate_smart_paste')
        self.assertContains(self.client.post(url, {'text': self.pem}), 'must not contain')

    def test_the_form_reports_what_it_omits(self):
        self.client.force_login(superuser())
        data = {'status': 'active', 'pem': self.issued.pem, 'chain_pem': broken_ca()}
        response = self.client.post(reverse('plugins:netbox_ssl:certificate_add'), data, follow=True)
        self.assertContains(response, 'Omitted: PEM block 2 (CERTIFICATE)')
        self.assertEqual(Certificate.objects.get().chain_pem, '')

    def test_u_labels_and_trailing_dots_are_found_by_both_spellings(self):
        names = (der.encode(0x82, name.encode()) for name in ('bücher.example', 'www.example.org.'))
        san = odd.extension('551d11', der.encode(der.SEQUENCE, b''.join(names)))
        pem = odd.pem(odd.with_parts(self.issued.der, {odd.EXTENSIONS: odd.extensions(san)}))
        certificate = import_pem(pem).certificate
        self.client.force_login(superuser())
        listed, by_name = (
            reverse(f'plugins{kind}:netbox_ssl{name}')
            for kind, name in (('-api', '-api:certificate-list'), ('', ':by_name'))
        )
        for name in ('bücher.example', 'xn--bcher-kva.example', 'www.example.org', 'www.example.org.'):
            for query in ('covers', 'subject_alt_name'):
                with self.subTest(name, query=query):
                    found = self.client.get(listed, {query: name}).json()['results']
                    self.assertEqual([each['id'] for each in found], [certificate.pk])
            with self.subTest(name, page='By Name'):
                self.assertContains(self.client.get(by_name, {'name': name}), certificate.get_absolute_url())

    def test_thumbprints_are_found(self):
        certificate = import_pem(self.pem).certificate
        self.client.force_login(superuser())
        thumbprint = certificate.fingerprint_sha1
        self.assertEqual(len(thumbprint), 40)
        spaced = ' '.join(thumbprint[i : i + 2].lower() for i in range(0, 40, 2))
        colons = ':'.join(thumbprint[i : i + 2] for i in range(0, 40, 2))
        url = reverse('plugins-api:netbox_ssl-api:certificate-list')
        for query in ({'fingerprint_sha1': spaced}, {'fingerprint_sha1': colons}, {'q': spaced}):
            with self.subTest(query):
                found = self.client.get(url, query).json()['results']
                self.assertEqual([each['id'] for each in found], [certificate.pk])
