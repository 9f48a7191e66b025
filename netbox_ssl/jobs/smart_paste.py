"""Imports of many certificates from the Smart Paste page, as a background job with progress and results."""

from core.exceptions import JobFailed
from core.models import Job
from django.conf import settings
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from netbox.jobs import JobRunner
from utilities.forms import restrict_form_fields

from netbox_ssl.forms.smart_paste import SmartPasteSettingsForm
from netbox_ssl.imports.smart_paste.decisions import Decisions
from netbox_ssl.imports.smart_paste.importing import batches, import_now
from netbox_ssl.imports.smart_paste.inputs import Pasted
from netbox_ssl.intake import Refusal
from netbox_ssl.netbox_internals import (
    apply_request_processors,
    copy_safe_request,
)
from netbox_ssl.refusals import explain

__all__ = ('BACKGROUND_FROM', 'SmartPasteJob', 'results_url')

# More certificates than this are imported in the background.
BACKGROUND_FROM = 200


def results_url(job: Job) -> str:
    """Return the URL of the progress and the results of ``job``."""
    return reverse('plugins:netbox_ssl:certificate_smart_paste_job', kwargs={'job': job.pk})


class SmartPasteJob(JobRunner):
    """Import what a user has confirmed, on their behalf and with their permissions at that time."""

    class Meta:
        name = 'Smart Paste import'

    @classmethod
    def start(cls, request, pasted: Pasted) -> Job:
        """Enqueue the import of ``pasted`` with the settings of ``request``."""
        copied = copy_safe_request(request, include_files=False)
        copied.POST = request.POST.copy()
        # Certificates are passed as texts, so the queue needs neither their form fields nor sessions.
        for name in ('text', 'paste', 'csrfmiddlewaretoken'):
            copied.POST.pop(name, None)
        # Other cookies may matter: netbox-branching keeps its branch in one.
        ours = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
        copied.COOKIES = {name: value for name, value in request.COOKIES.items() if name not in ours}
        return cls.enqueue(user=request.user, request=copied, texts=pasted.texts())

    def run(self, request, texts: list[str], **kwargs):
        request.user = self._user(request)
        attributes, decisions = self._attributes(request), Decisions(request.POST)
        pasted = Pasted()
        pasted.take(texts)
        results: list[dict] = []
        self._report(results, len(texts))
        for batch in batches(pasted.leaves):
            # Each batch is a separate request for the change log and events, so that these are not lost with the
            # worker.
            with apply_request_processors(request):
                results += import_now(list(batch), request.user, attributes, decisions, self._log_refusal)
            self._report(results, len(texts))
        message = _('Results with links: {url}').format(url=results_url(self.job))
        self.logger.info(message)
        if all(each['errors'] for each in results):
            self._fail(_('Nothing could be imported.'))

    def _user(self, request):
        user = get_user_model().objects.filter(pk=request.user.pk, is_active=True).first()
        if user is None:
            self._fail(_('The user who requested this import is no longer active.'))
        return user

    def _attributes(self, request) -> dict:
        """Read the settings again: a tenant or a tag may have been deleted since they were confirmed."""
        form = SmartPasteSettingsForm(request.POST)
        restrict_form_fields(form, request.user)
        if not form.is_valid():
            self._fail(' '.join(f'{name}: {" ".join(problems)}' for name, problems in form.errors.items()))
        return form.attributes()

    def _log_refusal(self, leaf, outcome) -> None:
        if isinstance(outcome, Refusal):
            message = f'{leaf.facts.name}: {" ".join(explain(outcome.error))}'
            self.logger.error(message)

    def _report(self, results: list[dict], total: int) -> None:
        """Store the progress now; the rest is stored when the job ends."""
        if results:
            message = ngettext(
                'Done: {done} of {total} certificate', 'Done: {done} of {total} certificates', total
            ).format(done=len(results), total=total)
            self.logger.info(message)
        progress = {'done': len(results), 'total': total}
        self.job.data = {**progress, 'results': results}
        Job.objects.filter(pk=self.job.pk).update(data=progress, log_entries=self.job.log_entries)

    def _fail(self, reason: str):
        self.job.error = reason
        self.logger.error(reason)
        raise JobFailed()
