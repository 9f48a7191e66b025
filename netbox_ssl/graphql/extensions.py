"""
Certificates on NetBox's own GraphQL types and filters, through NetBox's extension points.

This module is loaded before NetBox's types, so it refers to them by name only.
"""

from typing import TYPE_CHECKING, Annotated

import strawberry
import strawberry_django
from dcim.models import Interface
from django.db.models import Prefetch, Q
from ipam.models import IPAddress, Service
from strawberry.types import Info
from virtualization.models import VMInterface

from netbox_ssl.models import Certificate, CertificateAssignment
from netbox_ssl.models.assignments import ASSIGNABLE_MODELS
from netbox_ssl.netbox_internals import optimize_prefetch_queryset
from netbox_ssl.places.assignments import assignments_at, places_of

if TYPE_CHECKING:
    from .filters import CertificateFilter
    from .types import CertificateAssignmentType, CertificateType

__all__ = ('filter_extensions', 'type_extensions')

CertificateTypes = list[Annotated['CertificateType', strawberry.lazy('netbox_ssl.graphql.types')]]
AssignmentTypes = list[Annotated['CertificateAssignmentType', strawberry.lazy('netbox_ssl.graphql.types')]]
CertificateFilterValue = Annotated['CertificateFilter', strawberry.lazy('netbox_ssl.graphql.filters')]

# Attributes for prefetched objects. They differ from the names of the relations, because NetBox's own fields would
# query a prefetched relation again for each object to restrict it.
ASSIGNED = '_certificate_assignments'
OWN, SERVICES, INTERFACES, ADDRESSES = '_certified', '_certified_services', '_certified_interfaces', '_certified_ips'


def _own(info: Info) -> Prefetch:
    """Return a prefetch of the assignments that the user may view, with the certificate fields of the query."""
    user = info.context.request.user
    certificates = optimize_prefetch_queryset(Certificate.objects.restrict(user, 'view'), info)
    assignments = CertificateAssignment.objects.restrict(user, 'view')
    assignments = assignments.only('certificate', 'assigned_object_type', 'assigned_object_id')
    found = assignments.order_by('pk').prefetch_related(Prefetch('certificate', certificates))
    return Prefetch('certificate_assignments', found, to_attr=OWN)


def _of_services(info: Info) -> Prefetch:
    services = Service.objects.filter(certificate_assignments__isnull=False).distinct()
    return Prefetch('services', services.prefetch_related(_own(info)), to_attr=SERVICES)


def _of_interfaces(model):
    def prefetch(info: Info) -> Prefetch:
        used = IPAddress.objects.filter(certificate_assignments__isnull=False).distinct()
        addresses = Prefetch('ip_addresses', used.prefetch_related(_own(info)), to_attr=ADDRESSES)
        interfaces = model.objects.filter(ip_addresses__certificate_assignments__isnull=False).distinct()
        return Prefetch('interfaces', interfaces.prefetch_related(addresses), to_attr=INTERFACES)

    return prefetch


def _certificates(self, info: Info) -> CertificateTypes:
    """
    Return the certificates of an object (``self`` is a model instance), its services and the addresses of its
    interfaces, each once, ordered by ID.
    """
    if not hasattr(self, OWN):
        # Reached through a relation that does not prefetch
        user = info.context.request.user
        assignments = assignments_at(ASSIGNABLE_MODELS[type(self)], [self.pk]).restrict(user, 'view')
        certificates = Certificate.objects.restrict(user, 'view')
        return list(certificates.filter(pk__in=assignments.values('certificate')).order_by('pk'))
    places = [self, *getattr(self, SERVICES, ())]
    places += [address for interface in getattr(self, INTERFACES, ()) for address in getattr(interface, ADDRESSES)]
    found = {each.certificate_id: each.certificate for place in places for each in getattr(place, OWN)}
    return [found[pk] for pk in sorted(found)]


def _assigned(info: Info) -> Prefetch:
    assignments = CertificateAssignment.objects.restrict(info.context.request.user, 'view')
    return Prefetch('certificate_assignments', optimize_prefetch_queryset(assignments, info), to_attr=ASSIGNED)


def _assignments(self, info: Info) -> AssignmentTypes:
    if (found := getattr(self, ASSIGNED, None)) is None:
        found = list(self.certificate_assignments.restrict(info.context.request.user, 'view'))
    return found


@strawberry.type
class AssignmentsExtension:
    """Assignments to the object itself."""

    models = ['dcim.device', 'virtualization.virtualmachine', 'ipam.service', 'ipam.ipaddress']

    certificate_assignments: AssignmentTypes = strawberry_django.field(
        resolver=_assignments,
        prefetch_related=[_assigned],
    )


@strawberry.type
class DeviceExtension:
    models = ['dcim.device']
    certificates: CertificateTypes = strawberry_django.field(
        resolver=_certificates,
        prefetch_related=[_own, _of_services, _of_interfaces(Interface)],
    )


@strawberry.type
class VirtualMachineExtension:
    models = ['virtualization.virtualmachine']
    certificates: CertificateTypes = strawberry_django.field(
        resolver=_certificates,
        prefetch_related=[_own, _of_services, _of_interfaces(VMInterface)],
    )


@strawberry.type
class PlaceExtension:
    models = ['ipam.service', 'ipam.ipaddress']
    certificates: CertificateTypes = strawberry_django.field(resolver=_certificates, prefetch_related=[_own])


type_extensions = [AssignmentsExtension, DeviceExtension, VirtualMachineExtension, PlaceExtension]


def _with_certificates(kind: str, info: Info, value, prefix: str) -> Q:
    """Filter objects of a kind by their certificates, counting only those that the user may view."""
    user = info.context.request.user
    certificates, q = strawberry_django.process_filters(value, Certificate.objects.restrict(user, 'view'), info)
    assignments = CertificateAssignment.objects.restrict(user, 'view')
    found = assignments.filter(certificate__in=certificates.filter(q).values('pk'))
    return Q((f'{prefix}pk__in', places_of(kind, found)))


@strawberry.type
class DeviceFilterExtension:
    models = ['dcim.device']

    @strawberry_django.filter_field()
    def certificates(self, info: Info, value: CertificateFilterValue, prefix: str) -> Q:
        return _with_certificates('device', info, value, prefix)


@strawberry.type
class VirtualMachineFilterExtension:
    models = ['virtualization.virtualmachine']

    @strawberry_django.filter_field()
    def certificates(self, info: Info, value: CertificateFilterValue, prefix: str) -> Q:
        return _with_certificates('virtual_machine', info, value, prefix)


@strawberry.type
class ServiceFilterExtension:
    models = ['ipam.service']

    @strawberry_django.filter_field()
    def certificates(self, info: Info, value: CertificateFilterValue, prefix: str) -> Q:
        return _with_certificates('service', info, value, prefix)


@strawberry.type
class IPAddressFilterExtension:
    models = ['ipam.ipaddress']

    @strawberry_django.filter_field()
    def certificates(self, info: Info, value: CertificateFilterValue, prefix: str) -> Q:
        return _with_certificates('ip_address', info, value, prefix)


filter_extensions = [
    DeviceFilterExtension,
    VirtualMachineFilterExtension,
    ServiceFilterExtension,
    IPAddressFilterExtension,
]
