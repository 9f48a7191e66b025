"""The filter form of endpoints."""

from django import forms
from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext_lazy as _
from netbox.forms import PrimaryModelFilterSetForm
from tenancy.models import Tenant
from utilities.forms.fields import ContentTypeMultipleChoiceField, DynamicModelMultipleChoiceField, TagFilterField
from utilities.forms.rendering import FieldSet

from netbox_ssl.choices import EndpointResultChoices, EndpointStateChoices, STARTTLSChoices
from netbox_ssl.models import Certificate, Endpoint
from netbox_ssl.models.assignments import ASSIGNABLE

from .fields import AnyCaseMultipleChoiceField
from .filtersets import yes_no_any
from .places import PLACE_FILTERS, PlaceFilterForm

__all__ = ('EndpointFilterForm',)


class EndpointFilterForm(PlaceFilterForm, PrimaryModelFilterSetForm):
    model = Endpoint
    fieldsets = (
        FieldSet('q', 'filter_id', 'tag'),
        FieldSet('problem', 'state', 'result', name=_('Last Check')),
        FieldSet('certificate_id', 'expected_certificate_id', 'tenant_id', name=_('Certificate')),
        FieldSet('address', 'port', 'server_name', 'starttls', name=_('Endpoint')),
        FieldSet('monitor', 'checked_by', name=_('Monitoring')),
        FieldSet('assigned_object_type_id', *PLACE_FILTERS, name=_('Served By')),
        FieldSet('owner_group_id', 'owner_id', name=_('Ownership')),
    )
    selector_fields = ('filter_id', 'q', 'state')
    problem = yes_no_any(_('Needs attention'))
    state = AnyCaseMultipleChoiceField(
        label=_('State'),
        choices=EndpointStateChoices,
        required=False,
    )
    result = forms.MultipleChoiceField(
        label=_('Result'),
        choices=EndpointResultChoices,
        required=False,
    )
    certificate_id = DynamicModelMultipleChoiceField(
        queryset=Certificate.objects.all(),
        required=False,
        label=_('Expected or seen'),
    )
    expected_certificate_id = DynamicModelMultipleChoiceField(
        queryset=Certificate.objects.all(),
        required=False,
        null_option='None',
        label=_('Expected certificate'),
    )
    tenant_id = DynamicModelMultipleChoiceField(
        queryset=Tenant.objects.all(),
        required=False,
        label=_('Tenant'),
    )
    address = forms.CharField(
        label=_('Address'),
        required=False,
    )
    port = forms.IntegerField(
        label=_('Port'),
        required=False,
    )
    server_name = forms.CharField(
        label=_('Server name'),
        required=False,
    )
    starttls = forms.MultipleChoiceField(
        label=_('STARTTLS'),
        choices=STARTTLSChoices,
        required=False,
    )
    monitor = forms.CharField(
        label=_('Monitor'),
        required=False,
    )
    checked_by = forms.CharField(
        label=_('Checked by'),
        required=False,
    )
    assigned_object_type_id = ContentTypeMultipleChoiceField(
        queryset=ContentType.objects.filter(ASSIGNABLE),
        required=False,
        label=_('Object type'),
    )
    tag = TagFilterField(model)
