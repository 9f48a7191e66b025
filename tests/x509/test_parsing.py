"""Every form of input, every refusal, every limit."""

import base64
import hashlib
import json
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID

from netbox_ssl.x509 import CertificateInputError, LimitError, Limits, der, parsing, read_certificates
from tests.support import odd_certificates as odd
from tests.support import private_keys as keys
from tests.support.certificate_factory import issue, make_ca, make_root, self_signed

START = datetime(2026, 1, 1, tzinfo=UTC)
CA = make_ca('Example Corp', 'Example Issuing CA')
ISSUED = issue(['www.example.net', 'example.net'], CA, START)
OTHER = issue('other.example.net', CA, START)
BODY = ''.join(ISSUED.pem.splitlines()[1:-1])


def refused(data, code: str, **options) -> CertificateInputError:
    with pytest.raises(CertificateInputError) as caught:
        read_certificates(data, **options)
    assert caught.value.code == code, caught.value
    assert '%(' not in str(caught.value)
    return caught.value


def pem(encoded: bytes, label: str) -> str:
    return f'-----BEGIN {label}-----\n{base64.encodebytes(encoded).decode()}-----END {label}-----\n'


# --- Forms --------------------------------------------------------------------------------------------------------

# The trust settings that ``openssl x509 -addtrust serverAuth -trustout`` appends to the certificate
TRUST_SETTINGS = bytes.fromhex('300c300a06082b06010505070301')

FORMS = {
    'PEM': ISSUED.pem,
    'octets': ISSUED.pem.encode(),
    'CRLF': ISSUED.pem.replace('\n', '\r\n'),
    'CR only': ISSUED.pem.replace('\n', '\r'),
    'BOM': '\ufeff' + ISSUED.pem,
    'UTF-8 with BOM': ISSUED.pem.encode('utf-8-sig'),
    'UTF-16': ISSUED.pem.encode('utf-16'),
    'UTF-16 without BOM': ISSUED.pem.encode('utf-16-le'),
    'UTF-16 big endian': ISSUED.pem.encode('utf-16-be'),
    'Windows-1252 around it': 'Schöne Grüße –\n'.encode('cp1252') + ISSUED.pem.encode(),
    'one line': ISSUED.pem.replace('\n', ''),
    'one line with spaces': ISSUED.pem.replace('\n', ' '),
    'lines of 76': f'-----BEGIN CERTIFICATE-----\n{base64.encodebytes(ISSUED.der).decode()}-----END CERTIFICATE-----',
    'text around it': f'Subject: your certificate\n\nHello,\n{ISSUED.pem}\nKind regards -- Ops',
    'openssl s_client': f'depth=0\n---\nServer certificate\n{ISSUED.pem}subject=CN = x\n---\n',
    'indented': ISSUED.pem.replace('\n', '\n      '),
    'quoted mail': '> ' + ISSUED.pem.replace('\n', '\n> '),
    'JSON': json.dumps({'pem': ISSUED.pem}),
    'JSON in JSON': json.dumps(json.dumps(ISSUED.pem)),
    'JSON with escaped slashes': json.dumps(ISSUED.pem).replace('/', '\\/').replace('+', '\\u002B'),
    'string literals': ''.join(f'"{line}\\n"\n' for line in ISSUED.pem.splitlines()),
    'headers': ISSUED.pem.replace('CERTIFICATE-----\n', 'CERTIFICATE-----\nX-Comment: a\n  b\n\n', 1),
    'long dashes': ISSUED.pem.replace('-----', '———'),
    'lower case': ISSUED.pem.replace('BEGIN CERTIFICATE', 'begin certificate'),
    'no padding': ISSUED.pem.replace('=', ''),
    'zero-width spaces': ISSUED.pem.replace('\n', '\u200b\n'),
    'X509 CERTIFICATE': pem(ISSUED.der, 'X509 CERTIFICATE'),
    'TRUSTED CERTIFICATE': pem(ISSUED.der + TRUST_SETTINGS, 'TRUSTED CERTIFICATE'),
    'bare base64': BODY,
    'bare base64 in lines': base64.encodebytes(ISSUED.der),
    'PEM in base64': base64.b64encode(ISSUED.pem.encode()).decode(),
    'DER': ISSUED.der,
    'DER and a line break': ISSUED.der + b'\r\n',
    'PKCS#7': pkcs7.serialize_certificates([ISSUED.certificate], Encoding.DER),
    'PKCS#7 PEM': pkcs7.serialize_certificates([ISSUED.certificate], Encoding.PEM),
    'PKCS#7 in base64': base64.b64encode(pkcs7.serialize_certificates([ISSUED.certificate], Encoding.DER)),
    'CMS label': pem(pkcs7.serialize_certificates([ISSUED.certificate], Encoding.DER), 'CMS'),
    'PKCS#7 under CERTIFICATE': pem(pkcs7.serialize_certificates([ISSUED.certificate], Encoding.DER), 'CERTIFICATE'),
    'twice': ISSUED.pem * 2,
}


@pytest.mark.parametrize('form', FORMS)
def test_every_form(form):
    parsed = read_certificates(FORMS[form])
    assert [leaf.facts.pem for leaf in parsed.leaves] == [ISSUED.pem]
    assert (parsed.leaves[0].chain, parsed.unrelated, parsed.notes) == ((), (), ())


@pytest.mark.parametrize(
    'data',
    [
        ISSUED.pem + OTHER.pem,
        ISSUED.pem.strip() + OTHER.pem,
        ISSUED.der + OTHER.der,
        base64.b64encode(ISSUED.der + OTHER.der),
        pkcs7.serialize_certificates([ISSUED.certificate, OTHER.certificate], Encoding.DER),
    ],
)
def test_several_leaves_are_all_read(data):
    assert {leaf.facts.name for leaf in read_certificates(data).leaves} == {'www.example.net', 'other.example.net'}


def test_other_blocks_beside_a_certificate_are_omitted_and_reported():
    parsed = read_certificates(pem(keys.csr_der(), 'CERTIFICATE REQUEST') + ISSUED.pem + keys.public_pems()[0])
    assert [leaf.facts.name for leaf in parsed.leaves] == ['www.example.net']
    assert [note.params['where'] for note in parsed.notes] == [
        'PEM block 1 (CERTIFICATE REQUEST)',
        'PEM block 3 (PUBLIC KEY)',
    ]


# --- Refusals -----------------------------------------------------------------------------------------------------


def crl_der() -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(CA.certificate.subject)
    builder = builder.last_update(START).next_update(START.replace(year=2027))
    return builder.sign(CA.key, hashes.SHA256()).public_bytes(Encoding.DER)


PUBLIC_DER = keys.RSA.public_key().public_bytes(Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
PKCS1_DER = keys.RSA.public_key().public_bytes(Encoding.DER, serialization.PublicFormat.PKCS1)

ENVELOPED_DATA = der.encode(der.SEQUENCE, der.encode(der.OID, bytes.fromhex('2a864886f70d010703')))

REFUSED = [
    ('', 'empty'),
    (b'', 'empty'),
    (' \r\n\t', 'empty'),
    ('\ufeff', 'empty'),
    (keys.csr_der(), 'certificate_request'),
    (pem(keys.csr_der(), 'CERTIFICATE REQUEST'), 'certificate_request'),
    (pem(keys.csr_der(), 'NEW CERTIFICATE REQUEST'), 'certificate_request'),
    (pem(keys.csr_der(), 'CERTIFICATE'), 'certificate_request'),
    (base64.b64encode(keys.csr_der()), 'certificate_request'),
    (crl_der(), 'crl'),
    (pem(crl_der(), 'X509 CRL'), 'crl'),
    (pem(crl_der(), 'CERTIFICATE'), 'crl'),
    (PUBLIC_DER, 'public_key'),
    (PKCS1_DER, 'public_key'),
    (pem(PUBLIC_DER, 'PUBLIC KEY'), 'public_key'),
    (pem(PKCS1_DER, 'RSA PUBLIC KEY'), 'public_key'),
    (keys.public_pems()[-1], 'ssh_public_key'),
    ('---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----', 'ssh_public_key'),
    ('ssh-ed25519-cert-v01@openssh.com AAAA x', 'ssh_certificate'),
    (pem(b'x' * 50, 'PGP PUBLIC KEY BLOCK'), 'pgp'),
    (pem(b'x' * 50, 'PGP MESSAGE'), 'pgp'),
    (pem(b'x' * 50, 'DH PARAMETERS'), 'parameters'),
    (pem(b'x' * 50, 'SOMETHING ELSE'), 'unknown_block'),
    ('Certificate:\n  Signature Algorithm: x\n  Subject Public Key Info:\n', 'text_dump'),
    ('hello', 'not_a_certificate'),
    ('https://www.example.net/', 'not_a_certificate'),
    ('0000', 'not_a_certificate'),
    (b'\x89PNG\r\n\x1a\n' + bytes(100), 'not_a_certificate'),
    (bytes(range(256)), 'not_a_certificate'),
    (pem(ENVELOPED_DATA, 'PKCS7'), 'unsupported_pkcs7'),
    ('\udc80\ud800', 'not_a_certificate'),
]


@pytest.mark.parametrize(('data', 'code'), REFUSED, ids=[f'{n}-{code}' for n, (_, code) in enumerate(REFUSED)])
def test_other_input_is_named(data, code):
    error = refused(data, code)
    assert str(error).endswith(('.', '-----.'))
    assert len(str(error)) > 30


def test_line_ends_after_a_certificate_are_no_damage():
    (leaf,) = read_certificates(pem(OTHER.der + b'\0\r\n', 'CERTIFICATE')).leaves
    assert leaf.facts.fingerprint_sha256 == hashlib.sha256(OTHER.der).hexdigest().upper()


def test_a_damaged_block_is_named_by_its_number():
    for damaged, code, cause in (
        (OTHER.pem.replace('-----END CERTIFICATE-----\n', ''), 'truncated', 'no END line'),
        (OTHER.pem.replace('-----BEGIN CERTIFICATE-----\n', ''), 'truncated', 'no BEGIN line'),
        (OTHER.pem.replace('END CERTIFICATE', 'END X509 CRL'), 'truncated', 'no END line'),
        (OTHER.pem.replace('M', 'é', 1), 'garbled', 'not valid base64'),
        (OTHER.pem.replace('M', '=', 1), 'garbled', 'not valid base64'),
        ('-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----', 'garbled', 'empty'),
        (pem(OTHER.der[:-200], 'CERTIFICATE'), 'truncated', f'200 of its {len(OTHER.der)} bytes are missing'),
        (pem(OTHER.der + b'12345', 'CERTIFICATE'), 'garbled', 'data follows its end (5 bytes)'),
        (pem(b'rubbish' * 10, 'CERTIFICATE'), 'garbled', 'does not start like a certificate'),
        (pem(OTHER.der[:100] + bytes(len(OTHER.der) - 100), 'CERTIFICATE'), 'unreadable', 'not a valid certificate'),
    ):
        error = refused(ISSUED.pem + damaged, code)
        assert 'PEM block 2 (CERTIFICATE)' in str(error)
        assert cause in str(error)


def test_a_block_with_the_end_of_another():
    error = refused(ISSUED.pem.replace('-----END CERTIFICATE-----\n', '') + OTHER.pem, 'truncated')
    assert error.params['block'] == 1


def test_damaged_der_is_named_by_its_number():
    error = refused(ISSUED.der + OTHER.der[:-10], 'truncated')
    assert 'DER element 2' in str(error)
    assert (error.params['missing'], error.params['total']) == (10, len(OTHER.der))
    refused(ISSUED.der + b'\xff\xff', 'garbled')
    refused(ISSUED.der + der.encode(der.SEQUENCE, b'\5\0'), 'not_a_certificate')


def test_a_certificate_with_an_unreadable_part_is_named():
    broken = odd.with_parts(OTHER.der, {odd.SUBJECT: odd.name((odd.CN, odd.UTF8, b'\xff'))})
    error = refused(ISSUED.pem + pem(broken, 'CERTIFICATE'), 'unreadable')
    assert 'PEM block 2' in str(error)
    assert 'subject' in str(error)


def test_challenge_certificates_are_refused_with_the_reason():
    identifier = x509.UnrecognizedExtension(x509.ObjectIdentifier('1.3.6.1.5.5.7.1.31'), b'\x04\x20' + bytes(32))
    challenge = issue('www.example.net', CA, extensions=[(identifier, True)])
    error = refused(challenge.pem, 'acme_challenge')
    assert 'tls-alpn-01' in str(error)
    refused(ISSUED.pem + challenge.pem, 'acme_challenge')


def test_precertificates_are_refused_with_the_reason_and_their_twins_are_taken():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    twins = {'serial_number': 0x257C, 'key': ISSUED.key}
    precertificate = issue('www.example.net', CA, start, extensions=[(x509.PrecertPoison(), True)], **twins)
    final = issue('www.example.net', CA, start, **twins)
    error = refused(precertificate.pem, 'precertificate')
    assert 'RFC 6962' in str(error)
    assert [leaf.facts.pem for leaf in read_certificates(final.pem).leaves] == [final.pem]
    # It is omitted if both are given.
    parsed = read_certificates(precertificate.pem + final.pem)
    assert [leaf.facts.pem for leaf in parsed.leaves] == [final.pem]
    assert ['precertificate' in str(note) for note in parsed.notes] == [True]
    assert parsed.unrelated == ()


def test_the_hash_of_the_public_key_is_that_of_the_subject_public_key_info():
    key = ISSUED.key.public_key().public_bytes(Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(key)
    [leaf] = read_certificates(ISSUED.pem).leaves
    assert leaf.facts.public_key_sha256 == digest.finalize().hex().upper()
    assert read_certificates(OTHER.pem).leaves[0].facts.public_key_sha256 != leaf.facts.public_key_sha256


# --- CA certificates ----------------------------------------------------------------------------------------------


def test_ca_certificates_alone_are_refused_unless_allowed():
    for data in (CA.pem, make_root('Example').pem, CA.pem + make_root('Example').pem):
        refused(data, 'ca_only')
        parsed = read_certificates(data, allow_ca=True)
        assert all(leaf.facts.is_ca for leaf in parsed.leaves)


def test_self_signed_certificates_of_appliances_are_leaves():
    box = self_signed('box.example.net')
    [leaf] = read_certificates(box.pem).leaves
    assert (leaf.facts.name, leaf.facts.is_self_signed, leaf.chain) == ('box.example.net', True, ())


CA_CONSTRAINT = x509.BasicConstraints(ca=True, path_length=None), True
FOR_SERVERS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False


def key_usage(**wanted):
    usages = ('digital_signature', 'content_commitment', 'key_encipherment', 'data_encipherment', 'key_agreement')
    usages = dict.fromkeys((*usages, 'key_cert_sign', 'crl_sign', 'encipher_only', 'decipher_only'), False)
    return x509.KeyUsage(**{**usages, **wanted}), True


@pytest.mark.parametrize(
    ('name', 'options'),
    [
        # openssl req -x509
        ('switch.example.net', {}),
        ('switch.example.net', {'alternative_names': False}),
        ('192.0.2.1', {'alternative_names': False}),
        ('switch', {}),
        ('switch.example.net', {'extensions': [key_usage(digital_signature=True)]}),
        ('switch.example.net', {'extensions': [key_usage(key_cert_sign=True), FOR_SERVERS]}),
    ],
)
def test_a_self_signed_server_certificate_marked_as_a_ca_is_a_leaf_with_a_note(name, options):
    extensions = [CA_CONSTRAINT, *options.pop('extensions', [])]
    parsed = read_certificates(self_signed(name, extensions=extensions, **options).pem)
    [leaf] = parsed.leaves
    assert (leaf.facts.is_ca, leaf.facts.has_ca_constraint, leaf.facts.is_server_marked_as_ca) == (False, True, True)
    assert [note.code for note in parsed.notes] == ['server_marked_as_ca']


@pytest.mark.parametrize(
    ('name', 'options'),
    [
        ('Example Root', {'alternative_names': False}),
        ('ca', {'alternative_names': False}),
        # The root of a Kubernetes cluster
        ('kubernetes', {'extensions': [key_usage(key_cert_sign=True, digital_signature=True)]}),
    ],
)
def test_a_root_is_not_a_server_certificate(name, options):
    extensions = [CA_CONSTRAINT, *options.pop('extensions', [])]
    refused(self_signed(name, extensions=extensions, **options).pem, 'ca_only')


# --- Limits -------------------------------------------------------------------------------------------------------


def test_the_size_of_the_input_is_limited():
    limits = Limits(max_input_bytes=len(ISSUED.pem))
    assert read_certificates(ISSUED.pem, limits).leaves
    for data in (ISSUED.pem + ' ', (ISSUED.pem + ' ').encode(), b'0' * 100_000):
        error = refused(data, 'input_too_large', limits=limits)
        assert isinstance(error, LimitError)
        assert error.params['limit'] == len(ISSUED.pem)


def test_the_number_of_certificates_is_limited():
    limits = Limits(max_certificates=1)
    container = pkcs7.serialize_certificates([ISSUED.certificate, OTHER.certificate], Encoding.DER)
    for data in (ISSUED.pem + OTHER.pem, ISSUED.der + OTHER.der, container):
        error = refused(data, 'too_many_certificates', limits=limits)
        assert (error.params['limit'], error.params['found']) == (1, 2)
        assert len(read_certificates(data, Limits(max_certificates=2)).leaves) == 2
    # Repetitions also count.
    assert refused(ISSUED.pem * 3, 'too_many_certificates', limits=Limits(max_certificates=2)).params['found'] == 3


def test_certificates_are_counted_before_they_are_loaded():
    rubbish = pem(OTHER.der[:100] + bytes(len(OTHER.der) - 100), 'CERTIFICATE')
    refused(rubbish, 'unreadable')
    refused(rubbish * 2, 'too_many_certificates', limits=Limits(max_certificates=1))


def test_an_issuer_is_read_once():
    first, second = (read_certificates(each.fullchain_pem).leaves[0] for each in (ISSUED, OTHER))
    assert first.chain[0] is second.chain[0]
    assert first.facts is not second.facts
    # Each leaf of a list is another one, so keeping them would only displace the issuers.
    assert read_certificates(ISSUED.pem).leaves[0].facts is not first.facts


def test_a_large_issuer_is_not_kept_in_memory(monkeypatch):
    monkeypatch.setattr(parsing, 'KEPT_SIZE', 100)
    first, second = (read_certificates(each.fullchain_pem).leaves[0] for each in (ISSUED, OTHER))
    assert first.chain == second.chain
    assert first.chain[0] is not second.chain[0]


def test_the_number_of_names_is_limited():
    many = issue([f'host{number}.example.net' for number in range(20)], CA)
    assert read_certificates(many.pem, Limits(max_subject_alt_names=20)).leaves
    error = refused(many.pem, 'too_many_names', limits=Limits(max_subject_alt_names=19))
    assert error.params == {'limit': 19, 'found': 20, 'name': 'host0.example.net'}


def test_private_keys_are_refused_whatever_else_is_there():
    for name in ('PKCS#8', 'OpenSSH'):
        refused(ISSUED.pem + keys.pems()[name], 'private_key')
    assert 'openssl pkcs12' in str(refused(keys.ders()['PKCS#12'], 'pkcs12'))


def test_der_helpers_agree():
    assert der.encode(der.SEQUENCE, bytes(300)) == b'0\x82\x01\x2c' + bytes(300)
    assert [der.decode_oid(bytes.fromhex(each)) for each in ('551d11', '2b0601040182a464', '883703')] == [
        '2.5.29.17',
        '1.3.6.1.4.1.37476',
        '2.999.3',
    ]
