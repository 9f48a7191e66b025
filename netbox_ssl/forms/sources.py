from django import forms
from django.utils.translation import gettext_lazy as _
from netbox.forms import NetBoxModelBulkEditForm, NetBoxModelFilterSetForm, NetBoxModelForm, NetBoxModelImportForm
from utilities.forms import BOOLEAN_WITH_BLANK_CHOICES
from utilities.forms.fields import (
    CSVModelChoiceField,
    DynamicModelChoiceField,
    DynamicModelMultipleChoiceField,
    TagFilterField,
)
from utilities.forms.rendering import FieldSet

from netbox_ssl.models import Certificate, CertificateSource

from .mixins import PrivateKeyGuardMixin

__all__ = (
    'CertificateSourceBulkEditForm',
    'CertificateSourceFilterForm',
    'CertificateSourceForm',
    'CertificateSourceImportForm',
)


class CertificateSourceForm(PrivateKeyGuardMixin, NetBoxModelForm):
    certificate = DynamicModelChoiceField(
        label=_('Certificate'),
        queryset=Certificate.objects.all(),
    )

    fieldsets = (FieldSet('certificate', 'external_id', 'client', 'tags', name=_('Certificate Source')),)

    class Meta:
        model = CertificateSource
        fields = ['certificate', 'external_id', 'client', 'tags']


class CertificateSourceImportForm(PrivateKeyGuardMixin, NetBoxModelImportForm):
    certificate = CSVModelChoiceField(
        label=_('Certificate'),
        queryset=Certificate.objects.all(),
        to_field_name='name',
        help_text=_('Name of the certificate'),
    )

    class Meta:
        model = CertificateSource
        fields = ('certificate', 'external_id', 'client', 'tags')


class CertificateSourceBulkEditForm(PrivateKeyGuardMixin, NetBoxModelBulkEditForm):
    certificate = DynamicModelChoiceField(
        label=_('Certificate'),
        queryset=Certificate.objects.all(),
        required=False,
    )
    client = forms.CharField(
        label=_('Client'),
        required=False,
        max_length=100,
    )

    model = CertificateSource
    fieldsets = (FieldSet('certificate', 'client'),)
    nullable_fields = ('client',)


class CertificateSourceFilterForm(NetBoxModelFilterSetForm):
    model = CertificateSource
    fieldsets = (
        FieldSet('q', 'filter_id', 'tag'),
        FieldSet('certificate_id', 'client', 'behind', 'silent', name=_('Certificate Source')),
    )
    certificate_id = DynamicModelMultipleChoiceField(
        queryset=Certificate.objects.all(),
        required=False,
        label=_('Certificate'),
    )
    client = forms.CharField(
        label=_('Client'),
        required=False,
    )
    behind = forms.NullBooleanField(
        label=_('Behind'),
        required=False,
        widget=forms.Select(choices=BOOLEAN_WITH_BLANK_CHOICES),
    )
    silent = forms.NullBooleanField(
        label=_('Silent'),
        required=False,
        widget=forms.Select(choices=BOOLEAN_WITH_BLANK_CHOICES),
    )
    tag = TagFilterField(model)
