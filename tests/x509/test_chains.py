"""The leaf is found by signatures, in any order; the chain is verified link by link."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from netbox_ssl.x509 import CertificateInputError, LimitError, name_key, read_certificates
from tests.support.certificate_factory import distinguished_name, issue, make_ca, make_key, make_root

START = datetime(2026, 1, 1, tzinfo=UTC)

ROOT = make_root('Example Corp', 'Example Root')
UPPER = make_ca('Example Corp', 'Example Policy CA', issuer=ROOT)
LOWER = make_ca('Example Corp', 'Example Issuing CA', issuer=UPPER)
LEAF = issue('www.example.net', LOWER, START)
STRANGER = make_ca('Other Corp', 'Other CA')


def sign(name: str, key, issuer: str, issuer_key, is_ca: bool = True, years: int = 10, key_ids: bool = True):
    """Return a certificate with these names and keys."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(distinguished_name(common_name=name))
        .issuer_name(distinguished_name(common_name=issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=365 * years))
        .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
    )
    if key_ids:
        ours = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        theirs = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
        builder = builder.add_extension(ours, critical=False).add_extension(theirs, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def pem(*certificates) -> str:
    return ''.join(each.public_bytes(Encoding.PEM).decode() for each in certificates)


def names(facts) -> list[str]:
    return [each.name for each in facts]


def read(*certificates, **options):
    return read_certificates(pem(*certificates), **options)


@pytest.mark.parametrize('order', list(itertools.permutations(range(4))))
def test_order_does_not_matter(order):
    certificates = [each.certificate for each in (LEAF, LOWER, UPPER, ROOT)]
    parsed = read(*(certificates[index] for index in order))
    [leaf] = parsed.leaves
    assert leaf.facts.name == 'www.example.net'
    assert names(leaf.chain) == ['Example Issuing CA', 'Example Policy CA']
    assert parsed.unrelated == ()


def test_repetitions_count_once():
    parsed = read(LEAF.certificate, LOWER.certificate, LEAF.certificate, LOWER.certificate)
    assert [names(leaf.chain) for leaf in parsed.leaves] == [['Example Issuing CA']]


def test_a_gap_ends_the_chain_and_certificates_above_it_are_reported():
    parsed = read(LEAF.certificate, UPPER.certificate, ROOT.certificate)
    assert parsed.leaves[0].chain == ()
    assert names(parsed.unrelated) == ['Example Policy CA', 'Example Root']


def test_unrelated_certificates_are_reported_and_in_no_chain():
    parsed = read(STRANGER.certificate, LEAF.certificate, LOWER.certificate)
    assert names(parsed.leaves[0].chain) == ['Example Issuing CA']
    assert names(parsed.unrelated) == ['Other CA']


def test_a_ca_with_the_same_name_but_another_key_is_not_the_issuer():
    namesake = make_ca('Example Corp', 'Example Issuing CA')
    parsed = read(LEAF.certificate, namesake.certificate)
    assert parsed.leaves[0].chain == ()
    assert names(parsed.unrelated) == ['Example Issuing CA']


def test_a_leaf_is_not_an_issuer_even_if_it_signed():
    leaf_key, below_key = make_key(), make_key()
    leaf = sign('leaf', leaf_key, 'Example Root', ROOT.key, is_ca=False)
    below = sign('below', below_key, 'leaf', leaf_key, is_ca=False)
    assert [(leaf.facts.name, leaf.chain) for leaf in read(below, leaf).leaves] == [('below', ()), ('leaf', ())]


def test_several_leaves_share_a_chain():
    second = issue('mail.example.net', LOWER, START)
    parsed = read(second.certificate, UPPER.certificate, LEAF.certificate, LOWER.certificate)
    assert [leaf.facts.name for leaf in parsed.leaves] == ['mail.example.net', 'www.example.net']
    assert {tuple(names(leaf.chain)) for leaf in parsed.leaves} == {('Example Issuing CA', 'Example Policy CA')}


def test_the_cross_signed_issuer_that_servers_send_is_used_in_any_order():
    root_key, old_key, leaf_key = make_key(), make_key(), make_key()
    root = sign('New Root', root_key, 'New Root', root_key)
    # Several, because of two the right one might be the first by chance
    crossed = [sign('New Root', root_key, 'Old Root', old_key, years=years) for years in (5, 3, 8, 6)]
    leaf = sign('leaf', leaf_key, 'New Root', root_key, is_ca=False)
    for order in itertools.islice(itertools.permutations((root, *crossed, leaf)), None, None, 7):
        parsed = read(*order)
        assert [chain.valid_to for chain in parsed.leaves[0].chain] == [crossed[2].not_valid_after_utc]
        assert len(parsed.unrelated) == 4


def test_the_key_id_decides_before_anything_else():
    key, leaf_key = make_key(), make_key()
    # Two certificates of the same key, of which only the second has a key ID
    anonymous = sign('CA', key, 'Root A', make_key(), years=20, key_ids=False)
    named = sign('CA', key, 'Root B', make_key(), years=1)
    leaf = sign('leaf', leaf_key, 'CA', key, is_ca=False)
    parsed = read(anonymous, leaf, named)
    assert [each.issuer_common_name for each in parsed.leaves[0].chain] == ['Root B']


def test_cas_that_signed_each_other_do_not_make_an_endless_chain():
    first_key, second_key, leaf_key = make_key(), make_key(), make_key()
    first = sign('First', first_key, 'Second', second_key)
    second = sign('Second', second_key, 'First', first_key)
    leaf = sign('leaf', leaf_key, 'First', first_key, is_ca=False)
    for order in itertools.permutations((first, second, leaf)):
        assert names(read(*order).leaves[0].chain) == ['First', 'Second']
    with pytest.raises(CertificateInputError) as caught:
        read(first, second)
    assert caught.value.code == 'ca_only'
    assert [names(leaf.chain) for leaf in read(first, second, allow_ca=True).leaves] == [['Second']]


def test_two_self_signed_certificates_of_one_key_are_two_leaves():
    key = make_key()
    old, new = (sign('box', key, 'box', key, is_ca=False, years=years) for years in (1, 2))
    assert len(read(old, new).leaves) == 2


def test_a_self_signed_issuer_without_ca_flag_is_a_root():
    key, leaf_key = make_key(), make_key()
    root = sign('old root', key, 'old root', key, is_ca=False)
    parsed = read(root, sign('leaf', leaf_key, 'old root', key, is_ca=False))
    assert [(leaf.facts.name, leaf.chain) for leaf in parsed.leaves] == [('leaf', ())]
    assert parsed.unrelated == ()


def test_with_cas_allowed_a_ca_that_signed_no_other_is_a_leaf():
    parsed = read(STRANGER.certificate, UPPER.certificate, LOWER.certificate, allow_ca=True)
    assert [(leaf.facts.name, names(leaf.chain)) for leaf in parsed.leaves] == [
        ('Other CA', []),
        ('Example Issuing CA', ['Example Policy CA']),
    ]


def test_an_unverifiable_signature_is_not_an_issuer():
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = sign('leaf', make_key(), 'CA', key, is_ca=False)
    ca = sign('CA', make_key('ed25519'), 'Root', make_key())
    assert read(leaf, ca).leaves[0].chain == ()


def test_many_certificates_of_the_same_name_are_refused():
    key = make_key()
    namesakes = [sign('CA', make_key(), 'CA', key) for _ in range(30)]
    with pytest.raises(LimitError) as caught:
        read(*namesakes)
    assert caught.value.code == 'too_many_candidates'


# --- CA certificates as leaves ------------------------------------------------------------------------------------


def test_included_ca_certificates_are_leaves_besides_links():
    parsed = read(LEAF.certificate, ROOT.certificate, LOWER.certificate, UPPER.certificate, include_ca=True)
    assert {leaf.facts.name: names(leaf.chain) for leaf in parsed.leaves} == {
        'www.example.net': ['Example Issuing CA', 'Example Policy CA'],
        'Example Root': [],
        'Example Issuing CA': ['Example Policy CA'],
        'Example Policy CA': [],
    }
    assert parsed.unrelated == ()


def test_included_ca_certificates_that_signed_each_other_are_leaves():
    first_key, second_key = make_key(), make_key()
    first, second = sign('First', first_key, 'Second', second_key), sign('Second', second_key, 'First', first_key)
    assert names(leaf.facts for leaf in read(first, second, include_ca=True).leaves) == ['First', 'Second']


def test_the_chain_is_valid_until_its_first_link_expires():
    key, leaf_key = make_key(), make_key()
    short = sign('CA', key, 'Example Root', ROOT.key, years=2)
    [leaf] = read(short, sign('leaf', leaf_key, 'CA', key, is_ca=False, years=3)).leaves
    assert leaf.chain_valid_to == START + timedelta(days=365 * 2) < leaf.facts.valid_to
    assert read(LEAF.certificate).leaves[0].chain_valid_to is None


# --- Renewals of CA certificates ----------------------------------------------------------------------------------


def test_a_ca_is_identified_by_its_name_its_key_and_its_issuer():
    key = make_key()
    old, new = (sign('CA', key, 'Example Root', ROOT.key, years=years) for years in (1, 2))
    rekeyed = sign('CA', make_key(), 'Example Root', ROOT.key)
    crossed = sign('CA', key, 'Other CA', STRANGER.key)
    keys = [name_key(read(each, allow_ca=True).leaves[0].facts) for each in (old, new, rekeyed, crossed)]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
