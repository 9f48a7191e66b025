from django import forms
from django.utils.translation import gettext_lazy as _
from netbox.forms import NetBoxModelBulkEditForm, PrimaryModelBulkEditForm
from tenancy.models import Tenant
from utilities.forms import add_blank_choice
from utilities.forms.fields import ChoiceField, DynamicModelChoiceField
from utilities.forms.rendering import FieldSet
from utilities.forms.widgets import BulkEditNullBooleanSelect

from netbox_ssl.choices import CertificateStatusChoices, SourceKindChoices, STARTTLSChoices
from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource, Endpoint
from netbox_ssl.models.endpoints import MAX_INTERVAL, MAX_PORT
from netbox_ssl.models.mixins.acme import ACME_FIELDS, ACME_SETTINGS
from netbox_ssl.models.mixins.expiry import EXPIRY_FIELDS

from .fields import ACMEFieldsMixin, ExpiryFieldsMixin
from .mixins import PrivateKeyGuardMixin

__all__ = (
    'CertificateAssignmentBulkEditForm',
    'CertificateBulkEditForm',
    'CertificateSourceBulkEditForm',
    'EndpointBulkEditForm',
)


class CertificateBulkEditForm(PrivateKeyGuardMixin, ACMEFieldsMixin, ExpiryFieldsMixin, PrimaryModelBulkEditForm):
    status = ChoiceField(
        label=_('Status'),
        choices=add_blank_choice(CertificateStatusChoices),
        required=False,
    )
    tenant = DynamicModelChoiceField(
        label=_('Tenant'),
        queryset=Tenant.objects.all(),
        required=False,
    )
    is_acme = forms.NullBooleanField(
        label=_('Is ACME'),
        required=False,
        widget=BulkEditNullBooleanSelect(),
    )
    acme_auto_renewal = forms.NullBooleanField(
        label=_('Auto-renewal'),
        required=False,
        widget=BulkEditNullBooleanSelect(),
    )

    model = Certificate
    fieldsets = (
        FieldSet('status', 'tenant', 'description', name=_('Certificate')),
        FieldSet(*ACME_FIELDS, name=_('ACME')),
        FieldSet(*EXPIRY_FIELDS, name=_('Expiry')),
    )
    nullable_fields = (
        'tenant',
        'description',
        'comments',
        *EXPIRY_FIELDS,
        *(name for name in ACME_SETTINGS if name != 'acme_auto_renewal'),
    )


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
    kind = ChoiceField(
        label=_('Kind'),
        choices=add_blank_choice(SourceKindChoices),
        required=False,
    )

    model = CertificateSource
    fieldsets = (FieldSet('certificate', 'client', 'kind'),)
    nullable_fields = ('client',)


class EndpointBulkEditForm(PrivateKeyGuardMixin, PrimaryModelBulkEditForm):
    port = forms.IntegerField(
        label=_('Port'),
        required=False,
        min_value=1,
        max_value=MAX_PORT,
    )
    server_name = forms.CharField(
        label=_('Server name'),
        required=False,
        max_length=253,
    )
    starttls = ChoiceField(
        label=_('STARTTLS'),
        choices=add_blank_choice(STARTTLSChoices),
        required=False,
    )
    ca_file = forms.CharField(
        label=_('CA file'),
        required=False,
        max_length=500,
    )
    monitor = forms.CharField(
        label=_('Monitor'),
        required=False,
        max_length=100,
    )
    interval = forms.IntegerField(
        label=_('Interval (minutes)'),
        required=False,
        min_value=1,
        max_value=MAX_INTERVAL,
    )
    expected_certificate = DynamicModelChoiceField(
        label=_('Expected certificate'),
        queryset=Certificate.objects.all(),
        required=False,
    )

    model = Endpoint
    fieldsets = (
        FieldSet('port', 'server_name', 'starttls', 'description', name=_('Endpoint')),
        FieldSet('monitor', 'interval', 'ca_file', name=_('Monitoring')),
        FieldSet('expected_certificate', name=_('Certificate')),
    )
    nullable_fields = (
        'server_name',
        'starttls',
        'ca_file',
        'monitor',
        'interval',
        'expected_certificate',
        'description',
        'comments',
    )
