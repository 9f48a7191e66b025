"""Malformed CA certificates in chains, and malformed certificates in PKCS#7."""

import pytest

from netbox_ssl.x509 import CertificateInputError, der, read_certificates
from tests.support import odd_certificates as odd
from tests.support.certificate_factory import issue, make_ca

CONSTRAINTS = '551d13'
CA = make_ca('Example Corp', 'Example Issuing CA')
ISSUED = issue('www.example.net', CA)
VERSION_2 = {odd.VERSION: der.encode(der.context(0), odd.integer(1))}


def odd_ca(parts: dict) -> bytes:
    return odd.signed_by(ROOT.key, odd.with_parts(SUB.der, parts))


ROOT = make_ca('Example Corp', 'Example Policy CA')
SUB = make_ca('Example Corp', 'Example Odd CA', issuer=ROOT)


def test_an_odd_ca_is_a_link_of_the_chain_and_noted():
    leaf = issue('below.example.net', SUB)
    middle = odd_ca(VERSION_2)
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


def test_odd_certificates_in_pkcs7():
    certificates = odd.signed_by(CA.key, odd.with_parts(ISSUED.der, VERSION_2)) + CA.der
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
