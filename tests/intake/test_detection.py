"""Detection fills in fields that have not been set, and never changes those set by a person or a client."""

from django.core.exceptions import ValidationError
from django.test import TestCase

from netbox_ssl.models import Certificate
from tests.support.certificate_factory import make_ca
from tests.support.factories import facts, import_pem, in_house_ca, issue_acme, successor

ZEROSSL = {'is_acme': True, 'acme_provider': 'ZeroSSL'}


class DetectionTestCase(TestCase):
    def provider(self) -> tuple:
        certificate = Certificate.objects.get()
        return certificate.is_acme, certificate.acme_provider

    def test_it_states_its_confidence_and_evidence(self):
        detection = import_pem(issue_acme()).detection
        self.assertEqual((detection.provider, detection.confidence), ("Let's Encrypt", 'certain'))
        self.assertIn('authority_key_id', [each.kind for each in detection.evidence])

    def test_an_unknown_issuer_is_not_assumed_to_be_acme(self):
        self.assertEqual(import_pem(issue_acme(ca=in_house_ca())).detection.confidence, 'none')
        self.assertEqual(self.provider(), (False, ''))

    def test_values_detected_at_a_renewal_are_not_pinned(self):
        issued = issue_acme()
        certificate = import_pem(issued).certificate
        zerossl = make_ca('ZeroSSL', 'ZeroSSL RSA Domain Secure Site CA')
        renewed = successor(issued, ca=zerossl)
        import_pem(renewed, certificate=certificate)
        self.assertEqual(self.provider(), (True, 'ZeroSSL'))
        self.assertEqual(Certificate.objects.get().acme_pinned_fields, [])
        import_pem(successor(renewed), certificate=certificate)
        self.assertEqual(self.provider(), (True, "Let's Encrypt"))

    def test_explicit_values_take_precedence(self):
        for attributes, expected in (
            ({'is_acme': False, 'acme_provider': ''}, (False, '')),
            (ZEROSSL, (True, 'ZeroSSL')),
            ({'acme_provider': 'Our proxy'}, (True, 'Our proxy')),
            ({'acme_provider': ''}, (True, '')),
        ):
            with self.subTest(attributes):
                issued = issue_acme()
                import_pem(issued, **attributes)
                self.assertEqual(self.provider(), expected)
                # Also through renewals
                import_pem(successor(issued))
                self.assertEqual(self.provider(), expected)
                Certificate.objects.all().delete()

    def test_values_that_were_not_set_follow_the_issuer(self):
        issued = issue_acme(ca=in_house_ca())
        certificate = import_pem(issued).certificate
        import_pem(successor(issued), certificate=certificate)
        self.assertEqual(self.provider(), (True, "Let's Encrypt"))

    def test_an_edit_by_a_person_takes_precedence(self):
        issued = issue_acme()
        certificate = import_pem(issued).certificate
        certificate.snapshot()
        certificate.acme_provider = 'Our proxy'
        certificate.full_clean()
        certificate.save()
        import_pem(successor(issued))
        self.assertEqual(self.provider(), (True, 'Our proxy'))

    def test_an_edit_to_not_acme_takes_precedence(self):
        issued = issue_acme()
        certificate = import_pem(issued).certificate
        certificate.snapshot()
        certificate.is_acme, certificate.acme_provider = False, ''
        certificate.full_clean()
        certificate.save()
        import_pem(successor(issued))
        self.assertEqual(self.provider(), (False, ''))

    def test_an_unrelated_edit_pins_nothing(self):
        issued = issue_acme(ca=in_house_ca())
        certificate = import_pem(issued).certificate
        certificate.snapshot()
        certificate.description = 'The shop'
        certificate.full_clean()
        certificate.save()
        self.assertEqual(certificate.acme_pinned_fields, [])
        import_pem(successor(issued), certificate=certificate)
        self.assertEqual(self.provider(), (True, "Let's Encrypt"))

    def test_settings_alone_imply_acme(self):
        import_pem(issue_acme(ca=in_house_ca()), acme_auto_renewal=True)
        self.assertEqual(self.provider(), (True, ''))

    def test_settings_do_not_imply_acme_against_the_request(self):
        with self.assertRaises(ValidationError) as caught:
            import_pem(issue_acme(ca=in_house_ca()), acme_auto_renewal=True, is_acme=False)
        self.assertEqual(list(caught.exception.message_dict), ['acme_auto_renewal'])
        self.assertFalse(Certificate.objects.exists())

    def test_facts_that_contradict_the_pem_are_refused_at_their_field(self):
        issued = issue_acme()
        others = {
            'subject': 'CN=other',
            'issuer': 'CN=other',
            'serial_number': '77',
            'fingerprint_sha256': 'AB' * 32,
            'valid_to': facts()['valid_from'],
            'subject_alt_names': ['other.example.net'],
            'key_algorithm': 'RSA',
            'key_size': 384,
            'signature_algorithm': 'md5',
        }
        for name, value in others.items():
            with self.subTest(name), self.assertRaises(ValidationError) as caught:
                import_pem(issued, **{name: value})
            self.assertEqual(list(caught.exception.message_dict), [name])
        self.assertFalse(Certificate.objects.exists())

    def test_equal_facts_are_accepted(self):
        issued = issue_acme('www.example.net', serial_number=0x0A1B)
        import_pem(issued, serial_number='0a:1b', subject_alt_names=['WWW.example.net'], key_size=256)
        self.assertEqual(Certificate.objects.get().serial_number, '0A1B')
