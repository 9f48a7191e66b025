"""
NetBox's private parts: what the plugin uses of NetBox that no documentation for plugins promises, and why.

Models, choices and the classes that plugins extend (views, forms, tables, filtersets, panels, serializers, GraphQL
types) are not part of this, whether documented or not: NetBox's own apps are built from them, and so is every plugin.
This is the machinery behind them. Every other module imports it from here (``make lint`` checks that), and
``tests/test_netbox_internals.py`` checks that it still exists, with the parameters that are used. Checked with NetBox
4.7.0 and 4.7.3. When a new version of NetBox comes out, this is the list to go through.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from core.signals import clear_events
from django.conf import settings
from extras.events import EventContext, enqueue_event, process_event_rules
from netbox.api.authentication import IsAuthenticatedOrLoginNotRequired, TokenAuthentication, TokenPermissions
from netbox.api.viewsets.mixins import discard_events_on_rollback, resolve_bulk_error_status
from netbox.config import get_config
from netbox.constants import ADVISORY_LOCK_KEYS, RQ_QUEUE_DEFAULT, RQ_QUEUE_HIGH, RQ_QUEUE_LOW
from netbox.context import current_request, events_queue, query_cache
from netbox.context_managers import event_tracking
from netbox.graphql.optimization import build_gfk_prefetch, optimize_prefetch_queryset
from netbox.search.deferred import OP_CACHE, mark_for_deferred_indexing
from users.constants import TOKEN_PREFIX
from utilities.api import get_prefetches_for_serializer, get_serializer_for_model
from utilities.jobs import is_background_request, process_request_as_job
from utilities.permissions import get_permission_for_model
from utilities.proxy import resolve_proxies
from utilities.request import NetBoxFakeRequest, apply_request_processors, copy_safe_request
from utilities.rqworker import any_workers_for_queue, get_rq_retry
from utilities.serialization import deserialize_object

__all__ = (
    # Events. Time and CAs change certificates without a request, so the Event Rules are dispatched from here rule by
    # rule: NetBox's own dispatch stops at the first rule that fails (announcements/rules.py).
    'EventContext',
    'process_event_rules',
    # Imports in bulk write what NetBox's receiver of post_save would have written (intake/bulk_create.py).
    'enqueue_event',
    # What was undone must leave no events: queue them as a request does, and forget them (utilities.py, views, api).
    'events_queue',
    'event_tracking',
    'clear_events',
    'discard_events_on_rollback',
    # Whether a request is going to announce what it changes, and whose permissions apply to a tab.
    'current_request',
    # Without it the custom fields are read again for each object that is serialized.
    'per_request_cache',
    # The change log: what an object was before an edit, and the message that a user gives.
    'prechange_snapshot',
    'set_changelog_message',
    'get_changelog_message',
    # REST: permissions of endpoints that are no plain create, update or delete; the answer to a list with errors; the
    # serializer of a model as events use it; tokens in the address of a calendar.
    'TokenPermissions',
    'IsAuthenticatedOrLoginNotRequired',
    'TokenAuthentication',
    'TOKEN_PREFIX',
    'resolve_bulk_error_status',
    'get_serializer_for_model',
    'get_prefetches_for_serializer',
    'get_permission_for_model',
    # GraphQL: nested lists without a query for each object.
    'build_gfk_prefetch',
    'optimize_prefetch_queryset',
    # Search: objects that were created in bulk are indexed as others are.
    'OP_CACHE',
    'mark_for_deferred_indexing',
    # Jobs: queues, whether anybody serves them, the lock of NetBox's schedules, maintenance mode, and requests that are
    # repeated within a job.
    'RQ_QUEUE_DEFAULT',
    'RQ_QUEUE_HIGH',
    'RQ_QUEUE_LOW',
    'any_workers_for_queue',
    'get_rq_retry',
    'SCHEDULES_LOCK',
    'get_config',
    'apply_request_processors',
    'copy_safe_request',
    'NetBoxFakeRequest',
    'is_background_request',
    'process_request_as_job',
    'use_queue_class',
    # Requests to CAs go through the proxies of NetBox's configuration.
    'resolve_proxies',
    # netbox-branching merges what it reads with this; models whose save() does more wrap it (branching.py).
    'deserialize_object',
    # Where NetBox serves the metrics for Prometheus.
    'METRICS_VIEW',
)

# The advisory lock that NetBox holds while it schedules jobs. Who adds to a chain of jobs must hold the same.
SCHEDULES_LOCK = ADVISORY_LOCK_KEYS['job-schedules']

# The name that django_prometheus gives to NetBox's /metrics.
METRICS_VIEW = 'prometheus-django-metrics'


@contextmanager
def per_request_cache() -> Iterator[None]:
    """Let NetBox keep what it reads for each object again (custom fields), as it does within a request."""
    token = query_cache.set(query_cache.get() or defaultdict(dict))
    try:
        yield
    finally:
        query_cache.reset(token)


def prechange_snapshot(instance) -> dict:
    """Return ``instance`` as it was before the present edit (``snapshot()``); empty if NetBox took no snapshot."""
    return getattr(instance, '_prechange_snapshot', None) or {}


def set_changelog_message(instance, message: str) -> None:
    """Give ``instance`` the message that its next entry in the change log has."""
    instance._changelog_message = message


def get_changelog_message(instance) -> str:
    """Return that message, as NetBox's forms set it; '' if there is none."""
    return getattr(instance, '_changelog_message', '') or ''


def use_queue_class(queue_class: type, client_options: dict) -> None:
    """
    Have django-rq make its queues of ``queue_class``, with ``client_options`` for their Redis clients, unless the
    installation has configured otherwise: django-rq's setting for this, added as NetBox adds ``RQ['WORKER_CLASS']``. To
    be called while NetBox starts.
    """
    settings.RQ.setdefault('QUEUE_CLASS', queue_class)
    for parameters in settings.RQ_QUEUES.values():
        for name, value in client_options.items():
            parameters.setdefault('REDIS_CLIENT_KWARGS', {}).setdefault(name, value)
