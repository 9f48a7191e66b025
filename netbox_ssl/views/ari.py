"""The *Check now* button: polls the CA for one certificate and shows the result."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.generic import View
from utilities.views import ConditionalLoginRequiredMixin, register_model_view

from netbox_ssl.ari.explanations import describe, why_not_now
from netbox_ssl.ari.polling import check_now
from netbox_ssl.ari.window_moves import announce_moves
from netbox_ssl.models import Certificate

__all__ = ('CertificateCheckARIView',)


@register_model_view(Certificate, 'check_ari', path='check-ari')
class CertificateCheckARIView(ConditionalLoginRequiredMixin, View):
    http_method_names = ('post',)

    def post(self, request, pk):
        visible = Certificate.objects.restrict(request.user, 'view')
        certificate = get_object_or_404(
            visible.filter(pk__in=Certificate.objects.restrict(request.user, 'change')), pk=pk
        )
        reason, _seconds = why_not_now(certificate)
        if reason:
            messages.warning(request, reason)
            return redirect(certificate.get_absolute_url())
        outcome = check_now(certificate)
        announce_moves([certificate.pk])
        certificate.refresh_from_db()
        if outcome.error:
            messages.error(request, outcome.error)
        elif outcome.window:
            messages.success(request, _('The CA answered. The renewal window it suggests is shown below.'))
        elif outcome.checked_at is None:
            messages.warning(request, _('Too many requests to this CA right now. Try again in a few minutes.'))
        else:
            messages.warning(request, describe(certificate).why_none)
        return redirect(certificate.get_absolute_url())
