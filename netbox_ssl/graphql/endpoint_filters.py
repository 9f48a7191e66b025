"""Filters of endpoints; restricted to what the user may view."""

from typing import TYPE_CHECKING, Annotated

import strawberry
import strawberry_django
from django.db.models import Q, QuerySet
from django.utils import timezone
from netbox.graphql.filters import PrimaryModelFilter, register_filter
from strawberry.scalars import ID
from strawberry.types import Info
from strawberry_django import BaseFilterLookup, DatetimeFilterLookup, StrFilterLookup

from netbox_ssl import models
from netbox_ssl.models.mixins.endpoint_states import bad_endpoint_q, endpoint_state_sql
from netbox_ssl.places.endpoints import endpoints_of

from .computed_filters import filter_computed

if TYPE_CHECKING:
    from core.graphql.filters import ContentTypeFilter
    from netbox.graphql.filter_lookups import IntegerLookup

    from .enums import EndpointResultEnum, EndpointStateEnum, STARTTLSEnum

__all__ = ('EndpointFilter',)


@register_filter(models.Endpoint, lookups=True)
class EndpointFilter(PrimaryModelFilter):
    address: StrFilterLookup | None = strawberry_django.filter_field()
    port: Annotated['IntegerLookup', strawberry.lazy('netbox.graphql.filter_lookups')] | None = (
        strawberry_django.filter_field()
    )
    server_name: StrFilterLookup | None = strawberry_django.filter_field()
    starttls: BaseFilterLookup[Annotated['STARTTLSEnum', strawberry.lazy('netbox_ssl.graphql.enums')]] | None = (
        strawberry_django.filter_field()
    )
    ca_file: StrFilterLookup | None = strawberry_django.filter_field()
    monitor: StrFilterLookup | None = strawberry_django.filter_field()
    interval: Annotated['IntegerLookup', strawberry.lazy('netbox.graphql.filter_lookups')] | None = (
        strawberry_django.filter_field()
    )
    assigned_object_type: Annotated['ContentTypeFilter', strawberry.lazy('core.graphql.filters')] | None = (
        strawberry_django.filter_field()
    )
    assigned_object_id: ID | None = strawberry_django.filter_field()
    result: BaseFilterLookup[Annotated['EndpointResultEnum', strawberry.lazy('netbox_ssl.graphql.enums')]] | None = (
        strawberry_django.filter_field()
    )
    result_detail: StrFilterLookup | None = strawberry_django.filter_field()
    result_since: DatetimeFilterLookup | None = strawberry_django.filter_field()
    checked_at: DatetimeFilterLookup | None = strawberry_django.filter_field()
    checked_by: StrFilterLookup | None = strawberry_django.filter_field()

    @strawberry_django.filter_field()
    def state(
        self,
        info: Info,
        queryset: QuerySet,
        value: BaseFilterLookup[Annotated['EndpointStateEnum', strawberry.lazy('netbox_ssl.graphql.enums')]],
        prefix: str,
    ):
        return filter_computed('state', endpoint_state_sql(timezone.now(), prefix), info, queryset, value, prefix)

    @strawberry_django.filter_field()
    def problem(self, value: bool, prefix: str) -> Q:
        bad = bad_endpoint_q(timezone.now(), prefix)
        return bad if value else ~bad

    @strawberry_django.filter_field()
    def certificate_id(self, info: Info, value: list[ID], prefix: str) -> Q:
        visible = models.Certificate.objects.restrict(info.context.request.user, 'view').filter(pk__in=value)
        found = models.Endpoint.objects.filter(endpoints_of(visible.order_by().values('pk')))
        return Q((f'{prefix}pk__in', found.order_by().values('pk')))
