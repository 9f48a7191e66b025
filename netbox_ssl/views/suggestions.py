"""Suggested assignments: the list, scans, and the suggestions for given certificates."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import View
from netbox.views import generic
from netbox.views.generic.base import BaseMultiObjectView
from utilities.views import ConditionalLoginRequiredMixin, GetReturnURLMixin, register_model_view

from netbox_ssl import filtersets, tables
from netbox_ssl.jobs.suggestions import SuggestionJob
from netbox_ssl.models import AssignmentSuggestion, Certificate
from netbox_ssl.models.suggestions import MAY_ASSIGN
from netbox_ssl.netbox_internals import RQ_QUEUE_DEFAULT, any_workers_for_queue
from netbox_ssl.object_actions import AcceptSuggestions, DismissSuggestions, RestoreSuggestions
from netbox_ssl.places.suggested_pairs import write_pair
from netbox_ssl.places.suggestions import matches_of
from netbox_ssl.utilities import is_id

__all__ = (
    'AssignmentSuggestionListView',
    'FindSuggestionsView',
    'MayAssignMixin',
    'SuggestionsOfView',
)

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
    actions = (AcceptSuggestions, DismissSuggestions)

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        self.of_dismissed = request.GET.get('dismissed') == 'true'
        if self.of_dismissed:
            self.actions = (RestoreSuggestions,)

    def get_queryset(self, request):
        suggestions = super().get_queryset(request)
        chosen = suggestions.dismissed() if self.of_dismissed else suggestions.open()
        return chosen.with_places(request.user)

    def get_permitted_actions(self, user, model=None):
        # Users who may see this page may accept and dismiss.
        return list(self.actions)

    def get_table(self, data, request, bulk_actions=True):
        table = super().get_table(data, request, bulk_actions)
        if self.of_dismissed:
            table.empty_text = _('No suggestion is dismissed.')
        elif not request.GET.get('q'):
            table.empty_text = _why_none(request.user)
        return table

    def get_extra_context(self, request):
        dismissed = AssignmentSuggestion.objects.restrict(request.user).dismissed()
        return {**_progress(), 'of_dismissed': self.of_dismissed, 'dismissed': dismissed.count()}


def _why_none(user) -> str:
    """Return the text of the empty list."""
    if AssignmentSuggestion.objects.restrict(user).exists():
        # Those that are left were assigned or dismissed since the scan.
        return _('All suggestions have been accepted or dismissed. Start a scan to look for new ones.')
    if SuggestionJob.latest() is None:
        return _(
            'Nothing was scanned yet. Start a scan to compare the names of certificates with those of all objects.'
        )
    return _('The last scan found no object with the name of a certificate. Start another one after changes.')


@register_model_view(AssignmentSuggestion, 'find', path='find', detail=False)
class FindSuggestionsView(MayAssignMixin, GetReturnURLMixin, BaseMultiObjectView):
    queryset = AssignmentSuggestion.objects.all()
    http_method_names = ('get', 'post')

    def get(self, request):
        """Return the progress as an HTML fragment; when the scan has ended, it reloads the list around it."""
        list_url = reverse('plugins:netbox_ssl:assignmentsuggestion_list')
        current = urlsplit(request.headers.get('HX-Current-URL', ''))
        query = f'?{current.query}' if current.path == list_url and current.query else ''
        context = {**_progress(), 'polled': True, 'list_url': list_url + query}
        return render(request, 'netbox_ssl/inc/suggestion_progress.html', context)

    def post(self, request):
        if SuggestionJob.is_under_way(SuggestionJob.latest()):
            messages.info(request, _('A scan is already running.'))
        elif not any_workers_for_queue(RQ_QUEUE_DEFAULT):
            messages.error(request, _('No worker is running. Start one: netbox rqworker high default low'))
        else:
            SuggestionJob.enqueue(user=request.user)
            messages.success(request, _('The scan has started in the background.'))
        return redirect('plugins:netbox_ssl:assignmentsuggestion_list')


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
