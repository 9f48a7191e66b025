"""
Appends the metrics of the plugin to NetBox's own ``/metrics``, which NetBox serves when METRICS_ENABLED is set.

They are in a registry of their own: the default one is not what NetBox serves where several processes share a folder
(PROMETHEUS_MULTIPROC_DIR), and a gauge that each process kept there would outlive what it counted.
"""

import logging

from prometheus_client import CollectorRegistry, generate_latest

from .netbox_internals import METRICS_VIEW
from .reports.metrics import RenewalCollector

__all__ = ('MetricsMiddleware',)

logger = logging.getLogger('netbox.plugins.netbox_ssl')


class MetricsMiddleware:
    """Append our metrics to NetBox's. If ours cannot be collected, NetBox's are served all the same."""

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
