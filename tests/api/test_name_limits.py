"""Names that are longer than an entry of PostgreSQL's index, on every way in: refused or cut off."""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.urls import reverse
from utilities.testing import APITestCase, TestCase

from netbox_ssl.models import Certificate, CertificateSource, Issuance
from netbox_ssl.x509 import MAX_SAN_OCTETS
from tests.support.certificate_factory import make_ca, make_key
from tests.support.factories import facts, grant, issue_acme

# Not compressible: PostgreSQL compresses what it indexes
CJK = ''.join(chr(0x4E00 + number * 7919 % 20_000) for number in range(2_000))


def with_long_name() -> str:
    """Return a certificate with a directory name of 2,000 Chinese characters, 6,000 octets."""
    ca = make_ca('Example Corp', 'Example Issuing CA')
    key = make_key()
    units = (CJK[at : at + 60] for at in range(0, len(CJK), 60))
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units])
    issued = issue_acme()
    names = x509.SubjectAlternativeName([x509.DNSName('long.example.net'), x509.DirectoryName(name)])
    old = issued.certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(ca.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(old.not_valid_before_utc)
        .not_valid_after(old.not_valid_after_utc)
        .add_extension(names, critical=False)
    )
    signed = builder.sign(ca.key, old.signature_hash_algorithm)
    return signed.public_bytes(Encoding.PEM).decode()


class RESTTestCase(APITestCase):
    def setUp(self):
        super().setUp()
        for model in (Certificate, CertificateSource, Issuance):
            grant(self.user, 'view', 'add', 'change', model=model)
        self.list_url = reverse('plugins-api:netbox_ssl-api:certificate-list')
        self.import_url = reverse('plugins-api:netbox_ssl-api:certificate-import')

    def send(self, method, url, data, code):
        response = getattr(self.client, method)(url, data, format='json', **self.header)
        self.assertHttpStatus(response, code)
        return response.json()

    def test_a_long_name_in_a_certificate_is_cut_off(self):
        pem = with_long_name()
        for body in ({'pem': pem}, [{'pem': pem}, {'pem': issue_acme('other.example.net').pem}]):
            self.send('post', self.import_url, body, 201)
            stored = Certificate.objects.get(subject_alt_names__contains=['long.example.net'])
            name = next(each for each in stored.subject_alt_names if each.startswith('dirName:'))
            self.assertLessEqual(len(name.encode()), MAX_SAN_OCTETS)
            self.assertTrue(name.endswith('…'))
            Certificate.objects.all().delete()

    def test_typed_names_are_limited(self):
        for names in (['x' * 10_000], [CJK], [f'{number}.example.net' for number in range(100_000)]):
            refused = self.send('post', self.list_url, {**facts(), 'subject_alt_names': names}, 400)
            self.assertEqual(list(refused), ['subject_alt_names'])
        certificate = Certificate(**facts())
        certificate.save()
        url = f'{self.list_url}{certificate.pk}/'
        self.send('patch', url, {'subject_alt_names': [CJK]}, 400)
        self.send('patch', url, {'subject_alt_names': ['x' * MAX_SAN_OCTETS]}, 200)

    def test_one_entry_does_not_cost_its_neighbours(self):
        bodies = [
            {'pem': issue_acme('a.example.net').pem, 'external_id': 'certbot:a:a'},
            {'pem': issue_acme('b.example.net').pem, 'subject_alt_names': [CJK]},
        ]
        answer = self.send('post', f'{self.import_url}?on_error=skip', bodies, 200)
        self.assertEqual([each['index'] for each in answer['results']], [0])
        self.assertEqual([each['index'] for each in answer['errors']], [1])
        self.assertTrue(CertificateSource.objects.filter(external_id='certbot:a:a').exists())


class PagesTestCase(TestCase):
    def test_typed_names_are_limited(self):
        grant(self.user, 'view', 'add')
        for names in ('x' * 10_000, CJK, '\n'.join(f'{number}.example.net' for number in range(1_001))):
            data = {**facts(), 'status': 'active', 'subject_alt_names': names}
            response = self.client.post('/plugins/ssl/certificates/add/', data)
            self.assertHttpStatus(response, 200)
            self.assertIn('subject_alt_names', response.context['form'].errors)
        self.assertFalse(Certificate.objects.exists())
