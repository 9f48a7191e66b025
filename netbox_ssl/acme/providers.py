"""The certification authorities that issue over ACME, and how to recognise them."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provider:
    """One ACME provider."""

    name: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All providers, compiled for quick look-up."""

    providers: tuple[Provider, ...]


def parse_custom_providers(value: object) -> tuple[Provider, ...]:
    """Return the providers of the setting `acme_providers`."""
    raise NotImplementedError


def build_catalogue(custom: Iterable[Provider] = ()) -> Catalogue:
    """Return the built-in catalogue with the operator's own providers before it."""
    raise NotImplementedError


def known_provider_names(catalogue: Catalogue) -> tuple[str, ...]:
    """Return the provider names to suggest in forms, in alphabetical order."""
    raise NotImplementedError


def directory_for(provider_name: str, catalogue: Catalogue) -> str:
    """Return the provider's ACME directory URL, or '' when it is not known or there are several."""
    raise NotImplementedError


def provider_for_directory(url: str, catalogue: Catalogue) -> str:
    """Return the name of the provider whose ACME directory this is, or ''."""
    raise NotImplementedError
