"""Facts of ordinary certificates, and of certificates that break parsers."""

import ipaddress
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

from netbox_ssl.x509 import CertificateInputError, der, read_facts
from netbox_ssl.x509.extraction import MAX_SERIAL_DIGITS
from tests.support import odd_certificates as odd
from tests.support.certificate_factory import issue, make_ca, make_key, make_root, self_signed

START = datetime(2026, 1, 1, tzinfo=UTC)
CA = make_ca('Example Corp', 'Example Issuing CA')
ISSUED = issue(['www.example.net', 'example.net', '192.0.2.1', 'ops@example.net'], CA, START, key_type='rsa')

SAN, KEY_ID, CONSTRAINTS = '551d11', '551d0e', '551d13'


def facts_of(encoded: bytes):
    return read_facts(x509.load_der_x509_certificate(encoded))


def changed(parts: dict) -> bytes:
    return odd.with_parts(ISSUED.der, parts)


def test_the_facts_of_an_ordinary_certificate():
    facts = read_facts(ISSUED.certificate)
    assert (facts.name, facts.common_name) == ('www.example.net', 'www.example.net')
    assert facts.subject == 'CN=www.example.net'
    assert facts.issuer == 'CN=Example Issuing CA,O=Example Corp,C=US'
    assert (facts.issuer_common_name, facts.issuer_organization) == ('Example Issuing CA', 'Example Corp')
    assert (facts.valid_from, facts.valid_to) == (START, START + timedelta(days=90))
    assert facts.subject_alt_names == ('www.example.net', 'example.net', '192.0.2.1', 'ops@example.net')
    assert (facts.dns_names, facts.ip_addresses) == (('www.example.net', 'example.net'), ('192.0.2.1',))
    assert (facts.key_algorithm, facts.key_size) == ('RSA', 2048)
    assert facts.signature_algorithm == 'ecdsa-with-SHA256'
    assert not (facts.is_ca or facts.is_self_signed or facts.is_acme_challenge)
    assert facts.authority_key_id == CA.key_id.hex().upper()
    assert len(facts.subject_key_id) == 40
    assert (facts.pem, facts.der) == (ISSUED.pem, ISSUED.der)


@pytest.mark.parametrize(
    ('key', 'algorithm', 'size'),
    [
        (ec.generate_private_key(ec.SECP384R1()), 'ECDSA', 384),
        (make_key('rsa', 3072), 'RSA', 3072),
        (ed25519.Ed25519PrivateKey.generate(), 'Ed25519', 256),
        (ed448.Ed448PrivateKey.generate(), 'Ed448', 456),
    ],
)
def test_key_algorithms(key, algorithm, size):
    facts = read_facts(issue('www.example.net', CA, key=key).certificate)
    assert (facts.key_algorithm, facts.key_size) == (algorithm, size)


def test_a_signature_without_a_hash():
    facts = read_facts(issue('www.example.net', make_root('Example', key_type='ed25519')).certificate)
    assert facts.signature_algorithm == 'ED25519'


def test_unknown_algorithms_are_shown_by_their_oid():
    unknown = der.encode(der.SEQUENCE, der.encode(der.OID, bytes.fromhex('2a0304')))
    key = der.encode(der.SEQUENCE, unknown + der.encode(der.BIT_STRING, b'\0abc'))
    facts = facts_of(changed({odd.KEY: key}))
    assert (facts.key_algorithm, facts.key_size) == ('1.2.3.4', None)


def test_an_unreadable_key_loses_only_its_size():
    algorithm = der.encode(der.SEQUENCE, der.encode(der.OID, bytes.fromhex('2a864886f70d010101')))
    key = der.encode(der.SEQUENCE, algorithm + der.encode(der.BIT_STRING, b'\0rubbish'))
    facts = facts_of(changed({odd.KEY: key}))
    assert (facts.key_algorithm, facts.key_size) == ('RSA', None)
    assert facts.dns_names == ('www.example.net', 'example.net')


@pytest.mark.parametrize(
    ('number', 'printed'),
    [(0, '00'), (-1, '-01'), (-256, '-0100'), (0x80, '80'), (0xA1B, '0A1B'), (1 << 4095, '80' + '0' * 1022)],
)
def test_serial_numbers_of_any_size_and_sign(number, printed):
    with pytest.warns() if number <= 0 else nullcontext():
        assert facts_of(changed({odd.SERIAL: odd.integer(number)})).serial_number == printed


def test_a_serial_number_too_long_for_an_index_is_refused():
    number = 1 << (4 * MAX_SERIAL_DIGITS)
    with pytest.raises(CertificateInputError, match='serial number .* cannot be read .*RFC 5280') as caught:
        facts_of(changed({odd.SERIAL: odd.integer(number)}))
    assert caught.value.code == 'unreadable'


@pytest.mark.parametrize(
    ('valid_from', 'valid_to'),
    [
        ('00010101000000Z', '99991231235959Z'),
        ('20260101000000Z', '20250101000000Z'),
        ('99991231235959Z', '00010101000000Z'),
    ],
)
def test_extreme_and_reversed_validity(valid_from, valid_to):
    facts = facts_of(changed({odd.VALIDITY: odd.validity(valid_from, valid_to)}))
    assert facts.valid_from == datetime.strptime(valid_from, '%Y%m%d%H%M%SZ').replace(tzinfo=UTC)
    assert facts.valid_to == datetime.strptime(valid_to, '%Y%m%d%H%M%SZ').replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ('raw', 'shown'),
    [
        (b'a\0b', r'a\x00b'),
        (b'line\nbreak\x1b[31m', r'line\nbreak\x1b[31m'),
        ('gpj.\u202eexe'.encode(), r'gpj.\u202eexe'),
        ('zero\u200bwidth'.encode(), r'zero\u200bwidth'),
        (b'<script>alert(1)</script>', '<script>alert(1)</script>'),
        ('münchen.example'.encode(), 'münchen.example'),
    ],
)
def test_invisible_characters_are_spelled_out(raw, shown):
    facts = facts_of(changed({odd.SUBJECT: odd.name((odd.CN, odd.UTF8, raw))}))
    assert (facts.common_name, facts.name) == (shown, shown)
    for text in (facts.subject, facts.name, facts.common_name):
        assert text.isprintable()


def test_special_characters_in_a_name_are_escaped():
    facts = facts_of(changed({odd.SUBJECT: odd.name((odd.O, odd.UTF8, b' Smith, Sons + Co "\\" '))}))
    assert facts.subject == 'O=\\ Smith\\, Sons \\+ Co \\"\\\\\\"\\ '


@pytest.mark.filterwarnings('ignore:Attribute')
def test_lengths_are_limited():
    names = [(odd.CN, odd.UTF8, b'x' * 5000), (odd.O, odd.UTF8, b'o' * 5000)]
    facts = facts_of(changed({odd.SUBJECT: odd.name(*names)}))
    assert len(facts.name) == len(facts.common_name) == 255
    assert facts.common_name.endswith('…')
    assert len(facts.subject) == 2048


def test_the_most_specific_of_several_common_names_counts():
    names = [(odd.CN, odd.UTF8, b'first'), (odd.CN, odd.UTF8, b'second')]
    facts = facts_of(changed({odd.SUBJECT: odd.name(*names)}))
    assert (facts.common_name, facts.subject) == ('second', 'CN=second,CN=first')


@pytest.mark.parametrize(
    ('names', 'expected'),
    [
        (['only.example.net'], 'only.example.net'),
        (['192.0.2.7'], '192.0.2.7'),
        (['2001:db8::1', 'b.example.net', 'a.example.net'], 'b.example.net'),
        (['ops@example.net'], 'ops@example.net'),
    ],
)
def test_without_common_name_the_alternative_names_give_the_name(names, expected):
    facts = read_facts(issue(names, CA, common_name=None).certificate)
    assert (facts.common_name, facts.subject, facts.name) == ('', '', expected)


def test_a_spiffe_id_is_the_name():
    names = x509.SubjectAlternativeName(
        [
            x509.RegisteredID(x509.ObjectIdentifier('1.2.3.4')),
            x509.UniformResourceIdentifier('spiffe://Example.net/Web'),
        ]
    )
    subject = odd.name((odd.O, odd.UTF8, b'SPIRE'))
    issued = issue([], CA, common_name=None, extensions=[(names, False)])
    facts = facts_of(odd.with_parts(issued.der, {odd.SUBJECT: subject}))
    assert (facts.name, facts.subject) == ('spiffe://example.net/Web', 'O=SPIRE')


def test_without_any_name_the_serial_number_is_the_name():
    encoded = changed({odd.SUBJECT: odd.name(), odd.ISSUER: odd.name(), odd.EXTENSIONS: None})
    facts = facts_of(encoded)
    assert (facts.subject, facts.issuer, facts.subject_alt_names) == ('', '', ())
    assert facts.name == facts.serial_number


def test_names_are_lower_case_without_repetitions_and_in_order():
    facts = read_facts(issue(['B.example.net', 'a.example.net', 'b.EXAMPLE.net'], CA).certificate)
    assert facts.subject_alt_names == ('b.example.net', 'a.example.net')


def test_every_kind_of_alternative_name():
    kinds = x509.SubjectAlternativeName(
        [
            x509.DNSName('*.example.net'),
            x509.IPAddress(ipaddress.ip_address('2001:db8::1')),
            x509.UniformResourceIdentifier('spiffe://example.net/web'),
            x509.RegisteredID(x509.ObjectIdentifier('1.2.3.4')),
            x509.OtherName(x509.ObjectIdentifier('1.3.6.1.4.1.311.20.2.3'), b'\x0c\x01x'),
            x509.DirectoryName(CA.certificate.subject),
        ]
    )
    facts = read_facts(issue([], CA, common_name='x', extensions=[(kinds, False)]).certificate)
    assert facts.subject_alt_names == (
        '*.example.net',
        '2001:db8::1',
        'spiffe://example.net/web',
        'RID:1.2.3.4',
        'otherName:1.3.6.1.4.1.311.20.2.3',
        'dirName:CN=Example Issuing CA,O=Example Corp,C=US',
    )


# --- Extensions that cannot be read -------------------------------------------------------------------------------

DNS = der.encode(der.context(2, constructed=False), b'good.example.net')
GOOD_SAN = odd.extension(SAN, der.encode(der.SEQUENCE, DNS))
GOOD_CONSTRAINTS = odd.extension(CONSTRAINTS, der.encode(der.SEQUENCE, der.encode(der.BOOLEAN, b'\xff')), critical=True)


def test_a_broken_extension_does_not_affect_others():
    broken = odd.extension(KEY_ID, b'\xff\xff')
    facts = facts_of(changed({odd.EXTENSIONS: odd.extensions(broken, GOOD_SAN, GOOD_CONSTRAINTS)}))
    assert (facts.subject_key_id, facts.dns_names, facts.is_ca) == ('', ('good.example.net',), True)


def test_the_first_of_repeated_extensions_counts():
    other = odd.extension(SAN, der.encode(der.SEQUENCE, der.encode(0x82, b'other.example.net')))
    facts = facts_of(changed({odd.EXTENSIONS: odd.extensions(GOOD_SAN, other)}))
    assert facts.dns_names == ('good.example.net',)


def test_readable_parts_of_broken_alternative_names_are_kept():
    names = (
        DNS + der.encode(0x82, 'bücher.example'.encode()) + der.encode(0x87, b'192.0.2.9') + der.encode(0x87, b'123')
    )
    facts = facts_of(changed({odd.EXTENSIONS: odd.extensions(odd.extension(SAN, der.encode(der.SEQUENCE, names)))}))
    assert facts.subject_alt_names == ('good.example.net', 'xn--bcher-kva.example', '192.0.2.9')
    assert 'bücher.example' in str(facts.notice)
    assert facts.ip_addresses == ('192.0.2.9',)


@pytest.mark.parametrize('part', [odd.SUBJECT, odd.ISSUER])
def test_an_unreadable_name_is_refused_with_its_part(part):
    encoded = changed({part: odd.name((odd.CN, odd.UTF8, b'\xff\xfe'))})
    with pytest.raises(CertificateInputError, match='subject' if part == odd.SUBJECT else 'issuer') as caught:
        facts_of(encoded)
    assert 'ParseError' not in str(caught.value)


# --- Signatures and purposes -------------------------------------------------------------------------------------


def test_self_signed():
    assert read_facts(self_signed('box.example.net').certificate).is_self_signed
    # The same names, but another key: self-issued only (RFC 5280, 3.2).
    assert not facts_of(changed({odd.SUBJECT: odd.name(), odd.ISSUER: odd.name()})).is_self_signed


def test_the_acme_identifier_counts_only_if_critical():
    digest = x509.UnrecognizedExtension(x509.ObjectIdentifier('1.3.6.1.5.5.7.1.31'), b'\x04\x20' + b'\0' * 32)
    for critical in (True, False):
        facts = read_facts(issue('www.example.net', CA, extensions=[(digest, critical)]).certificate)
        assert facts.is_acme_challenge is critical


@pytest.mark.parametrize(
    ('value', 'kind'),
    [('300c02010604056c6f63616c0400', 6), ('3006020101040178', 1), ('0500', None), ('300202', None), ('', None)],
)
def test_the_provisioner_of_step_ca(value, kind):
    oid = x509.ObjectIdentifier('1.3.6.1.4.1.37476.9000.64.1')
    extension = x509.UnrecognizedExtension(oid, bytes.fromhex(value))
    facts = read_facts(issue('www.example.net', CA, extensions=[(extension, False)]).certificate)
    assert facts.step_provisioner_type == kind


def test_hosts_of_the_urls_in_it():
    urls = ['http://R10.I.lencr.org/', 'http://[broken/', 'http://r10.i.lencr.org./x', 'no url at all']
    access = x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(x509.AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(url))
            for url in urls
        ]
    )
    facts = read_facts(issue('www.example.net', CA, extensions=[(access, False)]).certificate)
    assert facts.aia_urls == tuple(urls)


def test_rsa_pss_is_an_rsa_key():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    builder = x509.CertificateBuilder().subject_name(CA.certificate.subject).issuer_name(CA.certificate.subject)
    builder = builder.public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(START).not_valid_after(START + timedelta(days=1))
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    facts = read_facts(builder.sign(key, hashes.SHA256(), rsa_padding=pss))
    assert (facts.key_algorithm, facts.signature_algorithm, facts.is_self_signed) == ('RSA', 'rsassaPss', True)
