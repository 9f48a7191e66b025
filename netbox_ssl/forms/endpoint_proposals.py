"""The form of the page *Suggested Endpoints*."""

from django import forms
from django.utils.translation import gettext_lazy as _

from netbox_ssl.models import Endpoint

from .mixins import PrivateKeyGuardMixin

__all__ = ('AcceptProposalsForm',)


class AcceptProposalsForm(PrivateKeyGuardMixin, forms.Form):
    monitor = forms.RegexField(
        r'^[^:/]*$',
        label=_('Monitor'),
        required=False,
        max_length=Endpoint._meta.get_field('monitor').max_length,
        help_text=_('Name of the monitor that checks the accepted endpoints; can be set later'),
        error_messages={'invalid': _('The name of a monitor contains neither a colon nor a slash.')},
    )
