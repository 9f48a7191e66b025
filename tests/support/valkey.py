"""A private Valkey that is restarted while NetBox uses it."""

from contextlib import suppress
from urllib.parse import unquote, urlsplit

import redis

from dev import valkey
from dev.console import Failure


def restart(url, folder):
    """Restart as ``systemctl restart`` does with the default settings: the data is written, and read again."""
    parts = urlsplit(url)
    address = (parts.port, unquote(parts.password))
    # It closes the connection.
    with suppress(redis.ConnectionError):
        valkey.client(*address).shutdown(save=True)
    if not valkey.launch(*address, folder):
        raise Failure(f'Valkey does not start again; its log: {folder / "valkey.log"}')
