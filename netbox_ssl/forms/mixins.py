from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from netbox_ssl import settings
from netbox_ssl.acme.catalogue import known_provider_names
from netbox_ssl.models.mixins.acme_settings import PINNABLE_FIELDS
from netbox_ssl.models.mixins.validation import contradicted_facts
from netbox_ssl.models.mixins.x509 import FACT_FIELDS
from netbox_ssl.refusals import bounded
from netbox_ssl.validators import refuse_private_key

__all__ = ('DatalistInput', 'FactsFromPEMMixin', 'PinDetectedFieldsMixin', 'PrivateKeyGuardMixin', 'provider_input')


class PrivateKeyGuardMixin:
    """
    Refuse private keys in any submitted value and drop the value, so that no page shows it again; this is then the only
    error. Keep messages that quote a value short.
    """

    def add_error(self, field, error):
        super().add_error(field, error)
        for found in self._errors.values():
            for each in found.data:
                # Each has one message, perhaps with parameters to fill in.
                each.message, each.params = bounded(' '.join(each.messages)), None

    def full_clean(self):
        refused = self._take_out_private_keys() if self.is_bound else {}
        super().full_clean()
        if not refused:
            return
        # Fields were emptied here, so other errors, such as “this field is required”, may be misleading.
        self._errors.clear()
        for name, error in refused.items():
            self.add_error(name if name in self.fields else None, error)

    def _take_out_private_keys(self) -> dict[str, ValidationError]:
        refused = {}
        data = self.data.copy()
        for name in list(data):
            values = data.getlist(name) if hasattr(data, 'getlist') else [data[name]]
            try:
                refuse_private_key(NON_FIELD_ERRORS, values)
            except ValidationError as error:
                refused[name.removeprefix(f'{self.prefix}-')] = ValidationError(error.messages)
                data[name] = ''
        if refused:
            self.data = data
        return refused


class FactsFromPEMMixin:
    """Read the facts from the PEM if there is one. An entered fact that contradicts the PEM is a field error."""

    def _post_clean(self):
        typed = {
            name: self.cleaned_data[name]
            for name in FACT_FIELDS
            if name in self.cleaned_data and name in self.changed_data and self.cleaned_data[name]
        }
        super()._post_clean()
        if not self.instance.pem or self.errors:
            return
        for name in contradicted_facts(typed, self.instance):
            self.add_error(name, _('This contradicts the PEM. Leave it empty to read it from the PEM.'))


class PinDetectedFieldsMixin:
    """Record which fields a person set, so that detection does not change them."""

    def _post_clean(self):
        changed = [name for name in self.changed_data if name in PINNABLE_FIELDS and name in self.cleaned_data]
        self.instance.pin(changed)
        super()._post_clean()


class DatalistInput(forms.TextInput):
    """Free text with suggestions: an HTML datalist, which needs no script."""

    def __init__(self, suggestions=(), attrs=None):
        super().__init__(attrs)
        self.suggestions = suggestions

    def render(self, name, value, attrs=None, renderer=None):
        suggestions = self.suggestions() if callable(self.suggestions) else self.suggestions
        list_id = f'{(attrs or {}).get("id", name)}_suggestions'
        field = super().render(name, value, {**(attrs or {}), 'list': list_id, 'autocomplete': 'off'}, renderer)
        options = format_html_join('', '<option value="{}"></option>', ((item,) for item in suggestions))
        return mark_safe(field + format_html('<datalist id="{}">{}</datalist>', list_id, options))


def provider_input() -> DatalistInput:
    """Return an input for free text that suggests the names of the known ACME providers."""
    return DatalistInput(lambda: known_provider_names(settings.catalogue()))
