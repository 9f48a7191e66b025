from django import forms
from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext_lazy as _
from netbox.forms import NetBoxModelFilterSetForm, PrimaryModelFilterSetForm
from netbox.forms.mixins import SavedFiltersMixin
from tenancy.forms import ContactModelFilterForm, TenancyFilterForm
from tenancy.models import Contact
from utilities.forms import BOOLEAN_WITH_BLANK_CHOICES
from utilities.forms.fields import (
    ContentTypeMultipleChoiceField,
    DynamicModelMultipleChoiceField,
    QueryField,
    TagFilterField,
)
from utilities.forms.rendering import FieldSet
from utilities.forms.widgets import DatePicker

from netbox_ssl.choices import (
    ACMEChallengeTypeChoices,
    CertificateStatusChoices,
    FindingChoices,
    RenewalStatusChoices,
    SourceKindChoices,
    SourceStateChoices,
    ValidityChoices,
)
from netbox_ssl.expiry.marks import MAX_MARK
from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource, Issuance
from netbox_ssl.models.assignments import ASSIGNABLE
from netbox_ssl.places.deployment import DEPLOYMENT_CHOICES

from .fields import AnyCaseMultipleChoiceField, CoveredNameField, DayField
from .mixins import provider_input
from .places import PLACE_FILTERS, PlaceFilterForm
from .x509_filters import X509_FILTERS, X509FilterForm, yes_no_any

__all__ = (
    'CertificateAssignmentFilterForm',
    'CertificateFilterForm',
    'CertificateSourceFilterForm',
    'IssuanceFilterForm',
)


class CertificateFilterForm(
    PlaceFilterForm, X509FilterForm, ContactModelFilterForm, TenancyFilterForm, PrimaryModelFilterSetForm
):
    model = Certificate
    # The most used first
    fieldsets = (
        FieldSet('q', 'covers', 'validity', 'renewal_status', 'expires_within', 'deployment_state'),
        FieldSet('filter_id', 'tag', 'status', 'finding', name=_('Certificate')),
        FieldSet('tenant_group_id', 'tenant_id', 'owner_group_id', 'owner_id', name=_('Tenancy and ownership')),
        FieldSet('assigned', *PLACE_FILTERS, name=_('Used by')),
        FieldSet('responsible', 'contact', 'contact_role', 'contact_group', name=_('Contacts')),
        FieldSet(
            'expires_on',
            'expires_at__gte',
            'expires_at__lt',
            'valid_to__gte',
            'valid_to__lt',
            'renewal_due_at__gte',
            'renewal_due_at__lt',
            'renewal_overdue',
            'renewal_overdue_at__gte',
            'renewal_overdue_at__lt',
            name=_('Dates'),
        ),
        FieldSet(
            'is_acme',
            'acme_provider',
            'acme_auto_renewal',
            'acme_challenge_type',
            'acme_account_email',
            'has_ari',
            'ari_error',
            name=_('ACME'),
        ),
        FieldSet(
            'source_behind',
            'source_silent',
            'source_client',
            'unreported',
            'endpoint_problem',
            name=_('Sources and endpoints'),
        ),
        FieldSet('issued_by_id', *X509_FILTERS, name=_('X.509')),
    )
    selector_fields = ('filter_id', 'q', 'validity', 'renewal_status')
    renewal_status = AnyCaseMultipleChoiceField(
        label=_('Renewal status'),
        choices=RenewalStatusChoices,
        required=False,
    )
    validity = AnyCaseMultipleChoiceField(
        label=_('Validity'),
        choices=ValidityChoices,
        required=False,
    )
    expires_within = forms.IntegerField(
        label=_('Expires within … days'),
        required=False,
        min_value=0,
        max_value=MAX_MARK,
        help_text=_('Themselves or their chains; without those that have expired already'),
    )
    expires_on = forms.DateField(
        label=_('Expires on'),
        required=False,
        widget=DatePicker(),
        help_text=_('Or before that its chain'),
    )
    expires_at__gte = DayField(
        label=_('Expires on or after'),
        required=False,
        help_text=_('Itself, or before that its chain'),
    )
    expires_at__lt = DayField(
        label=_('Expires before'),
        required=False,
        help_text=_('Itself or its chain'),
    )
    valid_to__gte = DayField(
        label=_('Valid to, on or after'),
        required=False,
    )
    valid_to__lt = DayField(
        label=_('Valid to, before'),
        required=False,
    )
    finding = forms.MultipleChoiceField(
        label=_('Finding'),
        choices=FindingChoices,
        required=False,
        help_text=_('Any of them'),
    )
    covers = CoveredNameField(
        label=_('Covers the name'),
        required=False,
        help_text=_('A DNS name or an IP address; wildcard certificates are included'),
    )
    renewal_overdue = yes_no_any(_('Renewal overdue'))
    renewal_due_at__gte = DayField(
        label=_('Due on or after'),
        required=False,
    )
    renewal_due_at__lt = DayField(
        label=_('Due before'),
        required=False,
    )
    renewal_overdue_at__gte = DayField(
        label=_('Overdue on or after'),
        required=False,
    )
    renewal_overdue_at__lt = DayField(
        label=_('Overdue before'),
        required=False,
    )
    has_ari = yes_no_any(_('Has an ARI window'))
    ari_error = yes_no_any(_('Has an ARI error'))
    is_acme = yes_no_any(_('Is ACME'))
    deployment_state = AnyCaseMultipleChoiceField(
        label=_('Deployment state'),
        # As in the filter: null for certificates without sources
        choices=[*DEPLOYMENT_CHOICES, ('null', _('None'))],
        required=False,
        help_text=_('The worst state of its sources'),
    )
    source_behind = yes_no_any(_('A source is behind'))
    source_silent = yes_no_any(_('A source is silent'))
    source_client = forms.CharField(
        label=_('Client of a source'),
        required=False,
    )
    unreported = yes_no_any(_('No longer reported'))
    endpoint_problem = yes_no_any(_('An endpoint needs attention'))
    acme_provider = forms.CharField(
        label=_('ACME provider'),
        required=False,
        widget=provider_input(),
    )
    acme_auto_renewal = yes_no_any(_('Auto-renewal'))
    acme_challenge_type = forms.MultipleChoiceField(
        label=_('Challenge type'),
        choices=ACMEChallengeTypeChoices,
        required=False,
    )
    acme_account_email = forms.CharField(
        label=_('Account email'),
        required=False,
    )
    assigned = yes_no_any(_('Assigned'))
    issued_by_id = DynamicModelMultipleChoiceField(
        queryset=Certificate.objects.all(),
        query_params={'is_ca': True},
        required=False,
        label=_('Issued by'),
    )
    responsible = DynamicModelMultipleChoiceField(
        queryset=Contact.objects.all(),
        required=False,
        label=_('Responsible contact'),
        help_text=_('Contacts of the certificate, or else of the objects that use it'),
    )
    status = forms.MultipleChoiceField(
        label=_('Status'),
        choices=CertificateStatusChoices,
        required=False,
    )
    tag = TagFilterField(model)


class IssuanceFilterForm(X509FilterForm, SavedFiltersMixin, forms.Form):
    model = Issuance
    fieldsets = (
        FieldSet('q', 'filter_id'),
        FieldSet('certificate_id', 'valid_to__gte', 'valid_to__lt', name=_('Certificate')),
        FieldSet(*X509_FILTERS, name=_('X.509')),
    )
    q = QueryField(
        required=False,
        label=_('Search'),
    )
    certificate_id = DynamicModelMultipleChoiceField(
        queryset=Certificate.objects.all(),
        required=False,
        label=_('Certificate'),
    )


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


class CertificateSourceFilterForm(NetBoxModelFilterSetForm):
    model = CertificateSource
    fieldsets = (
        FieldSet('q', 'filter_id', 'tag'),
        FieldSet('certificate_id', 'client', 'kind', 'state', 'behind', 'silent', name=_('Certificate Source')),
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
    kind = forms.MultipleChoiceField(
        label=_('Kind'),
        choices=SourceKindChoices,
        required=False,
    )
    state = AnyCaseMultipleChoiceField(
        label=_('State'),
        choices=SourceStateChoices,
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
