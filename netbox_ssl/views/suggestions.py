"""Suggested assignments: the list, the suggestions for given certificates, and accepting them."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.generic import View
from netbox.views import generic
from netbox.views.generic.base import BaseMultiObjectView
from utilities.views import ConditionalLoginRequiredMixin, GetReturnURLMixin, register_model_view

from netbox_ssl import filtersets, tables
from netbox_ssl.jobs.suggestions import SuggestionJob
from netbox_ssl.models import AssignmentSuggestion, Certificate
from netbox_ssl.models.suggestions import MAY_ASSIGN
from netbox_ssl.netbox_internals import (
    RQ_QUEUE_DEFAULT,
    any_workers_for_queue,
    is_background_request,
    process_request_as_job,
)
from netbox_ssl.object_actions import AcceptSuggestions
from netbox_ssl.places.acceptance import Accepted, accept, described, read_pair, write_pair
from netbox_ssl.places.suggestions import matches_of
from netbox_ssl.utilities import is_id

__all__ = (
    'AcceptSuggestionsView',
    'AssignmentSuggestionListView',
    'FindSuggestionsView',
    'SuggestionsOfView',
)

# More are accepted in the background: an assignment takes a few milliseconds.
BACKGROUND_FROM = 200
# Certificates for which suggestions are shown on a page; the list shows all of them.
MOST_CERTIFICATES = 200
MOST_ROWS = 50


class MayAssignMixin:
    def get_required_permission(self):
        return MAY_ASSIGN


@register_model_view(AssignmentSuggestion, 'list', path='', detail=False)
class AssignmentSuggestionListView(MayAssignMixin, generic.ObjectListView):
    queryset = AssignmentSuggestion.objects.all()
    filterset = filtersets.AssignmentSuggestionFilterSet
    table = tables.AssignmentSuggestionTable
    template_name = 'netbox_ssl/suggestions.html'
    actions = (AcceptSuggestions,)

    def get_queryset(self, request):
        return super().get_queryset(request).open().with_places(request.user)

    def get_permitted_actions(self, user, model=None):
        # Users who may see this page may accept.
        return list(self.actions)

    def get_extra_context(self, request):
        return _progress()


@register_model_view(AssignmentSuggestion, 'find', path='find', detail=False)
class FindSuggestionsView(MayAssignMixin, GetReturnURLMixin, BaseMultiObjectView):
    queryset = AssignmentSuggestion.objects.all()
    http_method_names = ('get', 'post')

    def get(self, request):
        """Return the progress as an HTML fragment."""
        return render(request, 'netbox_ssl/inc/suggestion_progress.html', {**_progress(), 'polled': True})

    def post(self, request):
        if SuggestionJob.is_under_way(SuggestionJob.latest()):
            messages.info(request, _('A scan is already running.'))
        elif not any_workers_for_queue(RQ_QUEUE_DEFAULT):
            messages.error(request, _('No worker is running. Start one: netbox rqworker high default low'))
        else:
            SuggestionJob.enqueue(user=request.user)
            messages.success(request, _('The scan has started in the background.'))
        return redirect('plugins:netbox_ssl:assignmentsuggestion_list')


@register_model_view(AssignmentSuggestion, 'bulk_accept', path='accept', detail=False)
class AcceptSuggestionsView(MayAssignMixin, GetReturnURLMixin, BaseMultiObjectView):
    """Accept suggestions from the list (``pk``, ``_all``) or from the page of a certificate (``pair``)."""

    queryset = AssignmentSuggestion.objects.all()
    filterset = filtersets.AssignmentSuggestionFilterSet

    def get(self, request):
        return redirect(self.get_return_url(request))

    def post(self, request):
        pairs = self._selected(request)
        if len(pairs) > BACKGROUND_FROM and any_workers_for_queue(RQ_QUEUE_DEFAULT):
            name = _('Accept {count} suggested certificate assignments').format(count=len(pairs))
            if process_request_as_job(self.__class__, request, name=name):
                return redirect(self.get_return_url(request))
        lines = described(accept(pairs, request.user, self._log_progress))
        for level, text in lines:
            if is_background_request(request):
                getattr(request.job.logger, 'info' if level == 'success' else level)(text)
            else:
                getattr(messages, level)(request, text)
        return None if is_background_request(request) else redirect(self.get_return_url(request))

    def _selected(self, request) -> list[tuple[int, int, int]]:
        if pairs := request.POST.getlist('pair'):
            return [pair for text in pairs if (pair := read_pair(text))]
        suggestions = AssignmentSuggestion.objects.restrict(request.user)
        if request.POST.get('_all'):
            suggestions = self.filterset(request.GET, suggestions, request=request).qs.open()
        else:
            suggestions = suggestions.filter(pk__in=filter(is_id, request.POST.getlist('pk')))
        return list(
            suggestions.order_by('pk').values_list('certificate_id', 'assigned_object_type_id', 'assigned_object_id')
        )

    def _log_progress(self, result: Accepted) -> None:
        if is_background_request(self.request):
            self.request.job.logger.info(_('Assigned so far: {count}').format(count=len(result.assigned)))


def _progress() -> dict:
    job = SuggestionJob.latest()
    return {
        'job': job,
        'running': SuggestionJob.is_under_way(job),
        'percent': (job.data or {}).get('percent', 0) if job else 0,
    }


class SuggestionsOfView(ConditionalLoginRequiredMixin, View):
    """The suggestions for the given certificates (``?certificate=``) as an HTML fragment; empty if there are none."""

    def get(self, request):
        user = request.user
        pks = list(filter(is_id, request.GET.getlist('certificate')))[:MOST_CERTIFICATES]
        found = []
        if user.has_perm(MAY_ASSIGN):
            certificates = Certificate.objects.restrict(user, 'view').filter(pk__in=pks).order_by('name', 'pk')
            found = [
                (certificate, place, name, write_pair(certificate, place))
                for certificate, place, name in matches_of(certificates.defer('pem', 'chain_pem'), user, MOST_ROWS)
            ]
        context = {'found': found, 'several': len(pks) > 1, 'return_url': request.GET.get('return_url', '')}
        return render(request, 'netbox_ssl/inc/suggestions_of.html', context)
