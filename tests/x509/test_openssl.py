"""
Stored facts equal the output of ``openssl x509``, so that people find what they copy from a terminal.

The first test contains the output of OpenSSL 3; the others run the program.
"""

import subprocess
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from netbox_ssl.x509 import CertificateFacts, normalize_hex, read_facts
from tests.support import odd_certificates as odd
from tests.support import programs
from tests.support.certificate_factory import issue, make_ca

FOLDER = Path(cryptography_vectors.__file__).with_name('x509')
CA = make_ca('Example Corp', 'Example Issuing CA')

pytestmark = pytest.mark.filterwarnings('ignore')  # serial numbers that RFC 5280 forbids

PRINTED = {
    # file: (serial, start of the SHA-256 fingerprint, subject, issuer)
    'cryptography.io.pem': (
        '3F20',
        'DC:4F:4D:14:00:D4:52:60',
        'CN=www.cryptography.io,OU=Domain Control Validated - RapidSSL(R),'
        'OU=See www.rapidssl.com/resources/cps (c)14,OU=GT48742965',
        'CN=RapidSSL SHA256 CA - G3,O=GeoTrust Inc.,C=US',
    ),
    'v1_cert.pem': (
        '18',
        '5B:7C:4E:9F:7E:70:16:2F',
        'CN=SSLeay/rsa test cert,ST=QLD,C=AU',
        'CN=SSLeay/rsa test CA,ST=QLD,C=AU',
    ),
    'ed25519/root-ed25519.pem': (
        '84F1083D1CE32D95',
        '31:EE:92:08:76:3A:15:63',
        'CN=IETF Test Demo',
        'CN=IETF Test Demo',
    ),
    'custom/negative_serial.pem': (
        '-04316693ED',
        '29:AC:6B:06:26:A7:74:80',
        'CN=gov.us,OU=Chaos,O=Extreme Discord,postalCode=30062,street=3210 Holly Mill Run,L=Tallahassee,ST=FL,C=US',
        'CN=Mother Nature,OU=Everything,O=Mother Nature,C=US',
    ),
}


def load(path: Path) -> x509.Certificate:
    data = path.read_bytes()
    return x509.load_pem_x509_certificate(data) if b'-----' in data else x509.load_der_x509_certificate(data)


@pytest.mark.parametrize('file', PRINTED)
def test_the_output_of_openssl(file):
    serial, fingerprint, subject, issuer = PRINTED[file]
    facts = read_facts(load(FOLDER / file))
    assert (facts.serial_number, facts.subject, facts.issuer) == (serial, subject, issuer)
    assert facts.fingerprint_sha256.startswith(normalize_hex(fingerprint))


def assert_as_openssl_prints_it(facts: CertificateFacts, *more: str) -> None:
    """Compare with the output of the program."""
    options = ['-serial', '-fingerprint', '-sha256', '-subject', '-issuer', '-nameopt', 'RFC2253', '-text']
    command = [programs.find('openssl'), 'x509', '-noout', *options]
    printed = subprocess.run(command, input=facts.pem.encode(), capture_output=True, check=True).stdout.decode()
    printed = printed.replace('\\\n', '')  # long serial numbers are folded
    assert f'serial={facts.serial_number}\n' in printed
    assert facts.fingerprint_sha256 in printed.replace(':', '')
    for line in more:
        assert f'{line}\n' in printed


@pytest.mark.parametrize('number', [1, 0xA1B, 0x7F, 0x80, 2**158 + 5])
def test_ordinary_certificates(number):
    facts = read_facts(issue('www.example.net', CA, serial_number=number).certificate)
    assert_as_openssl_prints_it(
        facts,
        f'subject={facts.subject}',
        f'issuer={facts.issuer}',
        f'        Signature Algorithm: {facts.signature_algorithm}',
    )


@pytest.mark.parametrize(
    'number', [0, -1, -128, -256, 1 << 4095, -(1 << 4094)], ids=lambda number: f'{number.bit_length()} bits'
)
def test_invalid_serial_numbers(number):
    encoded = odd.with_parts(issue('www.example.net', CA).der, {odd.SERIAL: odd.integer(number)})
    assert_as_openssl_prints_it(read_facts(x509.load_der_x509_certificate(encoded)))


def test_names_with_special_characters_and_several_values_in_one_part():
    names = odd.name((odd.O, odd.UTF8, b' Smith, Sons + Co "\\"; <x> #1'), (odd.CN, odd.UTF8, b'#1 '))
    encoded = odd.with_parts(issue('www.example.net', CA).der, {odd.SUBJECT: names})
    facts = read_facts(x509.load_der_x509_certificate(encoded))
    assert_as_openssl_prints_it(facts, f'subject={facts.subject}')
    value = x509.NameAttribute
    several = x509.RelativeDistinguishedName(
        [value(x509.NameOID.COMMON_NAME, 'box'), value(x509.NameOID.SERIAL_NUMBER, '4711')]
    )
    country = x509.RelativeDistinguishedName([value(x509.NameOID.COUNTRY_NAME, 'CH')])
    subject = x509.Name([country, several]).public_bytes()
    facts = read_facts(
        x509.load_der_x509_certificate(odd.with_parts(issue('x.example.net', CA).der, {odd.SUBJECT: subject}))
    )
    assert facts.subject == 'serialNumber=4711+CN=box,C=CH'
    assert facts.common_name == 'box'
    assert_as_openssl_prints_it(facts, f'subject={facts.subject}')


def test_other_peoples_certificates():
    files = [*sorted(FOLDER.glob('custom/*.pem'))[::2], *sorted(FOLDER.glob('PKITS_data/certs/*.crt'))[::8]]
    compared = 0
    for path in files:
        try:
            certificate = load(path)
            certificate.public_bytes(Encoding.DER)
            facts = read_facts(certificate)
            if path.name == 'name_attribute_unsupported_tag.pem':  # OpenSSL refuses it.
                continue
        except ValueError:  # revocation lists, and files that are refused in test_corpus.py
            continue
        assert_as_openssl_prints_it(facts)
        compared += 1
    assert compared >= 80
