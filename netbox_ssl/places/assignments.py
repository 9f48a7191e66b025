"""
Where certificates are used: the assignments of a device, virtual machine, site or cluster, directly, through its
services, or through the IP addresses of its interfaces. The same rules apply to pages, filters, GraphQL and event data.
"""

from functools import reduce
from operator import or_

from dcim.models import Device, Interface
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from ipam.models import IPAddress, Service
from virtualization.models import VirtualMachine, VMInterface

from netbox_ssl.models import CertificateAssignment

__all__ = (
    'DEVICE',
    'VIRTUAL_MACHINE',
    'assigned_to',
    'assignments_at',
    'assignments_by_place',
    'assignments_where',
    'of_hosts',
    'places_at',
    'places_of',
)

# Model of the host, model of its interfaces, and their foreign key to it
DEVICE = (Device, Interface, 'device')
VIRTUAL_MACHINE = (VirtualMachine, VMInterface, 'virtual_machine')


def assigned_to(model, pks) -> Q:
    return Q(assigned_object_type=ContentType.objects.get_for_model(model), assigned_object_id__in=pks)


def of_hosts(model, interface_model, interface_of: str, hosts):
    """Return the services of ``hosts`` (primary keys or a subquery) and the addresses of their interfaces."""
    services = Service.objects.filter(
        parent_object_type=ContentType.objects.get_for_model(model), parent_object_id__in=hosts
    )
    interfaces = interface_model.objects.filter(**{f'{interface_of}__in': hosts})
    addresses = IPAddress.objects.filter(
        assigned_object_type=ContentType.objects.get_for_model(interface_model),
        assigned_object_id__in=interfaces.values('pk'),
    )
    return services, addresses


def _on_hosts(model, interface_model, interface_of: str, hosts) -> list[Q]:
    """Return conditions for assignments to ``hosts`` of ``model``, their services, and their interfaces' addresses."""
    services, addresses = of_hosts(model, interface_model, interface_of, hosts)
    return [
        assigned_to(model, hosts),
        assigned_to(Service, services.values('pk')),
        assigned_to(IPAddress, addresses.values('pk')),
    ]


def _devices(**filters) -> list[Q]:
    return _on_hosts(*DEVICE, Device.objects.filter(**filters).values('pk'))


def _machines(**filters) -> list[Q]:
    machines = VirtualMachine.objects.filter(**filters).values('pk')
    return _on_hosts(*VIRTUAL_MACHINE, machines)


# Kind of object → conditions of the assignments, given objects of this kind
_PLACES = {
    'device': lambda places: _devices(pk__in=places),
    'virtual_machine': lambda places: _machines(pk__in=places),
    'service': lambda places: [assigned_to(Service, places)],
    'ip_address': lambda places: [assigned_to(IPAddress, places)],
    'site': lambda places: [*_devices(site__in=places), *_machines(site__in=places)],
    'cluster': lambda places: [*_devices(cluster__in=places), *_machines(cluster__in=places)],
}


def assignments_at(kind: str, places):
    """
    Return the assignments at ``places``, which are primary keys or objects of one kind (``device``,
    ``virtual_machine``, ``service``, ``ip_address``, ``site`` or ``cluster``). Not restricted by permissions.
    """
    return assignments_where(_PLACES[kind]([getattr(place, 'pk', place) for place in places]))


def places_at(kind: str, places) -> Q:
    """Select the rows of any model with an assigned object that are at ``places``, given as to ``assignments_at()``."""
    return reduce(or_, _PLACES[kind]([getattr(place, 'pk', place) for place in places]), Q(pk__in=()))


def assignments_where(conditions: list[Q]):
    """Return the assignments that meet any of ``conditions``."""
    assignments = CertificateAssignment.objects.order_by()
    first, *others = [assignments.filter(condition).values('pk') for condition in conditions]
    # In a union, each part uses the index by object. Conditions joined by OR would read all assignments.
    return CertificateAssignment.objects.filter(pk__in=first.union(*others, all=True))


def _objects_of(model, assignments):
    """Return the primary keys of the objects of ``model`` in these assignments."""
    object_type = ContentType.objects.get_for_model(model)
    return assignments.filter(assigned_object_type=object_type).values('assigned_object_id')


def _hosts_of(model, interface_model, interface_of: str, assignments):
    """Return the primary keys of the hosts of ``model`` for which ``_on_hosts()`` finds these assignments."""
    host_type = ContentType.objects.get_for_model(model)
    interface_type = ContentType.objects.get_for_model(interface_model)
    services = Service.objects.filter(parent_object_type=host_type, pk__in=_objects_of(Service, assignments))
    addresses = IPAddress.objects.filter(
        assigned_object_type=interface_type, pk__in=_objects_of(IPAddress, assignments)
    )
    interfaces = interface_model.objects.filter(pk__in=addresses.values('assigned_object_id'))
    hosts = Q(pk__in=_objects_of(model, assignments)) | Q(pk__in=services.values('parent_object_id'))
    return model.objects.filter(hosts | Q(pk__in=interfaces.values(interface_of))).values('pk')


# Kind of object → primary keys of the objects of this kind with assignments
_PLACES_OF = {
    'device': lambda assignments: _hosts_of(*DEVICE, assignments),
    'virtual_machine': lambda assignments: _hosts_of(*VIRTUAL_MACHINE, assignments),
    'service': lambda assignments: _objects_of(Service, assignments),
    'ip_address': lambda assignments: _objects_of(IPAddress, assignments),
}


def places_of(kind: str, assignments):
    """Return the primary keys, as a subquery, of the objects of a kind of ``assignments``."""
    return _PLACES_OF[kind](assignments)


def _by_host(model, interface_model, interface_of: str, assignments, hosts):
    host_type = ContentType.objects.get_for_model(model)
    interface_type = ContentType.objects.get_for_model(interface_model)
    yield from _by_object(model, assignments, hosts)
    services = assignments.filter(service__parent_object_type=host_type, service__parent_object_id__in=hosts)
    yield services, 'service__parent_object_id'
    interfaces = interface_model.objects.filter(**{f'{interface_of}__in': hosts})
    addresses = assignments.filter(
        ip_address__assigned_object_type=interface_type, ip_address__assigned_object_id__in=interfaces.values('pk')
    )
    yield addresses, f'ip_address__{interface_model._meta.model_name}__{interface_of}_id'


def _by_object(model, assignments, objects):
    object_type = ContentType.objects.get_for_model(model)
    yield assignments.filter(assigned_object_type=object_type, assigned_object_id__in=objects), 'assigned_object_id'


_BY_PLACE = {
    'device': lambda *args: _by_host(*DEVICE, *args),
    'virtual_machine': lambda *args: _by_host(*VIRTUAL_MACHINE, *args),
    'service': lambda *args: _by_object(Service, *args),
    'ip_address': lambda *args: _by_object(IPAddress, *args),
}


def assignments_by_place(kind: str, assignments, places):
    """
    Return pairs of a queryset and its lookup of the place, to count assignments by place: directly at ``places``
    (primary keys or a subquery), through services, and through addresses.
    """
    return _BY_PLACE[kind](assignments, places)
