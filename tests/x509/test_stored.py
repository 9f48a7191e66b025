"""A certificate that is already stored is read again with the same result, without searching and verifying again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netbox_ssl.x509 import Limits, first_fingerprint, read_certificates, read_stored
from tests.support.certificate_factory import issue, make_ca, make_root, self_signed

ROOT = make_root('Example Corp', 'Example Root')
UPPER = make_ca('Example Corp', 'Example Policy CA', issuer=ROOT)
LOWER = make_ca('Example Corp', 'Example Issuing CA', issuer=UPPER)
LEAF = issue(['www.example.net', 'example.net'], LOWER)
CHAIN = LOWER.pem + UPPER.pem
OTHERS = (
    issue('other.example.net', make_ca('Other Corp', 'Other CA')),
    issue('rsa.example.net', LOWER, key_type='rsa'),
    self_signed('appliance.example.net'),
)
BLOCKS = tuple(block.pem for block in (LEAF, LOWER, UPPER, ROOT, *OTHERS))


def stored(text: str) -> tuple[str, str]:
    """Return what is stored of the first certificate in ``text``."""
    leaf = read_certificates(text, include_ca=True).leaves[0]
    return leaf.facts.pem, ''.join(link.pem for link in leaf.chain)


@pytest.mark.parametrize('issued', [LEAF, *OTHERS])
def test_same_result(issued):
    leaf = read_stored(issued.fullchain_pem, *stored(issued.fullchain_pem))
    assert leaf == read_certificates(issued.fullchain_pem).leaves[0]


@pytest.mark.parametrize('separator', ['', '\n', '\r\n\r\n', ' \n'])
def test_white_space(separator):
    blocks = (LEAF.pem, LOWER.pem, UPPER.pem)
    leaf = read_stored(separator.join(('', *blocks, '')), LEAF.pem, CHAIN)
    assert leaf == read_certificates(LEAF.pem + CHAIN).leaves[0]


def test_line_ends_of_windows():
    text = LEAF.pem + CHAIN
    assert read_stored(text.replace('\n', '\r\n'), LEAF.pem, CHAIN) == read_certificates(text).leaves[0]


@pytest.mark.parametrize(
    'text',
    [
        '',
        LEAF.pem,
        LEAF.pem + LOWER.pem,
        LEAF.pem + CHAIN + ROOT.pem,
        LEAF.pem + UPPER.pem + LOWER.pem,
        CHAIN + LEAF.pem,
        OTHERS[0].pem + CHAIN,
        f'subject=CN=www.example.net\n{LEAF.pem}{CHAIN}',
        f'{LEAF.pem}{CHAIN}# end',
        LEAF.pem.replace('\n', '', 1) + CHAIN,
        LEAF.pem + CHAIN[:-30],
    ],
)
def test_anything_else_is_not_what_is_stored(text):
    assert read_stored(text, LEAF.pem, CHAIN) is None


def test_a_key_after_the_chain_is_not_overlooked():
    assert read_stored(LEAF.pem + CHAIN + '-----BEGIN PRIVATE KEY-----\nMC4=\n', LEAF.pem, CHAIN) is None


@pytest.mark.parametrize(
    'limits', [Limits(max_input_bytes=100), Limits(max_certificates=2), Limits(max_subject_alt_names=1)]
)
def test_limits_that_were_lowered(limits):
    assert read_stored(LEAF.pem + CHAIN, LEAF.pem, CHAIN) is not None
    assert read_stored(LEAF.pem + CHAIN, LEAF.pem, CHAIN, limits) is None


def test_a_ca_certificate_needs_to_be_allowed():
    assert read_stored(LOWER.pem + UPPER.pem, LOWER.pem, UPPER.pem) is None


@pytest.mark.parametrize('before', ['', 'subject=CN=www.example.net\n', 'not -----BEGIN '])
def test_the_fingerprint_of_the_first_certificate(before):
    data = f'{before}{LEAF.pem}{CHAIN}'.encode()
    assert first_fingerprint(data) == read_certificates(LEAF.pem).leaves[0].facts.fingerprint_sha256


@pytest.mark.parametrize('data', [b'', LEAF.der, LEAF.pem.encode()[:-30], LEAF.pem.replace('MII', 'MI', 1).encode()])
def test_no_first_certificate(data):
    assert first_fingerprint(data) is None


def test_nothing_is_stored():
    assert read_stored('', '', '') is None


def test_damaged_in_the_database():
    damaged = LEAF.pem.replace('MII', 'AII', 1)
    assert read_stored(damaged, damaged, '') is None


@given(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=5), st.sampled_from(['', '\n', '\r\n']))
def test_never_another_result(blocks, separator):
    """Whatever is sent again: it is recognised only if its first leaf is the only one, and has the same chain."""
    text = separator.join(blocks)
    leaf = read_stored(text, *stored(text))
    if leaf is not None:
        assert (leaf,) == read_certificates(text).leaves
