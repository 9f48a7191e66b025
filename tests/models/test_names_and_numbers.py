"""The name of a certificate, and the stored form of serial numbers, fingerprints and names."""

from django.core.exceptions import ValidationError
from django.test import TestCase

from netbox_ssl.models import Certificate
from tests.support.certificate_factory import issue
from tests.support.factories import facts, import_pem, in_house_ca, issue_acme

FINGERPRINT = 'AB' * 32


def typed(**columns) -> Certificate:
    """Return a validated and saved Certificate without PEM, and without a name unless given."""
    certificate = Certificate(**{**facts(), 'name': '', **columns})
    certificate.full_clean()
    certificate.save()
    certificate.refresh_from_db()
    return certificate


class NameTestCase(TestCase):
    def test_it_falls_back_to_other_fields(self):
        everything = {
            'subject_alt_names': ['www.example.net', '192.0.2.1'],
            'subject': 'O=Example',
            'serial_number': '0A',
        }
        expected = ('www.example.net', 'O=Example', '0A')
        for name in expected:
            with self.subTest(name=name):
                self.assertEqual(typed(**everything).name, name)
            everything.pop(next(iter(everything)))

    def test_the_ip_address_is_next_to_the_dns_names(self):
        self.assertEqual(typed(subject_alt_names=['192.0.2.1'], subject='O=Example').name, '192.0.2.1')

    def test_a_given_name_stays(self):
        self.assertEqual(typed(name='Mine', subject_alt_names=['www.example.net']).name, 'Mine')
        self.assertEqual(import_pem(issue_acme(), name='Mine').certificate.name, 'Mine')

    def test_without_any_name_there_is_an_error_at_the_name(self):
        with self.assertRaises(ValidationError) as caught:
            typed()
        self.assertEqual(list(caught.exception.message_dict), ['name'])

    def test_a_pem_without_common_name(self):
        for names, options, name in (
            (['www.example.net', 'example.net'], {}, 'www.example.net'),
            (['192.0.2.1'], {}, '192.0.2.1'),
            ([], {'organization': 'Example'}, 'O=Example'),
            ([], {'serial_number': 0x0A1B}, '0A1B'),
        ):
            with self.subTest(names=names, options=options):
                issued = issue(names, in_house_ca(), common_name=None, **options)
                self.assertEqual(typed(pem=issued.pem).name, name)

    def test_long_names_are_cut(self):
        self.assertEqual(typed(subject='CN=' + 'x' * 5000).name, 'CN=' + 'x' * 252)

    def test_clearing_it_restores_the_fallback(self):
        certificate = import_pem(issue_acme(), name='Mine').certificate
        certificate.name = ''
        certificate.full_clean()
        certificate.save()
        self.assertEqual(certificate.name, 'www.example.net')


class NumbersTestCase(TestCase):
    def test_serial_numbers_are_upper_case_whole_octets(self):
        for given, kept in (
            ('0a:1b:2c', '0A1B2C'),
            ('a1b', '0A1B'),
            ('0A 1B', '0A1B'),
            ('0x0a1b', '0A1B'),
            ('00', '00'),
            ('-1', '-01'),
        ):
            with self.subTest(given=given):
                self.assertEqual(typed(serial_number=given).serial_number, kept)

    def test_as_openssl_prints_the_one_of_a_pem(self):
        issued = issue('www.example.net', in_house_ca(), serial_number=0xABC)
        self.assertEqual(typed(pem=issued.pem).serial_number, '0ABC')

    def test_fingerprints_too(self):
        given = ':'.join(['ab'] * 32)
        self.assertEqual(typed(name='a', fingerprint_sha256=given).fingerprint_sha256, FINGERPRINT)

    def test_others_are_refused_at_their_field(self):
        for columns in (
            {'serial_number': 'not hex'},
            {'serial_number': '12,34'},
            {'fingerprint_sha256': 'AB' * 31},
            {'fingerprint_sha256': 'XY' * 32},
        ):
            with self.subTest(columns=columns), self.assertRaises(ValidationError) as caught:
                typed(name='a', **columns)
            self.assertEqual(list(caught.exception.message_dict), list(columns))

    def test_without_fingerprint_there_may_be_many(self):
        for fingerprint in (None, None, '', ''):
            typed(name='a', fingerprint_sha256=fingerprint)
        self.assertEqual(Certificate.objects.count(), 4)

    def test_names_are_lower_case_and_unique(self):
        names = ['WWW.example.net', ' www.example.net ', '', 'example.net']
        self.assertEqual(typed(subject_alt_names=names).subject_alt_names, ['www.example.net', 'example.net'])

    def test_names_copied_from_openssl(self):
        for names in (
            ['DNS:WWW.example.net', 'IP Address:2001:DB8:0:0:0:0:0:1'],
            ['DNS:www.example.net, IP Address:2001:DB8:0:0:0:0:0:1'],
            ['X509v3 Subject Alternative Name: critical\n    DNS:www.example.net, IP Address:2001:db8::1'],
        ):
            with self.subTest(names):
                self.assertEqual(typed(subject_alt_names=names).subject_alt_names, ['www.example.net', '2001:db8::1'])

    def test_spiffe_ids_and_addresses_are_names(self):
        for name in ('spiffe://example.net/Web', 'ops@example.net'):
            with self.subTest(name):
                self.assertEqual(typed(subject_alt_names=[name], subject='O=Example').name, name)
