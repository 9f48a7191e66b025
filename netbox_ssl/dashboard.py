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
from .choices import CertificateStatusChoices, EndpointStateChoices, RenewalStatusChoices, ValidityChoices
from .filtersets import CertificateFilterSet, EndpointFilterSet
from .forms.mixins import provider_input
from .models import Certificate, Endpoint
from .places.deployment import attach_deployments, bad_deployments
from .reports.charts.ring import ring
from .reports.endpoints import endpoint_counts
from .reports.next_renewals import next_renewals
from .reports.validity_counts import sum_of_kinds, validity_counts

__all__ = ('EndpointsWidget', 'NextDueWidget', 'OverdueWidget', 'RenewalStatusWidget')

ROWS = 10
MOST_ROWS = 100
ACTIVE = f'status={CertificateStatusChoices.STATUS_ACTIVE}'


class StoredChoiceField(DynamicModelMultipleChoiceField):
    """Clean to primary keys, because NetBox stores the configuration of a widget as JSON."""

    def clean(self, value):
        return [chosen.pk for chosen in super().clean(value)]


class CertificatesConfigForm(WidgetConfigForm):
    """Configuration by filters; the fields are named like the filters of the list."""

    is_acme = forms.ChoiceField(
        choices=(('', gettext_lazy('All certificates')), ('true', gettext_lazy('ACME certificates only'))),
        required=False,
        label=gettext_lazy('Certificates'),
    )
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

    @property
    def parameters(self) -> str:
        """Return the query string to append to another one."""
        return f'&{self.query}' if self.query else ''


def _choose(config: dict, user) -> Chosen:
    parameters = {
        name: config[name] for name in ('is_acme', 'tenant_id', 'tag_id', 'acme_provider') if config.get(name)
    }
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

    @property
    def is_acme_only(self) -> bool:
        return bool(self.config.get('is_acme'))

    def render(self, request):
        permitted = request.user.has_perm('netbox_ssl.view_certificate')
        context = {
            'permitted': permitted,
            'list_url': reverse('plugins:netbox_ssl:certificate_list'),
            'smart_paste_url': reverse('plugins:netbox_ssl:certificate_smart_paste'),
            'may_add': request.user.has_perm('netbox_ssl.add_certificate'),
            'is_acme_only': self.is_acme_only,
        }
        if permitted:
            chosen = _choose(self.config, request.user)
            context |= {
                'problem': chosen.problem,
                'parameters': chosen.parameters,
                **self.content(chosen, timezone.now(), request.user),
            }
        return render_to_string(self.template_name, context)

    def content(self, chosen: Chosen, now, user) -> dict:
        """Return the template context for the certificates of the widget."""
        raise NotImplementedError


@register_widget
class RenewalStatusWidget(CertificatesWidget):
    # Not lazy: NetBox returns it from __str__() as it is, so its page for adding widgets would fail.
    default_title = _('Certificates')
    description = gettext_lazy(
        'Number of active certificates by validity, or of ACME certificates by renewal status, as a ring; each links '
        'to the list.'
    )
    template_name = 'netbox_ssl/dashboard/status.html'

    def content(self, chosen, now, user):
        certificates = chosen.certificates
        if self.is_acme_only:
            counts, choices, name = renewal.status_counts(certificates, now), RenewalStatusChoices, 'renewal_status'
            overdue = counts['overdue']
        else:
            counts, choices, name = sum_of_kinds(validity_counts(certificates, now)), ValidityChoices, 'validity'
            overdue = certificates.filter(renewal.overdue_q(now)).count()
        return {
            'ring': ring(counts, choices) if any(counts.values()) else None,
            'filter': f'{ACTIVE}&{name}',
            # The overdue ones are shown below its count.
            'warned': RenewalStatusChoices.DUE if self.is_acme_only else ValidityChoices.EXPIRING,
            'overdue': overdue,
            'deployments': [bad for bad in bad_deployments(certificates, now, user) if bad['count']],
        }


class RowsWidget(CertificatesWidget):
    """A few certificates, ordered by a time."""

    ConfigForm = RowsConfigForm
    template_name = 'netbox_ssl/dashboard/certificates.html'

    @property
    def rows(self) -> int:
        return self.config.get('rows') or ROWS


def _columns(certificates, *more: str):
    """Return the queryset with the columns that the widgets show."""
    return certificates.only('name', 'status', 'acme_provider', 'valid_to', 'chain_valid_to', 'unreported_since', *more)


@register_widget
class NextDueWidget(RowsWidget):
    default_title = _('Next Renewals')
    description = gettext_lazy(
        'Certificates whose renewal is due next, those that are not renewed automatically and expire next, and those '
        'whose chain expires next.'
    )

    def content(self, chosen, now, user):
        certificates = chosen.certificates
        found = next_renewals(_columns(certificates, 'renewal_due_at'), now, self.rows + 1, self.is_acme_only)
        shown = found[: self.rows]
        attach_deployments([each for each, _moment, _what in shown], now, user)
        return {
            'rows': shown,
            'more_url': reverse('plugins:netbox_ssl:renewals') if len(found) > self.rows else '',
            'any': bool(found) or certificates.exists(),
            'when': _('Renewal'),
            'none': _('No renewal is coming up.'),
        }


@register_widget
class OverdueWidget(RowsWidget):
    default_title = _('Overdue Renewals')
    description = gettext_lazy(
        'Certificates that a working client would have renewed by now, longest overdue first, and the number of '
        'certificates that have expired.'
    )

    def content(self, chosen, now, user):
        certificates = chosen.certificates
        overdue = _columns(certificates.filter(renewal.overdue_q(now)), 'renewal_overdue_at')
        # One more than are shown, to know whether there are more
        found = list(overdue.order_by('renewal_overdue_at', 'pk')[: self.rows + 1])
        attach_deployments(found[: self.rows], now, user)
        # Expired certificates are worse than overdue ones, and missing from the rows.
        active = certificates.filter(status=CertificateStatusChoices.STATUS_ACTIVE)
        more = f'?renewal_overdue=true&sort=renewal_overdue_at{chosen.parameters}'
        return {
            'rows': [(each, each.renewal_overdue_at, '') for each in found[: self.rows]],
            'more_url': reverse('plugins:netbox_ssl:certificate_list') + more if len(found) > self.rows else '',
            'any': bool(found) or certificates.exists(),
            'expired': active.filter(valid_to__lt=now).count(),
            'deployments': [bad for bad in bad_deployments(certificates, now, user) if bad['count']],
            'when': _('Overdue since'),
            'none': _('No renewal is overdue.'),
        }


class EndpointsConfigForm(WidgetConfigForm):
    """Configuration by filters; the fields are named like the filters of the list."""

    monitor = forms.CharField(
        required=False,
        label=gettext_lazy('Monitor'),
        help_text=gettext_lazy('Only endpoints of this monitor'),
    )
    tag_id = StoredChoiceField(
        queryset=Tag.objects.all(),
        required=False,
        label=gettext_lazy('Tags'),
        help_text=gettext_lazy('Only endpoints that have all of these tags'),
    )


@register_widget
class EndpointsWidget(DashboardWidget):
    default_title = _('Endpoints')
    description = gettext_lazy('Number of endpoints by state, the worst first; each links to the list.')
    ConfigForm = EndpointsConfigForm
    width = 4
    height = 3

    def render(self, request):
        context = {
            'permitted': request.user.has_perm('netbox_ssl.view_endpoint'),
            'list_url': reverse('plugins:netbox_ssl:endpoint_list'),
            'add_url': reverse('plugins:netbox_ssl:endpoint_add'),
            'may_add': request.user.has_perm('netbox_ssl.add_endpoint'),
        }
        if context['permitted']:
            context |= self._counts(request.user)
        return render_to_string('netbox_ssl/dashboard/endpoints.html', context)

    def _counts(self, user) -> dict:
        query = urlencode(
            {name: self.config[name] for name in ('monitor', 'tag_id') if self.config.get(name)}, doseq=True
        )
        filterset = EndpointFilterSet(QueryDict(query), Endpoint.objects.restrict(user, 'view'))
        if not filterset.is_valid():
            return {'problem': _('A tag that this widget is limited to no longer exists. Change its configuration.')}
        counts = endpoint_counts(filterset.qs.order_by(), timezone.now())
        labels = dict(EndpointStateChoices)
        return {
            'parameters': f'&{query}' if query else '',
            'rows': [
                (state, labels[state], EndpointStateChoices.colors[state], number)
                for state, number in counts.items()
                if number
            ],
        }
