"""Canonical forms of the texts that certificates are looked up by."""

from dataclasses import replace

import pytest

from netbox_ssl.x509 import lineage_key, name_key, normalize_hex, read_facts
from tests.support.certificate_factory import issue, make_ca

CA = make_ca('Example Corp', 'Example Issuing CA')


@pytest.mark.parametrize(
    ('text', 'stored'),
    [
        ('04d19f', '04D19F'),
        ('4d19f', '04D19F'),
        ('04:D1:9F', '04D19F'),
        (' 04 d1 9f\n', '04D19F'),
        ('04-d1-9f', '04D19F'),
        ('0x04d19f', '04D19F'),
        ('0X4D19F', '04D19F'),
        ('-1', '-01'),
        ('-01', '-01'),
        ('0', '00'),
        ('', ''),
        ('0x', ''),
        ('-', ''),
        (':::', ''),
        ('www.example.net', ''),
        ('04d19g', ''),
        ('٣', ''),  # a digit to Unicode, but not to hex
    ],
)
def test_pasted_hex(text, stored):
    assert normalize_hex(text) == stored


def facts_for(names, **options):
    return read_facts(issue(names, CA, **options).certificate)


def test_a_renewal_has_the_same_key_whatever_order_case_and_issuer():
    old = facts_for(['a.example.net', 'b.example.net'])
    new = facts_for(['B.example.net', 'a.example.net', 'b.example.net'], common_name='b.example.net')
    assert name_key(old) == name_key(new)
    assert len(name_key(old)) == 64


@pytest.mark.parametrize(
    'names', [['a.example.net'], ['a.example.net', 'b.example.net', 'c.example.net'], ['*.example.net']]
)
def test_other_names_have_another_key(names):
    assert name_key(facts_for(names)) != name_key(facts_for(['a.example.net', 'b.example.net']))


def test_names_typed_by_hand_have_the_same_key():
    assert lineage_key(['B.Example.net', 'a.example.net', 'B.example.net'], 'RSA') == lineage_key(
        ['a.example.net', 'b.example.net'], 'RSA'
    )


def test_rsa_and_ecdsa_twins_have_different_keys():
    assert name_key(facts_for('a.example.net', key_type='rsa')) != name_key(facts_for('a.example.net'))


def test_without_alternative_names_the_common_name_counts():
    old, new = (facts_for([], common_name='a.example.net') for _ in range(2))
    assert name_key(old) == name_key(new) == name_key(facts_for('a.example.net'))


def test_without_any_name_a_certificate_matches_only_itself():
    old, new = (facts_for([], common_name=None) for _ in range(2))
    assert name_key(old) == name_key(replace(old))
    assert name_key(old) != name_key(new)


def test_names_typed_by_hand_lead_to_the_same_lineage():
    facts = facts_for(['a.example.net', 'b.example.net'])
    assert lineage_key(['B.example.net', 'A.example.net', 'b.example.net'], 'ECDSA') == name_key(facts)
