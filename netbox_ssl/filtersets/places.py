"""Filters by the objects that use a certificate, for certificates and assignments."""

import django_filters
from dcim.models import Device, Site
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from ipam.models import IPAddress, Service
from netbox.filtersets import BaseFilterSet
from virtualization.models import Cluster, VirtualMachine

from netbox_ssl.places.assignments import assignments_at

__all__ = ('PlaceFilterSet', 'RelatedIDFilter', 'RelatedNameFilter', 'VisibleFilter')


class VisibleFilter(django_filters.ModelMultipleChoiceFilter):
    """
    Filter by objects that the user may view: others are treated as nonexistent. There is no choice for null, unless
    ``null_label`` names it.
    """

    def __init__(self, *args, null_label=None, **kwargs):
        super().__init__(*args, null_label=null_label, **kwargs)

    def get_queryset(self, request):
        queryset = super().get_queryset(request)
        return queryset.restrict(request.user, 'view') if request else queryset


@extend_schema_field(OpenApiTypes.INT)
class RelatedIDFilter(VisibleFilter):
    """For filters with a method, whose type cannot be derived from a column."""


@extend_schema_field(OpenApiTypes.STR)
class RelatedNameFilter(VisibleFilter):
    pass


class PlaceFilter(VisibleFilter):
    def __init__(self, model, label, **options):
        super().__init__(queryset=model.objects.all(), method='filter_places', distinct=False, label=label, **options)


@extend_schema_field(OpenApiTypes.INT)
class PlaceIDFilter(PlaceFilter):
    pass


@extend_schema_field(OpenApiTypes.STR)
class PlaceNameFilter(PlaceFilter):
    def __init__(self, model, label, to_field_name):
        super().__init__(model, label, to_field_name=to_field_name)


class PlaceFilterSet(BaseFilterSet):
    device_id = PlaceIDFilter(Device, _('Device (ID)'))
    device = PlaceNameFilter(Device, _('Device (name)'), 'name')
    virtual_machine_id = PlaceIDFilter(VirtualMachine, _('Virtual machine (ID)'))
    virtual_machine = PlaceNameFilter(VirtualMachine, _('Virtual machine (name)'), 'name')
    service_id = PlaceIDFilter(Service, _('Application service (ID)'))
    service = PlaceNameFilter(Service, _('Application service (name)'), 'name')
    ip_address_id = PlaceIDFilter(IPAddress, _('IP address (ID)'))
    ip_address = PlaceNameFilter(IPAddress, _('IP address'), 'address')
    site_id = PlaceIDFilter(Site, _('Site (ID)'))
    site = PlaceNameFilter(Site, _('Site (slug)'), 'slug')
    cluster_id = PlaceIDFilter(Cluster, _('Cluster (ID)'))
    cluster = PlaceNameFilter(Cluster, _('Cluster (name)'), 'name')

    class Meta:
        abstract = True

    def at_places(self, queryset, assignments):
        """Return the objects of ``queryset`` that these assignments belong to."""
        raise NotImplementedError

    def permitted(self, assignments):
        """Return the assignments that the user may view: a filter must not reveal what a list does not show."""
        return assignments.restrict(self.request.user, 'view') if self.request else assignments

    def filter_places(self, queryset, name, value):
        if not value:
            return queryset
        return self.at_places(queryset, assignments_at(name.removesuffix('_id'), value))
