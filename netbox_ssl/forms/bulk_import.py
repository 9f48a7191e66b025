from django import forms
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from netbox.forms import NetBoxModelImportForm, PrimaryModelImportForm
from tenancy.models import Tenant
from utilities.forms.fields import CSVChoiceField, CSVContentTypeField, CSVModelChoiceField

from netbox_ssl.choices import (
    ACMEChallengeTypeChoices,
    CertificateStatusChoices,
    SourceKindChoices,
    STARTTLSChoices,
)
from netbox_ssl.intake import read_single
from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource, Endpoint
from netbox_ssl.models.assignments import ASSIGNABLE
from netbox_ssl.models.endpoints import DEFAULT_PORT, MAX_PORT
from netbox_ssl.models.mixins.acme import ACME_FIELDS
from netbox_ssl.models.mixins.expiry import EXPIRY_FIELDS
from netbox_ssl.models.mixins.x509 import FACT_FIELDS

from .bulk_import_references import AssignedObjectImportForm, FingerprintImportForm
from .fields import ExpiryMarksField, NamesField
from .mixins import FactsFromPEMMixin, PinDetectedFieldsMixin, PrivateKeyGuardMixin

__all__ = (
    'CertificateAssignmentImportForm',
    'CertificateImportForm',
    'CertificateSourceImportForm',
    'EndpointImportForm',
)


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


class CertificateAssignmentImportForm(PrivateKeyGuardMixin, AssignedObjectImportForm, NetBoxModelImportForm):
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


class CertificateSourceImportForm(PrivateKeyGuardMixin, FingerprintImportForm, NetBoxModelImportForm):
    certificate = CSVModelChoiceField(
        label=_('Certificate'),
        queryset=Certificate.objects.all(),
        to_field_name='name',
        help_text=_('Name of the certificate'),
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


class EndpointImportForm(PrivateKeyGuardMixin, AssignedObjectImportForm, FingerprintImportForm, PrimaryModelImportForm):
    port = forms.IntegerField(
        label=_('Port'),
        required=False,
        min_value=1,
        max_value=MAX_PORT,
        help_text=_('443 if empty'),
    )
    starttls = CSVChoiceField(
        label=_('STARTTLS'),
        choices=STARTTLSChoices,
        required=False,
        help_text=_('Protocol that starts in plain text'),
    )
    expected_certificate = CSVModelChoiceField(
        label=_('Expected certificate'),
        queryset=Certificate.objects.all(),
        required=False,
        to_field_name='name',
        help_text=_('Name of the certificate that it should serve'),
    )
    assigned_object_type = CSVContentTypeField(
        label=_('Object type'),
        queryset=ContentType.objects.filter(ASSIGNABLE),
        required=False,
        help_text=_('dcim.device, virtualization.virtualmachine, ipam.service, or ipam.ipaddress'),
    )

    certificate_field = 'expected_certificate'
    object_required = False

    class Meta:
        model = Endpoint
        fields = (
            'address',
            'port',
            'server_name',
            'starttls',
            'ca_file',
            'monitor',
            'interval',
            'expected_certificate',
            'assigned_object_type',
            'assigned_object_id',
            'description',
            'owner',
            'comments',
            'tags',
        )

    def clean_port(self):
        return self.cleaned_data.get('port') or DEFAULT_PORT
