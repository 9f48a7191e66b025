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
from netbox_ssl.x509 import CertificateFacts, der, read_certificates, read_facts, read_pem_facts
from netbox_ssl.x509.dn import read_name
from tests.support import odd_certificates as odd
from tests.support import programs
from tests.support.certificate_factory import issue, make_ca

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 4, 1, tzinfo=UTC)
CA = make_ca('Example Corp', 'Example Issuing CA')
ISSUED = issue('www.example.net', CA, START, END)
SAN = '551d11'

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
    'local time in UTCTime': (times(UTC_TIME, b'260101000000', b'260401000000'), 'whole seconds'),
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
