from dcim.models import Device
from django import forms
from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext_lazy as _
from ipam.models import IPAddress, Service
from netbox.forms import NetBoxModelBulkEditForm, NetBoxModelFilterSetForm, NetBoxModelForm, NetBoxModelImportForm
from utilities.forms.fields import (
    ContentTypeMultipleChoiceField,
    CSVContentTypeField,
    CSVModelChoiceField,
    DynamicModelChoiceField,
    DynamicModelMultipleChoiceField,
    GenericObjectChoiceField,
    TagFilterField,
)
from utilities.forms.mixins import GenericObjectFormMixin
from utilities.forms.rendering import FieldSet
from utilities.forms.widgets import BulkEditNullBooleanSelect
from virtualization.models import VirtualMachine

from netbox_ssl.models import Certificate, CertificateAssignment
from netbox_ssl.models.assignments import ASSIGNABLE, ASSIGNABLE_MODELS

from .filtersets import yes_no_any
from .mixins import PrivateKeyGuardMixin
from .places import PLACE_FILTERS, PlaceFilterForm

__all__ = (
    'CertificateAssignmentBulkEditForm',
    'CertificateAssignmentFilterForm',
    'CertificateAssignmentForm',
    'CertificateAssignmentImportForm',
)


class CertificateAssignmentForm(PrivateKeyGuardMixin, GenericObjectFormMixin, NetBoxModelForm):
    certificate = DynamicModelChoiceField(
        label=_('Certificate'),
        queryset=Certificate.objects.all(),
        selector=True,
    )
    assigned_object = GenericObjectChoiceField(
        label=_('Assigned to'),
        content_type_queryset=ContentType.objects.filter(ASSIGNABLE),
        required=True,
        selector=True,
        hx_target_id='assignment',
    )

    fieldsets = (
        FieldSet(
            'certificate',
            'assigned_object',
            'primary',
            'note',
            'tags',
            name=_('Certificate Assignment'),
            html_id='assignment',
        ),
    )

    class Meta:
        model = CertificateAssignment
        fields = ['certificate', 'primary', 'note', 'tags']


# By what an object of each kind is named in a record.
NAMED_BY = {Device: 'name', VirtualMachine: 'name', Service: 'name', IPAddress: 'address'}


class CertificateAssignmentImportForm(PrivateKeyGuardMixin, NetBoxModelImportForm):
    certificate = CSVModelChoiceField(
        label=_('Certificate'),
        queryset=Certificate.objects.all(),
        to_field_name='name',
        help_text=_('Name of the certificate'),
    )
    assigned_object_type = CSVContentTypeField(
        label=_('Object type'),
        queryset=ContentType.objects.filter(ASSIGNABLE),
        help_text=_('dcim.device, virtualization.virtualmachine, ipam.service, or ipam.ipaddress'),
    )
    assigned_object = CSVModelChoiceField(
        label=_('Assigned to'),
        queryset=Device.objects.all(),
        required=False,
        to_field_name='name',
        help_text=_('Name of the object; of an IP address, its address with prefix length'),
    )
    assigned_object_id = forms.IntegerField(
        label=_('Object ID'),
        required=False,
        min_value=1,
        help_text=_('Instead of the name, where several objects have the same'),
    )

    class Meta:
        model = CertificateAssignment
        fields = (
            'certificate',
            'assigned_object_type',
            'assigned_object_id',
            'primary',
            'note',
            'tags',
        )

    def __init__(self, data=None, *args, **kwargs):
        super().__init__(data, *args, **kwargs)
        # Before NetBox restricts the field to what the user may see.
        field = self.fields['assigned_object']
        for model, name in NAMED_BY.items():
            if data and data.get('assigned_object_type') == model._meta.label_lower:
                field.queryset, field.to_field_name = model.objects.all(), name

    def clean(self):
        super().clean()
        # An update of an existing assignment need not name the object.
        object_type = self.cleaned_data.get('assigned_object_type')
        place, pk = self.cleaned_data.pop('assigned_object', None), self.cleaned_data.get('assigned_object_id')
        if not object_type or 'assigned_object' in self.errors:
            return
        if not place and not pk:
            if not self.instance.pk:
                self.add_error('assigned_object', _('Give the name of the object, or its ID as assigned_object_id.'))
            return
        if place is None:
            place = self.fields['assigned_object'].queryset.filter(pk=pk).first()
        if place is None or object_type.model_class() not in ASSIGNABLE_MODELS:
            self.add_error('assigned_object_id', _('There is no such object, or you lack the permission to see it.'))
            return
        self.cleaned_data['assigned_object_id'] = place.pk


class CertificateAssignmentBulkEditForm(PrivateKeyGuardMixin, NetBoxModelBulkEditForm):
    primary = forms.NullBooleanField(
        label=_('Primary'),
        required=False,
        widget=BulkEditNullBooleanSelect(),
    )
    note = forms.CharField(
        label=_('Note'),
        required=False,
        max_length=200,
    )

    model = CertificateAssignment
    fieldsets = (FieldSet('primary', 'note'),)
    nullable_fields = ('note',)


class CertificateAssignmentFilterForm(PlaceFilterForm, NetBoxModelFilterSetForm):
    model = CertificateAssignment
    fieldsets = (
        FieldSet('q', 'filter_id', 'tag'),
        FieldSet('certificate_id', 'primary', 'note', name=_('Assignment')),
        FieldSet('assigned_object_type_id', *PLACE_FILTERS, name=_('Used By')),
    )
    certificate_id = DynamicModelMultipleChoiceField(
        queryset=Certificate.objects.all(),
        required=False,
        label=_('Certificate'),
    )
    assigned_object_type_id = ContentTypeMultipleChoiceField(
        queryset=ContentType.objects.filter(ASSIGNABLE),
        required=False,
        label=_('Object type'),
    )
    primary = yes_no_any(_('Primary'))
    note = forms.CharField(
        label=_('Note'),
        required=False,
    )
    tag = TagFilterField(model)
