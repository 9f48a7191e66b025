"""One request to a CA about one certificate, and its outcome. Does not use the database, because it runs in threads."""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import urlsplit

from django.apps import apps
from django.utils import timezone

from netbox_ssl import settings
from netbox_ssl.acme.renewal_info import LONG_TERM, BadAnswer, Window, back_off, parse_renewal_info, retry_after
from netbox_ssl.netbox_internals import resolve_proxies

from . import directories
from .host_limits import HostLimits
from .http.addresses import canonical_host
from .http.client import Client
from .http.failures import Failure

__all__ = ('Fetcher', 'Outcome', 'Query', 'make_client')

# If a CA offers no renewal information, its certificates are polled again with its directory, spread over this time.
SPREAD = timedelta(hours=1)
# How long no requests are made to a host after repeated failures
REST = timedelta(minutes=5)


@dataclass(frozen=True)
class Query:
    pk: int
    cert_id: str
    directory_url: str
    # Temporary failures in a row so far
    failures: int = 0


@dataclass(frozen=True)
class Outcome:
    """
    The outcome of a query. ``window`` is None if the CA did not suggest one; a known window is then kept, unless the
    CA is ``unsupported``. ``checked_at`` is None if no request was made.
    """

    query: Query
    next_check: datetime
    checked_at: datetime | None = None
    window: Window | None = None
    unsupported: bool = False
    error: str = ''
    failures: int = 0


def make_client() -> Client:
    """Return a client with NetBox's proxy settings, and the hosts that the operator allowed."""
    configured = settings.ari()
    return Client(
        allowed_hosts=configured.allowed_hosts,
        proxies=lambda url: resolve_proxies(url=url, context={'plugin': 'netbox_ssl'}),
        user_agent=f'NetBox-SSL/{apps.get_app_config("netbox_ssl").version}',
        connections=configured.concurrency,
    )


class Fetcher:
    """Requests renewal information. Threads may share an instance; each directory is requested once."""

    def __init__(self, client: Client, limits: HostLimits, clock=timezone.now):
        self._client = client
        self._limits = limits
        self._clock = clock
        self._lock = Lock()
        self._directory_locks = defaultdict(Lock)
        self._directories: dict[str, directories.Directory] = {}

    def fetch(self, query: Query) -> Outcome:
        """Request the renewal information. Errors are in the outcome."""
        directory = self._directory(query.directory_url)
        now = self._clock()
        if directory.unsupported:
            return Outcome(query, _spread(directory.until), now, unsupported=True)
        if directory.error:
            return Outcome(query, _spread(directory.until), now, error=directory.error)
        url = f'{directory.renewal_info.rstrip("/")}/{query.cert_id}'
        host = canonical_host(urlsplit(url).hostname or '')
        if not self._limits.admit(host):
            resting = f'{host} failed several times in a row. Requests to it are paused for some minutes.'
            error = resting if self._limits.is_resting(host) else ''
            return Outcome(query, now + REST * random.uniform(1, 2), error=error, failures=query.failures)  # noqa: S311
        outcome = self._request(query, url)
        self._limits.note(host, bool(outcome.failures))
        return outcome

    def _request(self, query: Query, url: str) -> Outcome:
        try:
            answer = self._client.get(url, allow_http=directories.allows_http(query.directory_url))
            window = parse_renewal_info(answer.body)
        except Failure as failure:
            now = self._clock()
            if not failure.temporary:
                return Outcome(query, now + LONG_TERM, now, error=str(failure))
            failures = query.failures + 1
            wait = retry_after(failure.retry_after, now) or back_off(failures)
            return Outcome(query, now + wait, now, error=str(failure), failures=failures)
        except BadAnswer as error:
            now = self._clock()
            return Outcome(query, now + LONG_TERM, now, error=str(error))
        now = self._clock()
        wait = retry_after(answer.retry_after, now) or LONG_TERM
        return Outcome(query, now + wait, now, window)

    def _directory(self, url: str) -> directories.Directory:
        with self._lock:
            lock = self._directory_locks[url]
        with lock:
            entry = self._directories.get(url)
            if entry is None or entry.until <= self._clock():
                entry = directories.known(url, self._clock()) or directories.discover(url, self._client, self._clock())
                self._directories[url] = entry
            return entry


def _spread(moment: datetime) -> datetime:
    return moment + SPREAD * random.random()  # noqa: S311
