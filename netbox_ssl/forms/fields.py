"""Form fields that several forms share."""

import re
from datetime import datetime, time

from django import forms
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from utilities.forms.fields import ChoiceField, CommentField
from utilities.forms.utils import add_blank_choice
from utilities.forms.widgets import DatePicker, DateTimePicker

from netbox_ssl.acme.renewal import MAX_RENEWAL_DAYS
from netbox_ssl.choices import ACMEChallengeTypeChoices
from netbox_ssl.expiry.marks import MAX_MARK, MOST_MARKS, listed_marks
from netbox_ssl.models.name_lookups import NO_NAME
from netbox_ssl.utilities import in_choice_case
from netbox_ssl.x509 import asked_name, split_names

from .mixins import provider_input

__all__ = (
    'ACMEFieldsMixin',
    'AnyCaseMultipleChoiceField',
    'CoveredNameField',
    'DayField',
    'ExpiryFieldsMixin',
    'ExpiryMarksField',
    'NamesField',
)


class AnyCaseMultipleChoiceField(forms.MultipleChoiceField):
    """Accepts and selects choices in any case, as the filters of these names do (``?validity=expired``)."""

    def to_python(self, value):
        return in_choice_case(super().to_python(value), self.choices)

    def bound_data(self, data, initial):
        bound = super().bound_data(data, initial)
        return in_choice_case(bound, self.choices) if isinstance(bound, list | tuple) else bound


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


class ExpiryMarksField(forms.CharField):
    """Numbers of days, separated by commas or spaces. Cleans to a list, largest first."""

    default_error_messages = {
        'invalid': format_lazy(
            _('Enter at most {most} whole numbers of days from 0 to {largest}, such as 60, 30, 7.'),
            most=MOST_MARKS,
            largest=MAX_MARK,
        )
    }

    def __init__(self, **kwargs):
        kwargs.setdefault('label', _('Expiry marks'))
        kwargs.setdefault(
            'help_text',
            _(
                'Days before expiry at which it is announced, such as 60, 30, 7. Leave empty to use those of the '
                'configuration.'
            ),
        )
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value):
        return ', '.join(map(str, listed_marks(value))) if isinstance(value, list | tuple) else value

    def to_python(self, value):
        # Records of JSON and YAML imports contain lists or a single number.
        texts = '' if value is None else str(value)
        items = value if isinstance(value, list | tuple) else re.findall(r'[^\s,]+', texts)
        marks = [int(text) for item in items if re.fullmatch('[0-9]{1,4}', text := str(item))]
        if not len(items) == len(marks) <= MOST_MARKS or max(marks, default=0) > MAX_MARK:
            raise forms.ValidationError(self.error_messages['invalid'], code='invalid')
        return listed_marks(marks)

    def has_changed(self, initial, data):
        try:
            return listed_marks(initial or ()) != self.to_python(data)
        except forms.ValidationError:
            return True


class ExpiryFieldsMixin(forms.Form):
    """The settings about expiry, for editing."""

    expiry_marks = ExpiryMarksField()
    renewal_instructions = CommentField(
        label=_('Renewal instructions'),
        help_text=_('How to renew it, for whoever is notified of its expiry. Markdown is supported.'),
    )


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


class DayField(forms.DateTimeField):
    """
    A bound of a filter by time: a day, whose midnight is meant. Cleans to a date; to a datetime for a URL with the time
    of a day. Not a DateField, for which NetBox adds another comparison to the label of the applied filter.
    """

    widget = DatePicker

    def to_python(self, value):
        moment = super().to_python(value)
        if not isinstance(moment, datetime):
            return moment
        try:
            local = timezone.localtime(moment)
        except OverflowError as error:  # after year 9999 in this time zone
            raise forms.ValidationError(self.error_messages['invalid'], code='invalid') from error
        return local.date() if local.time() == time() else moment


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
