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
# Previews, and results, that are kept for a user at a time
MOST = 10
# Format of the keys that put() returns; other values are not used in cache keys.
KEY = re.compile(r'\d{1,2}-[\w-]{16,64}', re.ASCII)


def put(user, pasted: Pasted) -> str:
    """Store ``pasted`` for its user, in place of the oldest of ``MOST``. Return the key for ``get()``."""
    return _put('preview', user, (replace(pasted, leaves=[]), pasted.texts()), MINUTES * 60)


def get(user, key: str) -> Pasted | None:
    """Return what ``put()`` stored for this user, or None if it has expired or belongs to another user."""
    kept = _get('preview', user, key)
    if kept is None:
        return None
    pasted, texts = kept
    pasted.take(texts)
    return pasted


def finish(user, key: str, url: str) -> None:
    """Record that the preview with this key, if any, was confirmed, and that ``url`` shows the results."""
    if _get('preview', user, key) is not None:
        cache.set(_name('finished', user, key), url, MINUTES * 60)
        cache.delete(_name('preview', user, _slot(key)))


def finished(user, key: str) -> str | None:
    """Return the URL of the results if the preview with this key was already confirmed."""
    return cache.get(_name('finished', user, key)) if KEY.fullmatch(key) else None


def put_results(user, entries: list[dict]) -> str:
    """Store results for this user, in place of the oldest of ``MOST``. Return the key for ``get_results()``."""
    return _put('results', user, entries, RESULT_HOURS * 3600)


def get_results(user, key: str) -> list[dict] | None:
    """Return what ``put_results()`` stored for this user, or None."""
    return _get('results', user, key)


#
# A user has a fixed number of places for each kind, used in turn, so that nobody fills the memory of the cache.
#


def _put(kind: str, user, value, seconds: int) -> str:
    counter = _name(kind, user, 'counter')
    cache.add(counter, 0, None)
    key = f'{cache.incr(counter) % MOST}-{secrets.token_urlsafe(24)}'
    cache.set(_name(kind, user, _slot(key)), (key, value), seconds)
    return key


def _get(kind: str, user, key: str):
    found = cache.get(_name(kind, user, _slot(key))) if KEY.fullmatch(key) else None
    return found[1] if found and secrets.compare_digest(found[0], key) else None


def _slot(key: str) -> str:
    return key.partition('-')[0]


def _name(kind: str, user, key: str) -> str:
    return f'netbox_ssl:smart_paste:{kind}:{user.pk}:{key}'
