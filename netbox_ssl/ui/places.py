"""Certificates on the pages of the objects that use them, and these objects on the pages of certificates."""

from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from netbox.ui import panels
from netbox.ui.actions import AddObject

from netbox_ssl.acme import renewal
from netbox_ssl.choices import CertificateStatusChoices, RenewalStatusChoices, ValidityChoices
from netbox_ssl.filtersets import CertificateFilterSet, EndpointFilterSet
from netbox_ssl.models import Certificate, Endpoint
from netbox_ssl.models.mixins.endpoint_states import bad_endpoint_q
from netbox_ssl.models.suggestions import MAY_ASSIGN
from netbox_ssl.places.contacts import may_view_contacts
from netbox_ssl.places.deployment import bad_deployments
from netbox_ssl.reports.validity_counts import sum_of_kinds, validity_counts

from .alerts import alert_url
from .shared_reads import served_of

__all__ = (
    'AssignmentsPanel',
    'CertificateCountsPanel',
    'ContactsPanel',
    'PlaceCertificatesPanel',
    'SuggestionsPanel',
    'assigned_object_params',
)

# Kinds of objects that have services and addresses
HOSTS = ('device', 'virtual_machine')

# Contacts shown on the page of a certificate
MOST_CALLED = 10


def assigned_object_params(place) -> dict[str, int]:
    """Return the query parameters that fill in *Assigned to* in the form for assignments."""
    return {
        'assigned_object_content_type': ContentType.objects.get_for_model(place).pk,
        'assigned_object_object_id': place.pk,
    }


class PlaceCertificatesPanel(panels.ObjectsTablePanel):
    """
    The certificates of a device, virtual machine, service or IP address: assigned to it, to its services, or to the
    addresses of its interfaces. ``kind`` is the filter of assignments by such a place.
    """

    def __init__(self, kind: str, **kwargs):
        super().__init__(
            'netbox_ssl.certificateassignment',
            filters={f'{kind}_id': lambda context: context['object'].pk},
            exclude_columns=self._known(kind),
            title=_('Certificates'),
            **kwargs,
        )

    def get_context(self, context):
        add = AddObject(
            'netbox_ssl.certificateassignment',
            label=_('Assign certificate'),
            url_params=assigned_object_params(context['object']),
        )
        return {**super().get_context(context), 'actions': [add]}

    @staticmethod
    def _known(kind: str) -> list[str]:
        """Return the columns that would repeat the page: the host, and the object itself if it has no others."""
        columns = ['host', 'assigned_object_type']
        return columns if kind in HOSTS else [*columns, 'assigned_object']


class AssignmentsPanel(panels.ObjectsTablePanel):
    """The objects that use a certificate."""

    def __init__(self, **kwargs):
        assign = AddObject(
            'netbox_ssl.certificateassignment',
            label=_('Assign'),
            url_params={'certificate': lambda context: context['object'].pk},
        )
        super().__init__(
            'netbox_ssl.certificateassignment',
            filters={'certificate_id': lambda context: context['object'].pk},
            exclude_columns=['certificate', 'validity', 'renewal_status', 'valid_to', 'deployment_state'],
            title=_('Used By'),
            actions=[assign],
            **kwargs,
        )


class ContactsPanel(panels.ObjectPanel):
    """The contacts of a certificate."""

    title = _('Contacts')
    template_name = 'netbox_ssl/panels/contacts.html'

    def get_context(self, context):
        certificate, user = context['object'], context['request'].user
        permitted = may_view_contacts(user)
        called = served_of(certificate, user).contacts if permitted else []
        return {
            **super().get_context(context),
            'permitted': permitted,
            'called': called[:MOST_CALLED],
            'omitted': max(0, len(called) - MOST_CALLED),
            'contacts_url': reverse('plugins:netbox_ssl:certificate_contacts', args=[certificate.pk]),
        }

    def should_render(self, context):
        return context['permitted']


class SuggestionsPanel(panels.Panel):
    """Suggested assignments of a certificate. Loaded after the page; hidden if there are none."""

    template_name = 'netbox_ssl/inc/suggestions_load.html'

    def get_context(self, context):
        return {**super().get_context(context), 'certificates': [context['object'].pk]}

    def should_render(self, context):
        return context['request'].user.has_perm(MAY_ASSIGN)


class CertificateCountsPanel(panels.Panel):
    """
    Number of certificates of a tenant, site or cluster, and how many of them need attention; each count links to the
    list. ``kind`` names the filter of certificates by such an object, ``permissions`` are required for it.
    """

    title = _('Certificates')
    template_name = 'netbox_ssl/panels/certificate_counts.html'

    def __init__(self, kind: str, permissions: tuple[str, ...], **kwargs):
        self.filter, self.permissions = f'{kind}_id', ('netbox_ssl.view_certificate', *permissions)
        super().__init__(**kwargs)

    def get_context(self, context):
        request, place = context['request'], context['object']
        permitted = request.user.has_perms(self.permissions)
        list_url = f'{reverse("plugins:netbox_ssl:certificate_list")}?{self.filter}={place.pk}'
        return {
            **super().get_context(context),
            'permitted': permitted,
            'list_url': list_url,
            'alert_url': self._alert_url(request.user, place) if permitted else '',
            # Counted with the filter of the list, so that the links show the same certificates.
            'counts': self._counts(request, place.pk) if permitted else None,
        }

    def _alert_url(self, user, place) -> str:
        """Return the URL of *Alert me* for a tenant: event data has no site and no cluster."""
        if self.filter != 'tenant_id':
            return ''
        return alert_url(user, str(place), {'attr': 'tenant.slug', 'value': place.slug})

    def _counts(self, request, pk) -> dict:
        visible = Certificate.objects.restrict(request.user, 'view')
        certificates = CertificateFilterSet({self.filter: [pk]}, visible, request=request).qs.order_by()
        endpoints = self._endpoints(request, pk)
        if not (total := certificates.count()):
            return {'total': 0, 'rows': (), 'endpoints': endpoints}
        now = timezone.now()
        counts = renewal.status_counts(certificates, now)
        by_validity = sum_of_kinds(validity_counts(certificates, now))
        expired, expiring = by_validity[ValidityChoices.EXPIRED], by_validity[ValidityChoices.EXPIRING]
        deployments = [
            (bad['label'], bad['color'], bad['count'], f'deployment_state={bad["state"]}')
            for bad in bad_deployments(certificates, now, request.user)
        ]
        rows = [
            (_('Expired'), ValidityChoices.colors[ValidityChoices.EXPIRED], expired, _active(ValidityChoices.EXPIRED)),
            *deployments,
            (_('Renewal overdue'), 'orange', counts['overdue'], 'renewal_overdue=true'),
            (
                _('Expiring'),
                ValidityChoices.colors[ValidityChoices.EXPIRING],
                expiring,
                _active(ValidityChoices.EXPIRING),
            ),
            (
                _('Renewal due'),
                RenewalStatusChoices.colors[RenewalStatusChoices.DUE],
                counts[RenewalStatusChoices.DUE],
                f'renewal_status={RenewalStatusChoices.DUE}',
            ),
        ]
        return {'total': total, 'rows': rows, 'endpoints': endpoints}

    def _endpoints(self, request, pk) -> dict | None:
        if not request.user.has_perm('netbox_ssl.view_endpoint'):
            return None
        visible = Endpoint.objects.restrict(request.user, 'view')
        found = EndpointFilterSet({self.filter: [pk]}, visible, request=request).qs.order_by()
        list_url = f'{reverse("plugins:netbox_ssl:endpoint_list")}?{self.filter}={pk}'
        bad = found.filter(bad_endpoint_q(timezone.now())).count()
        return {'total': found.count(), 'bad': bad, 'url': list_url}

    def should_render(self, context):
        return context['permitted']


def _active(validity: str) -> str:
    """Return the query string for the active certificates with this validity."""
    return f'validity={validity}&status={CertificateStatusChoices.STATUS_ACTIVE}'
