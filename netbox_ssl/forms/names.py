"""Asking for certificates by a name that they cover."""

from django import forms
from django.utils.translation import gettext_lazy as _

from netbox_ssl.models.name_lookups import NO_NAME
from netbox_ssl.x509 import asked_name

from .mixins import PrivateKeyGuardMixin

__all__ = ('ByNameForm', 'CoveredNameField')


class CoveredNameField(forms.CharField):
    """A DNS name or an IP address, also as part of a URL. Cleans to its canonical form."""

    default_error_messages = {'invalid': NO_NAME}

    def to_python(self, value):
        text = super().to_python(value)
        if text in self.empty_values:
            return text
        if not (name := asked_name(text)):
            raise forms.ValidationError(self.error_messages['invalid'], code='invalid')
        return name


class ByNameForm(PrivateKeyGuardMixin, forms.Form):
    name = CoveredNameField(
        label=_('Name'),
        required=False,
        widget=forms.TextInput(
            attrs={
                'type': 'search',
                'placeholder': 'www.example.com',
                'class': 'form-control form-control-lg',
                'autofocus': True,
                'spellcheck': 'false',
                'autocapitalize': 'off',
                'autocomplete': 'off',
            }
        ),
    )
