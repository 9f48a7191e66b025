"""Endpoints."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
import strawberry_django
from django.contrib.contenttypes.prefetch import GenericPrefetch
from netbox.graphql.types import PrimaryObjectType, register_type
from strawberry.types import Info

from netbox_ssl import models
from netbox_ssl.models.assignments import ASSIGNABLE_MODELS
from netbox_ssl.netbox_internals import optimize_prefetch_queryset

from .endpoint_filters import EndpointFilter

if TYPE_CHECKING:
    from dcim.graphql.types import DeviceType
    from ipam.graphql.types import IPAddressType, ServiceType
    from virtualization.graphql.types import VirtualMachineType

    from .types import CertificateType

__all__ = ('EndpointType',)

# What the state of an endpoint is computed from
STATE = {'only': ['result', 'result_since', 'checked_at', 'silent_at', 'source'], 'select_related': ['source']}


def _visible_places(info: Info) -> GenericPrefetch:
    user = info.context.request.user
    visible = [optimize_prefetch_queryset(model.objects.restrict(user, 'view'), info) for model in ASSIGNABLE_MODELS]
    return GenericPrefetch('assigned_object', visible)


@register_type(
    models.Endpoint,
    exclude=[
        'source',
        'assigned_object_type',
        'assigned_object_id',
        *models.Endpoint.STATE_BOOKKEEPING,
    ],
    filters=EndpointFilter,
    pagination=True,
)
class EndpointType(PrimaryObjectType):
    # None if the user may not view it
    expected_certificate: Annotated['CertificateType', strawberry.lazy('netbox_ssl.graphql.types')] | None

    # The one that was seen last; None if the user may not view it
    @strawberry_django.field(only=['source'], prefetch_related=['source__issuance__certificate'])
    def certificate(self) -> Annotated['CertificateType', strawberry.lazy('netbox_ssl.graphql.types')] | None:
        return models.Endpoint.visible_certificate.fget(self)

    @strawberry_django.field(only=['address', 'port', 'server_name', 'monitor', 'checked_by'])
    def external_id(self) -> str | None:
        return models.Endpoint.external_id.fget(self)

    @strawberry_django.field(**STATE)
    def state(self) -> str:
        return models.Endpoint.state.fget(self)

    @strawberry_django.field(**STATE)
    def state_since(self) -> datetime | None:
        return models.Endpoint.state_since.fget(self)

    @strawberry_django.field(only=['source'], select_related=['source'])
    def valid_to(self) -> datetime | None:
        return models.Endpoint.valid_to.fget(self)

    @strawberry_django.field(only=['source'], select_related=['source'])
    def days_left(self) -> int | None:
        return models.Endpoint.days_left.fget(self)

    # None if the user may not view it
    @strawberry_django.field(prefetch_related=[_visible_places], only=['assigned_object_type', 'assigned_object_id'])
    def assigned_object(
        self,
    ) -> (
        Annotated[
            Annotated['DeviceType', strawberry.lazy('dcim.graphql.types')]
            | Annotated['VirtualMachineType', strawberry.lazy('virtualization.graphql.types')]
            | Annotated['ServiceType', strawberry.lazy('ipam.graphql.types')]
            | Annotated['IPAddressType', strawberry.lazy('ipam.graphql.types')],
            strawberry.union('EndpointObjectType'),
        ]
        | None
    ):
        return self.assigned_object
