"""Filters of certificates by the objects that use them, as in the REST API; restricted to what the user may view."""

import strawberry
import strawberry_django
from django.db.models import Q
from strawberry.scalars import ID
from strawberry.types import Info

from netbox_ssl.models import CertificateAssignment
from netbox_ssl.places.assignments import assignments_at

__all__ = ('PlaceFilterMixin',)


def _through(assignments, info: Info, prefix: str) -> Q:
    visible = assignments.restrict(info.context.request.user, 'view')
    return Q((f'{prefix}pk__in', visible.order_by().values('certificate')))


@strawberry.type
class PlaceFilterMixin:
    @strawberry_django.filter_field()
    def assigned(self, info: Info, value: bool, prefix: str) -> Q:
        assigned = _through(CertificateAssignment.objects.all(), info, prefix)
        return assigned if value else ~assigned

    @strawberry_django.filter_field()
    def device_id(self, info: Info, value: list[ID], prefix: str) -> Q:
        return _through(assignments_at('device', value), info, prefix)

    @strawberry_django.filter_field()
    def virtual_machine_id(self, info: Info, value: list[ID], prefix: str) -> Q:
        return _through(assignments_at('virtual_machine', value), info, prefix)

    @strawberry_django.filter_field()
    def service_id(self, info: Info, value: list[ID], prefix: str) -> Q:
        return _through(assignments_at('service', value), info, prefix)

    @strawberry_django.filter_field()
    def ip_address_id(self, info: Info, value: list[ID], prefix: str) -> Q:
        return _through(assignments_at('ip_address', value), info, prefix)

    @strawberry_django.filter_field()
    def site_id(self, info: Info, value: list[ID], prefix: str) -> Q:
        return _through(assignments_at('site', value), info, prefix)

    @strawberry_django.filter_field()
    def cluster_id(self, info: Info, value: list[ID], prefix: str) -> Q:
        return _through(assignments_at('cluster', value), info, prefix)
