"""Suggested endpoints: what could be monitored where certificates are used, and accepting it."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.generic import View
from utilities.views import ObjectPermissionRequiredMixin

from netbox_ssl.forms.endpoint_proposals import AcceptProposalsForm
from netbox_ssl.models import Endpoint
from netbox_ssl.places.endpoint_proposals import accept_proposals, described, find_proposals

from .documentation import documentation_url
from .mixins import GuardedPostMixin

__all__ = ('EndpointProposalsView',)

# Endpoints shown and accepted at a time; the next ones follow when these have been accepted.
MOST_ROWS = 200


class ProposalsPage(ObjectPermissionRequiredMixin, View):
    queryset = Endpoint.objects.all()

    def get_required_permission(self):
        return 'netbox_ssl.add_endpoint'

    def get(self, request):
        return self.show(request, AcceptProposalsForm())

    def post(self, request):
        form = AcceptProposalsForm(request.POST)
        if not form.is_valid():
            return self.show(request, form)
        accepted = accept_proposals(
            request.POST.getlist('proposal')[:MOST_ROWS], form.cleaned_data['monitor'], request.user, MOST_ROWS
        )
        for level, text in described(accepted):
            getattr(messages, level)(request, text)
        return redirect('plugins:netbox_ssl:endpoint_proposals')

    def show(self, request, form):
        found = find_proposals(request.user, MOST_ROWS + 1)
        context = {
            'form': form,
            'proposals': found[:MOST_ROWS],
            # Those of a form that is shown again
            'selected': request.POST.getlist('proposal'),
            'more': len(found) > MOST_ROWS,
            'assignments_url': reverse('plugins:netbox_ssl:certificateassignment_list'),
            'help_url': documentation_url('how-to/watch-endpoints'),
        }
        return render(request, 'netbox_ssl/endpoint_proposals.html', context)


class EndpointProposalsView(GuardedPostMixin, ProposalsPage):
    pass
