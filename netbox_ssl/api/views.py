from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from netbox.api.viewsets import NetBoxModelViewSet, NetBoxReadOnlyModelViewSet
from rest_framework.routers import APIRootView

from netbox_ssl import filtersets
from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource, Endpoint, Issuance
from netbox_ssl.models.usual_renewal import USUAL_RENEWAL, usual_renewal_sql
from netbox_ssl.places.deployment import DEPLOYMENT_STATE, deployment_state_sql, visible_sources

from . import serializers
from .ari_views import CheckARIMixin
from .detect_views import DetectMixin
from .endpoint_views import EndpointProposalsMixin, EndpointResultsMixin
from .guards import RequestGuardMixin
from .import_views import ImportMixin
from .metrics_views import MetricsMixin
from .ordering import CertificateOrderingFilter
from .querysets import FrugalQuerysetMixin
from .status_views import StatusViewSet
from .suggestion_views import AssignmentSuggestionViewSet
from .sync_views import SyncMixin

__all__ = (
    'AssignmentSuggestionViewSet',
    'CertificateAssignmentViewSet',
    'CertificateSourceViewSet',
    'CertificateViewSet',
    'EndpointViewSet',
    'IssuanceViewSet',
    'RootView',
    'StatusViewSet',
)


class RootView(APIRootView):
    """NetBox SSL API root view"""

    def get_view_name(self):
        return 'NetBox SSL'


class CertificateViewSet(
    FrugalQuerysetMixin, RequestGuardMixin, ImportMixin, DetectMixin, CheckARIMixin, MetricsMixin, NetBoxModelViewSet
):
    queryset = Certificate.objects.annotate(**{USUAL_RENEWAL: usual_renewal_sql()})
    serializer_class = serializers.CertificateSerializer
    filterset_class = filtersets.CertificateFilterSet
    filter_backends = (DjangoFilterBackend, CertificateOrderingFilter)

    def annotated(self, queryset):
        sources = visible_sources(self.request.user if self.request else None)
        return queryset.annotate(**{DEPLOYMENT_STATE: deployment_state_sql(timezone.now(), sources)})


class IssuanceViewSet(FrugalQuerysetMixin, NetBoxReadOnlyModelViewSet):
    queryset = Issuance.objects.with_replacement()
    serializer_class = serializers.IssuanceSerializer
    filterset_class = filtersets.IssuanceFilterSet


class CertificateSourceViewSet(FrugalQuerysetMixin, RequestGuardMixin, SyncMixin, NetBoxModelViewSet):
    queryset = CertificateSource.objects.all()
    serializer_class = serializers.CertificateSourceSerializer
    filterset_class = filtersets.CertificateSourceFilterSet


class CertificateAssignmentViewSet(FrugalQuerysetMixin, RequestGuardMixin, NetBoxModelViewSet):
    queryset = CertificateAssignment.objects.with_places()
    serializer_class = serializers.CertificateAssignmentSerializer
    filterset_class = filtersets.CertificateAssignmentFilterSet


class EndpointViewSet(
    FrugalQuerysetMixin, RequestGuardMixin, EndpointResultsMixin, EndpointProposalsMixin, NetBoxModelViewSet
):
    queryset = Endpoint.objects.with_sources()
    serializer_class = serializers.EndpointSerializer
    filterset_class = filtersets.EndpointFilterSet

    def annotated(self, queryset):
        return queryset.with_places(self.request.user if self.request else None)
