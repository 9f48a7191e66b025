"""
Keeps previews until they are confirmed, and results until they were read: on the server, for a large preview would be
more than a form may send back (Django's DATA_UPLOAD_MAX_MEMORY_SIZE). Certificates are public; private keys never come
as far as this.
"""

import re
import secrets
from dataclasses import replace

from django.core.cache import cache

from .inputs import Pasted

__all__ = ('MINUTES', 'finish', 'finished', 'get', 'get_results', 'put', 'put_results')

# How long a person may look at a preview.
MINUTES = 60
RESULT_HOURS = 24
# What we give out ourselves; nothing else becomes part of a cache key.
KEY = re.compile(r'[\w-]{16,64}', re.ASCII)


def put(user, pasted: Pasted) -> str:
    """Keep ``pasted`` for its user. Returns the key that gets it back."""
    key = secrets.token_urlsafe(24)
    kept = replace(pasted, leaves=[]), pasted.texts()
    cache.set(_name('preview', user, key), kept, MINUTES * 60)
    return key


def get(user, key: str) -> Pasted | None:
    """What ``put()`` kept for this user; None if it is too long ago, or another's."""
    kept = cache.get(_name('preview', user, key)) if KEY.fullmatch(key) else None
    if kept is None:
        return None
    pasted, texts = kept
    pasted.take(texts)
    return pasted


def finish(user, key: str, url: str) -> None:
    """The preview with that key, if any, was confirmed, and ``url`` shows what came of it."""
    if KEY.fullmatch(key):
        cache.set(_name('finished', user, key), url, MINUTES * 60)
        cache.delete(_name('preview', user, key))


def finished(user, key: str) -> str | None:
    """Where the results are, if the preview with that key was confirmed already."""
    return cache.get(_name('finished', user, key)) if KEY.fullmatch(key) else None


def put_results(user, entries: list[dict]) -> str:
    """Keep results for this user. Returns their key."""
    key = secrets.token_urlsafe(24)
    cache.set(_name('results', user, key), entries, RESULT_HOURS * 3600)
    return key


def get_results(user, key: str) -> list[dict] | None:
    """What ``put_results()`` kept for this user, or None."""
    return cache.get(_name('results', user, key)) if KEY.fullmatch(key) else None


def _name(kind: str, user, key: str) -> str:
    return f'netbox_ssl:smart_paste:{kind}:{user.pk}:{key}'
