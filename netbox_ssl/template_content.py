"""Buttons and panels on NetBox's own pages."""

from urllib.parse import urlencode

from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from netbox.plugins import PluginTemplateExtension

from . import __version__
from .jobs import smart_paste
from .models import Certificate
from .models.name_lookups import covering_q
from .reports.by_name import answer
from .ui.places import CertificateCountsPanel, PlaceCertificatesPanel
from .x509 import asked_name

__all__ = ('template_extensions',)


class Stylesheet(PluginTemplateExtension):
    """Add the plugin's stylesheet to its own pages."""

    def head(self):
        match = self.context['request'].resolver_match
        if match is None or 'netbox_ssl' not in match.namespaces:
            return ''
        # With the version, so that browsers do not keep that of an earlier one
        return format_html('<link rel="stylesheet" href="{}?v={}">', static('netbox_ssl/netbox_ssl.css'), __version__)


class ImportJobButtons(PluginTemplateExtension):
    """Show a button on the page of a background import that leads to its results."""

    models = ['core.job']

    def buttons(self):
        job = self.context['object']
        if job.name != smart_paste.SmartPasteJob.name:
            return ''
        context = {'url': smart_paste.results_url(job), 'label': _('Results')}
        return self.render('netbox_ssl/buttons/import_results.html', extra_context=context)


class SearchVerdict(PluginTemplateExtension):
    """Show on NetBox's search page whether the name that was searched for is fine, with a link to *By Name*."""

    def navbar(self):
        request = self.context['request']
        match = request.resolver_match
        if match is None or match.view_name != 'search' or not request.user.has_perm('netbox_ssl.view_certificate'):
            return ''
        # NetBox renders it twice, for wide and narrow screens.
        if not hasattr(request, '_netbox_ssl_verdict'):
            request._netbox_ssl_verdict = self._render(request.GET.get('q', ''), request.user)
        return request._netbox_ssl_verdict

    def _render(self, text: str, user) -> str:
        name = asked_name(text)
        if not name:
            return ''
        certificates = Certificate.objects.restrict(user, 'view').filter(covering_q(Certificate, [name]))
        found = answer(certificates, timezone.now(), user)
        if not found.total:
            return ''
        url = f'{reverse("plugins:netbox_ssl:by_name")}?{urlencode({"name": name})}'
        return self.render('netbox_ssl/inc/search_verdict.html', {'answer': found, 'name': name, 'url': url})


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
    Stylesheet,
    ImportJobButtons,
    SearchVerdict,
    DeviceExtension,
    VirtualMachineExtension,
    ServiceExtension,
    IPAddressExtension,
    SiteExtension,
    ClusterExtension,
    TenantExtension,
]
