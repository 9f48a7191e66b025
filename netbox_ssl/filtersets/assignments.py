"""Filters of certificate assignments and of suggested ones."""

import django_filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from netbox.filtersets import NetBoxModelFilterSet
from utilities.filters import MultiValueContentTypeFilter
from utilities.filtersets import register_filterset

from netbox_ssl.models import AssignmentSuggestion, CertificateAssignment

from .mixins import OfCertificateFilterSet
from .places import PlaceFilterSet

__all__ = (
    'CertificateAssignmentFilterSet',
    'AssignmentSuggestionFilterSet',
)


@register_filterset
class CertificateAssignmentFilterSet(PlaceFilterSet, OfCertificateFilterSet, NetBoxModelFilterSet):
    assigned_object_type = MultiValueContentTypeFilter()

    class Meta:
        model = CertificateAssignment
        fields = ('id', 'assigned_object_type_id', 'assigned_object_id', 'primary', 'note')

    def at_places(self, queryset, assignments):
        return queryset.filter(pk__in=assignments.values('pk'))

    def search_q(self, value):
        return (
            Q(note__icontains=value)
            | Q(certificate__name__icontains=value)
            | Q(device__name__icontains=value)
            | Q(virtual_machine__name__icontains=value)
            | Q(service__name__icontains=value)
            | Q(ip_address__dns_name__icontains=value)
        )


class AssignmentSuggestionFilterSet(OfCertificateFilterSet):
    dismissed = django_filters.BooleanFilter(
        field_name='dismissed_at',
        lookup_expr='isnull',
        exclude=True,
        label=_('Dismissed'),
    )

    class Meta:
        model = AssignmentSuggestion
        fields = ('id', 'assigned_object_type_id')

    def search_q(self, value):
        return Q(name__icontains=value) | Q(certificate__name__icontains=value)
