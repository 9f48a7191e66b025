"""
The ``renewalInfo`` URLs of ACME directories, requested once a day and kept in NetBox's cache, also if there is none. A
failure is kept until the next attempt, so that a million certificates of one CA do not cause a million attempts.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.core.cache import cache

from netbox_ssl.acme.renewal_info import LONG_TERM, BadAnswer, back_off, parse_directory, retry_after

from .http.client import Client
from .http.failures import Failure

__all__ = ('Directory', 'discover', 'known')

LASTS = timedelta(days=1)
# Longer than any entry is valid, so that the number of failures in a row is kept between attempts
KEPT = timedelta(days=2)


@dataclass(frozen=True)
class Directory:
    """What is known about an ACME directory until ``until``. Without URL and error it offers no renewal information."""

    renewal_info: str
    error: str
    until: datetime
    failures: int = 0

    @property
    def unsupported(self) -> bool:
        return not self.renewal_info and not self.error


def known(url: str, now: datetime) -> Directory | None:
    """Return what is known about the directory, without a request; None if nothing is known or it is outdated."""
    entry = cache.get(_key(url))
    return entry if entry is not None and entry.until > now else None


def discover(url: str, client: Client, now: datetime) -> Directory:
    """Request the directory, and cache the result."""
    before = cache.get(_key(url))
    failures = before.failures if before is not None else 0
    try:
        renewal_info = parse_directory(client.get(url, allow_http=allows_http(url)).body)
        entry = Directory(renewal_info, '', now + LASTS)
    except Failure as failure:
        wait = LONG_TERM
        if failure.temporary:
            failures += 1
            wait = retry_after(failure.retry_after, now) or back_off(failures)
        entry = Directory('', f'ACME directory: {failure}', now + wait, failures if failure.temporary else 0)
    except BadAnswer as error:
        entry = Directory('', str(error), now + LONG_TERM)
    cache.set(_key(url), entry, KEPT.total_seconds())
    return entry


def allows_http(directory_url: str) -> bool:
    """Return whether requests without TLS are allowed: only if the directory itself has no TLS, as in a test lab."""
    return urlsplit(directory_url).scheme == 'http'


def _key(url: str) -> str:
    return f'netbox_ssl:ari:directory:{hashlib.sha256(url.encode()).hexdigest()}'
