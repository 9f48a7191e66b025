"""
Appends the metrics of the plugin to NetBox's own ``/metrics``, which NetBox serves when METRICS_ENABLED is set.

They have their own registry: NetBox does not serve the default registry if several processes share a folder
(PROMETHEUS_MULTIPROC_DIR), and a gauge kept there by each process would outlive the objects it counted.
"""

import logging

from prometheus_client import CollectorRegistry, generate_latest

from .netbox_internals import METRICS_VIEW
from .reports.metrics import RenewalCollector

__all__ = ('MetricsMiddleware',)

logger = logging.getLogger('netbox.plugins.netbox_ssl')


class MetricsMiddleware:
    """Append the plugin's metrics to NetBox's, which are served even if the plugin's cannot be collected."""

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
