"""
Connections of urllib3 with a time limit, which connect only to addresses that were checked.

``limited()`` sets the limits for the current request of a thread; connections may be reused by later requests.
"""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from .addresses import canonical_host, resolve

__all__ = ('CONNECT_SECONDS', 'TOTAL_SECONDS', 'direct_manager', 'limited', 'seconds_left', 'tls')

CONNECT_SECONDS = 5
TOTAL_SECONDS = 15

# The limits of the current request of this thread
_request = threading.local()


@contextmanager
def limited(seconds: float, allowed_hosts: frozenset[str]) -> Iterator[None]:
    """
    Set the limits of requests that this thread makes within the context.

    Args:
        seconds: time limit for all requests together
        allowed_hosts: names (lower case) that may have any address
    """
    _request.deadline = time.monotonic() + seconds
    _request.allowed_hosts = allowed_hosts
    try:
        yield
    finally:
        _request.deadline = float('inf')


def seconds_left() -> float:
    """Return the seconds left for this thread's request. Raises TimeoutError if none are left."""
    left = getattr(_request, 'deadline', float('inf')) - time.monotonic()
    if left <= 0:
        raise TimeoutError('out of time')
    return min(left, TOTAL_SECONDS)


class _BoundedMixin:
    """Limit each read to the time left for the whole request, so that slow sending does not extend it."""

    def recv_into(self, *args, **kwargs):
        self.settimeout(seconds_left())
        return super().recv_into(*args, **kwargs)


class _BoundedSocket(_BoundedMixin, socket.socket):
    pass


class _BoundedSSLSocket(_BoundedMixin, ssl.SSLSocket):
    pass


class _CheckedMixin:
    """Connect to an address that has been checked, never to a name."""

    def _new_conn(self):
        allowed = _request.allowed_hosts
        try:
            addresses = resolve(self._dns_host, self.port, canonical_host(self._dns_host) in allowed)
        except (UnicodeError, ValueError) as error:
            raise socket.gaierror(str(error)) from error
        failure = None
        for family, address in addresses:
            connected = _BoundedSocket(family, socket.SOCK_STREAM)
            try:
                connected.settimeout(min(CONNECT_SECONDS, seconds_left()))
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connected.connect(address)
            except OSError as error:
                connected.close()
                failure = error
            else:
                connected.settimeout(seconds_left())
                return connected
        raise failure


class _CheckedHTTPConnection(_CheckedMixin, HTTPConnection):
    pass


class _CheckedHTTPSConnection(_CheckedMixin, HTTPSConnection):
    pass


class _CheckedHTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _CheckedHTTPConnection


class _CheckedHTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _CheckedHTTPSConnection


def tls() -> ssl.SSLContext:
    """Return a context that trusts the system's CAs (also ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``) and certifi's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.sslsocket_class = _BoundedSSLSocket
    return context


def direct_manager(**options) -> urllib3.PoolManager:
    """Return a manager of connections without a proxy. ``options``: those of urllib3."""
    manager = urllib3.PoolManager(**options)
    manager.pool_classes_by_scheme = {'http': _CheckedHTTPPool, 'https': _CheckedHTTPSPool}
    return manager
