"""Filters of certificates by the CA certificates that issued them; restricted to what the user may view."""

from collections.abc import Callable

import strawberry
import strawberry_django
from django.db.models import Q
from strawberry.scalars import ID
from strawberry.types import Info

from netbox_ssl.models import Certificate

__all__ = ('AuthorityFilterMixin',)


def _related(pks: list[ID], relation: Callable[[Certificate], Q], info: Info, prefix: str) -> Q:
    """Select the certificates that have ``relation`` to any of those with these IDs that the user may view."""
    wanted = Q(pk__in=())
    for certificate in Certificate.objects.restrict(info.context.request.user, 'view').filter(pk__in=pks):
        wanted |= relation(certificate)
    return Q((f'{prefix}pk__in', Certificate.objects.filter(wanted).order_by().values('pk')))


@strawberry.type
class AuthorityFilterMixin:
    @strawberry_django.filter_field()
    def issued_by_id(self, info: Info, value: list[ID], prefix: str) -> Q:
        return _related(value, Certificate.issued_q, info, prefix)

    @strawberry_django.filter_field()
    def issuer_of_id(self, info: Info, value: list[ID], prefix: str) -> Q:
        return _related(value, Certificate.issuing_ca_q, info, prefix)
