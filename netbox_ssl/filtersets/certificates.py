import django_filters
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from netbox.filtersets import PrimaryModelFilterSet
from tenancy.filtersets import ContactModelFilterSet, TenancyFilterSet
from tenancy.models import Contact
from utilities.filters import MultiValueCharFilter, MultiValueDateTimeFilter
from utilities.filtersets import register_filterset

from netbox_ssl import settings
from netbox_ssl.acme import renewal
from netbox_ssl.choices import (
    ACMEChallengeTypeChoices,
    CertificateStatusChoices,
    FindingChoices,
    RenewalStatusChoices,
    ValidityChoices,
)
from netbox_ssl.expiry.validity import expires_on_q, expires_within_q, validity_q
from netbox_ssl.findings import finding_q
from netbox_ssl.models import Certificate, CertificateAssignment, Endpoint
from netbox_ssl.models.mixins.endpoint_states import bad_endpoint_q
from netbox_ssl.places.contacts import responsible_q
from netbox_ssl.places.endpoints import certificates_at

from .checked import CheckedFilterSet
from .places import PlaceFilterSet, VisibleFilter
from .search import SearchFilterSet
from .states import AnyCaseChoiceFilter, DeploymentFilterSet, any_of
from .x509 import CoversFilter, DaysFilter, X509FilterSet, search_x509

__all__ = ('CertificateFilterSet',)


@extend_schema_field(OpenApiTypes.INT)
class ContactIDFilter(VisibleFilter):
    pass


@extend_schema_field(OpenApiTypes.INT)
class CertificateIDFilter(VisibleFilter):
    pass


@register_filterset
class CertificateFilterSet(
    SearchFilterSet,
    CheckedFilterSet,
    DeploymentFilterSet,
    PlaceFilterSet,
    X509FilterSet,
    PrimaryModelFilterSet,
    TenancyFilterSet,
    ContactModelFilterSet,
):
    status = django_filters.MultipleChoiceFilter(
        choices=CertificateStatusChoices,
        distinct=False,
    )
    acme_challenge_type = django_filters.MultipleChoiceFilter(
        choices=ACMEChallengeTypeChoices,
        distinct=False,
        label=_('Challenge type'),
    )
    acme_provider = MultiValueCharFilter(
        lookup_expr='iexact',
        distinct=False,
        label=_('ACME provider'),
    )
    # Generated columns, for which django-filter cannot make filters automatically
    renewal_due_at = MultiValueDateTimeFilter(label=_('Renewal due'))
    renewal_overdue_at = MultiValueDateTimeFilter(label=_('Renewal overdue since'))
    expires_at = MultiValueDateTimeFilter(label=_('Expires, itself or its chain'))
    renewal_status = AnyCaseChoiceFilter(
        choices=RenewalStatusChoices,
        method='filter_renewal_status',
        distinct=False,
        null_value='null',
        null_label=_('None'),
        label=_('Renewal status'),
    )
    renewal_overdue = django_filters.BooleanFilter(
        method='filter_renewal_overdue',
        label=_('Renewal overdue'),
    )
    validity = AnyCaseChoiceFilter(
        choices=ValidityChoices,
        method='filter_validity',
        distinct=False,
        null_label=None,
        label=_('Validity'),
    )
    expires_within = DaysFilter(
        method='filter_expires_within',
        label=_('Expires within (days)'),
    )
    expires_on = django_filters.DateFilter(
        method='filter_expires_on',
        label=_('Expires on'),
    )
    finding = AnyCaseChoiceFilter(
        choices=FindingChoices,
        method='filter_finding',
        distinct=False,
        null_label=None,
        label=_('Finding'),
    )
    covers = CoversFilter(field_name='subject_alt_names', label=_('Covers the name'))
    covers__n = CoversFilter(field_name='subject_alt_names', exclude=True, label=_('Does not cover the name'))

    has_ari = django_filters.BooleanFilter(
        field_name='ari_window_start',
        lookup_expr='isnull',
        exclude=True,
        label=_('Has an ARI window'),
    )
    ari_error = django_filters.BooleanFilter(
        method='filter_ari_error',
        label=_('Has an ARI error'),
    )
    ari_cert_id = MultiValueCharFilter(label=_('ARI certificate ID'))
    ari_explanation_url = MultiValueCharFilter(label=_('ARI explanation'))

    issued_by_id = CertificateIDFilter(
        queryset=Certificate.objects.all(),
        method='filter_issued_by',
        distinct=False,
        label=_('Issued by (ID)'),
    )
    issuer_of_id = CertificateIDFilter(
        queryset=Certificate.objects.all(),
        method='filter_issuer_of',
        distinct=False,
        label=_('Issuer of (ID)'),
    )
    endpoint_problem = django_filters.BooleanFilter(
        method='filter_endpoint_problem',
        label=_('An endpoint needs attention'),
    )
    assigned = django_filters.BooleanFilter(
        method='filter_assigned',
        label=_('Assigned'),
    )
    responsible = ContactIDFilter(
        queryset=Contact.objects.all(),
        method='filter_responsible',
        distinct=False,
        label=_('Responsible contact'),
    )

    class Meta:
        model = Certificate
        fields = (
            'id',
            'name',
            'description',
            'valid_from',
            'valid_to',
            'key_algorithm',
            'key_size',
            'signature_algorithm',
            'is_ca',
            'chain_valid_to',
            'is_acme',
            'acme_account_email',
            'acme_server_url',
            'acme_auto_renewal',
            'acme_last_renewed',
            'acme_renewal_days',
            'ari_window_start',
            'ari_window_end',
            'ari_last_checked',
            'ari_next_check',
            'unreported_since',
        )

    def search_q(self, value):
        return (
            search_x509(value)
            | Q(name__icontains=value)
            | Q(acme_provider__icontains=value)
            | Q(acme_account_email__icontains=value)
            | Q(description__icontains=value)
            | Q(comments__icontains=value)
        )

    def at_places(self, queryset, assignments):
        return queryset.filter(pk__in=self.permitted(assignments).values('certificate'))

    def filter_assigned(self, queryset, name, value):
        assigned = Q(pk__in=self.permitted(CertificateAssignment.objects.all()).values('certificate'))
        return queryset.filter(assigned if value else ~assigned)

    def filter_endpoint_problem(self, queryset, name, value):
        endpoints = Endpoint.objects.filter(bad_endpoint_q(timezone.now()))
        affected = certificates_at(endpoints.restrict(self.request.user, 'view') if self.request else endpoints)
        return queryset.filter(affected if value else ~affected)

    def filter_responsible(self, queryset, name, value):
        if not value:
            return queryset
        return queryset.filter(responsible_q(value, self.request.user if self.request else None))

    def filter_issued_by(self, queryset, name, value):
        return queryset.filter(any_of(value, Certificate.issued_q)) if value else queryset

    def filter_issuer_of(self, queryset, name, value):
        return queryset.filter(any_of(value, Certificate.issuing_ca_q)) if value else queryset

    def filter_renewal_status(self, queryset, name, value):
        if not value:
            return queryset
        now = timezone.now()
        return queryset.filter(any_of(value, lambda status: renewal.status_q(status, now)))

    def filter_validity(self, queryset, name, value):
        if not value:
            return queryset
        now, marks = timezone.now(), settings.expiry_marks()
        return queryset.filter(any_of(value, lambda validity: validity_q(validity, now, marks)))

    def filter_expires_within(self, queryset, name, value):
        return queryset.filter(expires_within_q(value, timezone.now()))

    def filter_expires_on(self, queryset, name, value):
        return queryset.filter(expires_on_q(value))

    def filter_finding(self, queryset, name, value):
        user = self.request.user if self.request else None
        return queryset.filter(any_of(value, lambda finding: finding_q(finding, user))) if value else queryset

    def filter_ari_error(self, queryset, name, value):
        return queryset.exclude(ari_error='') if value else queryset.filter(ari_error='')

    def filter_renewal_overdue(self, queryset, name, value):
        overdue = renewal.overdue_q(timezone.now())
        return queryset.filter(overdue if value else ~overdue)
