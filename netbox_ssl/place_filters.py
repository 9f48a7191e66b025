"""Filters by where a certificate lives, for lists of certificates and of assignments."""

import django_filters
from dcim.models import Device, Site
from django.utils.translation import gettext_lazy as _
from ipam.models import IPAddress, Service
from netbox.filtersets import BaseFilterSet
from virtualization.models import Cluster, VirtualMachine

from .places import assignments_at

__all__ = ('PlaceFilterSet',)


def _filter(model, label, to_field_name=None):
    named = {'to_field_name': to_field_name} if to_field_name else {}
    return django_filters.ModelMultipleChoiceFilter(
        queryset=model.objects.all(),
        method='filter_places',
        distinct=False,
        label=label,
        **named,
    )


class PlaceFilterSet(BaseFilterSet):
    device_id = _filter(Device, _('Device (ID)'))
    device = _filter(Device, _('Device (name)'), 'name')
    virtual_machine_id = _filter(VirtualMachine, _('Virtual machine (ID)'))
    virtual_machine = _filter(VirtualMachine, _('Virtual machine (name)'), 'name')
    service_id = _filter(Service, _('Application service (ID)'))
    service = _filter(Service, _('Application service (name)'), 'name')
    ip_address_id = _filter(IPAddress, _('IP address (ID)'))
    ip_address = _filter(IPAddress, _('IP address'), 'address')
    site_id = _filter(Site, _('Site (ID)'))
    site = _filter(Site, _('Site (slug)'), 'slug')
    cluster_id = _filter(Cluster, _('Cluster (ID)'))
    cluster = _filter(Cluster, _('Cluster (name)'), 'name')

    class Meta:
        abstract = True

    def at_places(self, queryset, assignments):
        """What of ``queryset`` these assignments lead to."""
        raise NotImplementedError

    def permitted(self, assignments):
        """Those which the user may see: a filter must not tell what a list does not show."""
        return assignments.restrict(self.request.user, 'view') if self.request else assignments

    def filter_places(self, queryset, name, value):
        if not value:
            return queryset
        return self.at_places(queryset, assignments_at(name.removesuffix('_id'), value))
