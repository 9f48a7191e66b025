from django import forms
from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext_lazy as _
from netbox.forms import NetBoxModelForm, PrimaryModelForm
from tenancy.forms import TenancyForm
from utilities.forms.fields import ChoiceField, DynamicModelChoiceField, GenericObjectChoiceField
from utilities.forms.mixins import GenericObjectFormMixin
from utilities.forms.rendering import FieldSet
from utilities.forms.widgets import DateTimePicker

from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource, Endpoint
from netbox_ssl.models.assignments import ASSIGNABLE
from netbox_ssl.models.mixins.acme import ACME_FIELDS
from netbox_ssl.models.mixins.expiry import EXPIRY_FIELDS
from netbox_ssl.models.mixins.x509 import FACT_FIELDS
from netbox_ssl.models.visibility import is_visible

from .fields import ACMEFieldsMixin, ExpiryFieldsMixin, NamesField
from .mixins import FactsFromPEMMixin, PinDetectedFieldsMixin, PrivateKeyGuardMixin

__all__ = ('CertificateAssignmentForm', 'CertificateForm', 'CertificateSourceForm', 'EndpointForm')


class CertificateForm(
    PrivateKeyGuardMixin,
    FactsFromPEMMixin,
    PinDetectedFieldsMixin,
    ACMEFieldsMixin,
    ExpiryFieldsMixin,
    TenancyForm,
    PrimaryModelForm,
):
    status = ChoiceField(
        label=_('Status'),
        choices=CertificateStatusChoices,
        initial=CertificateStatusChoices.STATUS_ACTIVE,
    )
    pem = forms.CharField(
        label=_('PEM'),
        required=False,
        widget=forms.Textarea(attrs={'rows': 5, 'class': 'font-monospace', 'spellcheck': 'false'}),
        help_text=_(
            'The certificate, optionally with its chain. All facts are read from it. Never paste a private key.'
        ),
    )
    chain_pem = forms.CharField(
        label=_('Chain'),
        required=False,
        widget=forms.Textarea(attrs={'rows': 3, 'class': 'font-monospace', 'spellcheck': 'false'}),
        help_text=_('CA certificates between the certificate and the root, PEM-encoded'),
    )
    subject_alt_names = NamesField(
        label=_('Subject alternative names'),
        required=False,
    )
    valid_from = forms.DateTimeField(
        label=_('Valid from'),
        required=False,
        widget=DateTimePicker(),
    )
    valid_to = forms.DateTimeField(
        label=_('Valid to'),
        required=False,
        widget=DateTimePicker(),
    )

    fieldsets = (
        FieldSet('name', 'status', 'description', 'tags', name=_('Certificate')),
        FieldSet('pem', 'chain_pem', 'is_ca', name=_('PEM')),
        FieldSet(*ACME_FIELDS, name=_('ACME')),
        FieldSet(*EXPIRY_FIELDS, name=_('Expiry')),
        FieldSet(
            'subject_alt_names',
            'valid_from',
            'valid_to',
            'subject',
            'issuer',
            'serial_number',
            'fingerprint_sha256',
            'fingerprint_sha1',
            'key_algorithm',
            'key_size',
            'public_key_sha256',
            'signature_algorithm',
            'authority_key_id',
            'subject_key_id',
            name=_('Facts (enter them if there is no PEM)'),
        ),
        FieldSet('tenant_group', 'tenant', name=_('Tenancy')),
    )

    class Meta:
        model = Certificate
        fields = [
            'name',
            'status',
            'tenant_group',
            'tenant',
            *FACT_FIELDS,
            'pem',
            'chain_pem',
            *ACME_FIELDS,
            *EXPIRY_FIELDS,
            'description',
            'owner',
            'comments',
            'tags',
        ]
        widgets = {
            'subject': forms.TextInput(),
            'issuer': forms.TextInput(),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk and self.instance.pem:
            for name in FACT_FIELDS:
                self.fields[name].disabled = True
                self.fields[name].help_text = _('Read from the PEM')


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


class CertificateSourceForm(PrivateKeyGuardMixin, NetBoxModelForm):
    certificate = DynamicModelChoiceField(
        label=_('Certificate'),
        queryset=Certificate.objects.all(),
    )

    fieldsets = (
        FieldSet('certificate', 'external_id', 'client', 'kind', 'machine_id', 'tags', name=_('Certificate Source')),
    )

    class Meta:
        model = CertificateSource
        fields = ['certificate', 'external_id', 'client', 'kind', 'machine_id', 'tags']


class EndpointForm(PrivateKeyGuardMixin, GenericObjectFormMixin, PrimaryModelForm):
    expected_certificate = DynamicModelChoiceField(
        label=_('Expected certificate'),
        queryset=Certificate.objects.all(),
        required=False,
        selector=True,
        help_text=_('The certificate that it should serve; another one is a problem'),
    )
    assigned_object = GenericObjectChoiceField(
        label=_('Served by'),
        content_type_queryset=ContentType.objects.filter(ASSIGNABLE),
        required=False,
        selector=True,
        hx_target_id='served_by',
    )

    fieldsets = (
        FieldSet('address', 'port', 'server_name', 'starttls', 'description', 'tags', name=_('Endpoint')),
        FieldSet('monitor', 'interval', 'ca_file', name=_('Monitoring')),
        FieldSet('expected_certificate', 'assigned_object', name=_('Certificate'), html_id='served_by'),
    )

    class Meta:
        model = Endpoint
        fields = [
            'address',
            'port',
            'server_name',
            'starttls',
            'monitor',
            'interval',
            'ca_file',
            'expected_certificate',
            'description',
            'owner',
            'comments',
            'tags',
        ]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # What the user may not view is neither shown nor emptied.
        if not is_visible(self.instance, 'expected_certificate'):
            del self.fields['expected_certificate']
        if self.instance.hides_assigned_object:
            del self.fields['assigned_object']
