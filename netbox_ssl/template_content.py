"""Buttons and panels on NetBox's own pages."""

from django.utils.translation import gettext as _
from netbox.plugins import PluginTemplateExtension

from .jobs import smart_paste
from .ui.places import CertificateCountsPanel, PlaceCertificatesPanel

__all__ = ('template_extensions',)


class ImportJobButtons(PluginTemplateExtension):
    """Show a button on the page of a background import that leads to its results."""

    models = ['core.job']

    def buttons(self):
        job = self.context['object']
        if job.name != smart_paste.SmartPasteJob.name:
            return ''
        context = {'url': smart_paste.results_url(job), 'label': _('Results')}
        return self.render('netbox_ssl/buttons/import_results.html', extra_context=context)


class PlaceExtension(PluginTemplateExtension):
    """Show the certificates of an object on its page."""

    kind = ''

    def full_width_page(self):
        return PlaceCertificatesPanel(self.kind).render(self.context)


class DeviceExtension(PlaceExtension):
    models = ['dcim.device']
    kind = 'device'


class VirtualMachineExtension(PlaceExtension):
    models = ['virtualization.virtualmachine']
    kind = 'virtual_machine'


class ServiceExtension(PlaceExtension):
    models = ['ipam.service']
    kind = 'service'


class IPAddressExtension(PlaceExtension):
    models = ['ipam.ipaddress']
    kind = 'ip_address'


class CountsExtension(PluginTemplateExtension):
    """Show the number of certificates on the pages of objects that have many."""

    kind = ''
    permissions = ('netbox_ssl.view_certificateassignment',)

    def right_page(self):
        return CertificateCountsPanel(self.kind, self.permissions).render(self.context)


class SiteExtension(CountsExtension):
    models = ['dcim.site']
    kind = 'site'


class ClusterExtension(CountsExtension):
    models = ['virtualization.cluster']
    kind = 'cluster'


class TenantExtension(CountsExtension):
    models = ['tenancy.tenant']
    kind = 'tenant'
    permissions = ()


template_extensions = [
    ImportJobButtons,
    DeviceExtension,
    VirtualMachineExtension,
    ServiceExtension,
    IPAddressExtension,
    SiteExtension,
    ClusterExtension,
    TenantExtension,
]
