from dcim.models import Device, Site
from django import forms
from django.utils.translation import gettext_lazy as _
from ipam.models import IPAddress, Service
from utilities.forms.fields import DynamicModelMultipleChoiceField
from virtualization.models import Cluster, VirtualMachine

__all__ = ('PLACE_FILTERS', 'PlaceFilterForm')

PLACE_FILTERS = ('device_id', 'virtual_machine_id', 'service_id', 'ip_address_id', 'site_id', 'cluster_id')


class PlaceFilterForm(forms.Form):
    """Filters by the objects that use a certificate, for lists of certificates and assignments."""

    device_id = DynamicModelMultipleChoiceField(
        queryset=Device.objects.all(),
        required=False,
        label=_('Device'),
    )
    virtual_machine_id = DynamicModelMultipleChoiceField(
        queryset=VirtualMachine.objects.all(),
        required=False,
        label=_('Virtual machine'),
    )
    service_id = DynamicModelMultipleChoiceField(
        queryset=Service.objects.all(),
        required=False,
        label=_('Application service'),
    )
    ip_address_id = DynamicModelMultipleChoiceField(
        queryset=IPAddress.objects.all(),
        required=False,
        label=_('IP address'),
    )
    site_id = DynamicModelMultipleChoiceField(
        queryset=Site.objects.all(),
        required=False,
        label=_('Site'),
    )
    cluster_id = DynamicModelMultipleChoiceField(
        queryset=Cluster.objects.all(),
        required=False,
        label=_('Cluster'),
    )
