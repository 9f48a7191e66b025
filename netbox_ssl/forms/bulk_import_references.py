"""References to other objects in the records of NetBox's bulk import."""

from dcim.models import Device
from django import forms
from django.utils.translation import gettext_lazy as _
from ipam.models import IPAddress, Service
from utilities.forms.fields import CSVModelChoiceField
from virtualization.models import VirtualMachine

from netbox_ssl.models.assignments import ASSIGNABLE_MODELS
from netbox_ssl.x509 import normalize_hex

__all__ = ('AssignedObjectImportForm', 'FingerprintImportForm')

# Model → the field by which a record names an object
NAMED_BY = {Device: 'name', VirtualMachine: 'name', Service: 'name', IPAddress: 'address'}


class AssignedObjectImportForm(forms.Form):
    """The object that a record refers to, by its name or ID."""

    assigned_object = CSVModelChoiceField(
        label=_('Assigned to'),
        queryset=Device.objects.all(),
        required=False,
        to_field_name='name',
        help_text=_('Name of the object; for an IP address, the address with its prefix length'),
    )
    assigned_object_id = forms.IntegerField(
        label=_('Object ID'),
        required=False,
        min_value=1,
        help_text=_('Use this instead of the name if several objects share it'),
    )

    # Whether a new record must name an object
    object_required = True

    def __init__(self, data=None, *args, **kwargs):
        super().__init__(data, *args, **kwargs)
        # Before NetBox restricts the field to what the user may view
        field = self.fields['assigned_object']
        for model, name in NAMED_BY.items():
            if data and data.get('assigned_object_type') == model._meta.label_lower:
                field.queryset, field.to_field_name = model.objects.all(), name

    def clean(self):
        super().clean()
        # A record that updates an object need not name the other one.
        object_type = self.cleaned_data.get('assigned_object_type')
        place, pk = self.cleaned_data.pop('assigned_object', None), self.cleaned_data.get('assigned_object_id')
        if 'assigned_object' in self.errors:
            return
        if not object_type:
            if (place or pk) and 'assigned_object_type' not in self.errors:
                self.add_error('assigned_object_type', _('Enter the type of the object, too.'))
            return
        if not place and not pk:
            if self.object_required and not self.instance.pk:
                self.add_error('assigned_object', _('Enter the name of the object, or its ID as assigned_object_id.'))
            return
        if place is None:
            place = self.fields['assigned_object'].queryset.filter(pk=pk).first()
        if place is None or object_type.model_class() not in ASSIGNABLE_MODELS:
            self.add_error(
                'assigned_object_id', _('This object does not exist, or you do not have permission to view it.')
            )
            return
        self.cleaned_data['assigned_object_id'] = place.pk


class FingerprintImportForm(forms.Form):
    """The fingerprint of a certificate, where several may have its name."""

    fingerprint_sha256 = forms.CharField(
        label=_('SHA-256 fingerprint'),
        required=False,
        help_text=_('Of the current X.509 certificate, if several certificates have this name'),
    )

    # The field that names the certificate
    certificate_field = 'certificate'

    def __init__(self, data=None, *args, **kwargs):
        super().__init__(data, *args, **kwargs)
        # Before NetBox restricts the field to what the user may view
        if data and (fingerprint := str(data.get('fingerprint_sha256') or '')):
            field = self.fields[self.certificate_field]
            field.queryset = field.queryset.filter(fingerprint_sha256=normalize_hex(fingerprint))
