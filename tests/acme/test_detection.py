"""Detection of the issuer and of ACME: every known issuer, and issuers that only look similar."""

import json

import pytest

from netbox_ssl.acme.catalogue import build_catalogue
from netbox_ssl.acme.detection import ISSUER_TEMPLATES, detect
from netbox_ssl.x509 import read_facts
from tests.support.acme_certificates import DAY, STEP_ACME, leaf
from tests.support.certificate_factory import make_ca

CATALOGUE = build_catalogue()

LE, STAGING, ZERO, GOOGLE = "Let's Encrypt", "Let's Encrypt (staging)", 'ZeroSSL', 'Google Trust Services'
LE_O, STAGING_O, GOOGLE_LLC = LE, "(STAGING) Let's Encrypt", 'Google Trust Services LLC'
HARICA_O = 'Hellenic Academic and Research Institutions CA'
ACTALIS_O = 'Actalis S.p.A./03358520967'
LE_DIRECTORY = 'https://acme-v02.api.letsencrypt.org/directory'
STAGING_DIRECTORY = 'https://acme-staging-v02.api.letsencrypt.org/directory'
ZERO_DIRECTORY = 'https://acme.zerossl.com/v2/DV90'
GOOGLE_DIRECTORY = 'https://dv.acme-v02.api.pki.goog/directory'
ACTALIS_DIRECTORY = 'https://acme-api.actalis.com/acme/directory'
SECTIGO_DIRECTORY = 'https://acme.sectigo.com/v2/'

# Key ID of the intermediate R13
R13 = 'E7AB9F0F2C33A053D35E4F78C8B2840E3BD69233'

ISSUERS = [
    # organisation, common name, provider, confidence, directory
    (LE_O, "Let's Encrypt Authority X1", LE, 'certain', LE_DIRECTORY),
    (LE_O, "Let's Encrypt Authority X4", LE, 'certain', LE_DIRECTORY),
    *((LE_O, name, LE, 'certain', LE_DIRECTORY) for name in ('R3', 'R10', 'R14', 'E1', 'E9', 'YR1', 'YE2', 'YE10')),
    (STAGING_O, '(STAGING) Counterfeit Cashew R10', STAGING, 'certain', STAGING_DIRECTORY),
    (STAGING_O, '(STAGING) Some Name Of Tomorrow YE7', STAGING, 'certain', STAGING_DIRECTORY),
    (LE_O, '(STAGING) Artificial Amaranth YE1', STAGING, 'certain', STAGING_DIRECTORY),
    (LE_O, '(STAGING) Ersatz Emmer YR2', STAGING, 'certain', STAGING_DIRECTORY),
    ('', 'Fake LE Intermediate X1', STAGING, 'certain', STAGING_DIRECTORY),
    (ZERO, 'ZeroSSL RSA Domain Secure Site CA', ZERO, 'likely', ZERO_DIRECTORY),
    (ZERO, 'ZeroSSL ECC Domain Secure Site CA', ZERO, 'likely', ZERO_DIRECTORY),
    ('ZeroSSL GmbH', 'ZeroSSL RSA DV SSL CA 2', ZERO, 'likely', ZERO_DIRECTORY),
    ('ZeroSSL GmbH', 'ZeroSSL ECC DV SSL CA 2', ZERO, 'likely', ZERO_DIRECTORY),
    *((GOOGLE, name, GOOGLE, 'likely', GOOGLE_DIRECTORY) for name in ('WR1', 'WE1')),
    (GOOGLE_LLC, 'GTS CA 1P5', GOOGLE, 'likely', GOOGLE_DIRECTORY),
    *((GOOGLE, name, GOOGLE, 'possible', GOOGLE_DIRECTORY) for name in ('WR3', 'WE3', 'WR4', 'WE5')),
    (GOOGLE_LLC, 'GTS CA 1D4', GOOGLE, 'possible', GOOGLE_DIRECTORY),
    *((GOOGLE, name, '', 'none', '') for name in ('WR2', 'WE2')),
    *((GOOGLE_LLC, name, '', 'none', '') for name in ('GTS CA 1C3', 'GTS CA 1O1')),
    ('Buypass AS-983163327', 'Buypass Class 2 CA 5', 'Buypass', 'likely', 'https://api.buypass.com/acme/directory'),
    ('SSL Corporation', 'SSL.com TLS Issuing RSA CA R1', 'SSL.com', 'possible', 'https://acme.ssl.com/sslcom-dv-rsa'),
    ('SSL Corporation', 'SSL.com TLS Issuing ECC CA R1', 'SSL.com', 'possible', 'https://acme.ssl.com/sslcom-dv-ecc'),
    ('SSL Corp', 'SSL.com RSA SSL subCA', 'SSL.com', 'possible', 'https://acme.ssl.com/sslcom-dv-rsa'),
    ('Actalis S.p.A.', 'Actalis DV Server ACME CA G1', 'Actalis', 'certain', ACTALIS_DIRECTORY),
    (ACTALIS_O, 'Actalis Domain Validation Server CA G2', 'Actalis', 'possible', ACTALIS_DIRECTORY),
    (ACTALIS_O, 'Actalis Domain Validation Server CA G3', 'Actalis', 'possible', ACTALIS_DIRECTORY),
    ('TrustAsia', 'LiteSSL RSA CA 2025', 'LiteSSL', 'likely', 'https://acme.litessl.com/acme/v2/directory'),
    ('TrustAsia', 'LiteSSL ECC CA 2025', 'LiteSSL', 'likely', 'https://acme.litessl.com/acme/v2/directory'),
    *(
        (
            'Sectigo Limited',
            f'Sectigo Public Server Authentication CA {kind} {key}36',
            'Sectigo',
            'possible',
            SECTIGO_DIRECTORY + kind,
        )
        for kind in ('DV', 'OV', 'EV')
        for key in 'RE'
    ),
    *(
        (
            'Sectigo Limited',
            f'Sectigo {key} {name} Validation Secure Server CA',
            'Sectigo',
            'possible',
            SECTIGO_DIRECTORY + kind,
        )
        for name, kind in (('Domain', 'DV'), ('Organization', 'OV'), ('Extended', 'EV'))
        for key in ('RSA', 'ECC')
    ),
    *(
        (
            organization,
            common_name,
            'DigiCert',
            'possible',
            'https://one.digicert.com/mpki/api/v1/acme/v2/directory',
        )
        for organization, common_name in (
            ('DigiCert Inc', 'DigiCert Global G2 TLS RSA SHA256 2020 CA1'),
            ('DigiCert, Inc.', 'DigiCert G5 TLS RSA4096 SHA384 2021 CA1'),
        )
    ),
    *(
        (
            'GlobalSign nv-sa',
            common_name,
            'GlobalSign',
            'possible',
            'https://emea.acme.atlas.globalsign.com/directory',
        )
        for common_name in (
            'GlobalSign Atlas R3 DV TLS CA 2025 Q4',
            'GlobalSign Atlas R46 DV TLS CA 2026 Q3',
            'GlobalSign Atlas R46 OV TLS CA 2026 Q3',
        )
    ),
    (HARICA_O, 'HARICA DV TLS RSA', 'HARICA', 'possible', ''),
    (HARICA_O, 'HARICA OV TLS ECC', 'HARICA', 'possible', ''),
    (HARICA_O, 'GEANT TLS RSA 1', 'HARICA', 'possible', ''),
    (HARICA_O, 'GEANT TLS ECC 1', 'HARICA', 'possible', ''),
    *(
        (name, 'Certum Domain Validation CA SHA2', 'Certum', 'possible', 'https://acme.certum.pl/directory')
        for name in ('Unizeto Technologies S.A.', 'Asseco Data Systems S.A.')
    ),
    (
        'Asseco Data Systems S.A.',
        'Certum DV TLS G2 R39 CA',
        'Certum',
        'possible',
        'https://acme.certum.pl/directory',
    ),
    ('Amazon', 'Amazon RSA 2048 M02', 'Amazon', 'possible', ''),
    ('Amazon', 'Amazon ECDSA 256 M01', 'Amazon', 'possible', ''),
    ('Certainly', 'Certainly Intermediate R1', 'Certainly', 'possible', ''),
    ('', 'Caddy Local Authority - ECC Intermediate', 'Caddy', 'possible', ''),
    ('', 'Pebble Intermediate CA 0f1e2d', 'Pebble', 'certain', 'https://localhost:14000/dir'),
]


@pytest.mark.parametrize(('organization', 'common_name', 'provider', 'confidence', 'directory'), ISSUERS)
def test_issuers(organization, common_name, provider, confidence, directory):
    found = detect(leaf(organization, common_name, key_id=''), CATALOGUE)
    assert (found.provider, found.confidence, found.directory_url) == (provider, confidence, directory)
    assert found.is_acme is (confidence in ('certain', 'likely'))
    [evidence] = found.evidence
    assert evidence.kind == 'issuer'
    assert common_name in evidence.text
    assert evidence.text.template == ISSUER_TEMPLATES[confidence]


NEAR_MISSES = [
    ('GlobalSign', 'GlobalSign Root CA - R3'),
    (GOOGLE_LLC, 'GTS Root R3'),
    (LE_O, 'GTS Root R3'),
    (LE_O, 'R3 '),
    (LE_O, ' R3'),
    (LE_O, 'r3'),
    (LE_O, 'R'),
    (LE_O, 'R100'),
    (LE_O, 'XR1'),
    (LE_O, 'ZE1'),
    (LE_O, 'R3\n'),
    (LE_O, "Let's Encrypt Authority X5"),
    (LE_O, ''),
    ("Let's encrypt", 'R3'),
    ("LET'S ENCRYPT", 'R3'),
    ("Let's Encrypt ", 'R3'),
    (" Let's Encrypt", 'R3'),
    ('Let’s Encrypt', 'R3'),  # a typographic apostrophe
    ("Let's Encrypt Ltd", 'R3'),
    ('', 'R3'),
    ('Example Corp', 'R3'),
    ('ISRG', 'R3'),
    (LE_O, '(STAGING) Artificial Apricot R3'),
    (STAGING_O, 'R3'),
    ('Example Corp', 'Fake LE Intermediate X1'),
    ('zerossl', 'ZeroSSL RSA Domain Secure Site CA'),
    (ZERO, 'ZeroSSL RSA Domain Secure Site CA 2'),
    (GOOGLE, 'WR6'),
    ('Actalis S.p.A.', 'Actalis Organization Validated Server CA G3'),
    ('Positive Software Corporation', 'LiteSSL CA'),
    ('TrustAsia', 'LiteSSL RSA CA 1999'),
    ('Sectigo Limited', 'Sectigo Public Code Signing CA R36'),
    ('GlobalSign nv-sa', 'GlobalSign Atlas R3 AlphaSSL CA 2025 Q4'),
    ('DigiCert, Inc.', 'DigiCert Global G2 TLS RSA SHA256 2020 CA1'),
    ('Amazon', 'Amazon Root CA 1'),
    ('Example Corp', 'Caddy Local Authority - ECC Intermediate'),
    ('', 'Caddy Local Authority - ECC Root'),
    ('', 'Pebble Intermediate CA'),
    ('COMODO CA Limited', 'COMODO RSA Domain Validation Secure Server CA'),
    ('', ''),
]


@pytest.mark.parametrize(('organization', 'common_name'), NEAR_MISSES)
def test_similar_issuers_are_unknown(organization, common_name):
    found = detect(leaf(organization, common_name), CATALOGUE)
    assert (found.provider, found.confidence, found.is_acme, found.evidence) == ('', 'none', False, ())


@pytest.mark.parametrize(
    ('lifetime', 'confidence'),
    [
        (90 * DAY, 'likely'),
        (91 * DAY - DAY / 86400, 'likely'),  # 90 days, 23:59:59: as ZeroSSL issues them
        (91 * DAY, 'possible'),
        (365 * DAY, 'possible'),
    ],
)
def test_zerossl_is_judged_by_the_lifetime(lifetime, confidence):
    facts = leaf(ZERO, 'ZeroSSL RSA Domain Secure Site CA', lifetime=lifetime)
    found = detect(facts, CATALOGUE)
    assert (found.provider, found.confidence) == (ZERO, confidence)
    by_host = detect(leaf(lifetime=lifetime, aia=('http://zerossl.crt.sectigo.com/x.crt',)), CATALOGUE)
    assert (by_host.provider, by_host.confidence) == (ZERO, confidence)


# --- step-ca and Caddy --------------------------------------------------------------------------------------------


def test_the_extension_of_step_ca_is_certain_whoever_issued_it():
    found = detect(leaf('Example Corp', 'Example Issuing CA', step=STEP_ACME), CATALOGUE)
    assert (found.provider, found.confidence, found.directory_url) == ('step-ca', 'certain', '')
    assert [evidence.kind for evidence in found.evidence] == ['step_extension']


def test_caddy_and_step_ca_are_distinguished_by_issuer():
    found = detect(leaf('', 'Caddy Local Authority - ECC Intermediate', step=STEP_ACME), CATALOGUE)
    assert (found.provider, found.confidence) == ('Caddy', 'certain')
    assert [evidence.kind for evidence in found.evidence] == ['step_extension', 'issuer']


def test_another_provisioner_of_step_ca_is_not_acme():
    jwk = '3009020101040178040179'
    found = detect(leaf('', 'Caddy Local Authority - ECC Intermediate', step=jwk), CATALOGUE)
    assert (found.provider, found.confidence) == ('', 'none')
    assert 'type 1' in found.evidence[0].text


def test_an_unreadable_extension_is_no_evidence():
    assert detect(leaf('Example Corp', step='0500'), CATALOGUE).confidence == 'none'


# --- Never ACME ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    'unit', ['CloudFlare Origin SSL Certificate Authority', 'CloudFlare Origin SSL ECC Certificate Authority']
)
def test_the_origin_ca_of_cloudflare_is_never_acme(unit):
    found = detect(leaf('CloudFlare, Inc.', unit=unit), CATALOGUE)
    assert (found.provider, found.confidence, found.directory_url) == ('', 'none', '')
    assert [evidence.kind for evidence in found.evidence] == ['issuer']


@pytest.mark.parametrize(('organization', 'name'), [(LE_O, 'R13'), (STAGING_O, '(STAGING) X'), ('', 'Pebble 1')])
def test_ca_certificates_are_never_acme(organization, name):
    # Issued by an ACME intermediate by name and key ID, but a CA
    below = make_ca('Example', 'Example Sub CA', issuer=make_ca(organization, name, key_id=R13))
    found = detect(read_facts(below.certificate), CATALOGUE)
    assert (found.provider, found.confidence, found.is_acme) == ('', 'none', False)
    assert [evidence.kind for evidence in found.evidence] == ['ca']


# --- Notices, and the result as a whole ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('issuer', 'code', 'words'),
    [
        ((STAGING_O, '(STAGING) Pretend Pear X1'), 'untrusted', 'no browser trusts'),
        (('', 'Pebble Intermediate CA 0f1e2d'), 'untrusted', 'no browser trusts'),
        (('Buypass AS-983163327', 'Buypass Class 2 CA 5'), 'discontinued', '2025-10-31: renew with another CA'),
    ],
)
def test_notices(issuer, code, words):
    [notice] = detect(leaf(*issuer), CATALOGUE).notices
    assert notice.code == code
    assert words in notice


@pytest.mark.parametrize('issuer', [(ZERO, 'ZeroSSL RSA Domain Secure Site CA'), (GOOGLE, 'WE1'), ('Example', 'CA')])
def test_no_notice_without_a_reason(issuer):
    assert detect(leaf(*issuer), CATALOGUE).notices == ()


def test_the_result_survives_json():
    found = detect(leaf(LE_O, 'R13', key_id=R13, aia=('http://r13.i.lencr.org/',)), CATALOGUE)
    answer = json.loads(json.dumps(found.to_dict()))
    assert {key: answer[key] for key in ('provider', 'confidence', 'is_acme', 'notices', 'directory_url')} == {
        'provider': LE,
        'confidence': 'certain',
        'is_acme': True,
        'notices': [],
        'directory_url': LE_DIRECTORY,
    }
    assert [evidence['kind'] for evidence in answer['evidence']] == ['authority_key_id', 'host', 'issuer']
    assert all(evidence['text'] and '%(' not in evidence['text'] for evidence in answer['evidence'])
