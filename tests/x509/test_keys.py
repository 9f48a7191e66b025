"""Names and sizes of keys, also of algorithms that ``cryptography`` cannot read."""

import pytest
from cryptography import x509

from netbox_ssl.x509 import der, read_facts
from tests.support import odd_certificates as odd
from tests.support.certificate_factory import issue, make_ca

CA = make_ca('Example Corp', 'Example Issuing CA')
ISSUED = issue('www.example.net', CA)

ECDSA = '2a8648ce3d0201'
NIST = '6086480165030403'

KEYS = [
    # OID, OID of the parameters, octets of the key: algorithm, size. OIDs are the content in hex.
    (NIST + '11', '', 1312, 'ML-DSA-44', 10496),
    (NIST + '12', '', 1952, 'ML-DSA-65', 15616),
    (NIST + '13', '', 2592, 'ML-DSA-87', 20736),
    (NIST + '14', '', 32, 'SLH-DSA-SHA2-128s', 256),
    (NIST + '17', '', 48, 'SLH-DSA-SHA2-192f', 384),
    (NIST + '1f', '', 64, 'SLH-DSA-SHAKE-256f', 512),
    (ECDSA, '2a811ccf5501822d', 65, 'SM2', 256),
    ('2a85030701010101', '2a85030701020101', 66, 'GOST R 34.10-2012 (256 bit)', 256),
    ('2a85030701010102', '2a85030701020102', 131, 'GOST R 34.10-2012 (512 bit)', 512),
    ('2a8503020213', '', 66, 'GOST R 34.10-2001', 256),
    # A curve that is known by its name only, and one that is not
    (ECDSA, '2b2403030208010105', 57, 'ECDSA', 224),
    (ECDSA, '2a0304', 65, 'ECDSA', None),
    ('2a0304', '', 32, '1.2.3.4', None),
]


@pytest.mark.parametrize(('oid', 'parameters', 'length', 'algorithm', 'size'), KEYS)
def test_names_and_sizes(oid, parameters, length, algorithm, size):
    identifier = der.encode(der.OID, bytes.fromhex(oid))
    if parameters:
        identifier += der.encode(der.OID, bytes.fromhex(parameters))
    info = der.encode(der.SEQUENCE, identifier) + der.encode(der.BIT_STRING, b'\0' + b'\4' * length)
    encoded = odd.with_parts(ISSUED.der, {odd.KEY: der.encode(der.SEQUENCE, info)})
    facts = read_facts(x509.load_der_x509_certificate(encoded))
    assert (facts.key_algorithm, facts.key_size) == (algorithm, size)
    assert facts.notice is None


SIGNATURES = [
    (NIST + '14', 'SLH-DSA-SHA2-128s'),
    (NIST + '12', 'ML-DSA-65'),
    ('2a811ccf55018375', 'SM2-with-SM3'),
    ('2a85030701010302', 'GOST R 34.10-2012 with GOST R 34.11-2012 (256 bit)'),
    ('2a85030701010303', 'GOST R 34.10-2012 with GOST R 34.11-2012 (512 bit)'),
    ('2a8503020203', 'GOST R 34.11-94 with GOST R 34.10-2001'),
]


@pytest.mark.parametrize(('oid', 'name'), SIGNATURES)
def test_names_of_signatures(oid, name):
    algorithm = der.encode(der.SEQUENCE, der.encode(der.OID, bytes.fromhex(oid)))
    facts = read_facts(x509.load_der_x509_certificate(odd.with_algorithms(ISSUED.der, algorithm)))
    assert facts.signature_algorithm == name
