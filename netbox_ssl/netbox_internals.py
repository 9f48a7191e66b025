"""
NetBox's internals that the plugin uses although its documentation for plugins does not promise them, and why.

Models, choices and the classes that plugins extend (views, forms, tables, filtersets, panels, serializers, GraphQL
types) are not part of this, whether documented or not: NetBox's own apps are built from them, and so is every plugin.
This module lists the machinery behind them. Every other module imports it from here (``make lint`` checks that), and
``tests/test_netbox_internals.py`` checks that it still exists, with the parameters that are used. Checked with NetBox
4.7.0 and 4.7.3. Go through this list when a new version of NetBox is released.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from copy import copy

from core.signals import clear_events
from django.conf import settings
from extras.events import EventContext, enqueue_event, process_event_rules
from netbox.api.authentication import IsAuthenticatedOrLoginNotRequired, TokenAuthentication, TokenPermissions
from netbox.api.serializers import ValidatedModelSerializer
from netbox.api.viewsets.mixins import discard_events_on_rollback, resolve_bulk_error_status
from netbox.config import get_config
from netbox.constants import ADVISORY_LOCK_KEYS, RQ_QUEUE_DEFAULT, RQ_QUEUE_HIGH, RQ_QUEUE_LOW
from netbox.context import current_request, events_queue, query_cache
from netbox.context_managers import event_tracking
from netbox.graphql.optimization import build_gfk_prefetch, optimize_prefetch_queryset
from netbox.search.deferred import OP_CACHE, mark_for_deferred_indexing
from users.constants import TOKEN_PREFIX
from utilities.api import get_prefetches_for_serializer, get_related_object_by_attrs, get_serializer_for_model
from utilities.jobs import is_background_request, process_request_as_job
from utilities.permissions import get_permission_for_model
from utilities.proxy import resolve_proxies
from utilities.request import NetBoxFakeRequest, apply_request_processors, copy_safe_request
from utilities.rqworker import any_workers_for_queue, get_rq_retry
from utilities.serialization import deserialize_object

__all__ = (
    # Events. Time and CAs change certificates without a request, so the plugin dispatches the Event Rules rule by
    # rule: NetBox's own dispatch stops at the first rule that fails (announcements/rules.py).
    'EventContext',
    'process_event_rules',
    # Bulk imports do what NetBox's post_save receiver would have done (intake/bulk_create.py).
    'enqueue_event',
    # Changes that were rolled back must not leave events in the queue of the request (utilities.py, views, api).
    'events_queue',
    'event_tracking',
    'clear_events',
    'discard_events_on_rollback',
    # Whether a request will announce its changes, and whose permissions apply to a tab.
    'current_request',
    # Without this cache the custom fields are read again for each object that is serialized.
    'per_request_cache',
    # A renewal must not stop because a custom field became required (intake/custom_fields.py).
    'custom_fields_optional',
    # The change log: the state of an object before an edit, and the message of the user.
    'prechange_snapshot',
    'set_changelog_message',
    'get_changelog_message',
    # REST: permissions of endpoints other than plain create, update or delete; the response to a list with errors; the
    # serializer that events use for a model; related objects in a request; tokens in the URL of a calendar.
    'TokenPermissions',
    'IsAuthenticatedOrLoginNotRequired',
    'TokenAuthentication',
    'TOKEN_PREFIX',
    'resolve_bulk_error_status',
    'get_serializer_for_model',
    'get_prefetches_for_serializer',
    'get_related_object_by_attrs',
    'get_permission_for_model',
    # REST: whether NetBox's serializers store what full_clean() changes (api/cleaned_fields.py)
    'WRITES_CLEANED_FIELDS',
    # GraphQL: nested lists without one query per object
    'build_gfk_prefetch',
    'optimize_prefetch_queryset',
    # Search: index objects that were created in bulk.
    'OP_CACHE',
    'mark_for_deferred_indexing',
    # Jobs: queues, whether a worker serves them, the lock of NetBox's schedules, maintenance mode, and requests that
    # are repeated within a job.
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
    # netbox-branching merges the objects that this reads; models whose save() does more wrap it (branching.py).
    'deserialize_object',
    # Name of the view that serves the metrics for Prometheus
    'METRICS_VIEW',
)

# The advisory lock that NetBox holds while it schedules jobs. Code that adds to a chain of jobs must hold it, too.
SCHEDULES_LOCK = ADVISORY_LOCK_KEYS['job-schedules']

# Not a comparison of versions, so that it does not depend on which of them began to
WRITES_CLEANED_FIELDS = 'model_clean_fields' in ValidatedModelSerializer.validate.__code__.co_consts

# The name that django_prometheus gives to NetBox's /metrics.
METRICS_VIEW = 'prometheus-django-metrics'


@contextmanager
def per_request_cache() -> Iterator[None]:
    """Let NetBox cache custom fields, which it would read again for each object, as it does within a request."""
    token = query_cache.set(query_cache.get() or defaultdict(dict))
    try:
        yield
    finally:
        query_cache.reset(token)


@contextmanager
def custom_fields_optional(model: type, names: Collection[str]) -> Iterator[None]:
    """
    Treat these custom fields of ``model`` as not required. The caller has opened ``per_request_cache()``, and has had
    NetBox read the fields.
    """
    if not names:
        yield
        return
    cached = query_cache.get()['custom_fields']
    fields = cached[model]
    cached[model] = [_optional(field) if field.name in names else field for field in fields]
    try:
        yield
    finally:
        cached[model] = fields


def _optional(field):
    optional = copy(field)
    optional.required = False
    return optional


def prechange_snapshot(instance) -> dict:
    """Return ``instance`` as it was before the current edit (``snapshot()``); empty if NetBox took no snapshot."""
    return getattr(instance, '_prechange_snapshot', None) or {}


def set_changelog_message(instance, message: str) -> None:
    """Set the message of the next change log entry of ``instance``."""
    instance._changelog_message = message


def get_changelog_message(instance) -> str:
    """Return the message that was set on ``instance``, for example by a form of NetBox; '' if there is none."""
    return getattr(instance, '_changelog_message', '') or ''


def use_queue_class(queue_class: type, client_options: dict) -> None:
    """
    Have django-rq make its queues of ``queue_class``, with ``client_options`` for their Redis clients, unless the
    installation has configured it differently. Adds django-rq's setting in the way NetBox adds ``RQ['WORKER_CLASS']``.
    Must be called while NetBox starts.
    """
    settings.RQ.setdefault('QUEUE_CLASS', queue_class)
    for parameters in settings.RQ_QUEUES.values():
        for name, value in client_options.items():
            parameters.setdefault('REDIS_CLIENT_KWARGS', {}).setdefault(name, value)
