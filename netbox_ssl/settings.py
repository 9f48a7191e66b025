"""The plugin's settings (``PLUGINS_CONFIG['netbox_ssl']``): read only here and validated once at startup."""

import re
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address

from django.core.exceptions import ImproperlyConfigured
from netbox.plugins import get_plugin_config

from .acme.catalogue import build_catalogue, parse_custom_providers
from .acme.providers import Catalogue
from .expiry.marks import MAX_MARK, MOST_MARKS, sorted_marks
from .x509 import Limits

PLUGIN = 'netbox_ssl'

# Setting → (smallest, largest) accepted value. The upper bound on a sweep's interval keeps the promise that an
# expiry is announced on the day it happens.
INTEGER_RANGES = {
    'sweep_interval': (1, 1440),
    'source_behind_hours': (0, 8760),
    'source_silent_days': (0, 3650),
    'endpoint_problem_checks': (1, 100),
    'import_max_bytes': (1024, 64 * 1024 * 1024),
    'import_max_certificates': (1, 10_000),
    'import_max_names': (1, 100_000),
    'ari_requests_per_second': (1, 10_000),
    'ari_concurrency': (1, 100),
}


def _get(name: str):
    return get_plugin_config(PLUGIN, name)


def _integer(name: str) -> int:
    value = _get(name)
    low, high = INTEGER_RANGES[name]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ImproperlyConfigured(
            f"PLUGINS_CONFIG['{PLUGIN}']['{name}'] is {value!r}: must be an integer from {low} to {high}."
        )
    return value


def _boolean(name: str) -> bool:
    value = _get(name)
    if not isinstance(value, bool):
        raise ImproperlyConfigured(f"PLUGINS_CONFIG['{PLUGIN}']['{name}'] is {value!r}: must be True or False.")
    return value


@cache
def catalogue() -> Catalogue:
    """Return the known ACME providers, those of the ``acme_providers`` setting first."""
    try:
        return build_catalogue(parse_custom_providers(_get('acme_providers')))
    except ValueError as error:
        raise ImproperlyConfigured(f"PLUGINS_CONFIG['{PLUGIN}']['acme_providers']: {error}") from error


@cache
def limits() -> Limits:
    """Return how much a single import may contain."""
    return Limits(
        max_input_bytes=_integer('import_max_bytes'),
        max_certificates=_integer('import_max_certificates'),
        max_subject_alt_names=_integer('import_max_names'),
    )


def sweep_interval() -> int:
    """Return the interval of the sweep for changes caused by time, in minutes."""
    return _integer('sweep_interval')


def announce_past() -> bool:
    """Return whether changes of status that happened before a certificate was added are announced."""
    return _boolean('announce_past')


@cache
def expiry_marks() -> tuple[int, ...]:
    """Return the days before expiry at which it is announced, smallest first; empty: never."""
    value = _get('expiry_marks')
    if (
        not isinstance(value, list | tuple)
        or len(value) > MOST_MARKS
        or not all(isinstance(mark, int) and not isinstance(mark, bool) and 0 <= mark <= MAX_MARK for mark in value)
    ):
        raise ImproperlyConfigured(
            f"PLUGINS_CONFIG['{PLUGIN}']['expiry_marks'] is {value!r}: must be a list of at most {MOST_MARKS} whole "
            f'numbers of days from 0 to {MAX_MARK}, such as [30, 14, 7, 1]; [] turns announcements ahead of expiry off.'
        )
    return tuple(sorted_marks(value))


@dataclass(frozen=True)
class ARISettings:
    """How CAs are polled for renewal information (RFC 9773)."""

    enabled: bool
    # Names, in lower case
    disabled_providers: frozenset[str]
    # In lower case; only these hosts may have addresses that are not public.
    allowed_hosts: frozenset[str]
    # For each host
    requests_per_second: int
    concurrency: int


@cache
def ari() -> ARISettings:
    """Return the settings whose names begin with ``ari_``."""
    hosts = _texts('ari_allowed_hosts', 'host names or IP addresses')
    for host in hosts:
        if not host or set(host) & set('/@*[] ') or (':' in host and not _is_ip_address(host)):
            raise ImproperlyConfigured(
                f"PLUGINS_CONFIG['{PLUGIN}']['ari_allowed_hosts'] contains {host!r}: must be host names or IP "
                'addresses without scheme, port or wildcard.'
            )
    return ARISettings(
        enabled=_boolean('ari_enabled'),
        disabled_providers=_texts('ari_disabled_providers', 'names of ACME providers'),
        allowed_hosts=hosts,
        requests_per_second=_integer('ari_requests_per_second'),
        concurrency=_integer('ari_concurrency'),
    )


def _texts(name: str, what: str) -> frozenset[str]:
    value = _get(name)
    if not isinstance(value, list | tuple | set | frozenset) or not all(isinstance(item, str) for item in value):
        raise ImproperlyConfigured(f"PLUGINS_CONFIG['{PLUGIN}']['{name}'] is {value!r}: must be a list of {what}.")
    return frozenset(item.strip().lower() for item in value)


def _is_ip_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@cache
def netbox_url() -> str:
    """Return the address of this NetBox: scheme and host, without path or trailing slash; empty if not set."""
    value = _get('netbox_url')
    if value == '':
        return ''
    if not isinstance(value, str) or not re.fullmatch(r'https?://[^/?#@\s]+/?', value):
        raise ImproperlyConfigured(
            f"PLUGINS_CONFIG['{PLUGIN}']['netbox_url'] is {value!r}: must be scheme and host, such as "
            "'https://netbox.example.com'; the path comes from NetBox's BASE_PATH."
        )
    return value.rstrip('/')


def source_behind_hours() -> int:
    """Return the hours that a renewal may take to reach a source before the source counts as behind."""
    return _integer('source_behind_hours')


def source_silent_days() -> int:
    """Return the days without a report after which a source counts as silent; 0: never."""
    return _integer('source_silent_days')


def endpoint_problem_checks() -> int:
    """Return the number of checks in a row with the same outcome after which a change of an endpoint is announced."""
    return _integer('endpoint_problem_checks')


def refuse_tenant_mismatch() -> bool:
    """Return whether a certificate must not be assigned to an object of another tenant."""
    return _boolean('refuse_tenant_mismatch')


def forget() -> None:
    """Drop everything computed from the settings, for tests that change them."""
    catalogue.cache_clear()
    limits.cache_clear()
    expiry_marks.cache_clear()
    ari.cache_clear()
    netbox_url.cache_clear()


def validate() -> None:
    """Raise ``ImproperlyConfigured`` if a setting is unusable, naming it, its value and the accepted values."""
    catalogue()
    limits()
    sweep_interval()
    announce_past()
    expiry_marks()
    ari()
    netbox_url()
    source_behind_hours()
    source_silent_days()
    endpoint_problem_checks()
    refuse_tenant_mismatch()
