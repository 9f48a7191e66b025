from typing import TYPE_CHECKING, Annotated

import strawberry
import strawberry_django
from extras.graphql.mixins import ContactsMixin
from netbox.graphql.types import BaseObjectType, NetBoxObjectType, PrimaryObjectType, register_type

from netbox_ssl import models
from netbox_ssl.models.issuances import REPLACED_AT, replaced_at_sql
from netbox_ssl.models.usual_renewal import USUAL_RENEWAL, usual_renewal_sql

from .filters import CertificateFilter, CertificateSourceFilter, IssuanceFilter

if TYPE_CHECKING:
    from tenancy.graphql.types import TenantType

__all__ = ('CertificateSourceType', 'CertificateType', 'IssuanceType')

# What the renewal rule reads.
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
        *models.Certificate.ANNOUNCED_FIELDS,
        *models.Certificate.ARI_INTERNAL,
    ],
    filters=CertificateFilter,
    pagination=True,
)
class CertificateType(ContactsMixin, PrimaryObjectType):
    tenant: Annotated['TenantType', strawberry.lazy('tenancy.graphql.types')] | None
    subject_alt_names: list[str]
    sources: list[Annotated['CertificateSourceType', strawberry.lazy('netbox_ssl.graphql.types')]]
    issuances: list[Annotated['IssuanceType', strawberry.lazy('netbox_ssl.graphql.types')]]

    @strawberry_django.field(only=RULE_FIELDS)
    def renewal_status(self) -> str | None:
        return models.Certificate.renewal_status.fget(self)

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
    # Null for those who may not see it; were it required, the whole answer would be null.
    certificate: Annotated['CertificateType', strawberry.lazy('netbox_ssl.graphql.types')] | None
    subject_alt_names: list[str]

    @strawberry_django.field(only=['valid_from', 'valid_to'])
    def lifetime_days(self) -> float:
        return models.Issuance.lifetime_days.fget(self)

    @strawberry_django.field(only=['valid_to'], annotate={REPLACED_AT: lambda info: replaced_at_sql()})
    def replaced_days_before_expiry(self) -> float | None:
        return models.Issuance.replaced_days_before_expiry.fget(self)


@register_type(
    models.CertificateSource,
    exclude=['behind_announced', 'silent_announced'],
    filters=CertificateSourceFilter,
    pagination=True,
)
class CertificateSourceType(NetBoxObjectType):
    # None to who may not see it.
    certificate: Annotated['CertificateType', strawberry.lazy('netbox_ssl.graphql.types')] | None
    issuance: Annotated['IssuanceType', strawberry.lazy('netbox_ssl.graphql.types')] | None

    @strawberry_django.field(only=['behind_since'])
    def is_behind(self) -> bool:
        return models.CertificateSource.is_behind.fget(self)

    @strawberry_django.field(only=['reported_at', 'certificate__status'], select_related=['certificate'])
    def is_silent(self) -> bool:
        return models.CertificateSource.is_silent.fget(self)
