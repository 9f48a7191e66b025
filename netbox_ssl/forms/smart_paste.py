from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from extras.models import Tag
from tenancy.models import Tenant
from utilities.forms import BOOLEAN_WITH_BLANK_CHOICES
from utilities.forms.fields import DynamicModelChoiceField, DynamicModelMultipleChoiceField
from utilities.forms.rendering import FieldSet

from netbox_ssl.intake import read_input

from .fields import ACMEFieldsMixin
from .mixins import PrivateKeyGuardMixin

__all__ = ('SmartPasteForm', 'SmartPasteSettingsForm')


class SmartPasteForm(PrivateKeyGuardMixin, forms.Form):
    """What to import: pasted, uploaded, or both. ``cleaned_data['parsed']`` is what it holds (``ParsedInput``)."""

    text = forms.CharField(
        label=_('Certificate'),
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={
                'rows': 12,
                'class': 'font-monospace',
                'spellcheck': 'false',
                'autofocus': True,
                'placeholder': '-----BEGIN CERTIFICATE-----',
            }
        ),
        help_text=_('PEM with its chain, in any order; text around it does not matter. Never a private key.'),
    )
    file = forms.FileField(
        label=_('File'),
        required=False,
        help_text=_('PEM, DER or PKCS#7'),
    )

    def clean(self):
        super().clean()
        upload = self.cleaned_data.get('file')
        text = self.cleaned_data.get('text') or ''
        if self.errors:
            return
        if bool(upload) == bool(text.strip()):
            raise ValidationError(
                _('Paste a certificate or choose a file, one of the two.')
                if upload
                else _('Paste a certificate (BEGIN CERTIFICATE … END CERTIFICATE), or choose a file.')
            )
        field = 'file' if upload else 'text'
        self.cleaned_data['parsed'] = read_input(upload.read() if upload else text, field)


def _as_it_is(label, help_text='') -> forms.NullBooleanField:
    return forms.NullBooleanField(
        label=label, help_text=help_text, required=False, widget=forms.Select(choices=BOOLEAN_WITH_BLANK_CHOICES)
    )


class SmartPasteSettingsForm(PrivateKeyGuardMixin, ACMEFieldsMixin, forms.Form):
    """What to set on the imported certificates. Whatever is left empty stays as it is, or as detected."""

    tenant = DynamicModelChoiceField(
        label=_('Tenant'),
        queryset=Tenant.objects.all(),
        required=False,
    )
    add_tags = DynamicModelMultipleChoiceField(
        label=_('Tags'),
        queryset=Tag.objects.all(),
        required=False,
    )
    is_acme = _as_it_is(_('Is ACME'), _('Empty: as detected'))
    acme_auto_renewal = _as_it_is(
        _('Auto-Renewal'), _('Yes: an ACME client renews it, and you want to know when it did not')
    )
    acme_last_renewed = None

    fieldsets = (
        FieldSet('tenant', 'add_tags', name=_('Certificate')),
        FieldSet(
            'is_acme',
            'acme_provider',
            'acme_account_email',
            'acme_challenge_type',
            'acme_server_url',
            'acme_auto_renewal',
            'acme_renewal_days',
            name=_('ACME'),
        ),
    )

    def attributes(self) -> dict:
        """What ``intake.take_in()`` is to set."""
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, '')}
        tags = given.pop('add_tags', ())
        return {**given, 'add_tags': list(tags)} if tags else given
