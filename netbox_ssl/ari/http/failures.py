"""Why there is no response, in a sentence for users."""

import socket
import ssl
from collections.abc import Iterator

import urllib3

from .addresses import ForbiddenAddress

__all__ = ('Failure', 'causes', 'explained')


class Failure(Exception):
    """
    Why there is no response, in a sentence. ``temporary``: a later request may succeed (timeouts, 5xx).
    ``retry_after``: the header of that name.
    """

    def __init__(self, message: str, temporary: bool = False, retry_after: str | None = None):
        super().__init__(message)
        self.temporary = temporary
        self.retry_after = retry_after


def explained(error: Exception) -> Failure:
    """Describe an exception of urllib3 or the system in a sentence; its own text may contain data from the server."""
    found = list(causes(error))
    for cause in found:
        if isinstance(cause, ForbiddenAddress):
            return Failure(
                f'The host {str(cause)[:255]} has an address that is not public. If that is intended, add it to the '
                'setting ari_allowed_hosts.'
            )
    # Checked before the causes: a refusal by the proxy is temporary, and not a refusal by the CA.
    if any(isinstance(cause, urllib3.exceptions.ProxyError) for cause in found):
        return Failure('The proxy did not connect.', temporary=True)
    for cause in found:
        if isinstance(cause, socket.gaierror):
            return Failure('The host name cannot be resolved.')
        if isinstance(cause, ssl.SSLError):
            reason = getattr(cause, 'verify_message', '') or cause.reason or 'TLS failed'
            return Failure(f'No secure connection: {reason}.')
        if isinstance(cause, TimeoutError | urllib3.exceptions.TimeoutError):
            return Failure('The CA did not answer in time.', temporary=True)
        if isinstance(cause, ConnectionRefusedError):
            return Failure('The connection was refused.')
    if any(isinstance(cause, urllib3.exceptions.LocationParseError) for cause in found):
        return Failure('The URL is not valid.')
    return Failure('The connection broke.', temporary=True)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and its causes."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        reason = getattr(error, 'reason', None)
        error = reason if isinstance(reason, BaseException) else error.__cause__ or error.__context__
