"""
Middleware of NetBox: the metrics of the plugin, the query strings of its pages and endpoints, and a start only with the
right tables.
"""

import logging
from functools import cache

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ImproperlyConfigured, MiddlewareNotUsed, ValidationError
from django.http import JsonResponse
from django.shortcuts import redirect
from prometheus_client import CollectorRegistry, generate_latest

from .checks.migration_state import explain_foreign_migrations, foreign_migrations
from .netbox_internals import METRICS_VIEW
from .reports.metrics import RenewalCollector
from .validators import refuse_private_key
from .x509 import visible

__all__ = ('MetricsMiddleware', 'MigrationGuardMiddleware', 'QueryGuardMiddleware')

logger = logging.getLogger('netbox.plugins.netbox_ssl')


class MetricsMiddleware:
    """
    Append the plugin's metrics to NetBox's own ``/metrics``, which NetBox serves when METRICS_ENABLED is set, even if
    they cannot be collected.

    They have their own registry: NetBox does not serve the default registry if several processes share a folder
    (PROMETHEUS_MULTIPROC_DIR), and a gauge kept there by each process would outlive the objects it counted.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        match = request.resolver_match
        if match is not None and match.url_name == METRICS_VIEW and response.status_code == 200:
            registry = CollectorRegistry()
            registry.register(RenewalCollector())
            try:
                response.content += generate_latest(registry)
            except Exception:
                logger.exception('The metrics of NetBox SSL could not be collected')
        return response


# First names of the URLs of the plugin's pages and endpoints
PAGES, API = ['plugins', 'netbox_ssl'], ['plugins-api', 'netbox_ssl-api']


class QueryGuardMiddleware:
    """
    Refuse a private key in the query string of the plugin's pages and endpoints, for example pasted into a search box:
    pages show their filters, and lists link to their next page with them.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        namespaces = request.resolver_match.namespaces
        if not request.GET or namespaces[:2] not in (PAGES, API):
            return None
        errors = {}
        for name, values in request.GET.lists():
            try:
                refuse_private_key(NON_FIELD_ERRORS, name)
                for value in values:
                    refuse_private_key(visible(name), value)
            except ValidationError as error:
                errors |= error.message_dict
        if not errors:
            return None
        if namespaces[:2] == API:
            return JsonResponse(errors, status=400)
        for message in dict.fromkeys(message for each in errors.values() for message in each):
            messages.error(request, message)
        return redirect(request.path)


class MigrationGuardMiddleware:
    """
    Keep the web server from starting on tables of a newer version, or of the other plugin of this name, as the system
    check does for commands. It handles no requests.
    """

    def __init__(self, get_response):
        if names := _foreign_migrations():
            raise ImproperlyConfigured(' '.join(explain_foreign_migrations(names)))
        raise MiddlewareNotUsed


@cache
def _foreign_migrations() -> list[str]:
    """Ask the database once per process: tests start many web servers in one."""
    return foreign_migrations()
