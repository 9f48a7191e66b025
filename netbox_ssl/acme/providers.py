"""
The certification authorities that issue over ACME, and how to recognise them.

The facts are data: ``data/providers.toml`` and ``data/intermediates.tsv``. A ``Catalogue`` is built from them once
(``catalogue.py``), with the operator's own providers, and indexed by the issuer's organisation, the authority key ID
and the host name, so that only few regular expressions are tried.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

# From weak to strong
CONFIDENCES = ('none', 'possible', 'likely', 'certain')


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions on a certificate, all of which must hold if they are set, and the confidence that results."""

    # For certificates that are valid for at most ``max_days``, or for all if that is None
    confidence: str
    max_days: int | None = None
    # Confidence for certificates that are valid longer
    beyond: str = 'none'
    # If each issuer of the provider has its own
    directory_url: str = ''

    def confidence_for(self, lifetime: timedelta) -> str:
        """
        Return the confidence for a certificate that is valid for this long.

        Whole days count: a certificate "of 90 days" often ends one second before the 91st day.
        """
        return self.beyond if self.max_days is not None and lifetime.days > self.max_days else self.confidence


@dataclass(frozen=True, slots=True)
class IssuerRule(Rule):
    """A rule by the issuer's name; for the operator's own providers also by authority key ID."""

    # Compared exactly; empty: any; ``('',)``: an issuer without organisation.
    organizations: tuple[str, ...] = ()
    # Regular expression for the whole CN; '': any, also none.
    common_name: str = ''
    # Regular expression for the whole OU; '': any, also none.
    organizational_unit: str = ''
    # Upper-case hex; empty: any.
    key_ids: tuple[str, ...] = ()

    def matches(self, organization: str, common_name: str, organizational_unit: str, key_id: str) -> bool:
        """Return whether all conditions hold."""
        return (
            (not self.organizations or organization in self.organizations)
            and (not self.key_ids or key_id in self.key_ids)
            and (not self.common_name or _compiled(self.common_name).fullmatch(common_name) is not None)
            and (
                not self.organizational_unit
                or _compiled(self.organizational_unit).fullmatch(organizational_unit) is not None
            )
        )


@dataclass(frozen=True, slots=True)
class HostRule(Rule):
    """A rule by a URL in the AIA or CRL distribution point extension."""

    # A host name; matches it and all its subdomains.
    suffix: str = ''
    # The host name must also start with this.
    prefix: str = ''
    # Regular expression for the whole path; '': any.
    path: str = ''

    def matches(self, host: str, path: str) -> bool:
        """Return whether the conditions hold for a host that is known to be ``suffix`` or a subdomain of it."""
        return host.startswith(self.prefix) and (
            not self.path or _compiled(self.path, re.IGNORECASE).fullmatch(path) is not None
        )


@dataclass(frozen=True, slots=True)
class Provider:
    """One ACME provider."""

    # The name as it is stored
    name: str
    directory_urls: tuple[str, ...] = ()
    # Regular expressions for the host, if each account has its own directory
    directory_hosts: tuple[str, ...] = ()
    issuers: tuple[IssuerRule, ...] = ()
    hosts: tuple[HostRule, ...] = ()
    # All its key IDs are known, so that another one is a contradiction.
    intermediates_complete: bool = False
    # A test CA that browsers do not trust
    untrusted: bool = False
    # ISO date of the last issuance
    discontinued: str = ''
    # False for an issuer that is listed only because it does not use ACME; all its rules say ``none``.
    acme: bool = True
    # From the settings
    custom: bool = False

    @property
    def directory_url(self) -> str:
        """Return the ACME directory, or '' if it is unknown or there are several."""
        return self.directory_urls[0] if len(self.directory_urls) == 1 else ''


@dataclass(frozen=True, slots=True)
class Intermediate:
    """A known issuing certificate, by its subject key id."""

    key_id: str
    organization: str
    common_name: str
    provider: str


@dataclass(frozen=True, slots=True)
class Match:
    """A matching rule, and its provider."""

    provider: Provider
    rule: Rule


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All providers, the operator's own first. Immutable and hashable; compared by its providers."""

    providers: tuple[Provider, ...]
    _custom: tuple[Match, ...] = field(init=False, repr=False, compare=False)
    _by_organization: Mapping[str | None, tuple[Match, ...]] = field(init=False, repr=False, compare=False)
    _by_suffix: Mapping[str, tuple[Match, ...]] = field(init=False, repr=False, compare=False)
    _by_key_id: Mapping[str, tuple[Match, Intermediate]] = field(init=False, repr=False, compare=False)
    _key_ids: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Build the indexes."""
        builtin = [provider for provider in self.providers if not provider.custom]
        by_organization: dict[str | None, list[Match]] = {}
        by_suffix: dict[str, list[Match]] = {}
        for provider in builtin:
            for rule in provider.issuers:
                for organization in rule.organizations or (None,):
                    by_organization.setdefault(organization, []).append(Match(provider, rule))
            for rule in provider.hosts:
                by_suffix.setdefault(rule.suffix, []).append(Match(provider, rule))
        self._set('_custom', tuple(Match(p, rule) for p in self.providers if p.custom for rule in p.issuers))
        self._set('_by_organization', _frozen(by_organization))
        self._set('_by_suffix', _frozen(by_suffix))
        self._index_intermediates({provider.name: provider for provider in builtin})

    def _index_intermediates(self, by_name: Mapping[str, Provider]) -> None:
        by_key_id = {}
        key_ids: dict[str, set[str]] = {}
        for known in _intermediates():
            provider = by_name[known.provider]
            key_ids.setdefault(provider.name, set()).add(known.key_id)
            rule = next(r for r in provider.issuers if r.matches(known.organization, known.common_name, '', ''))
            by_key_id[known.key_id] = (Match(provider, rule), known)
        self._set('_by_key_id', MappingProxyType(by_key_id))
        self._set('_key_ids', MappingProxyType({name: frozenset(ids) for name, ids in key_ids.items()}))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def match_settings(self, organization: str, common_name: str, unit: str, key_id: str) -> Match | None:
        """Return the first of the operator's own rules that holds."""
        return _first(self._custom, organization, common_name, unit, key_id)

    def match_issuer(self, organization: str, common_name: str, unit: str) -> Match | None:
        """Return the first built-in rule that holds for the issuer's name."""
        candidates = self._by_organization.get(organization, ()) + self._by_organization.get(None, ())
        return _first(candidates, organization, common_name, unit, '')

    def match_key_id(self, key_id: str) -> tuple[Match, Intermediate] | None:
        """Return the known intermediate with this key id (upper-case hex), and the rule that applies to it."""
        return self._by_key_id.get(key_id)

    def match_url(self, url: str) -> Match | None:
        """Return the narrowest rule that holds for a URL of an AIA or CRL extension."""
        try:
            parts = urlsplit(url)
            labels = (parts.hostname or '').rstrip('.').split('.')
        except ValueError:  # not a valid URL
            return None
        host = '.'.join(labels)
        matches = [
            match
            for start in range(len(labels) - 1)
            for match in self._by_suffix.get('.'.join(labels[start:]), ())
            if match.rule.matches(host, parts.path)
        ]
        # A rule with a prefix is narrower, whatever the length of its suffix: staging before production.
        return max(matches, key=lambda match: bool(match.rule.prefix), default=None)

    def contradicts(self, provider: Provider, key_id: str) -> bool:
        """Return whether ``provider`` is known not to use this key, because all of its keys are known."""
        return provider.intermediates_complete and bool(key_id) and key_id not in self._key_ids[provider.name]

    def provider(self, name: str) -> Provider | None:
        """Return the provider of this name, the operator's own first."""
        return next((provider for provider in self.providers if provider.name == name), None)


@cache
def _intermediates() -> tuple[Intermediate, ...]:
    """Return the known issuing certificates, from ``data/intermediates.tsv``."""
    text = files('netbox_ssl.acme').joinpath('data/intermediates.tsv').read_text(encoding='utf-8')
    rows = csv.DictReader(text.splitlines(), delimiter='\t', quoting=csv.QUOTE_NONE)
    return tuple(Intermediate(**row) for row in rows)


def _frozen(index: Mapping[Any, Iterable[Match]]) -> Mapping[Any, tuple[Match, ...]]:
    return MappingProxyType({key: tuple(matches) for key, matches in index.items()})


def _first(candidates: Iterable[Match], *issuer: str) -> Match | None:
    return next((match for match in candidates if match.rule.matches(*issuer)), None)


@cache
def _compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Compile a pattern, each once."""
    return re.compile(pattern, flags)
