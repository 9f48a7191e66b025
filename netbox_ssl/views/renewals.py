"""The page *Renewals*: what is coming, expiring, overdue and expired, and whether the sweep is running."""

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View
from utilities.views import ObjectPermissionRequiredMixin

from netbox_ssl import settings
from netbox_ssl.acme import renewal
from netbox_ssl.announcements.sweep.state import sweep_state
from netbox_ssl.choices import CertificateStatusChoices, ValidityChoices
from netbox_ssl.expiry.validity import validity_q
from netbox_ssl.models import Certificate
from netbox_ssl.netbox_internals import get_permission_for_model
from netbox_ssl.places.contacts import attach_contacts, may_view_contacts
from netbox_ssl.places.deployment import attach_deployments
from netbox_ssl.reports.charts.bars import draw
from netbox_ssl.reports.coming_renewals import DAYS, weeks
from netbox_ssl.reports.endpoints import problem_endpoints
from netbox_ssl.reports.first_rows import first_rows, first_to_end
from netbox_ssl.reports.sources import problem_sources
from netbox_ssl.reports.validity_counts import sum_of_kinds, validity_counts
from netbox_ssl.ui.alerts import alert_url

from .documentation import documentation_url

__all__ = ('RenewalsView',)

# Rows of each table; the list has all of them.
SHOWN = 10


class RenewalsView(ObjectPermissionRequiredMixin, View):
    queryset = Certificate.objects.all()

    def get_required_permission(self):
        return get_permission_for_model(Certificate, 'view')

    def get(self, request):
        now = timezone.now()
        # The mixin has restricted the queryset to what the user may view.
        certificates = self.queryset.order_by()
        list_url = reverse('plugins:netbox_ssl:certificate_list')
        overdue = first_rows(certificates.filter(renewal.overdue_q(now)), ('renewal_overdue_at',), SHOWN)
        counts = sum_of_kinds(validity_counts(certificates, now))
        expired = _active(certificates, ValidityChoices.EXPIRED, now)
        expired = first_rows(expired, ('-valid_to',), SHOWN, counts[ValidityChoices.EXPIRED])
        expiring = _active(certificates, ValidityChoices.EXPIRING, now)
        expiring = first_to_end(expiring, SHOWN, counts[ValidityChoices.EXPIRING])
        rows = [*overdue['rows'], *expired['rows'], *expiring['rows']]
        attach_deployments(rows, now, request.user)
        attach_contacts(rows, request.user)
        context = {
            'any': certificates.exists(),
            'days': DAYS,
            'chart': draw(weeks(certificates, now), list_url),
            'overdue': overdue,
            'expired': expired,
            'expiring': expiring,
            'shows_contacts': may_view_contacts(request.user),
            'sources': problem_sources(request.user, now),
            'endpoints': problem_endpoints(request.user, now),
            'endpoints_help_url': documentation_url('how-to/watch-endpoints'),
            'alert_url': alert_url(request.user),
            'list_url': list_url,
            'calendar_url': request.build_absolute_uri(reverse('plugins:netbox_ssl:calendar')),
            'tokens_url': reverse('account:usertoken_list'),
            'calendar_help_url': documentation_url('how-to/calendar'),
            'smart_paste_url': reverse('plugins:netbox_ssl:certificate_smart_paste'),
            'sweep': sweep_state(now),
            'sweep_help_url': documentation_url('explanation/change-detection'),
        }
        return render(request, 'netbox_ssl/renewals.html', context)


def _active(certificates, validity: str, now):
    return certificates.filter(
        validity_q(validity, now, settings.expiry_marks()), status=CertificateStatusChoices.STATUS_ACTIVE
    )
