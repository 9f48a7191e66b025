from django import forms
from django.utils.translation import gettext_lazy as _
from utilities.forms.mixins import BackgroundJobMixin

from netbox_ssl.utilities import is_id

__all__ = ('RedetectionForm',)


class RedetectionForm(BackgroundJobMixin, forms.Form):
    """Confirm the changes shown in the preview of a detection."""

    pk = forms.TypedMultipleChoiceField(
        coerce=int,
        widget=forms.MultipleHiddenInput(),
    )
    changelog_message = forms.CharField(
        label=_('Changelog message'),
        required=False,
        max_length=200,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # The queryset determines which of them exist and which the user may change.
        self.fields['pk'].valid_value = is_id
