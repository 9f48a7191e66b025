"""CA certificates are imported on request, are never ACME, and are linked to the certificates that they issued."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.test import TestCase
from django.utils import timezone

from netbox_ssl import intake
from netbox_ssl.filtersets import CertificateFilterSet
from netbox_ssl.models import Certificate
from tests.support.certificate_factory import issue, make_ca, make_root
from tests.support.factories import DAY, import_pem, issue_acme, superuser

ROOT = make_root('Example Corp', 'Example Root')
CA = make_ca('Example Corp', 'Example Issuing CA', issuer=ROOT)


def take_in(pem: str, include_ca=True, **attributes) -> list[intake.Result]:
    items = [intake.Item(leaf, dict(attributes)) for leaf in intake.read_input(pem, include_ca=include_ca).leaves]
    return intake.take_in_many(items, superuser())


class ImportTestCase(TestCase):
    def test_every_ca_certificate_of_a_bundle_becomes_a_certificate(self):
        results = take_in(issue(['www.example.net'], CA).fullchain_pem + ROOT.pem)
        self.assertEqual([result.action for result in results], ['created'] * 3)
        self.assertEqual(
            set(Certificate.objects.values_list('name', 'is_ca')),
            {('www.example.net', False), ('Example Issuing CA', True), ('Example Root', True)},
        )

    def test_without_the_flag_they_are_only_stored_in_chains(self):
        take_in(issue(['www.example.net'], CA).fullchain_pem + ROOT.pem, include_ca=False)
        self.assertEqual(Certificate.objects.get().chain_pem, CA.pem)
        with self.assertRaisesMessage(ValidationError, 'include_ca'):
            take_in(ROOT.pem, include_ca=False)

    def test_acme_settings_of_the_request_are_not_applied_to_them(self):
        issued = issue_acme()
        results = take_in(issued.fullchain_pem, acme_auto_renewal=True, is_acme=True)
        by_name = {result.certificate.name: result for result in results}
        self.assertTrue(by_name['www.example.net'].certificate.acme_auto_renewal)
        ca = by_name['R12']
        self.assertFalse(ca.certificate.is_acme or ca.certificate.acme_auto_renewal)
        self.assertEqual(ca.warnings, ['R12 is a CA certificate: the ACME settings were not applied to it.'])
        again = [each for each in take_in(issued.fullchain_pem, acme_auto_renewal=True, is_acme=True) if each.warnings]
        self.assertEqual([(each.action, each.warnings) for each in again], [('unchanged', ca.warnings)])
        self.assertEqual(by_name['www.example.net'].warnings, [])

    def test_a_ca_certificate_cannot_be_made_acme(self):
        [result] = take_in(ROOT.pem)
        result.certificate.is_acme = True
        with self.assertRaises(ValidationError) as caught:
            result.certificate.full_clean()
        self.assertEqual(list(caught.exception.message_dict), ['is_acme'])

    def test_the_same_key_renews_and_another_key_does_not(self):
        [first] = take_in(CA.pem)
        later = timezone.now().replace(microsecond=0) + timedelta(days=5000)
        renewed = make_ca('Example Corp', 'Example Issuing CA', issuer=ROOT, key=CA.key, valid_to=later)
        [second] = take_in(renewed.pem)
        self.assertEqual((second.action, second.certificate.pk), ('renewed', first.certificate.pk))
        [third] = take_in(make_ca('Example Corp', 'Example Issuing CA', issuer=ROOT).pem)
        self.assertEqual(third.action, 'created')

    def test_it_neither_renews_nor_is_renewed_by_a_server_certificate_of_its_name(self):
        root = make_root('Example Corp', 'gateway')
        [result] = take_in(root.pem)
        self.assertEqual(import_pem(issue([], root, common_name='gateway')).action, 'created')
        self.assertEqual(Certificate.objects.filter(is_ca=True).get(), result.certificate)


class LinkTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        results = take_in(issue(['www.example.net'], CA).fullchain_pem + ROOT.pem)
        cls.leaf, cls.ca, cls.root = (result.certificate for result in results)
        # Of the same name, but with another key
        take_in(make_ca('Example Corp', 'Example Issuing CA').pem)
        import_pem(issue_acme('other.example.net'))

    def found(self, **parameters) -> set[str]:
        filterset = CertificateFilterSet({name: [each.pk] for name, each in parameters.items()}, self.queryset())
        self.assertEqual(filterset.errors, {})
        return set(filterset.qs)

    def queryset(self):
        return Certificate.objects.all()

    def test_issued_certificates(self):
        self.assertEqual(self.found(issued_by_id=self.ca), {self.leaf})
        self.assertEqual(self.found(issued_by_id=self.root), {self.ca})
        self.assertEqual(self.found(issued_by_id=self.leaf), set())

    def test_issuing_ca_certificates(self):
        self.assertEqual(self.found(issuer_of_id=self.leaf), {self.ca})
        self.assertEqual(self.found(issuer_of_id=self.ca), {self.root})
        self.assertEqual(self.found(issuer_of_id=self.root), set())

    def test_certificates_without_key_ids_are_linked_by_name(self):
        moment = timezone.now()
        typed = Certificate(name='typed', issuer=self.ca.subject, valid_from=moment, valid_to=moment + DAY)
        typed.full_clean()
        typed.save()
        self.assertEqual(self.found(issued_by_id=self.ca), {self.leaf, typed})
        self.assertEqual(Certificate.objects.filter(typed.issuing_ca_q()).count(), 2)
