"""What NetBox reads once for each request."""

from collections import defaultdict
from contextlib import contextmanager

from netbox.context import query_cache

__all__ = ('as_in_a_request',)


@contextmanager
def as_in_a_request():
    """Read the custom fields of a model once in this context, as in a request; otherwise each form would read them."""
    token = query_cache.set(defaultdict(dict))
    try:
        yield
    finally:
        query_cache.reset(token)
