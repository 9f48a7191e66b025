"""The page *By Name*: whether a DNS name or IP address is covered, and by which certificates."""

from urllib.parse import urlencode

from django.db.models import Prefetch
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View
from utilities.views import ObjectPermissionRequiredMixin

from netbox_ssl.forms.reports import ByNameForm
from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource
from netbox_ssl.models.name_lookups import covering_q
from netbox_ssl.netbox_internals import get_permission_for_model
from netbox_ssl.places.contacts import attach_contacts, may_view_contacts
from netbox_ssl.places.deployment import read_deployments
from netbox_ssl.reports.by_name import OF_DEPLOYMENT, StandingChoices, answer, standing
from netbox_ssl.reports.endpoints import endpoints_named
from netbox_ssl.x509 import covering_names

from .documentation import documentation_url

__all__ = ('ByNameView',)

# Certificates shown at most; the list shows all of them, page by page.
MOST_ROWS = 100


class ByNameView(ObjectPermissionRequiredMixin, View):
    queryset = Certificate.objects.all()

    def get_required_permission(self):
        return get_permission_for_model(Certificate, 'view')

    def get(self, request):
        form = ByNameForm(request.GET or None)
        name = form.cleaned_data['name'] if form.is_valid() else ''
        context = {
            'form': form,
            'name': name,
            'may_add': request.user.has_perm('netbox_ssl.add_certificate'),
            'smart_paste_url': reverse('plugins:netbox_ssl:certificate_smart_paste'),
            'help_url': documentation_url('how-to/by-name'),
        }
        if name:
            # The mixin has restricted the queryset to what the user may view.
            context |= _about(self.queryset.filter(covering_q(Certificate, [name])), name, request.user)
        return render(request, 'netbox_ssl/by_name.html', context)


def _about(certificates, name: str, user) -> dict:
    now = timezone.now()
    found = answer(certificates, now, user)
    shown = list(_soonest_first(certificates, user))
    deployments = read_deployments([each.pk for each in shown], now, user)
    attach_contacts(shown, user)
    rows = [
        {
            'certificate': certificate,
            'places': [assignment.assigned_object for assignment in certificate.assignments.all()],
            'by': [carried for carried in covering_names(name) if carried in certificate.subject_alt_names],
            'standing': kind,
            'label': deployment.label if kind in OF_DEPLOYMENT.values() else dict(StandingChoices)[kind],
            'color': StandingChoices.colors[kind],
        }
        for certificate in shown
        for deployment in [deployments.get(certificate.pk)]
        for kind in [standing(certificate, now, deployment and deployment.state)]
    ]
    list_url = reverse('plugins:netbox_ssl:certificate_list')
    return {
        'answer': found,
        'rows': rows,
        'shows_contacts': may_view_contacts(user),
        'omitted': found.total - len(rows),
        'endpoints': endpoints_named(name, user, now),
        'list_url': f'{list_url}?{urlencode({"covers": name})}',
    }


def _soonest_first(certificates, user):
    assignments = CertificateAssignment.objects.restrict(user, 'view').with_places(user)
    sources = CertificateSource.objects.restrict(user, 'view').order_by('external_id')
    return (
        certificates.select_related('tenant')
        .defer('pem', 'chain_pem', 'comments')
        .prefetch_related(Prefetch('assignments', assignments), Prefetch('sources', sources))
        .order_by('expires_at', 'pk')[:MOST_ROWS]
    )
