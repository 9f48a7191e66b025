"""The pages of certificates show the links of the chain, the CA certificates above and what a CA certificate issued."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from utilities.testing import TestCase

from netbox_ssl import intake
from netbox_ssl.models import Certificate, Issuance
from tests.support.certificate_factory import issue, make_ca, make_root
from tests.support.factories import grant, import_pem, issue_acme, superuser

ROOT = make_root('Example Corp', 'Example Root')
CA = make_ca('Example Corp', 'Example Issuing CA', issuer=ROOT)


class ChainPageTestCase(TestCase):
    def setUp(self):
        super().setUp()
        leaves = intake.read_input(issue(['www.example.net'], CA).fullchain_pem + ROOT.pem, include_ca=True).leaves
        results = intake.take_in_many([intake.Item(leaf) for leaf in leaves], superuser())
        self.leaf, self.ca, self.root = (result.certificate for result in results)

    def page(self, certificate) -> str:
        response = self.client.get(certificate.get_absolute_url())
        self.assertEqual(response.status_code, 200)
        return response.content.decode()

    def test_the_links_and_the_issuer_lead_to_their_certificates(self):
        grant(self.user, 'view')
        html = self.page(self.leaf)
        self.assertIn(f'<a href="{self.ca.get_absolute_url()}">{self.ca.subject}</a>', html)
        self.assertIn(f'<a href="{self.ca.get_absolute_url()}">Example Issuing CA</a>', html)
        self.assertIn('End entity', html)

    def test_certificates_that_the_user_may_not_view_are_not_shown(self):
        grant(self.user, 'view', constraints={'is_ca': False})
        html = self.page(self.leaf)
        self.assertNotIn(self.ca.get_absolute_url() + '"', html)
        # The link itself is a part of the certificate.
        self.assertIn(self.ca.subject, html)

    def test_a_ca_certificate_has_a_badge_and_a_list_of_what_it_issued(self):
        grant(self.user, 'view')
        html = self.page(self.ca)
        self.assertRegex(html, r'badge text-bg-indigo">CA</span>\s+intermediate')
        self.assertIn(f'issued_by_id={self.ca.pk}', html)
        self.assertIn(f'<a href="{self.root.get_absolute_url()}">Example Root</a>', html)
        self.assertRegex(self.page(self.root), r'badge text-bg-indigo">CA</span>\s+root')
        self.assertNotIn('issued_by_id', self.page(self.leaf))

    def test_the_list_of_issued_certificates(self):
        grant(self.user, 'view', constraints={'pk__in': [self.ca.pk, self.root.pk]})
        address = reverse('plugins:netbox_ssl:certificate_list')
        found = self.client.get(address, {'issued_by_id': self.root.pk}).context['table'].data
        self.assertEqual([each.pk for each in found], [self.ca.pk])
        response = self.client.get(address, {'issued_by_id': self.ca.pk})
        self.assertEqual(len(response.context['table'].data), 0)
        self.assertContains(response, 'No certificate that this CA issued is recorded yet.')
        self.assertNotContains(response, 'No certificates match.')

    def test_the_list_has_a_badge_only_for_ca_certificates(self):
        grant(self.user, 'view')
        html = self.client.get(reverse('plugins:netbox_ssl:certificate_list')).content.decode()
        self.assertEqual(html.count('title="CA certificate">CA</span>'), 2)

    def test_a_link_that_expires_first_is_a_warning(self):
        grant(self.user, 'view')
        grant(self.user, 'view', model=Issuance)
        short = make_ca('Example Corp', 'Short CA', issuer=ROOT, valid_to=timezone.now() + timedelta(days=3))
        result = import_pem(issue_acme('short.example.net', ca=short))
        for shown in (result.certificate, result.certificate.issuances.get()):
            with self.subTest(type(shown).__name__):
                self.assertIn('The chain expires first: “Short CA” is valid to', self.page(shown))
        self.assertNotIn('expires first:', self.page(self.leaf))


class FormTestCase(TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view', 'add', 'change')

    def add(self, pem, **values):
        form = {'name': '', 'status': 'active', 'pem': pem, **values}
        return self.client.post(reverse('plugins:netbox_ssl:certificate_add'), form)

    def test_the_form_takes_a_ca_certificate_only_if_it_says_so(self):
        response = self.add(ROOT.pem)
        self.assertContains(response, 'Set CA certificate (is_ca) to store it as one')
        self.assertEqual(self.add(ROOT.pem, is_ca='on').status_code, 302)
        self.assertTrue(Certificate.objects.get().is_ca)

    def test_the_form_refuses_a_server_certificate_as_a_ca_certificate(self):
        self.assertContains(self.add(issue_acme().pem, is_ca='on'), 'This contradicts the PEM')
        self.assertFalse(Certificate.objects.exists())

    def test_smart_paste_includes_ca_certificates_on_request(self):
        address = reverse('plugins:netbox_ssl:certificate_smart_paste')
        pem = issue(['www.example.net'], CA).fullchain_pem + ROOT.pem
        response = self.client.post(address, {'text': pem, 'include_ca': 'on'})
        self.assertContains(response, 'name="include_ca" value="1"')
        self.assertContains(response, 'badge text-bg-indigo">CA</span>', 2)
        confirmed = {'text': response.context['pems'], 'include_ca': '1', '_confirm': '1', 'is_acme': 'true'}
        self.client.post(address, confirmed)
        self.assertEqual(Certificate.objects.filter(is_ca=True, is_acme=False).count(), 2)
        self.assertEqual(Certificate.objects.filter(is_ca=False, is_acme=True).count(), 1)

    def test_bulk_import_takes_ca_certificates_that_say_so(self):
        address = reverse('plugins:netbox_ssl:certificate_bulk_import')
        for value, count in (('', 0), ('true', 1)):
            with self.subTest(is_ca=value):
                data = f'is_ca,pem\n{value},"{CA.pem}"\n'
                form = {'import_method': 'direct', 'data': data, 'format': 'csv', 'csv_delimiter': ','}
                self.client.post(address, form)
                self.assertEqual(Certificate.objects.filter(is_ca=True).count(), count)
