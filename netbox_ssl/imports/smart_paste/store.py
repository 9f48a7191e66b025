"""
Store previews until they are confirmed, and results for a day. They are kept on the server because a large preview
exceeds what a form may send back (DATA_UPLOAD_MAX_MEMORY_SIZE). Certificates are public; private keys are refused
before.
"""

import re
import secrets
from dataclasses import replace

from django.core.cache import cache

from .inputs import Pasted

__all__ = ('MINUTES', 'finish', 'finished', 'get', 'get_results', 'put', 'put_results')

# How long a preview can be confirmed
MINUTES = 60
RESULT_HOURS = 24
# Format of the keys that put() returns; other values are not used in cache keys.
KEY = re.compile(r'[\w-]{16,64}', re.ASCII)


def put(user, pasted: Pasted) -> str:
    """Store ``pasted`` for its user. Return the key for ``get()``."""
    key = secrets.token_urlsafe(24)
    kept = replace(pasted, leaves=[]), pasted.texts()
    cache.set(_name('preview', user, key), kept, MINUTES * 60)
    return key


def get(user, key: str) -> Pasted | None:
    """Return what ``put()`` stored for this user, or None if it has expired or belongs to another user."""
    kept = cache.get(_name('preview', user, key)) if KEY.fullmatch(key) else None
    if kept is None:
        return None
    pasted, texts = kept
    pasted.take(texts)
    return pasted


def finish(user, key: str, url: str) -> None:
    """Record that the preview with this key, if any, was confirmed, and that ``url`` shows the results."""
    if KEY.fullmatch(key):
        cache.set(_name('finished', user, key), url, MINUTES * 60)
        cache.delete(_name('preview', user, key))


def finished(user, key: str) -> str | None:
    """Return the URL of the results if the preview with this key was already confirmed."""
    return cache.get(_name('finished', user, key)) if KEY.fullmatch(key) else None


def put_results(user, entries: list[dict]) -> str:
    """Store results for this user. Return the key for ``get_results()``."""
    key = secrets.token_urlsafe(24)
    cache.set(_name('results', user, key), entries, RESULT_HOURS * 3600)
    return key


def get_results(user, key: str) -> list[dict] | None:
    """Return what ``put_results()`` stored for this user, or None."""
    return cache.get(_name('results', user, key)) if KEY.fullmatch(key) else None


def _name(kind: str, user, key: str) -> str:
    return f'netbox_ssl:smart_paste:{kind}:{user.pk}:{key}'
