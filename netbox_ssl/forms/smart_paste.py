from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from extras.models import Tag
from tenancy.models import Tenant
from utilities.forms import BOOLEAN_WITH_BLANK_CHOICES
from utilities.forms.fields import DynamicModelChoiceField, DynamicModelMultipleChoiceField
from utilities.forms.rendering import FieldSet

from netbox_ssl.imports.smart_paste import store
from netbox_ssl.imports.smart_paste.inputs import Pasted, read
from netbox_ssl.models.mixins.acme import ACME_FIELDS

from .fields import ACMEFieldsMixin
from .mixins import PrivateKeyGuardMixin

__all__ = ('SmartPasteForm', 'SmartPasteSettingsForm')


class FilesInput(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files. An empty or otherwise invalid file does not cause the others to be refused."""

    widget = FilesInput

    def clean(self, data, initial=None):
        return list(data or ())


class SmartPasteForm(PrivateKeyGuardMixin, forms.Form):
    """
    Certificates to import: pasted, uploaded, or both; or the ones shown in a preview (``paste``, their key in the
    store). Cleans to ``cleaned_data['pasted']``. Invalid only if nothing can be imported. All errors are at fields:
    NetBox also shows others as a toast, in front of the buttons.
    """

    text = forms.CharField(
        label=_('Certificates'),
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
        help_text=_('PEM with its chain, in any order; surrounding text is ignored. Never paste a private key.'),
    )
    file = FilesField(
        label=_('Files'),
        required=False,
        help_text=_('PEM, DER or PKCS#7. You can choose several files, or drop them here.'),
    )
    include_ca = forms.BooleanField(
        label=_('Include CA certificates'),
        required=False,
        help_text=_(
            'Store roots and intermediates as certificates of their own, for example those of an in-house CA. '
            'Otherwise they are only stored in the chains of the certificates that they issued.'
        ),
    )
    paste = forms.CharField(
        required=False,
        widget=forms.HiddenInput,
    )

    def __init__(self, user, *args, **kwargs):
        self.user = user
        super().__init__(*args, **kwargs)

    def clean(self):
        super().clean()
        if self.errors:
            return
        if key := self.cleaned_data['paste']:
            self.cleaned_data['pasted'] = self._restore(key)
            return
        text, uploads = self.cleaned_data['text'], self.cleaned_data['file']
        if not text.strip() and not uploads:
            raise ValidationError(
                {'text': _('Paste a certificate (BEGIN CERTIFICATE … END CERTIFICATE), or choose files.')}
            )
        pasted = read(text, uploads, self.cleaned_data['include_ca'])
        if pasted.leaves:
            self.cleaned_data['pasted'] = pasted
            return
        for refused in pasted.refused:
            for message in refused.messages:
                self.add_error(refused.field, f'{refused.name}: {message}' if refused.field == 'file' else message)

    def _restore(self, key: str) -> Pasted:
        if pasted := store.get(self.user, key):
            return pasted
        message = _(
            'This preview has expired: your latest {most} are kept, for {minutes} minutes. Nothing was imported. '
            'Paste or choose the certificates again; those already in the inventory are recognised.'
        )
        raise ValidationError({'text': message.format(most=store.MOST, minutes=store.MINUTES)})


def _yes_no_unchanged(label, help_text='') -> forms.NullBooleanField:
    return forms.NullBooleanField(
        label=label, help_text=help_text, required=False, widget=forms.Select(choices=BOOLEAN_WITH_BLANK_CHOICES)
    )


class SmartPasteSettingsForm(PrivateKeyGuardMixin, ACMEFieldsMixin, forms.Form):
    """Settings for the imported certificates. An empty field keeps the detected or current value."""

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
    is_acme = _yes_no_unchanged(_('Is ACME'), _('Leave empty to keep the detected value'))
    acme_auto_renewal = _yes_no_unchanged(
        _('Auto-renewal'), _('Yes if an ACME client renews it and you want to be notified when it does not')
    )
    acme_last_renewed = None

    fieldsets = (
        FieldSet('tenant', 'add_tags', name=_('Certificate')),
        FieldSet(*(name for name in ACME_FIELDS if name != 'acme_last_renewed'), name=_('ACME')),
    )

    def attributes(self) -> dict:
        """Return the attributes for ``intake.take_in()``."""
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, '')}
        tags = given.pop('add_tags', ())
        return {**given, 'add_tags': list(tags)} if tags else given
