"""Extensions and names that violate RFC 5280: what is kept, what the warning says, and the limits."""

import pytest

from netbox_ssl.x509 import CertificateFacts, CertificateInputError, der, read_certificates
from tests.support import odd_certificates as odd
from tests.support.certificate_factory import issue, make_ca

SAN, KEY_ID, AUTHORITY_KEY_ID = '551d11', '551d0e', '551d23'
ISSUED = issue('www.example.net', make_ca('Example Corp', 'Example Issuing CA'))
NAME = odd.extension(SAN, der.encode(der.SEQUENCE, der.encode(0x82, b'www.example.net')))


def facts_of(encoded: bytes) -> CertificateFacts:
    [leaf] = read_certificates(encoded).leaves
    return leaf.facts


def valid(*moments: bytes) -> dict[int, bytes]:
    return {odd.VALIDITY: der.encode(der.SEQUENCE, b''.join(der.encode(der.UTC_TIME, each) for each in moments))}


def test_key_ids_in_odd_encodings_are_read():
    authority = odd.extension(AUTHORITY_KEY_ID, bytes.fromhex('3081048002abcd'))
    own = odd.extension(KEY_ID, bytes.fromhex('0481021234'))
    facts = facts_of(odd.with_parts(ISSUED.der, {odd.EXTENSIONS: odd.extensions(authority, own, NAME)}))
    assert (facts.authority_key_id, facts.subject_key_id) == ('ABCD', '1234')
    assert 'authorityKeyIdentifier is malformed' in str(facts.notice)


def named(*names: bytes) -> bytes:
    return odd.with_parts(
        ISSUED.der, {odd.EXTENSIONS: odd.extensions(odd.extension(SAN, der.encode(der.SEQUENCE, b''.join(names))))}
    )


@pytest.mark.parametrize(
    ('name', 'kept', 'word'),
    [
        (der.encode(0x82, b'WWW.Example.net.'), 'www.example.net', 'ends in a dot'),
        (der.encode(0x82, b' www.example.net '), 'www.example.net', 'white space'),
        (der.encode(0x82, 'bücher.example'.encode()), 'xn--bcher-kva.example', 'A-labels'),
        (der.encode(0x82, 'bücher.example'.encode('latin-1')), 'xn--bcher-kva.example', 'A-labels'),
        (der.encode(0x81, 'Ärger@example.net'.encode('latin-1')), 'ärger@example.net', 'IA5String'),
        (der.encode(0x87, b'192.0.2.1'), '192.0.2.1', 'written as text'),
        (der.encode(0xA4, odd.name((odd.O, odd.PRINTABLE, b'a & b'))), 'dirName:O=a & b', 'PrintableString'),
        (der.encode(0xA0, der.encode(der.OID, b'*') + der.encode(odd.UTF8, b'x')), 'otherName:1.2', 'lacks its tag'),
        # Sound, but not supported by ``cryptography``
        (der.encode(0xA3, b''), 'x400Address', ''),
        (der.encode(0xA5, der.encode(0xA1, der.encode(odd.UTF8, b'x'))), 'ediPartyName', ''),
    ],
)
def test_odd_alternative_names(name, kept, word):
    facts = facts_of(named(der.encode(0x82, b'first.example.net'), name, der.encode(0x82, b'last.example.net')))
    assert facts.subject_alt_names == ('first.example.net', kept, 'last.example.net')
    assert (word in str(facts.notice)) if word else facts.notice is None


def test_a_warning_is_bounded():
    names = [der.encode(0xA4, odd.name((f'5504{n:02x}', odd.PRINTABLE, b'*'))) for n in range(20)]
    facts = facts_of(named(*names))
    assert len(facts.violations) == 20
    assert str(facts.notice).count('PrintableString') == 5
    assert 'and 15 more' in facts.notice


def test_the_second_reader_has_limits():
    many = odd.name(*[(odd.O, odd.PRINTABLE, b'*')] * 201)
    extensions = odd.extensions(*[odd.extension('2a0304', b'')] * 201)
    version = der.encode(der.context(0), odd.integer(1))
    long = odd.extension('2a0304', bytes(300_000))
    for parts, reason in (
        ({odd.SUBJECT: many}, 'more than 200 attributes'),
        ({odd.VERSION: version, odd.EXTENSIONS: extensions}, 'more than 200 extensions'),
        ({odd.VERSION: version, odd.EXTENSIONS: odd.extensions(long)}, 'more than 262144 bytes'),
    ):
        with pytest.raises(CertificateInputError, match=reason):
            read_certificates(odd.with_parts(ISSUED.der, parts))


@pytest.mark.parametrize(
    ('moments', 'reason'),
    [
        ((b'261331000000Z', b'261331000000Z'), '“261331000000Z” is not a time'),
        ((b'yesterday', b'tomorrow'), 'validity'),
        ((b'\0', b'\0'), 'validity'),
    ],
)
def test_impossible_times_are_refused_with_their_part(moments, reason):
    with pytest.raises(CertificateInputError, match=reason):
        facts_of(odd.with_parts(ISSUED.der, valid(*moments)))


def test_the_year_0_is_refused():
    with pytest.raises(CertificateInputError, match='“00000101000000Z” is not a time'):
        facts_of(odd.with_parts(ISSUED.der, {odd.VALIDITY: odd.validity('00000101000000Z', '20260101000000Z')}))


def pieces_in_pieces(depth: int) -> bytes:
    value = der.encode(odd.UTF8, b'x')
    for _ in range(depth):
        value = der.encode(odd.UTF8 | 0x20, value)
    return value


@pytest.mark.parametrize(
    ('content', 'is_read'),
    [
        (pieces_in_pieces(2), True),
        (pieces_in_pieces(500), False),
        (der.encode(odd.UTF8, b'x') * 100, True),
        (der.encode(odd.UTF8, b'x') * 101, False),
    ],
)
def test_the_pieces_of_a_string_are_bounded(content, is_read):
    name = odd.name((odd.CN, odd.UTF8 | 0x20, content))
    encoded = odd.with_parts(ISSUED.der, {odd.SUBJECT: name})
    if is_read:
        assert set(facts_of(encoded).common_name) == {'x'}
        return
    with pytest.raises(CertificateInputError, match='subject'):
        facts_of(encoded)
