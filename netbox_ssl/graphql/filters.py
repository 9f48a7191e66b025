from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry
import strawberry_django
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from netbox.graphql.filters import BaseModelFilter, NetBoxModelFilter, PrimaryModelFilter, register_filter
from strawberry.scalars import ID
from strawberry.types import Info
from strawberry_django import BaseFilterLookup, DatetimeFilterLookup, FilterLookup, StrFilterLookup
from tenancy.graphql.filter_mixins import ContactFilterMixin, TenancyFilterMixin

from netbox_ssl import models, settings
from netbox_ssl.acme import renewal
from netbox_ssl.expiry.marks import MAX_MARK
from netbox_ssl.expiry.validity import expires_on_q, expires_within_q, validity_sql
from netbox_ssl.findings import finding_q
from netbox_ssl.models.mixins.endpoint_states import bad_endpoint_q
from netbox_ssl.models.mixins.source_states import behind_q, silent_q, state_sql
from netbox_ssl.models.name_lookups import NO_NAME, covering_q
from netbox_ssl.places.deployment import deployment_state_sql, visible_sources
from netbox_ssl.places.endpoints import certificates_at
from netbox_ssl.x509 import asked_name

from .authority_filters import AuthorityFilterMixin
from .computed_filters import filter_computed
from .endpoint_filters import EndpointFilter
from .place_filters import PlaceFilterMixin

if TYPE_CHECKING:
    from core.graphql.filters import ContentTypeFilter
    from netbox.graphql.filter_lookups import IntegerLookup, StringArrayLookup

    from .enums import (
        ACMEChallengeTypeEnum,
        CertificateStatusEnum,
        FindingEnum,
        RenewalStatusEnum,
        SourceKindEnum,
        SourceStateEnum,
        ValidityEnum,
    )

# NetBox's tests look up the filters of all models here.
__all__ = (
    'CertificateAssignmentFilter',
    'CertificateFilter',
    'CertificateSourceFilter',
    'EndpointFilter',
    'IssuanceFilter',
)


@strawberry.type
class X509FilterMixin:
    subject: StrFilterLookup | None = strawberry_django.filter_field()
    issuer: StrFilterLookup | None = strawberry_django.filter_field()
    serial_number: StrFilterLookup | None = strawberry_django.filter_field()
    fingerprint_sha256: StrFilterLookup | None = strawberry_django.filter_field()
    fingerprint_sha1: StrFilterLookup | None = strawberry_django.filter_field()
    valid_from: DatetimeFilterLookup | None = strawberry_django.filter_field()
    valid_to: DatetimeFilterLookup | None = strawberry_django.filter_field()
    subject_alt_names: Annotated['StringArrayLookup', strawberry.lazy('netbox.graphql.filter_lookups')] | None = (
        strawberry_django.filter_field()
    )
    key_algorithm: StrFilterLookup | None = strawberry_django.filter_field()
    key_size: Annotated['IntegerLookup', strawberry.lazy('netbox.graphql.filter_lookups')] | None = (
        strawberry_django.filter_field()
    )
    public_key_sha256: StrFilterLookup | None = strawberry_django.filter_field()
    signature_algorithm: StrFilterLookup | None = strawberry_django.filter_field()
    is_ca: FilterLookup[bool] | None = strawberry_django.filter_field()
    authority_key_id: StrFilterLookup | None = strawberry_django.filter_field()
    subject_key_id: StrFilterLookup | None = strawberry_django.filter_field()
    chain_valid_to: DatetimeFilterLookup | None = strawberry_django.filter_field()

    @strawberry_django.filter_field()
    def chain_ends_first(self, value: bool, prefix: str) -> Q:
        valid_to, chain = f'{prefix}valid_to', f'{prefix}chain_valid_to'
        first = Q((f'{chain}__lt', F(valid_to)))
        return first if value else ~first | Q((chain, None))


@register_filter(models.Certificate, lookups=True)
class CertificateFilter(
    PlaceFilterMixin,
    AuthorityFilterMixin,
    X509FilterMixin,
    ContactFilterMixin,
    TenancyFilterMixin,
    PrimaryModelFilter,
):
    name: StrFilterLookup | None = strawberry_django.filter_field()
    status: BaseFilterLookup[Annotated['CertificateStatusEnum', strawberry.lazy('netbox_ssl.graphql.enums')]] | None = (
        strawberry_django.filter_field()
    )
    is_acme: FilterLookup[bool] | None = strawberry_django.filter_field()
    acme_provider: StrFilterLookup | None = strawberry_django.filter_field()
    acme_account_email: StrFilterLookup | None = strawberry_django.filter_field()
    acme_challenge_type: (
        BaseFilterLookup[Annotated['ACMEChallengeTypeEnum', strawberry.lazy('netbox_ssl.graphql.enums')]] | None
    ) = strawberry_django.filter_field()
    acme_server_url: StrFilterLookup | None = strawberry_django.filter_field()
    acme_auto_renewal: FilterLookup[bool] | None = strawberry_django.filter_field()
    acme_last_renewed: DatetimeFilterLookup | None = strawberry_django.filter_field()
    acme_renewal_days: Annotated['IntegerLookup', strawberry.lazy('netbox.graphql.filter_lookups')] | None = (
        strawberry_django.filter_field()
    )
    ari_cert_id: StrFilterLookup | None = strawberry_django.filter_field()
    ari_window_start: DatetimeFilterLookup | None = strawberry_django.filter_field()
    ari_window_end: DatetimeFilterLookup | None = strawberry_django.filter_field()
    ari_last_checked: DatetimeFilterLookup | None = strawberry_django.filter_field()
    ari_next_check: DatetimeFilterLookup | None = strawberry_django.filter_field()
    ari_explanation_url: StrFilterLookup | None = strawberry_django.filter_field()
    ari_error: StrFilterLookup | None = strawberry_django.filter_field()
    renewal_instructions: StrFilterLookup | None = strawberry_django.filter_field()
    expires_at: DatetimeFilterLookup | None = strawberry_django.filter_field()
    renewal_due_at: DatetimeFilterLookup | None = strawberry_django.filter_field()
    renewal_overdue_at: DatetimeFilterLookup | None = strawberry_django.filter_field()
    unreported_since: DatetimeFilterLookup | None = strawberry_django.filter_field()

    @strawberry_django.filter_field()
    def renewal_status(
        self,
        info: Info,
        queryset: QuerySet,
        value: BaseFilterLookup[Annotated['RenewalStatusEnum', strawberry.lazy('netbox_ssl.graphql.enums')]],
        prefix: str,
    ):
        expression = renewal.status_sql(timezone.now(), prefix)
        return filter_computed('renewal_status', expression, info, queryset, value, prefix)

    @strawberry_django.filter_field()
    def validity(
        self,
        info: Info,
        queryset: QuerySet,
        value: BaseFilterLookup[Annotated['ValidityEnum', strawberry.lazy('netbox_ssl.graphql.enums')]],
        prefix: str,
    ):
        expression = validity_sql(timezone.now(), settings.expiry_marks(), prefix)
        return filter_computed('validity', expression, info, queryset, value, prefix)

    @strawberry_django.filter_field()
    def expires_within(self, value: int, prefix: str) -> Q:
        if not 0 <= value <= MAX_MARK:
            raise ValueError(f'expires_within is {value}: must be from 0 to {MAX_MARK} days.')
        return expires_within_q(value, timezone.now(), prefix)

    @strawberry_django.filter_field()
    def expires_on(self, value: date, prefix: str) -> Q:
        return expires_on_q(value, prefix)

    @strawberry_django.filter_field()
    def finding(
        self, info: Info, value: Annotated['FindingEnum', strawberry.lazy('netbox_ssl.graphql.enums')], prefix: str
    ) -> Q:
        return finding_q(value.value, info.context.request.user, prefix)

    @strawberry_django.filter_field()
    def endpoint_problem(self, info: Info, value: bool, prefix: str) -> Q:
        endpoints = models.Endpoint.objects.restrict(info.context.request.user, 'view')
        affected = certificates_at(endpoints.filter(bad_endpoint_q(timezone.now())), prefix)
        return affected if value else ~affected

    @strawberry_django.filter_field()
    def deployment_state(
        self,
        info: Info,
        queryset: QuerySet,
        value: BaseFilterLookup[Annotated['SourceStateEnum', strawberry.lazy('netbox_ssl.graphql.enums')]],
        prefix: str,
    ):
        sources = visible_sources(info.context.request.user)
        expression = deployment_state_sql(timezone.now(), sources, f'{prefix}pk')
        return filter_computed('deployment_state', expression, info, queryset, value, prefix)

    @strawberry_django.filter_field()
    def covers(self, value: str, prefix: str) -> Q:
        if not (name := asked_name(value)):
            raise ValueError(NO_NAME)
        return covering_q(models.Certificate, [name], prefix)

    @strawberry_django.filter_field()
    def has_ari(self, value: bool, prefix: str) -> Q:
        return Q((f'{prefix}ari_window_start__isnull', not value))

    @strawberry_django.filter_field()
    def renewal_overdue(self, value: bool, prefix: str) -> Q:
        overdue = renewal.overdue_q(timezone.now(), prefix)
        return overdue if value else ~overdue


CertificateFilterValue = Annotated['CertificateFilter', strawberry.lazy('netbox_ssl.graphql.filters')]
IssuanceFilterValue = Annotated['IssuanceFilter', strawberry.lazy('netbox_ssl.graphql.filters')]


def _through(model, path: str, info: Info, value) -> Q:
    """Filter by a related object, considering only those that the user may view."""
    visible = model.objects.restrict(info.context.request.user, 'view')
    related, q = strawberry_django.process_filters(value, visible, info)
    return Q((f'{path}__in', related.filter(q).order_by().values('pk')))


@strawberry.type
class OfCertificateFilterMixin:
    @strawberry_django.filter_field()
    def certificate(self, info: Info, value: CertificateFilterValue, prefix: str) -> Q:
        return _through(models.Certificate, f'{prefix}certificate', info, value)

    @strawberry_django.filter_field()
    def certificate_id(self, info: Info, value: ID, prefix: str) -> Q:
        visible = models.Certificate.objects.restrict(info.context.request.user, 'view').filter(pk=value)
        return Q((f'{prefix}certificate__in', visible.order_by().values('pk')))


@register_filter(models.Issuance, lookups=True)
class IssuanceFilter(OfCertificateFilterMixin, X509FilterMixin, BaseModelFilter):
    created: DatetimeFilterLookup | None = strawberry_django.filter_field()


@register_filter(models.CertificateSource, lookups=True)
class CertificateSourceFilter(OfCertificateFilterMixin, NetBoxModelFilter):
    external_id: StrFilterLookup | None = strawberry_django.filter_field()
    client: StrFilterLookup | None = strawberry_django.filter_field()
    kind: BaseFilterLookup[Annotated['SourceKindEnum', strawberry.lazy('netbox_ssl.graphql.enums')]] | None = (
        strawberry_django.filter_field()
    )
    machine_id: StrFilterLookup | None = strawberry_django.filter_field()
    reported_at: DatetimeFilterLookup | None = strawberry_django.filter_field()
    valid_to: DatetimeFilterLookup | None = strawberry_django.filter_field()
    issuance_since: DatetimeFilterLookup | None = strawberry_django.filter_field()
    behind_since: DatetimeFilterLookup | None = strawberry_django.filter_field()
    gone_since: DatetimeFilterLookup | None = strawberry_django.filter_field()

    @strawberry_django.filter_field()
    def issuance(self, info: Info, value: IssuanceFilterValue, prefix: str) -> Q:
        return _through(models.Issuance, f'{prefix}issuance', info, value)

    @strawberry_django.filter_field()
    def state(
        self,
        info: Info,
        queryset: QuerySet,
        value: BaseFilterLookup[Annotated['SourceStateEnum', strawberry.lazy('netbox_ssl.graphql.enums')]],
        prefix: str,
    ):
        return filter_computed('state', state_sql(timezone.now(), prefix), info, queryset, value, prefix)

    @strawberry_django.filter_field()
    def behind(self, value: bool, prefix: str) -> Q:
        behind = behind_q(timezone.now(), prefix)
        return behind if value else ~behind

    @strawberry_django.filter_field()
    def silent(self, value: bool, prefix: str) -> Q:
        silent = silent_q(timezone.now(), prefix)
        return silent if value else ~silent


@register_filter(models.CertificateAssignment, lookups=True)
class CertificateAssignmentFilter(OfCertificateFilterMixin, NetBoxModelFilter):
    assigned_object_type: Annotated['ContentTypeFilter', strawberry.lazy('core.graphql.filters')] | None = (
        strawberry_django.filter_field()
    )
    assigned_object_id: ID | None = strawberry_django.filter_field()
    primary: FilterLookup[bool] | None = strawberry_django.filter_field()
    note: StrFilterLookup | None = strawberry_django.filter_field()
