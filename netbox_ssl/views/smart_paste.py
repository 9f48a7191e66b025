"""The Smart Paste page: paste, drop or choose certificates, preview what would happen, then confirm."""

from core.models import Job
from django.conf import settings as django_settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.generic import View
from utilities.forms import restrict_form_fields
from utilities.views import ConditionalLoginRequiredMixin, register_model_view

from netbox_ssl import __version__, intake, settings
from netbox_ssl.choices import ValidityChoices
from netbox_ssl.forms.smart_paste import SmartPasteForm, SmartPasteSettingsForm
from netbox_ssl.imports.smart_paste import store
from netbox_ssl.imports.smart_paste.decisions import Decisions
from netbox_ssl.imports.smart_paste.importing import import_now
from netbox_ssl.imports.smart_paste.preview import count_actions, count_warned, preview
from netbox_ssl.imports.smart_paste.results import ACTION_TEXTS, Report
from netbox_ssl.jobs import smart_paste as import_job
from netbox_ssl.models import Certificate
from netbox_ssl.models.suggestions import MAY_ASSIGN
from netbox_ssl.netbox_internals import RQ_QUEUE_DEFAULT, any_workers_for_queue, clear_events
from netbox_ssl.places.suggestions import matches_of
from netbox_ssl.refusals import explain_by_field

__all__ = ('SmartPasteJobView', 'SmartPasteResultsView', 'SmartPasteView')

# Certificates shown on a card each; more are shown as a table.
MOST_CARDS = 3
# Rows of the table
MOST_ROWS = 500
# Characters kept in a hidden field of the form; more are kept on the server.
MOST_CHARACTERS = 256 * 1024
# Error messages shown on one form
MOST_ERRORS = 10


@register_model_view(Certificate, 'smart_paste', path='smart-paste', detail=False)
class SmartPasteView(ConditionalLoginRequiredMixin, View):
    """Preview on the first POST, store on the second (``_confirm``)."""

    def dispatch(self, request, *args, **kwargs):
        # Each certificate determines which of the two is required.
        permissions = ('netbox_ssl.add_certificate', 'netbox_ssl.change_certificate')
        if not any(request.user.has_perm(name) for name in permissions):
            if not request.user.is_authenticated:
                # Also where LOGIN_REQUIRED is off, which is about viewing
                return self.handle_no_permission()
            raise PermissionDenied(_('Importing certificates requires permission to add or change them.'))
        return super().dispatch(request, *args, **kwargs)

    def get(self, request):
        return self._ask(request, SmartPasteForm(request.user))

    def post(self, request):
        confirming = '_confirm' in request.POST
        if confirming and (url := store.finished(request.user, request.POST.get('paste', ''))):
            # Confirmed twice: show the results of the first time.
            return redirect(url)
        form = SmartPasteForm(request.user, request.POST, request.FILES)
        if not form.is_valid():
            return self._ask(request, form)
        settings_form = SmartPasteSettingsForm(request.POST if confirming else None)
        restrict_form_fields(settings_form, request.user)
        if confirming and settings_form.is_valid() and (response := self._carry_out(request, form, settings_form)):
            return response
        return self._preview(request, form, settings_form)

    def _ask(self, request, form):
        context = {
            'form': form,
            'max_bytes': settings.limits().max_input_bytes,
            # Beyond these limits Django refuses the request and the input is lost, so a script warns beforehand.
            'max_files': django_settings.DATA_UPLOAD_MAX_NUMBER_FILES or '',
            'max_text': django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE or '',
            'version': __version__,
        }
        return render(request, 'netbox_ssl/smart_paste.html', context)

    def _preview(self, request, form, settings_form):
        pasted, key = form.cleaned_data['pasted'], form.cleaned_data['paste']
        rows = preview(pasted.leaves, request.user, Decisions(request.POST))
        if not any(row.plan for row in rows):
            _add_errors(form, 'text', [(None, problem) for row in rows for problem in row.problems])
            return self._ask(request, form)
        pems = ''.join(pasted.texts())
        small = pasted.inputs == 1 and len(pems) <= min(MOST_CHARACTERS, settings.limits().max_input_bytes)
        if not small:
            key = key or store.put(request.user, pasted)
        counts, warned = count_actions(rows), count_warned(rows)
        context = {
            'pasted': pasted,
            'rows': rows[:MOST_ROWS],
            'omitted': max(len(rows) - MOST_ROWS, 0),
            'total': len(rows),
            'counts': counts,
            'refused_count': counts[''],
            'expired_count': warned[ValidityChoices.EXPIRED],
            'future_count': warned[ValidityChoices.NOT_YET_VALID],
            'as_table': len(rows) > MOST_CARDS,
            'key': key,
            'pems': '' if key else pems,
            'include_ca': form.cleaned_data['include_ca'],
            'minutes': store.MINUTES,
            'in_background': len(rows) > import_job.BACKGROUND_FROM and any_workers_for_queue(RQ_QUEUE_DEFAULT),
            'settings_form': settings_form,
            'has_changes': any(count for action, count in counts.items() if action != intake.Action.UNCHANGED),
        }
        return render(request, 'netbox_ssl/smart_paste_preview.html', context)

    def _carry_out(self, request, form, settings_form):
        """
        Import all that can be imported. If nothing can, or a decision is no longer possible, add the errors to the form
        and return None.
        """
        pasted, user, decisions = form.cleaned_data['pasted'], request.user, Decisions(request.POST)
        if problems := decisions.problems(pasted.leaves, user):
            _add_errors(settings_form, None, [(None, problem) for problem in problems.values()])
            return None
        if len(pasted.leaves) > import_job.BACKGROUND_FROM and any_workers_for_queue(RQ_QUEUE_DEFAULT):
            url = import_job.results_url(import_job.SmartPasteJob.start(request, pasted))
        else:
            outcomes = []
            attributes = settings_form.attributes()
            entries = import_now(
                pasted.leaves, user, attributes, decisions, lambda leaf, outcome: outcomes.append(outcome)
            )
            if all(isinstance(outcome, intake.Refusal) for outcome in outcomes):
                _add_errors(settings_form, None, [each for outcome in outcomes for each in _problems(outcome.error)])
                clear_events.send(sender=self)
                return None
            several = len(entries) > MOST_CARDS or any(each['errors'] for each in entries)
            if several or (len(entries) > 1 and _suggest_assignments(outcomes, user)):
                url = _results_url(store.put_results(user, entries))
            else:
                url = self._add_messages(request, outcomes)
        store.finish(user, form.cleaned_data['paste'], url)
        return redirect(url)

    def _add_messages(self, request, results) -> str:
        """Add a message with a link for each result. Return the URL of the page to show them on."""
        for result in results:
            messages.success(
                request,
                format_html(
                    '{} <a href="{}">{}</a>',
                    ACTION_TEXTS[result.action],
                    result.certificate.get_absolute_url(),
                    result.certificate,
                ),
            )
            for warning in result.warnings:
                messages.warning(request, warning)
        if len(results) == 1 and request.user.has_perm('netbox_ssl.view_certificate', results[0].certificate):
            return results[0].certificate.get_absolute_url()
        return reverse('plugins:netbox_ssl:certificate_list')


@register_model_view(Certificate, 'smart_paste_results', path='smart-paste/results/<str:key>', detail=False)
class SmartPasteResultsView(ConditionalLoginRequiredMixin, View):
    """The results of an import of several certificates."""

    def get(self, request, key):
        entries = store.get_results(request.user, key)
        if entries is None:
            raise Http404(_('Results are kept for one day for the person who ran the import.'))
        return render(request, 'netbox_ssl/smart_paste_results.html', {'report': Report(entries, request.user)})


@register_model_view(Certificate, 'smart_paste_job', path='smart-paste/jobs/<int:job>', detail=False)
class SmartPasteJobView(ConditionalLoginRequiredMixin, View):
    """Progress and results of a background import, for the user who started it and for superusers."""

    def get(self, request, job):
        jobs = Job.objects.filter(name=import_job.SmartPasteJob.name)
        if not request.user.is_superuser:
            jobs = jobs.filter(user_id=request.user.pk or 0)
        job = get_object_or_404(jobs, pk=job)
        data = job.data or {}
        context = {
            'job': job,
            'may_view_job': request.user.has_perm('core.view_job', job),
            'running': not job.completed,
            'done': data.get('done', 0),
            'total': data.get('total', 0),
            'report': Report(data.get('results', []), request.user),
        }
        return render(request, 'netbox_ssl/smart_paste_results.html', context)


def _suggest_assignments(results, user) -> bool:
    """Return whether there are suggested assignments for these certificates."""
    certificates = [result.certificate for result in results]
    return user.has_perm(MAY_ASSIGN) and bool(matches_of(certificates, user, limit=1))


def _results_url(key: str) -> str:
    return reverse('plugins:netbox_ssl:certificate_smart_paste_results', kwargs={'key': key})


def _problems(error: Exception) -> list[tuple[str | None, str]]:
    """Return (field, message) pairs for one of ``netbox_ssl.refusals.REFUSALS``."""
    return [(field or None, message) for field, messages in explain_by_field(error).items() for message in messages]


def _add_errors(form, otherwise: str | None, problems: list[tuple[str | None, str]]) -> None:
    """Add each distinct problem once, to its field, or to ``otherwise`` if the form has no such field."""
    for field, message in list(dict.fromkeys(problems))[:MOST_ERRORS]:
        form.add_error(field if field in form.fields else otherwise, message)
