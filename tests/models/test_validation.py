"""Validation of certificates. The rules are the same for all ways of input; here they are tested on the model."""

from datetime import timedelta

from cryptography.hazmat.primitives.hashes import SHA256
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import TestCase

from netbox_ssl.models import Certificate
from tests.support.certificate_factory import issue, make_ca
from tests.support.factories import DAY, facts, in_house_ca, issue_acme, record

# Field → a valid value for an ACME certificate
ACME_SETTINGS = {
    'acme_provider': "Let's Encrypt",
    'acme_account_email': 'hostmaster@example.net',
    'acme_challenge_type': 'http-01',
    'acme_server_url': 'https://acme.example.net/directory',
    'acme_auto_renewal': True,
    'acme_last_renewed': facts()['valid_from'],
    'acme_renewal_days': 0,
}


class ValidationTestCase(TestCase):
    def errors(self, **columns) -> dict:
        """Return field → messages for a new certificate with ``columns``."""
        try:
            Certificate(**{**facts(), **columns}).full_clean()
        except ValidationError as error:
            return error.message_dict
        return {}


class ACMETestCase(ValidationTestCase):
    def test_settings_belong_to_acme_certificates(self):
        for name, value in ACME_SETTINGS.items():
            with self.subTest(name):
                self.assertEqual(list(self.errors(is_acme=False, **{name: value})), [name])
                self.assertEqual(self.errors(is_acme=True, **{name: value}), {})

    def test_each_of_them_has_its_message(self):
        self.assertEqual(set(self.errors(is_acme=False, **ACME_SETTINGS)), set(ACME_SETTINGS))

    def test_server_urls(self):
        for url in (
            'https://acme-v02.api.letsencrypt.org/directory',
            'http://ca/acme/directory',
            'https://ca:9000/acme/acme/directory',
            'https://192.0.2.1/directory',
            'https://[2001:db8::1]:8443/directory',
            'HTTPS://CA.example.net',
        ):
            with self.subTest(url):
                self.assertEqual(self.errors(is_acme=True, acme_server_url=url), {})

    def test_an_invalid_http_url_is_refused(self):
        for url in (
            'ca.example.net/directory',
            'ftp://ca.example.net/directory',
            'javascript:alert(1)',
            'https://',
            'https:///directory',
            'https://ca.example.net:port/directory',
            'https://ca.example.net:99999/directory',
            'https://[::1/directory',
            'https://ca.example.net/a b',
            'https://ca.example.net/\x00',
            'file:///etc/passwd',
        ):
            with self.subTest(url):
                self.assertEqual(list(self.errors(is_acme=True, acme_server_url=url)), ['acme_server_url'])

    def test_renewal_days(self):
        for days, errors in ((0, []), (3650, []), (-1, ['acme_renewal_days']), (3651, ['acme_renewal_days'])):
            with self.subTest(days=days):
                self.assertEqual(list(self.errors(is_acme=True, acme_renewal_days=days)), errors)

    def test_the_database_refuses_such_days_as_well(self):
        certificate = record()
        for days in (3651, 100_000):
            with self.subTest(days=days), self.assertRaises(IntegrityError), transaction.atomic():
                Certificate.objects.filter(pk=certificate.pk).update(acme_renewal_days=days)
        Certificate.objects.filter(pk=certificate.pk).update(acme_renewal_days=3650)

    def test_days_that_are_not_less_than_the_lifetime_bring_a_warning(self):
        for days, warned in ((89, False), (90, True), (91, True)):
            with self.subTest(days=days):
                certificate = record(acme_renewal_days=days)
                self.assertEqual(bool(certificate.get_warnings()), warned)
        self.assertEqual(certificate.renewal_status, 'Due')

    def test_emails(self):
        self.assertEqual(list(self.errors(is_acme=True, acme_account_email='nobody')), ['acme_account_email'])

    def test_any_text_is_a_provider(self):
        self.assertEqual(self.errors(is_acme=True, acme_provider='Our own CA'), {})


class TypedFactsTestCase(ValidationTestCase):
    def test_validity_is_needed(self):
        self.assertEqual(set(self.errors(valid_from=None, valid_to=None)), {'valid_from', 'valid_to'})
        self.assertEqual(set(self.errors(valid_to=None)), {'valid_to'})

    def test_it_does_not_end_before_it_starts(self):
        begin = facts()['valid_from']
        self.assertEqual(list(self.errors(valid_to=begin - timedelta(seconds=1))), ['valid_to'])
        self.assertEqual(self.errors(valid_to=begin), {})

    def test_fingerprints_are_recorded_once(self):
        record(fingerprint_sha256='AB' * 32)
        self.assertEqual(list(self.errors(fingerprint_sha256='ab:' * 31 + 'ab')), ['fingerprint_sha256'])


class PEMTestCase(ValidationTestCase):
    def test_an_invalid_certificate_is_refused_at_its_field(self):
        for pem in ('nonsense', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', '\x00'):
            for field in ('pem', 'chain_pem'):
                with self.subTest(pem=pem, field=field):
                    self.assertEqual(list(self.errors(**{field: pem})), [field])

    def test_several_certificates_are_refused(self):
        errors = self.errors(pem=issue_acme('a.example.net').pem + issue_acme('b.example.net').pem)
        self.assertIn('2 certificates (a.example.net, b.example.net)', errors['pem'][0])

    def test_an_unrelated_certificate_in_the_chain_is_refused(self):
        errors = self.errors(pem=issue_acme().fullchain_pem + make_ca('Stranger', 'Stranger CA').pem)
        self.assertIn('Stranger CA', errors['pem'][0])

    def test_ca_certificates_are_refused(self):
        self.assertEqual(list(self.errors(pem=in_house_ca().pem)), ['pem'])

    def test_the_chain_may_be_in_either_field_in_any_order(self):
        issued = issue_acme()
        for columns in (
            {'pem': issued.fullchain_pem},
            {'pem': issued.chain_pem + issued.pem},
            {'pem': issued.pem, 'chain_pem': issued.chain_pem},
        ):
            certificate = Certificate(**columns)
            certificate.full_clean()
            self.assertEqual((certificate.pem, certificate.chain_pem), (issued.pem, issued.chain_pem))

    def test_facts_come_from_it(self):
        issued = issue(['WWW.Example.net', '192.0.2.1'], in_house_ca(), key_type='rsa')
        certificate = Certificate(pem=issued.pem, subject='CN=ignored', key_size=1)
        certificate.full_clean()
        self.assertEqual(
            (certificate.subject, certificate.key_algorithm, certificate.key_size, certificate.subject_alt_names),
            ('CN=WWW.Example.net', 'RSA', 2048, ['www.example.net', '192.0.2.1']),
        )
        self.assertEqual(certificate.valid_to, issued.certificate.not_valid_after_utc)
        self.assertEqual(certificate.fingerprint_sha256, issued.certificate.fingerprint(SHA256()).hex().upper())

    def test_each_x509_certificate_is_recorded_once(self):
        issued = issue_acme()
        first = Certificate(pem=issued.pem)
        first.full_clean()
        first.save()
        self.assertEqual(list(self.errors(pem=issued.pem)), ['pem'])
        # Also if it is only in a history by now
        first.pem = issue_acme(left=61 * DAY).pem
        first.full_clean()
        first.save()
        self.assertEqual(list(self.errors(pem=issued.pem)), ['pem'])
