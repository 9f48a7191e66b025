from urllib.parse import urlencode

from django import forms
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from extras.dashboard.utils import register_widget
from extras.dashboard.widgets import DashboardWidget, WidgetConfigForm

from .acme import renewal
from .choices import RenewalStatusChoices
from .models import Certificate

__all__ = ('RenewalStatusWidget',)


@register_widget
class RenewalStatusWidget(DashboardWidget):
    # Not lazy: NetBox returns it from __str__(), as it is, and its page for adding widgets would fail.
    default_title = _('Certificate Renewals')
    description = _lazy('How many certificates have which renewal status; each count links to the list.')
    template_name = 'netbox_ssl/dashboard/renewal_status.html'
    width = 4
    height = 3

    class ConfigForm(WidgetConfigForm):
        acme_provider = forms.CharField(
            required=False,
            label=_lazy('ACME provider'),
            help_text=_lazy('Count only the certificates of this provider'),
        )

    def render(self, request):
        certificates = Certificate.objects.restrict(request.user, 'view')
        parameters = ''
        if provider := self.config.get('acme_provider'):
            certificates = certificates.filter(acme_provider__iexact=provider)
            parameters = '&' + urlencode({'acme_provider': provider})
        permitted = request.user.has_perm('netbox_ssl.view_certificate')
        return render_to_string(
            self.template_name,
            {
                'permitted': permitted,
                'rows': _rows(certificates, timezone.now()) if permitted else (),
                'parameters': parameters,
                'list_url': reverse('plugins:netbox_ssl:certificate_list'),
                'smart_paste_url': reverse('plugins:netbox_ssl:certificate_smart_paste'),
            },
        )


def _rows(certificates, now) -> list[dict]:
    """Label, colour, count and filter of each line; empty if there is nothing with a renewal status."""
    counts = renewal.status_counts(certificates, now)
    if not any(counts.values()):
        return []
    rows = [
        {
            'label': label,
            'color': RenewalStatusChoices.colors[status],
            'count': counts[status],
            'filter': f'renewal_status={status}',
        }
        for status, label in RenewalStatusChoices
    ]
    overdue = {'label': _('Overdue'), 'color': 'orange', 'count': counts['overdue'], 'filter': 'renewal_overdue=true'}
    return [*rows, overdue]
