"""The tab *Certificates* of devices, virtual machines, application services and IP addresses."""

from urllib.parse import urlencode

from dcim.models import Device
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from ipam.models import IPAddress, Service
from netbox.object_actions import BulkDelete, BulkEdit
from netbox.views import generic
from utilities.views import ViewTab, register_model_view
from virtualization.models import VirtualMachine

from netbox_ssl import filtersets, forms, tables
from netbox_ssl.models import CertificateAssignment
from netbox_ssl.places.assignments import assignments_at
from netbox_ssl.ui.places import assigned_object_params

from .badges import visible_count
from .visibility import VisibleChoicesMixin

__all__ = ()


class PlaceCertificatesView(VisibleChoicesMixin, generic.ObjectChildrenView):
    """Assignments to an object itself, to its services, and to the addresses of its interfaces."""

    child_model = CertificateAssignment
    table = tables.CertificateAssignmentTable
    filterset = filtersets.CertificateAssignmentFilterSet
    filterset_form = forms.CertificateAssignmentFilterForm
    actions = (BulkEdit, BulkDelete)
    template_name = 'netbox_ssl/place_certificates.html'
    # The kind of object, as in assignments_at().
    kind = ''

    def get_children(self, request, parent):
        return assignments_at(self.kind, [parent.pk]).restrict(request.user, 'view').with_places(request.user)

    def get_table(self, data, request, bulk_actions=True):
        table = super().get_table(data, request, bulk_actions)
        table.own_place = (self.queryset.model, self.kwargs['pk'])
        return table

    def get_extra_context(self, request, instance):
        url = reverse('plugins:netbox_ssl:certificateassignment_add')
        params = urlencode({**assigned_object_params(instance), 'return_url': request.path})
        return {'add_url': f'{url}?{params}'}


def _tab(kind: str) -> ViewTab:
    return ViewTab(
        label=_('Certificates'),
        badge=lambda place: visible_count(assignments_at(kind, [place.pk])),
        permission='netbox_ssl.view_certificateassignment',
        # Without certificates, the panel on the main tab says so and has the button to add one.
        hide_if_empty=True,
        weight=2100,
    )


@register_model_view(Device, 'certificates')
class DeviceCertificatesView(PlaceCertificatesView):
    queryset = Device.objects.all()
    kind = 'device'
    tab = _tab(kind)


@register_model_view(VirtualMachine, 'certificates')
class VirtualMachineCertificatesView(PlaceCertificatesView):
    queryset = VirtualMachine.objects.all()
    kind = 'virtual_machine'
    tab = _tab(kind)


@register_model_view(Service, 'certificates')
class ServiceCertificatesView(PlaceCertificatesView):
    queryset = Service.objects.all()
    kind = 'service'
    tab = _tab(kind)


@register_model_view(IPAddress, 'certificates')
class IPAddressCertificatesView(PlaceCertificatesView):
    queryset = IPAddress.objects.all()
    kind = 'ip_address'
    tab = _tab(kind)
