"""Build the catalogue of ACME providers from ``data/providers.toml`` and from the operator's settings."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from netbox_ssl.x509.lineage import normalize_hex

from .providers import CONFIDENCES, Catalogue, HostRule, IssuerRule, Provider

# Keys of an entry of the setting ``acme_providers``
CUSTOM_KEYS = (
    'name',
    'directory_url',
    'issuer_organization',
    'issuer_common_name',
    'authority_key_id',
    'confidence',
)


def build_catalogue(custom: Iterable[Provider] = ()) -> Catalogue:
    """Return the built-in catalogue with the operator's own providers before it."""
    return Catalogue((*custom, *_builtin()))


def known_provider_names(catalogue: Catalogue) -> tuple[str, ...]:
    """Return the provider names to suggest in forms, in alphabetical order."""
    return tuple(sorted({provider.name for provider in catalogue.providers if provider.acme}, key=str.casefold))


def directory_for(provider_name: str, catalogue: Catalogue) -> str:
    """Return the provider's ACME directory URL, or '' when it is not known or there are several."""
    # The operator may have added issuers to a built-in provider without repeating its directory.
    known = (provider.directory_url for provider in catalogue.providers if provider.name == provider_name)
    return next(filter(None, known), '')


def provider_for_directory(url: str, catalogue: Catalogue) -> str:
    """Return the name of the provider whose ACME directory this is, or ''."""
    url = url.rstrip('/')
    try:
        host = (urlsplit(url).hostname or '').lower()
    except ValueError:  # not a URL
        return ''
    for provider in catalogue.providers:
        if url in {known.rstrip('/') for known in provider.directory_urls}:
            return provider.name
        if any(re.fullmatch(pattern, host) for pattern in provider.directory_hosts):
            return provider.name
    return ''


#
# Built-in providers
#


@cache
def _builtin() -> tuple[Provider, ...]:
    text = files('netbox_ssl.acme').joinpath('data/providers.toml').read_text(encoding='utf-8')
    return tuple(_provider(table) for table in tomllib.loads(text)['provider'])


def _provider(table: Mapping[str, Any]) -> Provider:
    table = dict(table)
    issuers = tuple(
        IssuerRule(**{**rule, 'organizations': tuple(rule.get('organizations', ()))})
        for rule in table.pop('issuer', ())
    )
    hosts = tuple(HostRule(**rule) for rule in table.pop('host', ()))
    for name in ('directory_urls', 'directory_hosts'):
        table[name] = tuple(table.get(name, ()))
    return Provider(**{**table, 'discontinued': str(table.get('discontinued', ''))}, issuers=issuers, hosts=hosts)


#
# The operator's own providers
#


def parse_custom_providers(value: object) -> tuple[Provider, ...]:
    """
    Return the providers of the setting ``acme_providers``: a list of dictionaries such as

        {'name': 'Example Corp CA', 'directory_url': 'https://acme.corp.example/directory',
         'issuer_organization': 'Example Corp', 'issuer_common_name': r'Example Issuing CA \\d+'}

    Each needs ``name`` and one of ``issuer_organization`` (text or a list of texts, compared exactly),
    ``issuer_common_name`` (a regular expression for the whole CN) and ``authority_key_id`` (hex, or a list of them);
    all that are given must match. ``confidence`` is ``certain`` by default, else ``likely``, ``possible`` or ``none``.
    Raises ``ValueError`` naming the entry, the cause and the remedy.
    """
    if not isinstance(value, list | tuple):
        raise ValueError(f'is {value!r}: give a list of dictionaries, one for each provider.')
    return tuple(_custom_provider(number, entry) for number, entry in enumerate(value))


def _custom_provider(number: int, entry: object) -> Provider:
    if not isinstance(entry, Mapping):
        raise ValueError(
            f'entry {number} is {entry!r}: give a dictionary with "name" and the properties to recognise it by.'
        )
    where = f'entry {number} ({entry.get("name", "without a name")})'
    if unknown := sorted(str(key) for key in entry.keys() - set(CUSTOM_KEYS)):
        raise ValueError(f'{where} has unknown keys {", ".join(unknown)}: use only {", ".join(CUSTOM_KEYS)}.')
    name = _text(where, entry, 'name')
    if not name:
        raise ValueError(f'{where}: give the name under which the provider is to be stored.')
    rule = IssuerRule(
        confidence=_confidence(where, entry),
        organizations=_texts(where, entry, 'issuer_organization'),
        common_name=_pattern(where, entry),
        key_ids=tuple(_key_id(where, key_id) for key_id in _texts(where, entry, 'authority_key_id')),
    )
    if not (rule.organizations or rule.common_name or rule.key_ids):
        raise ValueError(
            f'{where}: specify how to recognise it: issuer_organization, issuer_common_name or authority_key_id.'
        )
    directory = _directory(where, entry)
    return Provider(name, directory_urls=(directory,) if directory else (), issuers=(rule,), custom=True)


def _text(where: str, entry: Mapping, key: str) -> str:
    value = entry.get(key, '')
    if not isinstance(value, str):
        raise ValueError(f'{where}: {key} is {value!r}, but must be text.')
    return value.strip()


def _texts(where: str, entry: Mapping, key: str) -> tuple[str, ...]:
    value = entry.get(key, ())
    values = (value,) if isinstance(value, str) else value
    if not isinstance(values, list | tuple) or not all(isinstance(item, str) for item in values):
        raise ValueError(f'{where}: {key} is {value!r}, but must be text or a list of texts.')
    return tuple(values)


def _confidence(where: str, entry: Mapping) -> str:
    confidence = entry.get('confidence', 'certain')
    if confidence not in CONFIDENCES:
        raise ValueError(f'{where}: confidence is {confidence!r}; choose from {", ".join(CONFIDENCES)}.')
    return confidence


def _pattern(where: str, entry: Mapping) -> str:
    pattern = _text(where, entry, 'issuer_common_name')
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(
            f'{where}: issuer_common_name {pattern!r} is not a valid regular expression ({error}). Escape '
            'special characters with a backslash.'
        ) from error
    return pattern


def _key_id(where: str, key_id: str) -> str:
    digits = normalize_hex(key_id)
    if not digits:
        raise ValueError(
            f'{where}: authority_key_id {key_id!r} is not hexadecimal. Copy it from "openssl x509 -ext '
            'authorityKeyIdentifier".'
        )
    return digits


def _directory(where: str, entry: Mapping) -> str:
    url = _text(where, entry, 'directory_url')
    if url and not re.match(r'https?://[^/\s]+', url):
        raise ValueError(f'{where}: directory_url {url!r} is not an http(s) URL.')
    return url
