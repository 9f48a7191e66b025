"""Private keys are found in every form, and nothing else is mistaken for one."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netbox_ssl.x509 import PrivateKeyError, der, find_private_key, read_certificates
from tests.support import private_keys as keys
from tests.support.deadlines import processor_seconds

ENCODINGS = ('utf-8', 'utf-8-sig', 'utf-16', 'utf-16-le', 'utf-16-be')


def assert_found(data: bytes | str, secret: str = '') -> None:
    form = find_private_key(data)
    assert form is not None
    with pytest.raises(PrivateKeyError) as caught:
        read_certificates(data)
    assert caught.value.params == {'form': form}
    # No part of the input may be in the result.
    assert not secret or secret not in str(caught.value)
    assert caught.value.__context__ is None


def wrapped(encoded: bytes, label: str) -> str:
    return f'-----BEGIN {label}-----\n{base64.encodebytes(encoded).decode()}-----END {label}-----\n'


# --- Found --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('name', keys.ders())
def test_der_as_it_is_and_as_base64_and_under_a_wrong_label(name):
    encoded = keys.ders()[name]
    assert_found(encoded)
    assert_found(base64.b64encode(encoded).decode())
    assert_found(base64.encodebytes(encoded))
    assert_found(base64.urlsafe_b64encode(encoded).decode())
    assert_found(f'tls.key: "{base64.b64encode(encoded).decode()}"')
    assert_found(wrapped(encoded, 'CERTIFICATE'))
    assert_found(keys.certificate_pem() + wrapped(encoded, 'CERTIFICATE'))
    assert_found(json.dumps({'comments': wrapped(encoded, 'CERTIFICATE')}))


def test_the_form_is_named_correctly():
    ders = keys.ders()
    assert find_private_key(ders['PKCS#1 RSA']) == 'RSA, PKCS#1, DER'
    assert find_private_key(ders['DSA']) == 'DSA, DER'
    assert find_private_key(ders['SEC 1 EC']) == 'EC, SEC 1, DER'
    assert find_private_key(ders['encrypted PKCS#8 RSA']) == 'encrypted PKCS#8, DER'
    assert find_private_key(base64.b64encode(ders['PKCS#12'])) == 'PKCS#12 container, base64'
    assert find_private_key(keys.pems()['PKCS#8 encrypted']) == 'encrypted PKCS#8, PEM'
    assert find_private_key(keys.pems()['OpenSSH']) == 'OpenSSH'


def test_the_url_safe_alphabet_at_the_very_start():
    # The length of this key is encoded with one of the two characters that differ.
    head = bytes.fromhex('020100300d06092a864886f70d0101010500')
    encoded = der.encode(der.SEQUENCE, head + der.encode(der.OCTET_STRING, bytes(0x4FB - len(head) - 4)))
    text = base64.urlsafe_b64encode(encoded).decode()
    assert text[:6] == 'MIIE-w'
    assert_found(text)


@pytest.mark.parametrize('name', keys.ders())
def test_der_that_is_cut_short(name):
    assert_found(keys.ders()[name][:80])
    assert_found(base64.b64encode(keys.ders()[name])[:120])


def test_the_url_safe_alphabet_in_the_significant_digits():
    # One key in 32 has such a length.
    encoded = bytes.fromhex('308204fb020100300d06092a864886f70d0101010500048204e5') + bytes(1253)
    assert_found(base64.urlsafe_b64encode(encoded).decode())


@pytest.mark.parametrize('name', keys.pems())
def test_pem_of_every_label(name):
    pem = keys.pems()[name]
    secret = pem.splitlines()[3][:20] if pem.count('\n') > 4 else ''
    for encoding in ENCODINGS:
        assert_found(pem.encode(encoding), secret)
    for text in (
        pem,
        pem.replace('\n', '\r\n'),
        pem.replace('\n', ' '),
        pem.replace('\n', ''),
        json.dumps(pem),
        json.dumps(json.dumps(pem)),
        pem.replace('\n', '\n    '),
        pem.replace('\n', '\n> '),
        f'{keys.certificate_pem()}{pem}',
        f'{pem}{keys.certificate_pem()}',
        f'Dear all,\nhere it is:\n{pem}\nRegards',
    ):
        assert_found(text, secret)


@pytest.mark.parametrize('name', keys.pems())
@pytest.mark.parametrize(
    'damage',
    [
        lambda pem: pem.replace('-----', '----'),
        lambda pem: pem.replace('-----', '———'),
        lambda pem: pem.replace('-----', '–--'),
        lambda pem: pem.replace('-----', '- - - - -'),
        lambda pem: pem.replace('BEGIN', 'begin').replace('PRIVATE KEY', 'Private Key'),
        lambda pem: pem.replace('PRIVATE KEY', 'PRIVATE  KEY'),
        lambda pem: pem.replace('PRIVATE KEY', 'PRIVATEKEY'),
        lambda pem: pem.replace('PRIVATE KEY', 'PRI\nVATE KEY'),
        lambda pem: pem.replace('PRIVATE KEY', 'PRI\\nVATE\\u000aKEY'),
        lambda pem: pem.replace('BEGIN ', 'BEGIN\n'),
        lambda pem: pem.partition('-----END')[0],
        lambda pem: pem[len(pem) // 2 :],
    ],
)
def test_pem_that_was_damaged_on_its_way(name, damage):
    assert_found(damage(keys.pems()[name]))


def test_a_header_without_dashes_counts_if_a_key_follows():
    body = keys.pems()['PKCS#1 RSA'].splitlines()[1:-1]
    # Not from its start, which would be recognised alone
    assert_found('BEGIN RSA PRIVATE KEY\n' + '\n'.join(body[3:]))


@pytest.mark.parametrize('name', keys.texts())
def test_other_forms(name):
    text = keys.texts()[name]
    for each in (text, f'Some text\n{text}', text.replace('\n', '\r\n')):
        assert_found(each)
    assert_found(text.encode('utf-16'))


# An OpenVPN key is recognised only by its header, which is not searched in base64.
@pytest.mark.parametrize('name', sorted(keys.pems().keys() - {'OpenVPN'}))
@pytest.mark.parametrize('shift', ['', ' ', '\n\n'])
def test_pem_in_base64_as_in_a_kubernetes_secret(name, shift):
    assert_found('data:\n  tls.key: ' + base64.b64encode((shift + keys.pems()[name]).encode()).decode())


@pytest.mark.parametrize('magic', ['feedfeed', 'cececece'])
def test_java_key_stores(magic):
    assert_found(bytes.fromhex(magic) + bytes(100))


def test_the_openssh_magic_in_binary():
    assert_found(b'\0\1openssh-key-v1\0\0\0')


# --- Not found ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    'text',
    [
        '',
        'The private key is on host x.',
        'Begin private key rotation on Monday; the PRIVATE KEY lies in the vault.',
        '- Begin private key rotation\n- End private key rotation',
        'BEGIN: see the wiki page "PRIVATE KEYS", https://wiki.example.net/InternalDocumentation/PrivateKeys',
        'Private key: HSM slot 3, label MAINTENANCE-KEY-2026',
        'MAC addresses: MA:BC:DE, MACHINE_ACCOUNT=MAINTAINERS; MIIMIIMII',
        'kty: we use "kty":"EC" with "d" left out',
        'd: disk, k: kernel',
        'priv: 4711',
        'PuTTY-User-Key-File is the first word of a .ppk file',
        'Renewed with: certbot certonly --key-type ecdsa --private-key-path /etc/ssl/private/key.pem',
        'SHA256:' + 'M' * 64,
    ],
)
def test_prose_about_keys_is_not_a_key(text):
    assert find_private_key(text) is None
    assert find_private_key(text.encode()) is None


def test_certificates_and_public_keys_are_not_private_keys():
    public = [keys.certificate_pem(), *keys.public_pems(), wrapped(keys.csr_der(), 'CERTIFICATE REQUEST')]
    for text in public:
        for each in (text, text.replace('\n', ' '), json.dumps(text), text.encode('utf-16'), text.encode()):
            assert find_private_key(each) is None, text
    assert find_private_key(keys.csr_der()) is None
    jwk = {'kty': 'EC', 'crv': 'P-256', 'x': 'a' * 43, 'y': 'b' * 43, 'kid': 'd'}
    assert find_private_key(json.dumps(jwk)) is None


@settings(max_examples=200)
@given(st.binary(max_size=600))
def test_it_never_raises(data):
    # Something may be found: hypothesis knows the patterns from the source.
    for each in (data, base64.b64encode(data).decode(), data.decode('latin-1')):
        assert find_private_key(each) is None or isinstance(find_private_key(each), str)


@pytest.mark.parametrize(
    'text',
    [
        'The private key is on host x. ' * 35_000,
        'MA ' * 350_000,
        '\\' * 1_000_000,
        'END ' * 250_000 + 'privatekey',
        'b e g i n ' * 100_000 + 'privatekey',
        '-' * 1_000_000,
        b'0\0' * 500_000,
        '\n' * 1_000_000 + 'priv',
    ],
    ids=lambda text: repr(text[:12]),
)
def test_the_worst_megabyte_takes_linear_time(text):
    with processor_seconds(60):  # half a second; quadratic time would be minutes
        find_private_key(text)
