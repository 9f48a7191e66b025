"""Private keys are found in every form, and nothing else is mistaken for one."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
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


@pytest.mark.parametrize('name', keys.ders())
def test_der_in_a_url_and_as_source_code(name):
    encoded = keys.ders()[name]
    assert_found(quote(encoded))
    assert_found(', '.join(f'0X{octet:02X}' for octet in encoded))


@pytest.mark.parametrize('name', keys.pems())
@pytest.mark.parametrize('encoding', ['utf-16-le', 'utf-16-be'])
def test_base64_of_utf_16(name, encoding):
    """As PowerShell makes it: ``[Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($pem))``."""
    assert_found(base64.b64encode(keys.pems()[name].encode(encoding)).decode())


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


def test_the_shortest_text():
    assert_found('priv:00:00:00:00:')
    assert find_private_key('priv:00:00:00') is None


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


WRAPPINGS = {
    'hex': lambda data: data.hex(),
    'hex with colons': lambda data: data.hex(':').upper(),
    'a dump': lambda data: '\n'.join(data[at : at + 16].hex(' ') for at in range(0, len(data), 16)),
    'C': lambda data: ', '.join(f'0x{octet:02x}' for octet in data),
    'escapes of Python': lambda data: repr(data),
    'escapes only': lambda data: ''.join(f'\\x{octet:02x}' for octet in data),
    'base64': lambda data: base64.b64encode(data).decode(),
    'base64 after a word': lambda data: f'key{base64.b64encode(data).decode()}',
    'base64 twice': lambda data: base64.b64encode(base64.b64encode(data)).decode(),
    'base64 twice, in lines': lambda data: base64.encodebytes(base64.encodebytes(data)).decode(),
    'base64, URL-encoded': lambda data: quote(base64.b64encode(data).decode(), safe=''),
}


@pytest.mark.parametrize('wrapping', WRAPPINGS)
@pytest.mark.parametrize('name', keys.ders())
def test_binary_keys_in_other_encodings(name, wrapping):
    text = WRAPPINGS[wrapping](keys.ders()[name])
    for each in (text, f'The key: {text}, please keep it', f'A{text}'):
        assert_found(each, text[100:130])


@pytest.mark.parametrize('wrapping', WRAPPINGS)
@pytest.mark.parametrize('name', sorted(keys.pems().keys() | keys.texts().keys()))
def test_text_forms_in_other_encodings(name, wrapping):
    text = {**keys.pems(), **keys.texts()}[name]
    assert_found(WRAPPINGS[wrapping](text.encode()))
    assert_found(quote(text, safe=''))


@pytest.mark.parametrize('wrapping', WRAPPINGS)
@pytest.mark.parametrize('magic', ['feedfeed00000002', 'cececece00000002', b'openssh-key-v1\0'.hex()])
def test_containers_in_other_encodings(magic, wrapping):
    assert_found(WRAPPINGS[wrapping](bytes.fromhex(magic) + bytes(100)))


def test_keys_that_end_with_their_secret():
    # ECPrivateKey without its optional fields, followed by something else
    encoded = der.encode(der.SEQUENCE, b'\2\1\1' + der.encode(der.OCTET_STRING, bytes(32)))
    assert_found(base64.b64encode(encoded).decode() + ' is the key')


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
        'States: MA, MD, ME, MI, MN, MO, MP, MS, MT',
        'PrivateKey = see the vault, PublicKey = ' + 'A' * 43 + '=',
        'age keys (AGE-SECRET-KEY-1) stay on the host',
        'Private-key-format is in the manual',
        'fingerprint ' + ':'.join(['3082', '0204'] * 20),
        '\\x30\\x82 is how it starts',
        '%30%82 is how it starts',
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
    for encoded in (keys.certificate_der(), keys.csr_der(), keys.explicit_curve()):
        for wrapping in WRAPPINGS.values():
            for before in ('', 'a', 'ab', 'abc'):
                assert find_private_key(before + wrapping(encoded)) is None
    jwk = {'kty': 'EC', 'crv': 'P-256', 'x': 'a' * 43, 'y': 'b' * 43, 'kid': 'd'}
    assert find_private_key(json.dumps(jwk)) is None


@settings(max_examples=200)
@given(st.binary(max_size=600))
@example(b'%f6\\%f6')
@example(base64.b64encode('\ud800\\'.encode('utf-8', 'surrogatepass') * 20))
def test_it_never_raises(data):
    # Something may be found: hypothesis knows the patterns from the source.
    for each in (data, base64.b64encode(data).decode(), data.decode('latin-1')):
        assert find_private_key(each) is None or isinstance(find_private_key(each), str)


SLOW = [
    'The private key is on host x. ',
    'MA ',
    # Where a gap and a digit could be the same character
    'MA' + '-' * 14 + ' ' * 9,
    '\\',
    '\\r\\',
    '\\x30',
    'END ',
    'b e g i n ',
    'end pgp private key block ',
    'private key agesecretkey puttyuserkeyfile1 kty openvpnstatickey rsakeyvalue privateexponent priv presharedkey ',
    'kty: d:' + ' ' * 79,
    '<d:d> rsakeyvalue ',
    '-',
    '\npriv:',
    # Text again in base64, at any position of its first digit
    'V',
    '%41',
    '%',
    '3082',
    'A' * 31 + ' ',
    # The start of a key
    base64.b64encode(bytes.fromhex('300602010030003000')).decode(),
    '30080201010402aaaa04',
    base64.b64encode(b'a' * 39 + b'\0\0\0').decode(),
    # Many short texts in base64, each with every marker
    base64.b64encode(b'puttyuserkeyfile3 privatekey rsakeyvalue kty: priv \0').decode(),
]
# Like PKCS#8, but with a NULL in place of the key
START = bytes.fromhex('300a02010030020600050000')


def test_a_text_of_many_starts_of_keys_is_refused_unexamined():
    assert find_private_key(base64.b64encode(START * 1_001).decode()) == 'many that may be keys, base64'


def test_a_thousand_starts_of_keys_are_examined():
    assert find_private_key(base64.b64encode(START * 1_000).decode()) is None


@pytest.mark.parametrize('fragment', SLOW, ids=lambda fragment: repr(fragment[:12]))
def test_the_worst_megabyte_takes_linear_time(fragment):
    text = fragment * (1_000_000 // len(fragment))
    with processor_seconds(60):  # half a second; quadratic time would be minutes
        find_private_key(text)
        find_private_key(text.encode())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(SLOW) | st.text(max_size=6), min_size=1, max_size=5), st.integers(1, 60))
def test_no_combination_of_them_takes_longer(fragments, times):
    fragment = ''.join(each * times for each in fragments)
    with processor_seconds(60):
        find_private_key((fragment * (100_000 // len(fragment) + 1))[:100_000] if fragment else '')


@pytest.mark.parametrize('data', [b'0\0' * 500_000, b'0\x20' * 500_000], ids=['empty', 'short'])
def test_the_worst_binary_megabyte_takes_linear_time(data):
    with processor_seconds(60):
        find_private_key(data)
