"""The Smart Paste page: paste or upload, see what it is and what would happen, then confirm."""

from core.signals import clear_events
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.generic import View
from utilities.exceptions import AbortRequest, PermissionsViolation
from utilities.forms import restrict_form_fields
from utilities.views import ConditionalLoginRequiredMixin, register_model_view

from . import intake
from .forms.smart_paste import SmartPasteForm, SmartPasteSettingsForm
from .models import Certificate

PASTE_TEMPLATE = 'netbox_ssl/smart_paste.html'
ACTION_TEXTS = {
    intake.Action.CREATED: _lazy('Created certificate'),
    intake.Action.RENEWED: _lazy('Renewed certificate'),
    intake.Action.HISTORY: _lazy('Added an older issuance to the history of'),
    intake.Action.UPDATED: _lazy('Updated certificate'),
    intake.Action.UNCHANGED: _lazy('Nothing to change on'),
}
PREVIEW_TEMPLATE = 'netbox_ssl/smart_paste_preview.html'


@register_model_view(Certificate, 'smart_paste', path='smart-paste', detail=False)
class SmartPasteView(ConditionalLoginRequiredMixin, View):
    """Nothing is written before the second POST, the one with ``_confirm``."""

    def dispatch(self, request, *args, **kwargs):
        # Which of the two is needed, each certificate decides.
        permissions = ('netbox_ssl.add_certificate', 'netbox_ssl.change_certificate')
        if request.user.is_authenticated and not any(request.user.has_perm(name) for name in permissions):
            raise PermissionDenied(_('Importing certificates needs the permission to add or change them.'))
        return super().dispatch(request, *args, **kwargs)

    def get(self, request):
        return render(request, PASTE_TEMPLATE, {'form': SmartPasteForm()})

    def post(self, request):
        form = SmartPasteForm(request.POST, request.FILES)
        if not form.is_valid():
            return render(request, PASTE_TEMPLATE, {'form': form})
        parsed = form.cleaned_data['parsed']
        confirming = '_confirm' in request.POST
        settings_form = SmartPasteSettingsForm(request.POST if confirming else None)
        restrict_form_fields(settings_form, request.user)
        if confirming and settings_form.is_valid() and (response := self._carry_out(request, parsed, settings_form)):
            return response
        return self._preview(request, form, parsed, settings_form)

    def _preview(self, request, form, parsed, settings_form):
        try:
            plans = [intake.plan_leaf(leaf, request.user) for leaf in parsed.leaves]
        except ValidationError as error:
            form.add_error('text', ValidationError(error.messages))
            return render(request, PASTE_TEMPLATE, {'form': form})
        # What is confirmed is exactly what was shown, however it came in.
        pems = ''.join(facts.pem for leaf in parsed.leaves for facts in (leaf.facts, *leaf.chain))
        context = {
            'plans': plans,
            'parsed': parsed,
            'pems': pems,
            'settings_form': settings_form,
            'has_changes': any(plan.action != intake.Action.UNCHANGED for plan in plans),
        }
        return render(request, PREVIEW_TEMPLATE, context)

    def _carry_out(self, request, parsed, settings_form):
        """Import all or nothing; on failure the error goes to the form, and None is returned."""
        try:
            with transaction.atomic():
                attributes = settings_form.attributes()
                results = [intake.take_in(leaf, request.user, attributes) for leaf in parsed.leaves]
        except ValidationError as error:
            for field, problems in getattr(error, 'message_dict', {None: error.messages}).items():
                known = field if field in settings_form.fields else None
                settings_form.add_error(known, ValidationError(problems))
        except (AbortRequest, PermissionsViolation) as error:
            settings_form.add_error(None, error.message)
        except PermissionDenied as error:
            settings_form.add_error(None, str(error))
        else:
            return self._report(request, results)
        clear_events.send(sender=self)
        return None

    def _report(self, request, results):
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
            return redirect(results[0].certificate.get_absolute_url())
        return redirect(reverse('plugins:netbox_ssl:certificate_list'))
