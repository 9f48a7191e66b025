from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
import strawberry_django
from dcim.models import Device
from django.utils import timezone
from extras.graphql.mixins import ContactsMixin
from ipam.models import IPAddress, Service
from netbox.graphql.types import BaseObjectType, NetBoxObjectType, PrimaryObjectType, register_type
from strawberry.types import Info
from virtualization.models import VirtualMachine

from netbox_ssl import models
from netbox_ssl.models.issuances import REPLACED_AT, replaced_at_sql
from netbox_ssl.models.usual_renewal import USUAL_RENEWAL, usual_renewal_sql
from netbox_ssl.netbox_internals import build_gfk_prefetch
from netbox_ssl.places.deployment import DEPLOYMENT_STATE, deployment_state, deployment_state_sql, visible_sources

from .endpoint_types import EndpointType
from .filters import CertificateAssignmentFilter, CertificateFilter, CertificateSourceFilter, IssuanceFilter

if TYPE_CHECKING:
    from dcim.graphql.types import DeviceType
    from ipam.graphql.types import IPAddressType, ServiceType
    from netbox.graphql.types import ContentTypeType
    from tenancy.graphql.types import TenantType
    from virtualization.graphql.types import VirtualMachineType

# NetBox looks up the types of all models here.
__all__ = ('CertificateAssignmentType', 'CertificateSourceType', 'CertificateType', 'EndpointType', 'IssuanceType')

# Fields that the state of a source is computed from
STATE_COLUMNS = ['reported_at', *models.CertificateSource.STATE_FIELDS]

# Fields that the renewal rule reads
RULE_FIELDS = [
    'is_acme',
    'status',
    'valid_from',
    'valid_to',
    'acme_auto_renewal',
    'acme_renewal_days',
    'ari_window_start',
    'ari_window_end',
]


@register_type(
    models.Certificate,
    exclude=[
        'lineage',
        'acme_pinned_fields',
        'reported_only',
        *models.Certificate.ANNOUNCED_FIELDS,
        *models.Certificate.EXPIRY_INTERNAL,
        *models.Certificate.ARI_INTERNAL,
    ],
    filters=CertificateFilter,
    pagination=True,
)
class CertificateType(ContactsMixin, PrimaryObjectType):
    tenant: Annotated['TenantType', strawberry.lazy('tenancy.graphql.types')] | None
    subject_alt_names: list[str]
    expiry_marks: list[int]
    assignments: list[Annotated['CertificateAssignmentType', strawberry.lazy('netbox_ssl.graphql.types')]]
    sources: list[Annotated['CertificateSourceType', strawberry.lazy('netbox_ssl.graphql.types')]]
    issuances: list[Annotated['IssuanceType', strawberry.lazy('netbox_ssl.graphql.types')]]

    @strawberry_django.field(only=RULE_FIELDS)
    def renewal_status(self) -> str | None:
        return models.Certificate.renewal_status.fget(self)

    @strawberry_django.field(only=[*RULE_FIELDS, 'chain_valid_to', 'expiry_marks'])
    def validity(self) -> str:
        return models.Certificate.validity.fget(self)

    @strawberry_django.field(only=['valid_to'])
    def days_left(self) -> int:
        return models.Certificate.days_left.fget(self)

    @strawberry_django.field(
        annotate={
            DEPLOYMENT_STATE: lambda info: deployment_state_sql(
                timezone.now(), visible_sources(info.context.request.user)
            )
        }
    )
    def deployment_state(self, info: Info) -> str | None:
        return deployment_state(self, info.context.request.user)

    @strawberry_django.field(only=['valid_to', 'chain_valid_to'])
    def chain_ends_first(self) -> bool:
        return models.Certificate.chain_ends_first.fget(self)

    @strawberry_django.field(only=['ari_window_start'])
    def has_ari(self) -> bool:
        return models.Certificate.has_ari.fget(self)

    @strawberry_django.field(only=RULE_FIELDS)
    def renewal_overdue(self) -> bool:
        return models.Certificate.renewal_overdue.fget(self)

    @strawberry_django.field(annotate={USUAL_RENEWAL: lambda info: usual_renewal_sql()})
    def usual_renewal_days(self) -> float | None:
        return models.Certificate.usual_renewal_days.fget(self)


@register_type(
    models.Issuance,
    fields='__all__',
    filters=IssuanceFilter,
    pagination=True,
)
class IssuanceType(BaseObjectType):
    # Null if the user may not view it. If it were required, the whole response would be null.
    certificate: Annotated['CertificateType', strawberry.lazy('netbox_ssl.graphql.types')] | None
    subject_alt_names: list[str]

    @strawberry_django.field(only=['valid_to', 'chain_valid_to'])
    def chain_ends_first(self) -> bool:
        return models.Issuance.chain_ends_first.fget(self)

    @strawberry_django.field(only=['valid_from', 'valid_to'])
    def lifetime_days(self) -> float:
        return models.Issuance.lifetime_days.fget(self)

    @strawberry_django.field(only=['valid_to'], annotate={REPLACED_AT: lambda info: replaced_at_sql()})
    def replaced_days_before_expiry(self) -> float | None:
        return models.Issuance.replaced_days_before_expiry.fget(self)


@register_type(
    models.CertificateSource,
    exclude=['reporter', *models.CertificateSource.STATE_BOOKKEEPING],
    filters=CertificateSourceFilter,
    pagination=True,
)
class CertificateSourceType(NetBoxObjectType):
    # None if the user may not view it
    certificate: Annotated['CertificateType', strawberry.lazy('netbox_ssl.graphql.types')] | None
    issuance: Annotated['IssuanceType', strawberry.lazy('netbox_ssl.graphql.types')] | None

    @strawberry_django.field(only=STATE_COLUMNS)
    def state(self) -> str | None:
        return models.CertificateSource.state.fget(self)

    @strawberry_django.field(only=STATE_COLUMNS)
    def state_since(self) -> datetime | None:
        return models.CertificateSource.state_since.fget(self)

    @strawberry_django.field(only=['external_id', 'kind'])
    def place(self) -> str:
        return models.CertificateSource.place.fget(self)

    @strawberry_django.field(only=['certificate', 'issuance__certificate'], select_related=['issuance'])
    def is_unexpected(self) -> bool:
        return models.CertificateSource.is_unexpected.fget(self)

    @strawberry_django.field(only=STATE_COLUMNS)
    def is_behind(self) -> bool:
        return models.CertificateSource.is_behind.fget(self)

    @strawberry_django.field(only=STATE_COLUMNS)
    def is_silent(self) -> bool:
        return models.CertificateSource.is_silent.fget(self)


@register_type(
    models.CertificateAssignment,
    fields='__all__',
    filters=CertificateAssignmentFilter,
    pagination=True,
)
class CertificateAssignmentType(NetBoxObjectType):
    # None if the user may not view it
    certificate: Annotated['CertificateType', strawberry.lazy('netbox_ssl.graphql.types')] | None
    assigned_object_type: Annotated['ContentTypeType', strawberry.lazy('netbox.graphql.types')] | None
    assigned_object_id: strawberry.ID

    @strawberry_django.field(
        prefetch_related=build_gfk_prefetch('assigned_object', [Device, VirtualMachine, Service, IPAddress]),
        only=['assigned_object_type', 'assigned_object_id'],
    )
    def assigned_object(
        self,
    ) -> (
        Annotated[
            Annotated['DeviceType', strawberry.lazy('dcim.graphql.types')]
            | Annotated['VirtualMachineType', strawberry.lazy('virtualization.graphql.types')]
            | Annotated['ServiceType', strawberry.lazy('ipam.graphql.types')]
            | Annotated['IPAddressType', strawberry.lazy('ipam.graphql.types')],
            strawberry.union('CertificateAssignmentObjectType'),
        ]
        | None
    ):
        return self.assigned_object
