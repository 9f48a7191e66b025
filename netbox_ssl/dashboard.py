"""Dashboard widgets. Each shows certificates that the user may view, narrowed by its configuration."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from extras.dashboard.utils import register_widget
from extras.dashboard.widgets import DashboardWidget, WidgetConfigForm
from extras.models import Tag
from tenancy.models import Tenant
from utilities.forms.fields import DynamicModelMultipleChoiceField

from .acme import renewal
from .choices import RenewalStatusChoices
from .filtersets import CertificateFilterSet
from .forms.mixins import provider_input
from .models import Certificate
from .places.deployment import attach_deployments, bad_deployments
from .reports.charts.ring import ring

__all__ = ('NextDueWidget', 'OverdueWidget', 'RenewalStatusWidget')

ROWS = 10
MOST_ROWS = 100


class StoredChoiceField(DynamicModelMultipleChoiceField):
    """Clean to primary keys, because NetBox stores the configuration of a widget as JSON."""

    def clean(self, value):
        return [chosen.pk for chosen in super().clean(value)]


class CertificatesConfigForm(WidgetConfigForm):
    """Configuration by filters; the fields are named like the filters of the list."""

    tenant_id = StoredChoiceField(
        queryset=Tenant.objects.all(),
        required=False,
        label=gettext_lazy('Tenants'),
        help_text=gettext_lazy('Only certificates of these tenants'),
    )
    tag_id = StoredChoiceField(
        queryset=Tag.objects.all(),
        required=False,
        label=gettext_lazy('Tags'),
        help_text=gettext_lazy('Only certificates that have all of these tags'),
    )
    acme_provider = forms.CharField(
        required=False,
        label=gettext_lazy('ACME provider'),
        widget=provider_input(),
        help_text=gettext_lazy('Only certificates of this provider'),
    )


class RowsConfigForm(CertificatesConfigForm):
    rows = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_ROWS,
        label=gettext_lazy('Rows'),
        help_text=gettext_lazy('Number of certificates to show; 10 if empty'),
    )


@dataclass(frozen=True)
class Chosen:
    """The certificates of a widget, and the query string that shows the same certificates in the list."""

    certificates: QuerySet
    query: str
    problem: str = ''


def _choose(config: dict, user) -> Chosen:
    parameters = {name: config[name] for name in ('tenant_id', 'tag_id', 'acme_provider') if config.get(name)}
    query = urlencode(parameters, doseq=True)
    certificates = Certificate.objects.restrict(user, 'view')
    filterset = CertificateFilterSet(QueryDict(query), certificates)
    if not filterset.is_valid():
        # Without the filter, the widget would show other certificates.
        return Chosen(
            certificates.none(),
            query,
            _('A tenant or tag that this widget is limited to no longer exists. Change its configuration.'),
        )
    return Chosen(filterset.qs.order_by(), query)


class CertificatesWidget(DashboardWidget):
    ConfigForm = CertificatesConfigForm
    width = 4
    height = 3

    def render(self, request):
        permitted = request.user.has_perm('netbox_ssl.view_certificate')
        context = {
            'permitted': permitted,
            'list_url': reverse('plugins:netbox_ssl:certificate_list'),
            'smart_paste_url': reverse('plugins:netbox_ssl:certificate_smart_paste'),
            'may_add': request.user.has_perm('netbox_ssl.add_certificate'),
        }
        if permitted:
            chosen = _choose(self.config, request.user)
            context |= {
                'problem': chosen.problem,
                'parameters': f'&{chosen.query}' if chosen.query else '',
                **self.content(chosen.certificates, timezone.now(), request.user),
            }
        return render_to_string(self.template_name, context)

    def content(self, certificates, now, user) -> dict:
        """Return the template context for ``certificates``, all those of the widget."""
        raise NotImplementedError


@register_widget
class RenewalStatusWidget(CertificatesWidget):
    # Not lazy: NetBox returns it from __str__() as it is, so its page for adding widgets would fail.
    default_title = _('Certificate Renewals')
    description = gettext_lazy('Number of certificates in each renewal status, as a ring; each links to the list.')
    template_name = 'netbox_ssl/dashboard/renewal_status.html'

    def content(self, certificates, now, user):
        counts = renewal.status_counts(certificates, now)
        return {
            'ring': ring(counts) if any(counts.values()) else None,
            'overdue': counts['overdue'],
            'deployments': [bad for bad in bad_deployments(certificates, now, user) if bad['count']],
        }


class RowsWidget(CertificatesWidget):
    """The first certificates, ordered by a column."""

    ConfigForm = RowsConfigForm
    template_name = 'netbox_ssl/dashboard/certificates.html'
    # The column that orders the rows and is shown
    column = ''
    # The filters that show the same certificates in the list
    filters = ''

    def content(self, certificates, now, user):
        columns = ('name', 'acme_provider', 'valid_to', self.column)
        rows = self.config.get('rows') or ROWS
        found = list(self.choose(certificates, now).only(*columns).order_by(self.column, 'pk')[: rows + 1])
        attach_deployments(found, now, user)
        return {
            'rows': [(each, getattr(each, self.column)) for each in found[:rows]],
            'more': len(found) > rows,
            'filters': f'{self.filters}&sort={self.column}',
            'any': bool(found) or certificates.filter(renewal.eligible_q()).exists(),
            **self.words(),
        }

    def choose(self, certificates, now):
        """Return those of ``certificates`` (a queryset) that the widget lists."""
        raise NotImplementedError

    def words(self) -> dict:
        """Return ``when``, the heading of the column of times, and ``none``, the text shown without rows."""
        raise NotImplementedError


@register_widget
class NextDueWidget(RowsWidget):
    default_title = _('Next Renewals')
    description = gettext_lazy('Certificates whose renewal is due next, soonest first.')
    column = 'renewal_due_at'
    filters = f'renewal_status={RenewalStatusChoices.OK}'

    def choose(self, certificates, now):
        return certificates.filter(renewal.status_q(RenewalStatusChoices.OK, now))

    def words(self):
        return {'when': _('Renewal due'), 'none': _('No renewal is coming up.')}


@register_widget
class OverdueWidget(RowsWidget):
    default_title = _('Overdue Renewals')
    description = gettext_lazy('Certificates that a working client would have renewed by now, longest overdue first.')
    column = 'renewal_overdue_at'
    filters = 'renewal_overdue=true'

    def choose(self, certificates, now):
        return certificates.filter(renewal.overdue_q(now))

    def words(self):
        return {'when': _('Overdue since'), 'none': _('No renewal is overdue.')}

    def content(self, certificates, now, user):
        # Expired certificates are worse than overdue ones, and missing from the rows.
        expired = certificates.filter(renewal.status_q(RenewalStatusChoices.EXPIRED, now)).count()
        deployments = [bad for bad in bad_deployments(certificates, now, user) if bad['count']]
        return {**super().content(certificates, now, user), 'expired': expired, 'deployments': deployments}
