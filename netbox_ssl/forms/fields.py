"""Form fields that several forms share."""

from django import forms
from django.utils.translation import gettext_lazy as _
from utilities.forms.fields import ChoiceField
from utilities.forms.utils import add_blank_choice
from utilities.forms.widgets import DateTimePicker

from netbox_ssl.acme.renewal import MAX_RENEWAL_DAYS
from netbox_ssl.choices import ACMEChallengeTypeChoices
from netbox_ssl.models.name_lookups import NO_NAME
from netbox_ssl.x509 import asked_name, split_names

from .mixins import provider_input

__all__ = ('ACMEFieldsMixin', 'CoveredNameField', 'NamesField')


class NamesField(forms.CharField):
    """Subject alternative names, separated by lines, commas or spaces, or as OpenSSL prints them. Cleans to a list."""

    def __init__(self, **kwargs):
        kwargs.setdefault('widget', forms.Textarea(attrs={'rows': 3, 'class': 'font-monospace'}))
        kwargs.setdefault('help_text', _('DNS names and IP addresses, one per line or separated by commas'))
        super().__init__(**kwargs)

    def prepare_value(self, value):
        return '\n'.join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value):
        # Records of JSON and YAML imports contain lists.
        if isinstance(value, dict) or (isinstance(value, list | tuple) and not all(isinstance(x, str) for x in value)):
            raise forms.ValidationError(_('Enter names, or a list of names.'))
        if isinstance(value, list | tuple):
            return list(value)
        return split_names(super().to_python(value))

    def has_changed(self, initial, data):
        return list(initial or []) != self.to_python(data)


class ACMEFieldsMixin(forms.Form):
    """The eight ACME fields, for editing."""

    is_acme = forms.BooleanField(
        label=_('Is ACME'),
        required=False,
        help_text=_('Issued over ACME (RFC 8555). Detected from the issuer when a PEM is added.'),
    )
    acme_provider = forms.CharField(
        label=_('ACME provider'),
        required=False,
        max_length=100,
        widget=provider_input(),
        help_text=_('Name of the CA; any text is accepted'),
    )
    acme_account_email = forms.EmailField(
        label=_('Account email'),
        required=False,
    )
    acme_challenge_type = ChoiceField(
        label=_('Challenge type'),
        choices=add_blank_choice(ACMEChallengeTypeChoices),
        required=False,
    )
    acme_server_url = forms.CharField(
        label=_('Server URL'),
        required=False,
        max_length=500,
        help_text=_('URL of the ACME directory'),
    )
    acme_auto_renewal = forms.BooleanField(
        label=_('Auto-renewal'),
        required=False,
        help_text=_('An ACME client renews it automatically; the renewal status shows if it did not'),
    )
    acme_renewal_days = forms.IntegerField(
        label=_('Renewal days'),
        required=False,
        min_value=0,
        max_value=MAX_RENEWAL_DAYS,
        help_text=_('Renew this many days before expiry. Leave empty to derive it from the lifetime.'),
    )
    acme_last_renewed = forms.DateTimeField(
        label=_('Last renewed'),
        required=False,
        widget=DateTimePicker(),
    )


class CoveredNameField(forms.CharField):
    """A DNS name or an IP address, also as a part of a URL. Cleans to its canonical form."""

    default_error_messages = {'invalid': NO_NAME}

    def to_python(self, value):
        text = super().to_python(value)
        if text in self.empty_values:
            return text
        if not (name := asked_name(text)):
            raise forms.ValidationError(self.error_messages['invalid'], code='invalid')
        return name
