"""
Certificates that ``cryptography`` refuses and OpenSSL reads. Each is made of an ordinary one, and signed again, so that
its chain is verified, too.
"""

import hashlib
import subprocess
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from netbox_ssl.acme.renewal_info import certificate_id
from netbox_ssl.x509 import CertificateFacts, CertificateInputError, der, read_certificates, read_facts, read_pem_facts
from netbox_ssl.x509.dn import read_name
from tests.support import odd_certificates as odd
from tests.support import programs
from tests.support.certificate_factory import issue, make_ca

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 4, 1, tzinfo=UTC)
CA = make_ca('Example Corp', 'Example Issuing CA')
ISSUED = issue('www.example.net', CA, START, END)
SAN, CONSTRAINTS, KEY_ID, AUTHORITY_KEY_ID = '551d11', '551d13', '551d0e', '551d23'

NAME = odd.extension(SAN, der.encode(der.SEQUENCE, der.encode(0x82, b'www.example.net')))
NULL = bytes.fromhex('0500')
ECDSA = der.encode(der.OID, bytes.fromhex('2a8648ce3d040302'))


def subject(*attributes) -> dict[int, bytes]:
    return {odd.SUBJECT: odd.name(*attributes)}


def flagged(flag: bytes) -> dict[int, bytes]:
    """Return the extensions with this BOOLEAN as ``critical`` of the name."""
    oid, value = der.encode(der.OID, bytes.fromhex(SAN)), NAME[-(len(NAME) - 7) :]
    return {odd.EXTENSIONS: odd.extensions(der.encode(der.SEQUENCE, oid + flag + value))}


def in_pieces(content: bytes) -> bytes:
    """Return an OCTET STRING as BER allows it."""
    pieces = (der.encode(der.OCTET_STRING, content[n : n + 7]) for n in range(0, len(content), 7))
    return der.encode(der.OCTET_STRING | 0x20, b''.join(pieces))


def times(tag: int, *moments: bytes) -> dict[int, bytes]:
    return {odd.VALIDITY: der.encode(der.SEQUENCE, b''.join(der.encode(tag, moment) for moment in moments))}


def unsorted() -> dict[int, bytes]:
    attributes = [odd.attribute(odd.CN, odd.UTF8, b'www.example.net'), odd.attribute('550405', odd.PRINTABLE, b'1')]
    parts = sorted(attributes, reverse=True)
    return {odd.SUBJECT: der.encode(der.SEQUENCE, der.encode(der.SET, b''.join(parts)))}


UTC_TIME, GENERALIZED = der.UTC_TIME, der.GENERALIZED_TIME

# What is odd → the replaced parts, and a word of the warning
PARTS = {
    'star in PrintableString': (subject((odd.O, odd.PRINTABLE, b'*.example.net')), 'PrintableString'),
    'ampersand in PrintableString': (subject((odd.O, odd.PRINTABLE, b'Smith & Sons')), 'PrintableString'),
    'at sign in PrintableString': (subject((odd.CN, odd.PRINTABLE, b'ops@example.net')), 'PrintableString'),
    'underscore in PrintableString': (subject((odd.CN, odd.PRINTABLE, b'web_1')), 'PrintableString'),
    'Latin-1 in PrintableString': (subject((odd.O, odd.PRINTABLE, b'M\xfcller')), 'PrintableString'),
    'Latin-1 in TeletexString': (subject((odd.O, odd.T61, b'M\xfcller')), 'TeletexString'),
    'Latin-1 in IA5String': (subject((odd.O, odd.IA5, b'M\xfcller')), 'IA5String'),
    'number as a name': (subject((odd.O, der.INTEGER, b'\5')), 'is not text'),
    'text in pieces': (
        subject((odd.CN, odd.UTF8 | 0x20, der.encode(odd.UTF8, b'www.') + der.encode(odd.UTF8, b'example.net'))),
        'several pieces',
    ),
    'extension in pieces': (
        {odd.EXTENSIONS: odd.extensions(der.encode(der.SEQUENCE, NAME[2:7] + in_pieces(NAME[9:])))},
        'value of an extension',
    ),
    'local time': (times(GENERALIZED, b'20260101000000', b'20260401000000'), 'whole seconds'),
    'empty part of the subject': (
        {odd.SUBJECT: der.encode(der.SEQUENCE, der.encode(der.SET, b''))},
        'empty part',
    ),
    'unsorted SET': (unsorted(), 'not sorted'),
    'explicit FALSE': (flagged(bytes.fromhex('010100')), 'critical flag'),
    'TRUE as 01': (flagged(bytes.fromhex('010101')), 'critical flag'),
    'without seconds': (times(UTC_TIME, b'2601010000Z', b'2604010000Z'), 'whole seconds'),
    'with an offset': (times(UTC_TIME, b'260101010000+0100', b'260331230000-0100'), 'whole seconds'),
    'with a fraction': (times(GENERALIZED, b'20260101000000.5Z', b'20260401000000.25Z'), 'whole seconds'),
    'version 2': ({odd.VERSION: der.encode(der.context(0), odd.integer(1))}, 'version is 2'),
    'version 1, explicitly': ({odd.VERSION: der.encode(der.context(0), odd.integer(0))}, 'version is 1'),
    'version 4': ({odd.VERSION: der.encode(der.context(0), odd.integer(3))}, 'version is 4'),
    'serial number with leading zeros': ({odd.SERIAL: bytes.fromhex('0203000001')}, 'not encoded as DER'),
}

# The same for changes of other kinds
WHOLE = {
    'ECDSA parameters NULL': (
        lambda encoded: odd.with_algorithms(encoded, der.encode(der.SEQUENCE, ECDSA + NULL)),
        'parameters',
    ),
    'two algorithms': (
        lambda encoded: odd.with_parts(encoded, {odd.ALGORITHM: der.encode(der.SEQUENCE, ECDSA + NULL)}),
        'signed part',
    ),
    'long length of the subject': (
        lambda encoded: odd.with_parts(encoded, {odd.SUBJECT: odd.long_length(odd.parts_of(encoded)[odd.SUBJECT])}),
        'not encoded as DER',
    ),
    'indefinite length of the extensions': (
        lambda encoded: odd.with_parts(
            encoded, {odd.EXTENSIONS: odd.indefinite_length(odd.parts_of(encoded)[odd.EXTENSIONS])}
        ),
        'not encoded as DER',
    ),
}
KINDS = {
    **{
        name: (lambda encoded, parts=parts: odd.with_parts(encoded, parts), word)
        for name, (parts, word) in PARTS.items()
    },
    **WHOLE,
}

# OpenSSL refuses these; other programs read them.
BEYOND_OPENSSL = {'serial number with leading zeros', 'number as a name'}


def make(kind: str) -> bytes:
    """Return an odd certificate whose signature is right."""
    return odd.signed_by(CA.key, KINDS[kind][0](ISSUED.der))


def openssl(encoded: bytes, *options: str) -> str:
    command = [programs.find('openssl'), 'x509', '-inform', 'DER', '-noout', *options]
    return subprocess.run(command, input=encoded, capture_output=True, check=True).stdout.decode('utf-8', 'replace')


def facts_of(encoded: bytes) -> CertificateFacts:
    [leaf] = read_certificates(encoded).leaves
    return leaf.facts


@pytest.mark.parametrize('kind', KINDS)
def test_what_openssl_shows_is_read_with_a_warning(kind):
    encoded = make(kind)
    if kind not in BEYOND_OPENSSL:
        assert 'www.example.net' in openssl(encoded, '-text')
    with pytest.raises(Exception):  # noqa: B017 - that is what this file is about
        certificate = x509.load_der_x509_certificate(encoded)
        read_name(certificate.subject)
        assert certificate.extensions
    facts = facts_of(encoded)
    assert facts.der == encoded
    assert facts.fingerprint_sha256 == hashlib.sha256(encoded).hexdigest().upper()
    assert KINDS[kind][1] in str(facts.notice)
    assert facts.name in str(facts.notice)
    assert (facts.valid_from, facts.valid_to) == (START, END)
    assert facts.dns_names == ('www.example.net',)


@pytest.mark.parametrize('kind', KINDS)
def test_key_serial_number_and_chain_are_those_of_the_sound_certificate(kind):
    parsed = read_certificates(CA.pem + odd.pem(make(kind)))
    [leaf] = parsed.leaves
    public = ISSUED.certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert leaf.facts.public_key_sha256 == hashlib.sha256(public).hexdigest().upper()
    assert (leaf.facts.key_algorithm, leaf.facts.key_size) == ('ECDSA', 256)
    assert leaf.facts.signature_algorithm == 'ecdsa-with-SHA256'
    assert [link.name for link in leaf.chain] == ['Example Issuing CA']
    if kind not in BEYOND_OPENSSL:
        assert f'serial={leaf.facts.serial_number}\n' in openssl(leaf.facts.der, '-serial')


def test_the_certificate_id_of_ari_is_that_of_the_sound_certificate():
    facts = facts_of(make('star in PrintableString'))
    sound = read_facts(ISSUED.certificate)
    expected = certificate_id(sound.authority_key_id, sound.serial_number)
    assert certificate_id(facts.authority_key_id, facts.serial_number) == expected != ''


@pytest.mark.parametrize('kind', KINDS)
def test_a_stored_pem_yields_the_same_facts(kind):
    facts = facts_of(make(kind))
    assert read_pem_facts(facts.pem) == facts


@pytest.mark.parametrize(
    ('kind', 'printed'),
    [
        ('star in PrintableString', 'O=*.example.net'),
        ('ampersand in PrintableString', 'O=Smith & Sons'),
        ('Latin-1 in TeletexString', 'O=Müller'),
        ('Latin-1 in IA5String', 'O=Müller'),
    ],
)
def test_names_are_shown_as_openssl_shows_them(kind, printed):
    encoded = make(kind)
    assert facts_of(encoded).subject == printed
    assert f'subject={printed}\n' in openssl(encoded, '-subject', '-nameopt', 'RFC2253,-esc_msb,utf8')


def test_a_wrong_signature_does_not_count():
    kind = 'star in PrintableString'
    forged = odd.signed_by(ISSUED.key, KINDS[kind][0](ISSUED.der))
    parsed = read_certificates(CA.pem + odd.pem(forged))
    assert [leaf.chain for leaf in parsed.leaves] == [()]


# --- CA certificates ----------------------------------------------------------------------------------------------


def odd_ca(parts: dict) -> bytes:
    return odd.signed_by(ROOT.key, odd.with_parts(SUB.der, parts))


ROOT = make_ca('Example Corp', 'Example Policy CA')
SUB = make_ca('Example Corp', 'Example Odd CA', issuer=ROOT)


def test_an_odd_ca_is_a_link_of_the_chain_and_noted():
    leaf = issue('below.example.net', SUB)
    middle = odd_ca({odd.VERSION: der.encode(der.context(0), odd.integer(1))})
    parsed = read_certificates(leaf.pem + odd.pem(middle) + ROOT.pem)
    [read] = parsed.leaves
    assert [link.name for link in read.chain] == ['Example Odd CA', 'Example Policy CA']
    assert [note.code for note in parsed.notes] == ['malformed']
    assert 'Example Odd CA' in parsed.notes[0]


@pytest.mark.parametrize('value', ['3003010101', '30030101ff', '30800101ff0000', '3006010101020100'])
def test_a_ca_with_an_odd_constraint_is_a_ca(value):
    constraint = odd.extension(CONSTRAINTS, bytes.fromhex(value), critical=True)
    encoded = odd_ca({odd.EXTENSIONS: odd.extensions(constraint)})
    [leaf] = read_certificates(encoded, allow_ca=True).leaves
    assert leaf.facts.is_ca


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


UNREADABLE_CA = odd_ca({odd.SUBJECT: odd.name((odd.CN, odd.UTF8, b'\xff\xfe'))})


@pytest.mark.parametrize('order', ['leaf first', 'CA first'])
def test_an_unreadable_ca_certificate_does_not_refuse_a_sound_leaf(order):
    blocks = [ISSUED.pem, odd.pem(UNREADABLE_CA), CA.pem]
    parsed = read_certificates(''.join(blocks if order == 'leaf first' else [blocks[1], blocks[0], blocks[2]]))
    assert [leaf.facts.name for leaf in parsed.leaves] == ['www.example.net']
    assert [link.name for link in parsed.leaves[0].chain] == ['Example Issuing CA']
    [note] = parsed.notes
    assert note.code == 'left_out'
    assert 'subject of the certificate cannot be read' in note
    assert f'PEM block {2 if order == "leaf first" else 1}' in note


def test_an_unreadable_leaf_is_refused():
    unreadable = odd.with_parts(ISSUED.der, {odd.SUBJECT: odd.name((odd.CN, odd.UTF8, b'\xff\xfe'))})
    for text in (odd.pem(unreadable), odd.pem(unreadable) + CA.pem, CA.pem + odd.pem(unreadable)):
        with pytest.raises(CertificateInputError, match='subject of the certificate cannot be read') as caught:
            read_certificates(text)
        assert caught.value.code == 'unreadable'


# --- Containers ---------------------------------------------------------------------------------------------------


def test_odd_certificates_in_pkcs7():
    certificates = make('version 2') + CA.der
    content = der.encode(der.SEQUENCE, der.encode(der.OID, bytes.fromhex('2a864886f70d010701')))
    signed = der.encode(
        der.SEQUENCE,
        odd.integer(1)
        + der.encode(der.SET, b'')
        + content
        + der.encode(der.context(0), certificates)
        + der.encode(der.SET, b''),
    )
    oid = der.encode(der.OID, bytes.fromhex('2a864886f70d010702'))
    container = der.encode(der.SEQUENCE, oid + der.encode(der.context(0), signed))
    [leaf] = read_certificates(container).leaves
    assert leaf.facts.name == 'www.example.net'
    assert [link.name for link in leaf.chain] == ['Example Issuing CA']


# --- Limits -------------------------------------------------------------------------------------------------------


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
        facts_of(odd.with_parts(ISSUED.der, times(UTC_TIME, *moments)))


def test_the_year_0_is_refused():
    with pytest.raises(CertificateInputError, match='“00000101000000Z” is not a time'):
        facts_of(odd.with_parts(ISSUED.der, {odd.VALIDITY: odd.validity('00000101000000Z', '20260101000000Z')}))


def test_strings_in_pieces_in_pieces_are_bounded():
    value = der.encode(odd.UTF8, b'x')
    for _ in range(500):
        value = der.encode(odd.UTF8 | 0x20, value)
    name = odd.name((odd.CN, odd.UTF8 | 0x20, value))
    with pytest.raises(CertificateInputError, match='subject'):
        facts_of(odd.with_parts(ISSUED.der, {odd.SUBJECT: name}))
