"""The order of evidence: settings, extension, authority key ID, hosts, names; and contradictions."""

from pathlib import Path

import cryptography_vectors
import pytest

from netbox_ssl.acme.catalogue import build_catalogue, parse_custom_providers
from netbox_ssl.acme.detection import detect
from netbox_ssl.x509 import read_certificates
from tests.support.acme_certificates import STEP_ACME, leaf

CATALOGUE = build_catalogue()
LE, STAGING, GOOGLE = "Let's Encrypt", "Let's Encrypt (staging)", 'Google Trust Services'
R13_KEY = 'E7AB9F0F2C33A053D35E4F78C8B2840E3BD69233'
STAGING_KEY = 'A45246EA58A88F68D8B7B190D14A424A8F6B2871'
WE1_KEY, WR2_KEY = '9077923567C4FFA8CCA9E67BD980797BCC93F938', 'DE1B1EED7915D43E3724C321BBEC34396D42B230'


def kinds(found) -> list[str]:
    return [evidence.kind for evidence in found.evidence]


# --- Authority key ids of real intermediates ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ('key_id', 'provider', 'confidence'),
    [
        ('142EB317B75856CBAE500940E61FAF9D8B14C2C6', LE, 'certain'),  # R3
        ('A84A6A63047DDDBAE6D139B7A64565EFF3A8ECA1', LE, 'certain'),  # X1 and X3, which have the same key
        ('9327469803A951688E98D6C44248DB23BF5894D2', LE, 'certain'),  # E6
        (R13_KEY, LE, 'certain'),
        (STAGING_KEY, STAGING, 'certain'),
        ('C0CC0346B95820CC5C7270F3E12ECB20A6F5683A', STAGING, 'certain'),  # Fake LE Intermediate X1
        (WE1_KEY, GOOGLE, 'likely'),
        (WR2_KEY, '', 'none'),
    ],
)
def test_a_known_key_is_enough(key_id, provider, confidence):
    found = detect(leaf('Renamed', 'Renamed CA', key_id=key_id), CATALOGUE)
    assert (found.provider, found.confidence, kinds(found)) == (provider, confidence, ['authority_key_id'])


# --- Hosts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('url', 'provider', 'confidence'),
    [
        ('http://r13.i.lencr.org/', LE, 'certain'),
        ('http://R13.I.LENCR.ORG./', LE, 'certain'),
        ('http://ye1.c.lencr.org/42.crl', LE, 'certain'),
        ('http://e6.o.lencr.org', LE, 'certain'),
        ('http://cert.int-x3.letsencrypt.org/', LE, 'certain'),
        ('http://cert.stg-int-x1.letsencrypt.org/', STAGING, 'certain'),
        ('http://stg-r10.i.lencr.org/', STAGING, 'certain'),
        ('http://stg-ye1.c.lencr.org/42.crl', STAGING, 'certain'),
        ('http://i.pki.goog/we1.crt', GOOGLE, 'likely'),
        ('http://i.pki.goog/wr1.crt', GOOGLE, 'likely'),
        ('http://c.pki.goog/we1/abc-DEF.crl', GOOGLE, 'likely'),
        ('http://pki.goog/repo/certs/gts1p5.der', GOOGLE, 'likely'),
        ('http://pki.goog/repo/certs/GTS1P5.der', GOOGLE, 'likely'),
        ('http://i.pki.goog/wr3.crt', GOOGLE, 'possible'),
        ('http://c.pki.goog/wr2/x.crl', '', 'none'),
        ('http://zerossl.crt.sectigo.com/ZeroSSLECCDomainSecureSiteCA.crt', 'ZeroSSL', 'likely'),
        ('http://cacert.actalis.it/certs/x.crt', 'Actalis', 'possible'),
        ('http://ica.litessl.com/x.crt', 'LiteSSL', 'likely'),
    ],
)
@pytest.mark.parametrize('extension', ['aia', 'crl'])
def test_hosts(url, provider, confidence, extension):
    # Without authority key ID, so that there is no other evidence and no contradiction
    found = detect(leaf('Renamed', 'Renamed CA', key_id='', **{extension: (url,)}), CATALOGUE)
    assert (found.provider, found.confidence, kinds(found)) == (provider, confidence, ['host'])
    assert url in found.evidence[0].text


@pytest.mark.parametrize(
    'url',
    [
        'http://r13.i.lencr.org.evil.test/',
        'http://evil-lencr.org/',
        'http://evil-i.lencr.org/',
        'http://i.lencr.org@evil.test/',
        'http://evil.test/r13.i.lencr.org/',
        'http://evil.test/?x=http://r13.i.lencr.org/',
        'http://lencr.org/',
        'http://x.lencr.org/',
        'http://letsencrypt.org/',
        'http://i.pki.goog.evil.test/we1.crt',
        'http://i.pki.goog/evil-we1.crt',
        'http://i.pki.goog/x/we1.crt',
        'http://i.pki.goog/we12.crt',
        'http://i.pki.goog/gsr1.crt',
        'http://crt.sectigo.com/x.crt',
        'http://zerossl.crt.sectigo.com.evil.test/',
        'ldap:///cn=r13.i.lencr.org',
        'http://[r13.i.lencr.org/',
        'r13.i.lencr.org',
        'org',
        'http://./',
        'http://',
    ],
)
def test_hosts_that_only_look_alike(url):
    found = detect(leaf('Example', 'Example CA', aia=(url,), crl=(url,)), CATALOGUE)
    assert (found.provider, found.confidence, found.evidence) == ('', 'none', ())


def test_the_host_of_another_customer_does_not_hide_the_known_host():
    found = detect(leaf(key_id='', aia=('http://ocsp.example.net/', 'http://r13.i.lencr.org/')), CATALOGUE)
    assert found.provider == LE


def test_the_name_may_raise_the_confidence_of_the_host_of_the_same_provider():
    host = ('http://cacert.actalis.it/certs/x.crt',)
    found = detect(leaf('Actalis S.p.A.', 'Actalis DV Server ACME CA G1', aia=host), CATALOGUE)
    assert (found.confidence, kinds(found)) == ('certain', ['host', 'issuer'])
    found = detect(leaf(LE, 'R13', key_id='', aia=host), CATALOGUE)  # but not the host of another provider
    assert (found.provider, found.confidence) == ('Actalis', 'possible')


def test_the_directory_belongs_to_the_issuer_and_never_to_another_provider():
    names = ('Sectigo Limited', 'Sectigo Public Server Authentication CA OV R36')
    assert detect(leaf(*names), CATALOGUE).directory_url == 'https://acme.sectigo.com/v2/OV'
    found = detect(leaf(*names, aia=('http://i.pki.goog/we1.crt',)), CATALOGUE)
    assert (found.provider, found.directory_url) == (GOOGLE, 'https://dv.acme-v02.api.pki.goog/directory')


# --- Order --------------------------------------------------------------------------------------------------------


def test_evidence_is_weighed_and_listed_from_strong_to_weak():
    settings = parse_custom_providers(
        [{'name': 'Ours', 'issuer_organization': 'ZeroSSL', 'directory_url': 'https://ca.example.net/dir'}]
    )
    facts = leaf(
        'ZeroSSL',
        'ZeroSSL RSA Domain Secure Site CA',
        key_id=R13_KEY,
        aia=('http://i.pki.goog/we1.crt',),
        step=STEP_ACME,
    )
    order = ['settings', 'step_extension', 'authority_key_id', 'host', 'issuer']
    found = detect(facts, build_catalogue(settings))
    assert (found.provider, found.directory_url, kinds(found)) == ('Ours', 'https://ca.example.net/dir', order)
    found = detect(facts, CATALOGUE)
    assert (found.provider, found.confidence, kinds(found)) == ('step-ca', 'certain', order[1:])


def test_without_the_extension_the_key_decides_then_the_host_then_the_name():
    names = ('ZeroSSL', 'ZeroSSL RSA Domain Secure Site CA')
    host = ('http://i.pki.goog/we1.crt',)
    assert detect(leaf(*names, key_id=R13_KEY, aia=host), CATALOGUE).provider == LE
    assert detect(leaf(*names, aia=host), CATALOGUE).provider == GOOGLE
    assert detect(leaf(*names), CATALOGUE).provider == 'ZeroSSL'


def test_each_kind_of_evidence_distinguishes_staging_from_production():
    for facts in (
        leaf(LE, 'R13', key_id=STAGING_KEY),
        leaf(LE, 'R13', key_id='', aia=('http://stg-r13.i.lencr.org/',)),
        leaf("(STAGING) Let's Encrypt", '(STAGING) Tenuous Tomato R13'),
    ):
        found = detect(facts, CATALOGUE)
        assert (found.provider, [notice.code for notice in found.notices]) == (STAGING, ['untrusted'])
    assert detect(leaf(LE, 'R13', key_id=R13_KEY), CATALOGUE).notices == ()


# --- Contradiction ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    'facts',
    [leaf(LE, 'R13'), leaf(LE, 'R13', aia=('http://r13.i.lencr.org/',)), leaf(crl=('http://r13.c.lencr.org/',))],
)
def test_an_unknown_key_lowers_the_confidence_by_one_step(facts):
    found = detect(facts, CATALOGUE)
    assert (found.provider, found.confidence, found.is_acme) == (LE, 'likely', True)
    [notice] = found.notices
    assert notice.code == 'unknown_key'
    assert LE in notice
    assert 'Compare the issuer' in notice


def test_no_contradiction_unless_all_keys_are_known():
    for names in (('Google Trust Services', 'WE1'), ("(STAGING) Let's Encrypt", '(STAGING) X1')):
        found = detect(leaf(*names), CATALOGUE)
        assert 'unknown_key' not in [notice.code for notice in found.notices]
    assert detect(leaf('Google Trust Services', 'WE1'), CATALOGUE).confidence == 'likely'


def test_the_operator_and_the_extension_are_not_contradicted():
    ours = build_catalogue(parse_custom_providers([{'name': 'Ours', 'issuer_organization': LE}]))
    assert (detect(leaf(LE, 'R13'), ours).confidence, detect(leaf(LE, 'R13'), ours).notices) == ('certain', ())
    found = detect(leaf(LE, 'R13', step=STEP_ACME), CATALOGUE)
    assert (found.provider, found.confidence, found.notices) == ('step-ca', 'certain', ())


# --- The operator's own providers ---------------------------------------------------------------------------------

OURS = {
    'name': 'Ours',
    'issuer_organization': ['Example Corp', 'Example Ltd'],
    'issuer_common_name': r'Example Issuing CA \d+',
    'authority_key_id': ['ab:' * 19 + 'ab', '0x' + 'CD' * 20],
}


@pytest.mark.parametrize(
    ('organization', 'common_name', 'key_id', 'expected'),
    [
        ('Example Corp', 'Example Issuing CA 7', 'AB' * 20, 'Ours'),
        ('Example Ltd', 'Example Issuing CA 12', 'CD' * 20, 'Ours'),
        ('example corp', 'Example Issuing CA 7', 'AB' * 20, ''),
        ('Example Corporation', 'Example Issuing CA 7', 'AB' * 20, ''),
        ('Example Corp', 'Example Issuing CA 7b', 'AB' * 20, ''),
        ('Example Corp', 'An Example Issuing CA 7', 'AB' * 20, ''),
        ('Example Corp', 'Example Issuing CA 7', 'EF' * 20, ''),
        ('Example Corp', 'Example Issuing CA 7', '', ''),
        ('', 'Example Issuing CA 7', 'AB' * 20, ''),
    ],
)
def test_all_conditions_of_an_own_provider_must_hold(organization, common_name, key_id, expected):
    found = detect(leaf(organization, common_name, key_id=key_id), build_catalogue(parse_custom_providers([OURS])))
    assert (found.provider, found.is_acme) == (expected, bool(expected))


def test_the_first_matching_own_provider_counts():
    entries = [{'name': name, 'issuer_organization': 'Example Corp'} for name in ('First', 'Second')]
    found = detect(leaf('Example Corp'), build_catalogue(parse_custom_providers(entries)))
    assert (found.provider, kinds(found)) == ('First', ['settings'])


@pytest.mark.parametrize(
    ('confidence', 'provider', 'is_acme'),
    [('certain', 'Ours', True), ('likely', 'Ours', True), ('possible', 'Ours', False), ('none', '', False)],
)
def test_the_operator_sets_the_confidence(confidence, provider, is_acme):
    # 'none' also overrides a built-in rule: this "Let's Encrypt" is known not to be the real one.
    entry = {'name': 'Ours', 'issuer_organization': LE, 'confidence': confidence}
    found = detect(leaf(LE, 'R13', key_id=R13_KEY), build_catalogue(parse_custom_providers([entry])))
    assert (found.provider, found.confidence, found.is_acme) == (provider, confidence, is_acme)


# --- Real certificates --------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize(
    ('file', 'provider', 'evidence'),
    [
        ('cryptography-scts.pem', LE, ['authority_key_id', 'host', 'issuer']),
        ('tls-feature-ocsp-staple.pem', LE, ['authority_key_id', 'host', 'issuer']),
        ('custom/invalid-sct-length.der', LE, ['issuer']),
        ('cryptography.io.pem', '', []),  # RapidSSL
        ('badssl-sct.pem', '', []),  # RapidSSL
        ('wildcard_san.pem', '', []),  # Trustwave
        ('v1_cert.pem', '', []),
        ('letsencryptx3.pem', '', ['ca']),
        ('rapidssl_sha256_ca_g3.pem', '', ['ca']),
        ('ecdsa_root.pem', '', ['ca']),  # DigiCert
    ],
)
def test_certificates_of_public_websites(file, provider, evidence):
    data = Path(cryptography_vectors.__file__).with_name('x509').joinpath(file).read_bytes()
    found = detect(read_certificates(data, allow_ca=True).leaves[0].facts, CATALOGUE)
    assert (found.provider, found.confidence) == (provider, 'certain' if provider else 'none')
    assert kinds(found) == evidence
