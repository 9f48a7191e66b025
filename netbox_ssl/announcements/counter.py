"""The number of announcements, counted over all processes for Prometheus (``reports/metrics.py``)."""

from contextlib import suppress

from django.conf import settings
from django.core.cache import cache
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError

from netbox_ssl.event_types import EVENT_TYPES

__all__ = ('announcements', 'count_announcements')


def count_announcements(event_type: str, number: int = 1) -> None:
    """
    Count announcements of the plugin's event types, in Redis, which all processes share. If Redis is emptied the count
    restarts at zero, which Prometheus supports. Never raises: an announcement matters more than its count.
    """
    if settings.METRICS_ENABLED and number and event_type in EVENT_TYPES:
        with suppress(RedisError, ConnectionInterrupted):
            cache.add(_key(event_type), 0, timeout=None)
            cache.incr(_key(event_type), number)


def announcements() -> dict[str, int]:
    """Return event type → number of announcements since Redis was last emptied."""
    keys = {_key(event_type): event_type for event_type in EVENT_TYPES}
    counted = {}
    with suppress(RedisError, ConnectionInterrupted):
        counted = cache.get_many(keys)
    return {event_type: counted.get(key, 0) for key, event_type in keys.items()}


def _key(event_type: str) -> str:
    return f'netbox_ssl:announcements:{event_type}'
