"""The page *Hosts*: which X.509 certificate each host has."""

from urllib.parse import urlencode

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View
from utilities.views import ObjectPermissionRequiredMixin

from netbox_ssl.models import Certificate
from netbox_ssl.netbox_internals import get_permission_for_model
from netbox_ssl.reports.host_matrix import host_matrix

from .scopes import Scope

__all__ = ('HostsView',)


class HostsView(ObjectPermissionRequiredMixin, View):
    queryset = Certificate.objects.all()
    additional_permissions = ['netbox_ssl.view_certificatesource']

    def get_required_permission(self):
        return get_permission_for_model(Certificate, 'view')

    def get(self, request):
        # The mixin has restricted the queryset to what the user may view.
        scope = Scope(request, self.queryset)
        matrix = host_matrix(scope.certificates, request.user, timezone.now())
        sources_url = reverse('plugins:netbox_ssl:certificatesource_list')
        context = {
            'scope': scope,
            'matrix': matrix,
            'rows': [(host, f'{sources_url}?{urlencode({"q": host})}', cells) for host, cells in matrix.rows],
            'omitted_certificates': matrix.total - len(matrix.certificates),
            'sources_url': sources_url,
            'connect_url': reverse('plugins:netbox_ssl:connect'),
        }
        return render(request, 'netbox_ssl/hosts.html', context)
