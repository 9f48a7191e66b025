"""The page *Renewals*: what comes in the next weeks, what is overdue, what has expired, and whether anybody watches."""

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View
from utilities.views import ObjectPermissionRequiredMixin

from netbox_ssl.acme import renewal
from netbox_ssl.announcements.sweep.state import sweep_state
from netbox_ssl.choices import RenewalStatusChoices
from netbox_ssl.models import Certificate
from netbox_ssl.netbox_internals import get_permission_for_model
from netbox_ssl.reports.charts.bars import draw
from netbox_ssl.reports.coming_renewals import DAYS, weeks
from netbox_ssl.reports.sources import sources_to_look_at

from .documentation import documentation_url

__all__ = ('RenewalsView',)

# Of what is overdue or has expired; the list has all.
SHOWN = 10


class RenewalsView(ObjectPermissionRequiredMixin, View):
    queryset = Certificate.objects.all()

    def get_required_permission(self):
        return get_permission_for_model(Certificate, 'view')

    def get(self, request):
        now = timezone.now()
        # Restricted by the mixin to what the user may view.
        certificates = self.queryset.order_by()
        list_url = reverse('plugins:netbox_ssl:certificate_list')
        context = {
            'any': certificates.filter(renewal.eligible_q()).exists(),
            'days': DAYS,
            'chart': draw(weeks(certificates, now), list_url),
            'overdue': _some(certificates.filter(renewal.overdue_q(now)), 'renewal_overdue_at'),
            'expired': _some(certificates.filter(renewal.status_q(RenewalStatusChoices.EXPIRED, now)), '-valid_to'),
            'sources': sources_to_look_at(request.user, now),
            'list_url': list_url,
            'calendar_help_url': documentation_url('how-to/calendar'),
            'smart_paste_url': reverse('plugins:netbox_ssl:certificate_smart_paste'),
            'sweep': sweep_state(now),
            'sweep_help_url': documentation_url('explanation/change-detection'),
        }
        return render(request, 'netbox_ssl/renewals.html', context)


def _some(certificates, order: str) -> dict:
    """The first ones, as much of them as the page shows, and how many there are."""
    columns = ('name', 'acme_provider', 'valid_to', 'renewal_overdue_at', 'tenant__name')
    # Both one way, as an index can be read.
    ordered = certificates.order_by(order, '-pk' if order.startswith('-') else 'pk')
    rows = list(ordered.select_related('tenant').only(*columns)[: SHOWN + 1])
    # Counting is slower than looking: only where there are more.
    count = certificates.count() if len(rows) > SHOWN else len(rows)
    return {'rows': rows[:SHOWN], 'count': count, 'more': count > SHOWN}
