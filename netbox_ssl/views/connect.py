"""The page *Connect a client*: the files and settings with which an ACME client reports automatically."""

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import View
from utilities.views import ConditionalLoginRequiredMixin

from netbox_ssl.imports.clients import CLIENTS, file_text
from netbox_ssl.models import CertificateSource

from .documentation import documentation_url

__all__ = ('ConnectFileView', 'ConnectView')


def _file_text(name: str) -> str:
    try:
        return file_text(name)
    except FileNotFoundError as error:
        raise Http404(_('No such file. If it is a hook, reinstall the plugin from its wheel.')) from error


class ConnectMixin(ConditionalLoginRequiredMixin):
    def dispatch(self, request, *args, **kwargs):
        if not request.user.has_perm('netbox_ssl.view_certificatesource'):
            if not request.user.is_authenticated:
                return self.handle_no_permission()
            raise PermissionDenied(_('Connecting clients requires permission to view certificate sources.'))
        return super().dispatch(request, *args, **kwargs)


class ConnectView(ConnectMixin, View):
    def get(self, request, client=CLIENTS[0].key):
        chosen = next((each for each in CLIENTS if each.key == client), None)
        if chosen is None:
            raise Http404(_('No such client.'))
        sources = CertificateSource.objects.restrict(request.user, 'view')
        rows = sources.values('client').annotate(count=Count('pk'), last=Max('reported_at')).order_by()
        reporting = {row['client']: row for row in rows}
        netbox_url = request.build_absolute_uri(reverse('home')).rstrip('/')
        context = {
            'clients': [(each, reporting.get(each.name, {}).get('count', 0)) for each in CLIENTS],
            'client': chosen,
            'reporting': reporting.get(chosen.name),
            'sources_url': f'{reverse("plugins:netbox_ssl:certificatesource_list")}?client={chosen.name}',
            # Not “settings”, which NetBox's own templates read.
            'client_settings': chosen.settings(netbox_url),
            'text': _file_text(chosen.main_file),
            'guide': documentation_url(chosen.guide_page),
            'token_guide': documentation_url('how-to/clients/index'),
        }
        return render(request, 'netbox_ssl/connect.html', context)


class ConnectFileView(ConnectMixin, View):
    """Download one of the files."""

    def get(self, request, name):
        return HttpResponse(
            _file_text(name),
            content_type='text/plain; charset=utf-8',
            headers={'Content-Disposition': f'attachment; filename="{name}"', 'X-Content-Type-Options': 'nosniff'},
        )
