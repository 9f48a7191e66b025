"""The page *Detect ACME*: previews the changes of a new detection on the selected certificates, then applies them."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from netbox.views.generic.base import BaseMultiObjectView
from utilities.views import GetReturnURLMixin, register_model_view

from netbox_ssl import filtersets
from netbox_ssl.forms.redetection import RedetectionForm
from netbox_ssl.intake.redetection import permitted, redetect
from netbox_ssl.models import Certificate
from netbox_ssl.netbox_internals import get_permission_for_model, is_background_request, process_request_as_job
from netbox_ssl.utilities import is_id

from .mixins import GuardedPostMixin

__all__ = ('CertificateBulkDetectView',)

# Certificates checked for the preview; checking this many takes a second or two.
PREVIEWED = 2000


class BulkDetectView(GetReturnURLMixin, BaseMultiObjectView):
    """Preview on the first POST, apply on the second (``_confirm``), like NetBox's own bulk views."""

    queryset = Certificate.objects.all()
    filterset = filtersets.CertificateFilterSet
    template_name = 'netbox_ssl/certificate_bulk_detect.html'

    def get_required_permission(self):
        return get_permission_for_model(Certificate, 'change')

    def get(self, request):
        return redirect(self.get_return_url(request))

    def post(self, request):
        if '_confirm' in request.POST:
            form = RedetectionForm(request.POST)
            if form.is_valid():
                return self._confirmed(request, form.cleaned_data)
            for problems in form.errors.values():
                messages.error(request, ' '.join(problems))
            return redirect(self.get_return_url(request))
        return self._preview(request)

    def _preview(self, request):
        selected = self._selected(request)
        if not selected:
            messages.warning(request, _('No certificates with a PEM were selected.'))
            return redirect(self.get_return_url(request))
        result = redetect(Certificate.objects.filter(pk__in=selected[:PREVIEWED]), request.user, dry_run=True)
        rest = selected[PREVIEWED:]
        # The user confirms the changes shown and those not checked for the preview.
        pks = [proposal.certificate.pk for proposal in result.proposals] + rest
        if not pks:
            messages.info(
                request,
                ngettext(
                    'Nothing to change: the certificate already matches what was detected.',
                    'Nothing to change: the {count} certificates already match what was detected.',
                    result.examined,
                ).format(count=result.examined),
            )
            return redirect(self.get_return_url(request))
        form = RedetectionForm(initial={'pk': pks, 'background_job': bool(rest)})
        context = {
            'form': form,
            'result': result,
            'rest': len(rest),
            'model': Certificate,
            'return_url': self.get_return_url(request),
        }
        return render(request, self.template_name, context)

    def _selected(self, request) -> list[int]:
        queryset = Certificate.objects.all()
        if request.POST.get('_all'):
            queryset = self.filterset(request.GET, queryset, request=request).qs
        else:
            queryset = queryset.filter(pk__in=filter(is_id, request.POST.getlist('pk')))
        return list(permitted(queryset, request.user).order_by('pk').values_list('pk', flat=True).distinct())

    def _confirmed(self, request, data):
        if data['background_job']:
            count = len(data['pk'])
            name = ngettext('Detect ACME on {count} certificate', 'Detect ACME on {count} certificates', count)
            name = name.format(count=count)
            if process_request_as_job(self.__class__, request, name=name):
                return redirect(self.get_return_url(request))
        result = redetect(
            Certificate.objects.filter(pk__in=data['pk']),
            request.user,
            message=data['changelog_message'],
            after_batch=self._log_progress,
        )
        return self._report(request, result)

    def _log_progress(self, result) -> None:
        if is_background_request(self.request):
            message = ngettext(
                'Checked {count} certificate, updated {updated}',
                'Checked {count} certificates, updated {updated}',
                result.examined,
            )
            self.request.job.logger.info(message.format(count=result.examined, updated=len(result.proposals)))

    def _report(self, request, result):
        count = len(result.proposals)
        updated = ngettext('Updated {count} certificate', 'Updated {count} certificates', count).format(count=count)
        refused = [f'{certificate}: {" ".join(problems)}' for certificate, problems in result.refused]
        if is_background_request(request):
            request.job.logger.info(updated)
            for problem in refused:
                request.job.logger.error(problem)
            return None
        messages.success(request, updated)
        for problem in refused:
            messages.error(request, problem)
        return redirect(self.get_return_url(request))


@register_model_view(Certificate, 'bulk_detect', path='detect', detail=False)
class CertificateBulkDetectView(GuardedPostMixin, BulkDetectView):
    """The view itself; the guard refuses a private key in the changelog message."""
