"""Accept, dismiss and restore suggested assignments."""

from django.contrib import messages
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from netbox.views.generic.base import BaseMultiObjectView
from utilities.views import GetReturnURLMixin, register_model_view

from netbox_ssl import filtersets
from netbox_ssl.models import AssignmentSuggestion
from netbox_ssl.netbox_internals import (
    RQ_QUEUE_DEFAULT,
    any_workers_for_queue,
    is_background_request,
    process_request_as_job,
)
from netbox_ssl.places.acceptance import Accepted, accept, described
from netbox_ssl.places.dismissal import dismiss, restore
from netbox_ssl.places.suggested_pairs import Pair, pair_text, read_pair
from netbox_ssl.utilities import is_id

from .suggestions import MayAssignMixin

__all__ = ('AcceptSuggestionsView', 'DismissSuggestionsView', 'RestoreSuggestionsView')

# More are accepted in the background: an assignment takes a few milliseconds.
BACKGROUND_FROM = 200
# Suggestions that the message about a dismissal can restore; more are restored in the list.
MOST_UNDONE = 50


class DecisionView(MayAssignMixin, GetReturnURLMixin, BaseMultiObjectView):
    """Decide on suggestions from the list (``pk``, ``_all``) or from the page of a certificate (``pair``)."""

    queryset = AssignmentSuggestion.objects.all()
    filterset = filtersets.AssignmentSuggestionFilterSet

    def get(self, request):
        return redirect(self.get_return_url(request))

    def among(self, suggestions):
        """Return the suggestions that *Select all* selects."""
        return suggestions.open()

    def selected(self, request) -> list[Pair]:
        """Return the suggestions that were submitted."""
        if pairs := request.POST.getlist('pair'):
            return [pair for text in pairs if (pair := read_pair(text))]
        suggestions = AssignmentSuggestion.objects.restrict(request.user)
        if request.POST.get('_all'):
            suggestions = self.among(self.filterset(request.GET, suggestions, request=request).qs)
        else:
            suggestions = suggestions.filter(pk__in=filter(is_id, request.POST.getlist('pk')))
        return list(
            suggestions.order_by('pk').values_list('certificate_id', 'assigned_object_type_id', 'assigned_object_id')
        )


@register_model_view(AssignmentSuggestion, 'bulk_accept', path='accept', detail=False)
class AcceptSuggestionsView(DecisionView):
    def post(self, request):
        pairs = self.selected(request)
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

    def _log_progress(self, result: Accepted) -> None:
        if is_background_request(self.request):
            self.request.job.logger.info(_('Assigned so far: {count}').format(count=len(result.assigned)))


@register_model_view(AssignmentSuggestion, 'bulk_dismiss', path='dismiss', detail=False)
class DismissSuggestionsView(DecisionView):
    def post(self, request):
        dismissed = dismiss(self.selected(request), request.user, timezone.now())
        if dismissed:
            # The message has a button that restores them.
            context = {
                'count': len(dismissed),
                'pairs': [pair_text(pair) for pair in dismissed] if len(dismissed) <= MOST_UNDONE else [],
                'return_url': self.get_return_url(request),
            }
            message = render_to_string('netbox_ssl/inc/dismissed.html', context, request=request)
            messages.success(request, mark_safe(message))
        else:
            messages.warning(request, _('No suggestions were selected, or they are no longer suggested.'))
        return redirect(self.get_return_url(request))


@register_model_view(AssignmentSuggestion, 'bulk_restore', path='restore', detail=False)
class RestoreSuggestionsView(DecisionView):
    def among(self, suggestions):
        return suggestions.dismissed()

    def post(self, request):
        restored = restore(self.selected(request), request.user)
        if restored:
            messages.success(request, _('Suggested again: {count}').format(count=restored))
        else:
            messages.warning(request, _('No dismissed suggestions were selected.'))
        return redirect(self.get_return_url(request))
