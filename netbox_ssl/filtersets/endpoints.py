"""Filters of endpoints."""

import django_filters
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from netbox.filtersets import PrimaryModelFilterSet
from tenancy.models import Tenant
from utilities.filters import MultiValueContentTypeFilter
from utilities.filtersets import register_filterset

from netbox_ssl.choices import EndpointResultChoices, EndpointStateChoices, STARTTLSChoices
from netbox_ssl.models import Certificate, Endpoint
from netbox_ssl.models.mixins.endpoint_states import bad_endpoint_q, endpoint_state_q
from netbox_ssl.places.endpoints import endpoints_at, endpoints_of

from .checked import CheckedFilterSet
from .places import PlaceFilterSet, RelatedIDFilter, RelatedNameFilter, VisibleFilter
from .search import SearchFilterSet
from .states import AnyCaseChoiceFilter, any_of

__all__ = ('EndpointFilterSet',)


@register_filterset
class EndpointFilterSet(SearchFilterSet, CheckedFilterSet, PlaceFilterSet, PrimaryModelFilterSet):
    starttls = django_filters.MultipleChoiceFilter(
        choices=STARTTLSChoices,
        distinct=False,
        label=_('STARTTLS'),
    )
    result = django_filters.MultipleChoiceFilter(
        choices=EndpointResultChoices,
        distinct=False,
        label=_('Result'),
    )
    state = AnyCaseChoiceFilter(
        choices=EndpointStateChoices,
        method='filter_state',
        distinct=False,
        null_label=None,
        label=_('State'),
    )
    problem = django_filters.BooleanFilter(
        method='filter_problem',
        label=_('Needs attention'),
    )
    certificate_id = RelatedIDFilter(
        queryset=Certificate.objects.all(),
        method='filter_certificate',
        distinct=False,
        label=_('Certificate, expected or seen (ID)'),
    )
    certificate = RelatedNameFilter(
        queryset=Certificate.objects.all(),
        to_field_name='name',
        method='filter_certificate',
        distinct=False,
        label=_('Certificate, expected or seen (name)'),
    )
    expected_certificate_id = VisibleFilter(
        queryset=Certificate.objects.all(),
        distinct=False,
        null_label=_('None'),
        label=_('Expected certificate (ID)'),
    )
    expected_certificate = VisibleFilter(
        field_name='expected_certificate__name',
        queryset=Certificate.objects.all(),
        to_field_name='name',
        distinct=False,
        label=_('Expected certificate (name)'),
    )
    tenant_id = RelatedIDFilter(
        queryset=Tenant.objects.all(),
        method='filter_tenant',
        distinct=False,
        label=_('Tenant of the certificate (ID)'),
    )
    tenant = RelatedNameFilter(
        queryset=Tenant.objects.all(),
        to_field_name='slug',
        method='filter_tenant',
        distinct=False,
        label=_('Tenant of the certificate (slug)'),
    )
    assigned_object_type = MultiValueContentTypeFilter()

    class Meta:
        model = Endpoint
        fields = (
            'id',
            'address',
            'port',
            'server_name',
            'ca_file',
            'monitor',
            'interval',
            'assigned_object_type_id',
            'assigned_object_id',
            'result_detail',
            'result_since',
            'checked_at',
            'checked_by',
            'description',
        )

    def search_q(self, value):
        return (
            Q(address__icontains=value)
            | Q(server_name__icontains=value)
            | Q(monitor__icontains=value)
            | Q(description__icontains=value)
            | Q(comments__icontains=value)
        )

    def filter_state(self, queryset, name, value):
        now = timezone.now()
        return queryset.filter(any_of(value, lambda state: endpoint_state_q(state, now))) if value else queryset

    def filter_problem(self, queryset, name, value):
        bad = bad_endpoint_q(timezone.now())
        return queryset.filter(bad if value else ~bad)

    def filter_certificate(self, queryset, name, value):
        return queryset.filter(endpoints_of([each.pk for each in value])) if value else queryset

    def filter_tenant(self, queryset, name, value):
        if not value:
            return queryset
        certificates = Certificate.objects.filter(tenant__in=value).order_by()
        if self.request:
            certificates = certificates.restrict(self.request.user, 'view')
        return queryset.filter(endpoints_of(certificates.values('pk')))

    def filter_places(self, queryset, name, value):
        if not value:
            return queryset
        user = self.request.user if self.request else None
        return queryset.filter(endpoints_at(name.removesuffix('_id'), value, user))
