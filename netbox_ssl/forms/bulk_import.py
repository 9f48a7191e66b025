from dcim.models import Device
from django import forms
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from ipam.models import IPAddress, Service
from netbox.forms import NetBoxModelImportForm, PrimaryModelImportForm
from tenancy.models import Tenant
from utilities.forms.fields import CSVChoiceField, CSVContentTypeField, CSVModelChoiceField
from virtualization.models import VirtualMachine

from netbox_ssl.choices import ACMEChallengeTypeChoices, CertificateStatusChoices, SourceKindChoices
from netbox_ssl.intake import read_single
from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource
from netbox_ssl.models.assignments import ASSIGNABLE, ASSIGNABLE_MODELS
from netbox_ssl.models.mixins.acme import ACME_FIELDS
from netbox_ssl.models.mixins.expiry import EXPIRY_FIELDS
from netbox_ssl.models.mixins.x509 import FACT_FIELDS
from netbox_ssl.x509 import normalize_hex

from .fields import ExpiryMarksField, NamesField
from .mixins import FactsFromPEMMixin, PinDetectedFieldsMixin, PrivateKeyGuardMixin

__all__ = ('CertificateAssignmentImportForm', 'CertificateImportForm', 'CertificateSourceImportForm')


class CertificateImportForm(
    PrivateKeyGuardMixin,
    FactsFromPEMMixin,
    PinDetectedFieldsMixin,
    PrimaryModelImportForm,
):
    """
    One record of NetBox's bulk import. A record with a ``pem`` but no ``id`` goes through the intake, so that it renews
    the certificate it belongs to: ``leaf`` is then the certificate that was read, and ``attributes()`` the rest of the
    record.
    """

    status = CSVChoiceField(
        label=_('Status'),
        choices=CertificateStatusChoices,
        required=False,
    )
    tenant = CSVModelChoiceField(
        label=_('Tenant'),
        queryset=Tenant.objects.all(),
        required=False,
        to_field_name='name',
        help_text=_('Assigned tenant'),
    )
    acme_challenge_type = CSVChoiceField(
        label=_('Challenge type'),
        choices=ACMEChallengeTypeChoices,
        required=False,
    )
    subject_alt_names = NamesField(
        label=_('Subject alternative names'),
        required=False,
        help_text=_('Names separated by spaces, or by commas within double quotes'),
    )
    expiry_marks = ExpiryMarksField()
    valid_from = forms.DateTimeField(
        label=_('Valid from'),
        required=False,
        help_text=_('Required without a PEM'),
    )
    valid_to = forms.DateTimeField(
        label=_('Valid to'),
        required=False,
        help_text=_('Required without a PEM'),
    )

    leaf = None

    class Meta:
        model = Certificate
        fields = (
            'name',
            'status',
            'tenant',
            'pem',
            'chain_pem',
            *ACME_FIELDS,
            *FACT_FIELDS,
            *EXPIRY_FIELDS,
            'description',
            'owner',
            'comments',
            'tags',
        )

    def _post_clean(self):
        if self.instance.pk or not self.cleaned_data.get('pem'):
            super()._post_clean()
            return
        # The intake validates the record against the certificate that it finds.
        try:
            self.leaf = read_single(
                self.cleaned_data['pem'] + '\n' + self.cleaned_data.get('chain_pem', ''),
                allow_ca=self.cleaned_data.get('is_ca', False),
            )
        except ValidationError as error:
            self.add_error(None, error)

    def attributes(self) -> dict:
        """Return column → value for ``intake.take_in()``. Empty cells are omitted."""
        given = {
            name: self.cleaned_data[name]
            for name in self.Meta.fields
            if name in self.cleaned_data and self.data.get(name) not in (None, '', [])
        }
        for name in ('pem', 'chain_pem'):
            given.pop(name, None)
        # NetBox has filled in the defaults of custom fields by now; a renewal must not reset fields to them.
        custom_field_data = {
            field.name: self.instance.custom_field_data.get(field.name)
            for key, field in self.custom_fields.items()
            if self.data.get(key) not in (None, '', field.default)
        }
        return {**given, 'custom_field_data': custom_field_data} if custom_field_data else given


# Model → the field by which a record names an object
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
        help_text=_('Name of the object; for an IP address, the address with its prefix length'),
    )
    assigned_object_id = forms.IntegerField(
        label=_('Object ID'),
        required=False,
        min_value=1,
        help_text=_('Use this instead of the name if several objects share it'),
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
        # Before NetBox restricts the field to what the user may view
        field = self.fields['assigned_object']
        for model, name in NAMED_BY.items():
            if data and data.get('assigned_object_type') == model._meta.label_lower:
                field.queryset, field.to_field_name = model.objects.all(), name

    def clean(self):
        super().clean()
        # A record that updates an assignment need not name the object.
        object_type = self.cleaned_data.get('assigned_object_type')
        place, pk = self.cleaned_data.pop('assigned_object', None), self.cleaned_data.get('assigned_object_id')
        if not object_type or 'assigned_object' in self.errors:
            return
        if not place and not pk:
            if not self.instance.pk:
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


class CertificateSourceImportForm(PrivateKeyGuardMixin, NetBoxModelImportForm):
    certificate = CSVModelChoiceField(
        label=_('Certificate'),
        queryset=Certificate.objects.all(),
        to_field_name='name',
        help_text=_('Name of the certificate'),
    )
    fingerprint_sha256 = forms.CharField(
        label=_('SHA-256 fingerprint'),
        required=False,
        help_text=_('Of the current X.509 certificate, if several certificates have this name'),
    )
    kind = CSVChoiceField(
        label=_('Kind'),
        choices=SourceKindChoices,
        required=False,
        help_text=_('Meaning of its reports. By default it follows from the client'),
    )

    class Meta:
        model = CertificateSource
        fields = ('certificate', 'external_id', 'client', 'kind', 'machine_id', 'tags')

    def __init__(self, data=None, *args, **kwargs):
        super().__init__(data, *args, **kwargs)
        # Before NetBox restricts the field to what the user may view
        if data and (fingerprint := str(data.get('fingerprint_sha256') or '')):
            field = self.fields['certificate']
            field.queryset = field.queryset.filter(fingerprint_sha256=normalize_hex(fingerprint))
