"""Large inputs take linear time, and ordinary texts are not mistaken for private keys."""

import random
from contextlib import suppress

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from netbox_ssl.x509 import (
    CertificateInputError,
    LimitError,
    Limits,
    der,
    find_private_key,
    read_certificates,
    read_facts,
)
from tests.support import odd_certificates as odd
from tests.support.certificate_factory import issue, make_ca
from tests.support.deadlines import processor_seconds

CA = make_ca('Example Corp', 'Example Issuing CA')
SAN = '551d11'
MEBIBYTE = 1024 * 1024
# Processor time, a hundred times the usual; quadratic time would be longer.
LINEAR = 60


def with_names(count: int, broken: bytes = b'') -> bytes:
    names = b''.join(der.encode(0x82, f'host{number:06}.example.net'.encode()) for number in range(count))
    san = odd.extension(SAN, der.encode(der.SEQUENCE, names + broken))
    return odd.with_parts(issue('www.example.net', CA).der, {odd.EXTENSIONS: odd.extensions(san)})


@pytest.mark.parametrize('broken', [b'', der.encode(0x82, 'bücher.example'.encode())])
def test_a_hundred_thousand_names(broken):
    encoded = with_names(100_000, broken)
    limits = Limits(max_input_bytes=4 * MEBIBYTE, max_subject_alt_names=100_001)
    with processor_seconds(LINEAR):
        [leaf] = read_certificates(encoded, limits).leaves
    assert len(leaf.facts.subject_alt_names) == 100_000 + bool(broken)
    with processor_seconds(LINEAR), pytest.raises(LimitError) as caught:
        read_certificates(encoded, Limits(max_input_bytes=4 * MEBIBYTE))
    assert (caught.value.code, caught.value.params['limit']) == ('too_many_names', 1000)


def test_a_mebibyte_of_certificates():
    text = ''.join(issue(f'host{number}.example.net', CA).fullchain_pem for number in range(50))
    text *= MEBIBYTE // len(text) + 1
    with processor_seconds(LINEAR):
        assert find_private_key(text) is None
    with processor_seconds(LINEAR):
        assert find_private_key(text.encode()) is None
    # The same certificates again and again are few certificates, but many blocks.
    with processor_seconds(LINEAR):
        parsed = read_certificates(text, Limits(2 * MEBIBYTE, max_certificates=10_000))
    assert len(parsed.leaves) == 50


def test_a_hundred_leaves_of_one_ca_are_not_too_many_signatures():
    text = ''.join(issue(f'host{number}.example.net', CA).pem for number in range(99)) + CA.pem
    assert len(read_certificates(text).leaves) == 99


BEGIN, END = '-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----'

WORST = {
    'begin without end': '--BEGIN ' * (MEBIBYTE // 8),
    'label without end': '--BEGIN ' + 'A ' * (MEBIBYTE // 2 - 4),
    'labels': ('--BEGIN ' + 'A ' * 31) * (MEBIBYTE // 70),
    'blocks': f'{BEGIN}\nAAAA\n{END}\n' * (MEBIBYTE // 60),
    'headers': BEGIN + '\n' + 'A: b\n c\n' * (MEBIBYTE // 8 - 10) + END,
    'empty lines': BEGIN + '\n' * (MEBIBYTE - 100) + ':' + END,
    'backslashes': '\\' * (MEBIBYTE - 1) + 'n',
    'base64': 'A' * MEBIBYTE,
    'quotes': ' >"' * (MEBIBYTE // 3),
    'empty elements': b'0\0' * (MEBIBYTE // 2),
    'indefinite lengths': b'0\x80' * (MEBIBYTE // 2),
    'white space': b'0\0' + b' ' * (MEBIBYTE - 2),
    'half of a sequence': bytes.fromhex('3084000f423a') + b'0\0' * (MEBIBYTE // 2 - 3),
}


@pytest.mark.parametrize('name', WORST)
def test_the_worst_mebibyte_is_refused_in_linear_time(name):
    with processor_seconds(LINEAR), pytest.raises(CertificateInputError):
        read_certificates(WORST[name])


def repeated(element: bytes) -> bytes:
    return element * (MEBIBYTE // 5 // len(element))


def alternative_names(name: bytes) -> dict[int, bytes]:
    return {odd.EXTENSIONS: odd.extensions(odd.extension(SAN, der.encode(der.SEQUENCE, repeated(name))))}


# For the reader of malformed certificates: that it is slower must not matter.
VERSION_2 = {odd.VERSION: der.encode(der.context(0), odd.integer(1))}
MALFORMED = {
    'directory names': alternative_names(der.encode(0xA4, odd.name((odd.O, odd.PRINTABLE, b'*')))),
    'U-labels': alternative_names(der.encode(0x82, 'bü.example'.encode())),
    'extensions': {**VERSION_2, odd.EXTENSIONS: odd.extensions(repeated(odd.extension('2a0304', b'')))},
    'broken extensions': {odd.EXTENSIONS: odd.extensions(repeated(odd.extension('551d13', b'\5\0')))},
    'pieces': {
        **VERSION_2,
        odd.EXTENSIONS: odd.extensions(
            der.encode(
                der.SEQUENCE,
                der.encode(der.OID, bytes.fromhex(SAN)) + der.encode(0x24, repeated(der.encode(der.OCTET_STRING, b''))),
            )
        ),
    },
    'URLs': {
        odd.EXTENSIONS: odd.extensions(
            odd.extension(
                '2b06010505070101',
                der.encode(
                    der.SEQUENCE,
                    repeated(
                        der.encode(der.SEQUENCE, bytes.fromhex('06082b06010505073002') + der.encode(0x86, b'h\xff'))
                    ),
                ),
            )
        )
    },
    'attributes': {odd.SUBJECT: der.encode(der.SEQUENCE, repeated(odd.name((odd.O, odd.PRINTABLE, b'*'))[2:]))},
    'indefinite lengths': {odd.SUBJECT: b'0\x80' * 9 + b'1\0' * (MEBIBYTE // 10) + bytes(18)},
}


@pytest.mark.parametrize('kind', MALFORMED)
def test_malformed_certificates_are_read_in_linear_time(kind):
    encoded = odd.with_parts(issue('www.example.net', CA).der, MALFORMED[kind])
    with processor_seconds(LINEAR), suppress(CertificateInputError):
        [leaf] = read_certificates(encoded).leaves
        assert len(str(leaf.facts.notice)) < 2000


def test_key_ids_and_urls_are_bounded():
    key_id = odd.extension('551d0e', der.encode(der.OCTET_STRING, bytes(65)))
    urls = b''.join(
        der.encode(der.SEQUENCE, bytes.fromhex('06082b06010505073002') + der.encode(0x86, f'http://h/{n}'.encode()))
        for n in range(1000)
    )
    access = odd.extension('2b06010505070101', der.encode(der.SEQUENCE, urls))
    encoded = odd.with_parts(issue('www.example.net', CA).der, {odd.EXTENSIONS: odd.extensions(key_id, access)})
    facts = read_facts(x509.load_der_x509_certificate(encoded))
    assert facts.subject_key_id == ''
    assert facts.aia_urls == tuple(f'http://h/{n}' for n in range(20))


# Words of texts about keys, without the signs of a key: dashes, a value after a colon
WORDS = ['the', 'private', 'key', 'is', 'on', 'host', 'BEGIN', 'END', 'PRIVATE', 'KEY', 'kty', 'priv', 'd', 'k', '-']


def talk(chance: random.Random) -> str:
    """Return a text of such words, numbers, dates, addresses and digests."""
    kinds = (
        lambda: chance.choice(WORDS),
        lambda: chance.choice(WORDS).title(),
        lambda: str(chance.randrange(10**9)),
        lambda: chance.randbytes(chance.choice((4, 16, 20, 32))).hex(chance.choice((':', ' ', '-'))),
        lambda: chance.randbytes(20).hex().upper(),
        lambda: f'2026-{chance.randrange(1, 13):02}-01',
        lambda: f'host{chance.randrange(100)}.example.net:443,',
    )
    return chance.choice((' ', '\n')).join(chance.choice(kinds)() for _ in range(chance.randrange(12)))


@settings(max_examples=500, database=None)
@given(st.randoms(use_true_random=True), st.text(max_size=50))
def test_no_text_is_mistaken_for_a_key(chance, text):
    for _ in range(20):  # ten thousand in total, because drawing each separately is slow
        words = talk(chance)
        assert find_private_key(words) is None, words
    assert find_private_key(text) is None
