"""The data of the catalogue, its index, and the providers of the settings."""

import re

import pytest

from netbox_ssl.acme.catalogue import (
    build_catalogue,
    directory_for,
    known_provider_names,
    parse_custom_providers,
    provider_for_directory,
)
from netbox_ssl.acme.providers import CONFIDENCES

CATALOGUE = build_catalogue()
OURS = {
    'name': 'Ours',
    'issuer_organization': 'Example Corp',
    'directory_url': 'https://ca.internal:9000/acme/directory',
}


# --- Data ---------------------------------------------------------------------------------------------------------


def test_the_data_is_consistent():
    names = [provider.name for provider in CATALOGUE.providers]
    assert len(names) == len(set(names))
    for provider in CATALOGUE.providers:
        for rule in (*provider.issuers, *provider.hosts):
            assert {rule.confidence, rule.beyond} <= set(CONFIDENCES)
        for rule in provider.issuers:
            re.compile(rule.common_name)
            re.compile(rule.organizational_unit)
            assert rule.organizations or rule.common_name
            assert not rule.directory_url or rule.directory_url in provider.directory_urls
        for rule in provider.hosts:
            assert rule.suffix == rule.suffix.lower().strip('.')
        assert all(url.startswith('https://') for url in provider.directory_urls)
        assert provider.acme or all(rule.confidence == 'none' for rule in provider.issuers)


def test_no_two_providers_have_the_same_directory():
    urls = [url for provider in CATALOGUE.providers for url in provider.directory_urls]
    assert len(urls) == len(set(urls))


def test_catalogues_are_compared_by_value():
    again = build_catalogue()
    assert (again, hash(again)) == (CATALOGUE, hash(CATALOGUE))
    assert build_catalogue(parse_custom_providers([OURS])) != CATALOGUE
    with pytest.raises(AttributeError):
        CATALOGUE.providers = ()


# --- Look-up ------------------------------------------------------------------------------------------------------


def test_names_to_suggest():
    names = known_provider_names(build_catalogue(parse_custom_providers([OURS])))
    assert list(names) == sorted(names, key=str.casefold)
    assert {'Ours', "Let's Encrypt", "Let's Encrypt (staging)", 'step-ca', 'ZeroSSL'} <= set(names)
    assert 'Cloudflare Origin CA' not in names


@pytest.mark.parametrize(
    ('name', 'url'),
    [
        ("Let's Encrypt", 'https://acme-v02.api.letsencrypt.org/directory'),
        ('Sectigo', ''),
        ('HARICA', ''),
        ('step-ca', ''),
        ('nobody', ''),
        ('', ''),
    ],
)
def test_the_directory_of_a_provider(name, url):
    assert directory_for(name, CATALOGUE) == url


def test_custom_providers_come_first():
    entry = {**OURS, 'name': 'HARICA'}
    catalogue = build_catalogue(parse_custom_providers([entry]))
    assert directory_for('HARICA', catalogue) == OURS['directory_url']
    assert catalogue.provider('HARICA').custom
    # An entry without a directory does not hide the known one.
    catalogue = build_catalogue(parse_custom_providers([{'name': 'ZeroSSL', 'issuer_organization': 'Example Corp'}]))
    assert directory_for('ZeroSSL', catalogue) == 'https://acme.zerossl.com/v2/DV90'


@pytest.mark.parametrize(
    ('url', 'name'),
    [
        ('https://acme-v02.api.letsencrypt.org/directory', "Let's Encrypt"),
        ('https://acme-v02.api.letsencrypt.org/directory/', "Let's Encrypt"),
        ('https://acme-staging-v02.api.letsencrypt.org/directory', "Let's Encrypt (staging)"),
        ('https://acme.sectigo.com/v2/OV', 'Sectigo'),
        ('https://acme-v02.harica.gr/acme/11111111-2222/directory', 'HARICA'),
        ('https://acm-acme-enroll.eu-west-1.api.aws/1111/directory', 'Amazon'),
        ('https://ca.internal:9000/acme/directory', 'Ours'),
        ('https://acme-v02.harica.gr.evil.test/acme/directory', ''),
        ('https://example.net/directory', ''),
        ('https://[broken', ''),
        ('', ''),
    ],
)
def test_the_provider_of_a_directory(url, name):
    assert provider_for_directory(url, build_catalogue(parse_custom_providers([OURS]))) == name


# --- Settings -----------------------------------------------------------------------------------------------------


def test_all_keys_of_an_entry():
    [provider] = parse_custom_providers(
        [
            {
                'name': ' Ours ',
                'directory_url': 'http://ca/directory',
                'issuer_organization': ['Example Corp', 'Example Ltd'],
                'issuer_common_name': r'Issuing CA \d+',
                'authority_key_id': ['aa:bb:cc', '0xDDEEFF'],
                'confidence': 'likely',
            }
        ]
    )
    assert (provider.name, provider.directory_url, provider.custom) == ('Ours', 'http://ca/directory', True)
    [rule] = provider.issuers
    assert rule.organizations == ('Example Corp', 'Example Ltd')
    assert (rule.common_name, rule.key_ids, rule.confidence) == (r'Issuing CA \d+', ('AABBCC', 'DDEEFF'), 'likely')


def test_no_entries_mean_no_providers():
    assert parse_custom_providers([]) == parse_custom_providers(()) == ()


@pytest.mark.parametrize(
    ('value', 'words'),
    [
        (None, ['list of dictionaries']),
        ('ours', ['list of dictionaries']),
        ({'name': 'ours'}, ['list of dictionaries']),
        (['ours'], ['entry 0', 'dictionary']),
        ([{}], ['entry 0', 'without a name', 'name']),
        ([{'name': '  '}], ['entry 0', 'name']),
        ([{'name': 5}], ['entry 0', 'name is 5', 'text']),
        ([OURS, {'name': 'Second'}], ['entry 1 (Second)', 'issuer_organization', 'authority_key_id']),
        ([{**OURS, 'organisation': 'x'}], ['Ours', 'unknown keys organisation', 'issuer_organization']),
        ([{**OURS, 'issuer_common_name': 'CA ('}], ['Ours', 'issuer_common_name', 'regular expression']),
        ([{**OURS, 'issuer_common_name': ['CA']}], ['Ours', 'issuer_common_name', 'text']),
        ([{**OURS, 'issuer_organization': 5}], ['Ours', 'issuer_organization', 'list of texts']),
        ([{**OURS, 'authority_key_id': 'my key'}], ['Ours', 'authority_key_id', 'hexadecimal', 'openssl']),
        ([{**OURS, 'authority_key_id': [b'aa']}], ['Ours', 'authority_key_id', 'list of texts']),
        ([{**OURS, 'confidence': 'sure'}], ['Ours', "'sure'", 'certain']),
        ([{**OURS, 'directory_url': 'ca.internal'}], ['Ours', 'directory_url', 'http']),
        ([{**OURS, 'confidence': []}], ['Ours', 'confidence']),
    ],
)
def test_unusable_input_is_named_with_a_remedy(value, words):
    with pytest.raises(ValueError, match=re.escape(words[0])) as caught:
        parse_custom_providers(value)
    for word in words:
        assert word in str(caught.value)
