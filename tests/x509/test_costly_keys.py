"""RSA keys with which it takes long to verify signatures."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from netbox_ssl.x509 import CertificateInputError, LimitError, read_certificates
from tests.support.certificate_factory import distinguished_name, make_key
from tests.support.deadlines import processor_seconds

START = datetime(2026, 1, 1, tzinfo=UTC)
KEY = make_key()


def rsa_key(exponent: int, bits: int = 2048):
    """Return a public key for which nobody has the private one."""
    return rsa.RSAPublicNumbers(exponent, (1 << bits - 1) + 1).public_key()


def certificate(name: str, key, issuer: str = 'CA', is_ca: bool = False) -> str:
    builder = (
        x509.CertificateBuilder()
        .subject_name(distinguished_name(common_name=name))
        .issuer_name(distinguished_name(common_name=issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=90))
        .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
    )
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def pem_to_der(pem: str) -> bytes:
    return x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)


@pytest.mark.parametrize('exponent', [3, 65537, (1 << 64) - 1])
def test_exponents_in_use_are_accepted(exponent):
    leaf = read_certificates(certificate('www.example.net', rsa_key(exponent))).leaves[0]
    assert (leaf.facts.key_algorithm, leaf.facts.key_size) == ('RSA', 2048)


@pytest.mark.parametrize('bits', [65, 2040])
def test_long_exponents_are_refused(bits):
    with pytest.raises(CertificateInputError) as caught:
        read_certificates(certificate('www.example.net', rsa_key((1 << bits - 1) + 1)))
    assert caught.value.code == 'rsa_exponent'
    assert f'exponent of {bits} bits' in str(caught.value)


def test_a_long_even_exponent_which_cryptography_does_not_load_is_refused():
    odd, even = (exponent.to_bytes(10, 'big') for exponent in ((1 << 79) + 1, 1 << 79))
    encoded = pem_to_der(certificate('www.example.net', rsa_key((1 << 79) + 1)))
    assert encoded.count(odd) == 1
    with pytest.raises(CertificateInputError) as caught:
        read_certificates(encoded.replace(odd, even))
    assert caught.value.code == 'rsa_exponent'


def test_a_ca_with_a_long_exponent_does_not_refuse_the_leaf():
    leaf = certificate('www.example.net', rsa_key(65537))
    parsed = read_certificates(leaf + certificate('CA', rsa_key((1 << 3000) + 1, 3072), 'Root', is_ca=True))
    assert [(each.facts.name, each.chain) for each in parsed.leaves] == [('www.example.net', ())]
    assert any('exponent' in note for note in parsed.notes)


def test_a_hundred_self_issued_certificates_with_long_exponents_take_no_time():
    pems = [certificate('x', rsa_key((1 << 3070) + 1, 3072), 'x') for _ in range(100)]
    # With the exponents, 4 s
    with processor_seconds(60), pytest.raises(CertificateInputError):
        read_certificates(''.join(pems))


def test_large_keys_of_many_namesakes_are_refused():
    leaf = certificate('www.example.net', rsa_key(65537))
    namesakes = [certificate('CA', rsa_key(65537, 16384), 'Root', is_ca=True) for _ in range(30)]
    assert read_certificates(leaf + namesakes[0]).leaves
    with pytest.raises(LimitError) as caught:
        read_certificates(leaf + ''.join(namesakes))
    assert caught.value.code == 'too_many_candidates'
