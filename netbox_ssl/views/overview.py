"""The page *Overview*: what needs attention, what happened in the last day, and whether changes are noticed."""

from django.contrib.contenttypes.models import ContentType
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import RedirectView, View
from utilities.views import ConditionalLoginRequiredMixin, ObjectPermissionRequiredMixin

from netbox_ssl.models import Certificate
from netbox_ssl.netbox_internals import get_permission_for_model
from netbox_ssl.places.contacts import attach_contacts, may_view_contacts
from netbox_ssl.places.deployment import attach_deployments
from netbox_ssl.reports.attention import attention_lists
from netbox_ssl.reports.charts import heatmap
from netbox_ssl.reports.expiry_days import expiry_days
from netbox_ssl.reports.monitoring import monitoring_state
from netbox_ssl.reports.recent_changes import recent_changes
from netbox_ssl.reports.tiles import tiles

from .documentation import documentation_url
from .scopes import Scope

__all__ = ('LandingView', 'OverviewView')


class LandingView(ConditionalLoginRequiredMixin, RedirectView):
    """
    The address of the plugin leads to the overview. It is not the overview itself, because NetBox highlights each entry
    of the menu whose address the current one begins with.
    """

    pattern_name = 'plugins:netbox_ssl:overview'


class OverviewView(ObjectPermissionRequiredMixin, View):
    queryset = Certificate.objects.all()

    def get_required_permission(self):
        return get_permission_for_model(Certificate, 'view')

    def get(self, request):
        now = timezone.now()
        # The mixin has restricted the queryset to what the user may view.
        scope = Scope(request, self.queryset)
        context = {
            'scope': scope,
            'any': scope.certificates.exists(),
            'monitoring': monitoring_state(now),
            'sweep_help_url': documentation_url('explanation/change-detection'),
        }
        if context['any']:
            context |= _numbers(scope, now, request.user)
        elif not scope.parameters:
            context['beginnings'] = _beginnings(request.user)
        return render(request, 'netbox_ssl/overview.html', context)


def _numbers(scope: Scope, now, user) -> dict:
    changes, more_changes = recent_changes(scope.certificates, now, user)
    counted = tiles(scope.certificates, now, user, bool(scope.parameters))
    return {
        'attention': _attention(scope, now, user, {tile.key: tile for tile in counted}),
        'shows_contacts': may_view_contacts(user),
        'tiles': [
            {
                'tile': tile,
                'url': scope.list_url(tile.filters, tile.list_name),
                'not_automatic_url': scope.list_url(tile.not_automatic_filters),
            }
            for tile in counted
        ],
        'total': scope.certificates.count(),
        'list_url': scope.list_url(),
        'heatmap': heatmap.draw(expiry_days(scope.certificates, now), scope.list_url),
        'changes': changes,
        'more_changes': more_changes,
        'changelog_url': _changelog_url() if user.has_perm('core.view_objectchange') else '',
    }


def _attention(scope: Scope, now, user, counted: dict) -> list[dict]:
    """Return the lists of certificates to act on, with the contacts to call."""
    lists = list(attention_lists(scope.certificates, now, counted))
    rows = [row for each in lists for row in each.part['rows']]
    attach_deployments(rows, now, user)
    attach_contacts(rows, user)
    return [{'list': each, 'url': scope.list_url(each.filters)} for each in lists]


def _changelog_url() -> str:
    object_type = ContentType.objects.get_for_model(Certificate)
    return f'{reverse("core:objectchange_list")}?changed_object_type_id={object_type.pk}'


def _beginnings(user) -> list[dict]:
    """Return the ways to get the first certificates into the inventory, as far as the user may take them."""
    ways = (
        (
            'netbox_ssl.add_certificate',
            'certificate_smart_paste',
            'mdi-content-paste',
            _('Paste a certificate'),
            _('From a browser, a file or a mail: the CA, the names and the dates are read from it.'),
        ),
        (
            'netbox_ssl.view_certificatesource',
            'connect',
            'mdi-lan-connect',
            _('Connect a client'),
            _('One line in the hook of certbot, acme.sh, lego and others reports each renewal from then on.'),
        ),
        (
            'netbox_ssl.add_certificate',
            'certificate_bulk_import',
            'mdi-upload',
            _('Import a list'),
            _('As CSV, JSON or YAML; whole folders with netbox import_certificates.'),
        ),
    )
    return [
        {'url': reverse(f'plugins:netbox_ssl:{name}'), 'icon': icon, 'title': title, 'text': text}
        for permission, name, icon, title, text in ways
        if user.has_perm(permission)
    ]
