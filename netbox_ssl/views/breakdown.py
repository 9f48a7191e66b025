"""The page *Breakdown*: what the certificates are like, and findings."""

from django.shortcuts import render
from django.views.generic import View
from utilities.views import ObjectPermissionRequiredMixin

from netbox_ssl.models import Certificate
from netbox_ssl.netbox_internals import get_permission_for_model
from netbox_ssl.reports.breakdown import break_down

from .documentation import documentation_url
from .scopes import Scope

__all__ = ('BreakdownView',)


class BreakdownView(ObjectPermissionRequiredMixin, View):
    queryset = Certificate.objects.all()

    def get_required_permission(self):
        return get_permission_for_model(Certificate, 'view')

    def get(self, request):
        # The mixin has restricted the queryset to what the user may view.
        scope = Scope(request, self.queryset)
        sites = [value for name, value in scope.parameters if name == 'site_id']
        sources_visible = request.user.has_perm('netbox_ssl.view_certificatesource')
        found = break_down(scope.certificates, request.user, sources_visible, sites)
        context = {
            'scope': scope,
            'breakdown': found,
            'not_automatic_url': scope.list_url(found.not_automatic_filters),
            'findings': _with_urls(found.findings, scope),
            'parts': [(part, _with_urls(part, scope)) for part in found.parts],
            'help_url': documentation_url('how-to/overview'),
        }
        return render(request, 'netbox_ssl/breakdown.html', context)


def _with_urls(part, scope: Scope) -> list[dict]:
    """Return the rows with their lists, and their length in per cent of the longest."""
    return [
        {
            'row': row,
            'url': scope.list_url(row.filters) if row.filters else '',
            'length': f'{100 * row.count / part.most:.1f}%' if part.most else '0%',
        }
        for row in part.rows
    ]
