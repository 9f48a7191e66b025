"""``GET certificates/metrics/``: a series for each certificate, to be scraped by Prometheus."""

import json

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from prometheus_client import CollectorRegistry, generate_latest
from rest_framework.decorators import action
from rest_framework.renderers import BaseRenderer
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.models import Certificate
from netbox_ssl.reports.certificate_metrics import CertificateCollector

__all__ = ('MetricsMixin',)


class PrometheusRenderer(BaseRenderer):
    """The text format of Prometheus, version 0.0.4, which every Prometheus accepts; errors as JSON."""

    media_type = 'text/plain'
    format = 'prometheus'
    charset = 'utf-8'

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return data if isinstance(data, bytes) else json.dumps(data, cls=JSONEncoder) + '\n'


class MetricsMixin:
    """The endpoint of the view set of certificates."""

    @extend_schema(
        operation_id='ssl_certificates_metrics',
        responses={
            (200, 'text/plain'): OpenApiResponse(OpenApiTypes.STR, description='Metrics in the format of Prometheus')
        },
    )
    @action(
        detail=False,
        methods=['get'],
        url_path='metrics',
        url_name='metrics',
        renderer_classes=[PrometheusRenderer],
        # The header Accept of Prometheus has the version of its format, not of this API.
        versioning_class=None,
        pagination_class=None,
    )
    def metrics(self, request):
        """
        Return the validity of each certificate that the user may view, and its worst deployment, as metrics for
        Prometheus, narrowed by the filters of the list. Without a filter by status, only active certificates are
        included.
        """
        visible = Certificate.objects.restrict(request.user, 'view')
        if 'status' not in request.query_params:
            visible = visible.filter(status=CertificateStatusChoices.STATUS_ACTIVE)
        registry = CollectorRegistry()
        registry.register(CertificateCollector(self.filter_queryset(visible), timezone.now(), user=request.user))
        return Response(generate_latest(registry), content_type='text/plain; version=0.0.4; charset=utf-8')
