"""
Fetches small JSON documents from untrusted hosts.

Everything that a server could abuse is limited: addresses (the address that is connected to is checked), TLS
(verified), redirects, size, and the total time, however slowly it sends. Sends no credentials or cookies. Threads may
share a client.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import urllib3

from .addresses import ForbiddenAddress, canonical_host, is_public_host
from .failures import Failure, causes, explained
from .transport import CONNECT_SECONDS, TOTAL_SECONDS, direct_manager, limited, seconds_left, tls

__all__ = ('Answer', 'Client')

MAX_BYTES = 64 * 1024
MAX_REDIRECTS = 3
REDIRECTS = (301, 302, 303, 307, 308)
CHUNK = 8192


@dataclass(frozen=True)
class Answer:
    body: bytes
    retry_after: str | None


class Client:
    """
    Args:
        allowed_hosts: names or addresses that may have any address, also in a private network
        proxies: URL → {scheme: URL of a proxy} or None, like NetBox's ``resolve_proxies``. A proxy looks up names
            itself, so only literal addresses are checked here.
        user_agent: header of the requests
        connections: kept open for each host
    """

    def __init__(
        self,
        allowed_hosts: frozenset[str] = frozenset(),
        proxies: Callable[[str], dict | None] = lambda url: None,
        user_agent: str = 'NetBox-SSL',
        connections: int = 16,
    ):
        self.allowed_hosts = frozenset(map(canonical_host, allowed_hosts))
        self._proxies = proxies
        self._options = {
            'maxsize': connections,
            'headers': {'User-Agent': user_agent, 'Accept': 'application/json', 'Accept-Encoding': 'identity'},
            'retries': False,
            'timeout': urllib3.Timeout(connect=CONNECT_SECONDS, read=TOTAL_SECONDS),
            'ssl_context': tls(),
        }
        self._direct = direct_manager(**self._options)
        self._by_proxy: dict[str, urllib3.PoolManager] = {}

    def close(self) -> None:
        for manager in (self._direct, *self._by_proxy.values()):
            manager.clear()

    def get(self, url: str, allow_http: bool = False, seconds: float = TOTAL_SECONDS) -> Answer:
        """
        GET ``url``. Raises Failure.

        Args:
            allow_http: whether requests without TLS are allowed
            seconds: for everything, including redirects
        """
        try:
            with limited(seconds, self.allowed_hosts):
                return self._follow(url, allow_http)
        except urllib3.exceptions.HTTPError as error:
            raise explained(error) from error
        except (TimeoutError, ssl.SSLError, OSError) as error:
            raise explained(error) from error
        # Errors that urllib3 does not handle, such as a host name of 300 letters
        except (ValueError, UnicodeError) as error:
            raise Failure('The URL is not valid.') from error

    def _follow(self, url: str, allow_http: bool) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            response = _get_once_more(self._manager(url, allow_http), url)
            try:
                if response.status not in REDIRECTS:
                    return _read(response)
                url = urljoin(url, response.headers.get('Location', ''))
                # The body is not needed, and may be endless.
                response.close()
            finally:
                response.release_conn()
        raise Failure(f'More than {MAX_REDIRECTS} redirects.')

    def _manager(self, url: str, allow_http: bool) -> urllib3.PoolManager:
        """
        Return the manager for the request, directly or through a proxy. Raises Failure for URLs that are not allowed.
        """
        parts = urlsplit(url)
        host = canonical_host(parts.hostname or '')
        if parts.scheme not in ('http', 'https') or not host:
            raise Failure('The address is not an http(s) URL.')
        if parts.scheme == 'http' and not allow_http:
            raise Failure('The address leads from https to http.')
        if parts.username or parts.password:
            raise Failure('The address contains a user name or password.')
        proxy = (self._proxies(url) or {}).get(parts.scheme)
        if not proxy:
            return self._direct
        if host not in self.allowed_hosts and not is_public_host(host):
            raise ForbiddenAddress(host)
        if proxy not in self._by_proxy:
            self._by_proxy[proxy] = _proxy_manager(proxy, self._options)
        return self._by_proxy[proxy]


def _get_once_more(manager: urllib3.PoolManager, url: str):
    """
    Return the response to a GET. If the server closes a reused connection at the moment of the request, the request is
    repeated on another one (RFC 9112, section 9.3.1). Other failures are repeated by the schedule.
    """
    try:
        return manager.request('GET', url, redirect=False, preload_content=False)
    except urllib3.exceptions.ProtocolError as error:
        if not any(isinstance(cause, ConnectionResetError | BrokenPipeError) for cause in causes(error)):
            raise
    return manager.request('GET', url, redirect=False, preload_content=False)


def _proxy_manager(proxy: str, options: dict) -> urllib3.PoolManager:
    if proxy.startswith('socks'):
        try:
            from urllib3.contrib.socks import SOCKSProxyManager
        except ImportError as error:
            raise Failure('The proxy needs the Python package PySocks: install it on the NetBox server.') from error
        return SOCKSProxyManager(proxy, **options)
    parts = urlsplit(proxy)
    credentials = f'{parts.username}:{parts.password or ""}' if parts.username else None
    headers = urllib3.make_headers(proxy_basic_auth=credentials) if credentials else None
    return urllib3.ProxyManager(proxy, proxy_headers=headers, **options)


def _read(response) -> Answer:
    """Return the body, if the status is 200 and it is not too long."""
    retry_after = response.headers.get('Retry-After')
    if response.status != 200:
        # Do not read the body: it may be endless.
        response.close()
        temporary = response.status >= 500 or response.status in (408, 429)
        raise Failure(f'The CA answered with HTTP status {response.status}.', temporary, retry_after)
    body = bytearray()
    while chunk := response.read(CHUNK, decode_content=False):
        seconds_left()
        body += chunk
        if len(body) > MAX_BYTES:
            response.close()
            raise Failure(f'The response is longer than {MAX_BYTES // 1024} KiB.')
    return Answer(bytes(body), retry_after)
