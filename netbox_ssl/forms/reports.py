"""Forms of the report pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .fields import CoveredNameField
from .mixins import PrivateKeyGuardMixin

__all__ = ('ByNameForm',)


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
