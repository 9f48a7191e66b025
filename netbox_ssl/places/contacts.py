"""
The objects that use certificates, and their contacts. The rules are the same for pages and event data, and are read for
many certificates in a constant number of queries.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Prefetch, Q, Window, prefetch_related_objects
from ipam.models import IPAddress, Service
from tenancy.choices import ContactPriorityChoices
from tenancy.models import Contact, ContactAssignment

from netbox_ssl.models import Certificate, CertificateAssignment
from netbox_ssl.models.assignments import ASSIGNABLE_MODELS, host_of

from .assignments import DEVICE, VIRTUAL_MACHINE, assigned_to, assignments_where, of_hosts

__all__ = (
    'MOST_SERVED',
    'Called',
    'Served',
    'active_contacts',
    'attach_contacts',
    'may_view_contacts',
    'read_served',
    'responsible_q',
)

# A wildcard certificate may be on thousands of hosts.
MOST_SERVED = 50

# In this order. Inactive contacts are omitted.
PRIORITIES = (
    ContactPriorityChoices.PRIORITY_PRIMARY,
    ContactPriorityChoices.PRIORITY_SECONDARY,
    ContactPriorityChoices.PRIORITY_TERTIARY,
)


@dataclass(frozen=True)
class Called:
    """A contact; ``via`` is the object that it is assigned to, None for the certificate itself."""

    assignment: ContactAssignment
    via: object | None


@dataclass(frozen=True)
class Served:
    # At most MOST_SERVED, primary certificates first; with the relations that host_of() reads
    assignments: list[CertificateAssignment]
    # Number of all assignments
    total: int
    # In the order in which to contact them
    contacts: list[Called]


def read_served(certificates: Iterable[Certificate], user=None) -> dict[int, Served]:
    """
    Return the objects that use each certificate, and its contacts: its own, or else those of these objects, or else of
    their hosts.

    Args:
        user: restrict to what this user may view; None for no restriction
    Returns:
        primary key of the certificate → Served
    """
    certificates = list(certificates)
    assignments = _assignments(certificates, user)
    own = _contacts([(Certificate, each.pk) for each in certificates], user)
    places = {
        pk: [each.assigned_object for each in found]
        for pk, found in assignments.items()
        if (Certificate, pk) not in own
    }
    around = [place for found in places.values() for place in found]
    around += [host for place in around if (host := host_of(place))]
    others = _contacts([(type(place), place.pk) for place in around], user)
    return {
        pk: Served(
            assignments=found,
            total=found[0].of_its_certificate if found else 0,
            contacts=_in_order(own.get((Certificate, pk)) or [], places.get(pk, ()), others),
        )
        for pk, found in assignments.items()
    }


def may_view_contacts(user) -> bool:
    """Return whether pages show contacts to this user."""
    return user.has_perms(['tenancy.view_contactassignment', 'tenancy.view_contact'])


def attach_contacts(certificates: Iterable[Certificate], user) -> None:
    """Set ``called`` on each certificate: its contacts that ``user`` may view, in the order to contact them."""
    certificates = list(certificates)
    served = read_served(certificates, user) if may_view_contacts(user) else {}
    for certificate in certificates:
        certificate.called = served[certificate.pk].contacts if served else []


def _assignments(certificates, user) -> dict[int, list[CertificateAssignment]]:
    queryset = CertificateAssignment.objects.with_hosts(user)
    if user is not None:
        queryset = queryset.restrict(user, 'view')
    queryset = queryset.annotate(of_its_certificate=Window(Count('pk'), partition_by='certificate'))
    first = queryset.order_by('-primary', 'pk')[:MOST_SERVED]
    prefetch_related_objects(certificates, Prefetch('assignments', first, to_attr='_served'))
    # Assignments remain if their object was deleted without NetBox.
    return {
        certificate.pk: [each for each in certificate.__dict__.pop('_served') if each.assigned_object is not None]
        for certificate in certificates
    }


def _contacts(objects: list[tuple], user) -> dict[tuple, list[ContactAssignment]]:
    """Return (model, primary key) → active contacts, for ``objects`` given as such pairs."""
    of_model = {}
    for model, pk in objects:
        of_model.setdefault(model, set()).add(pk)
    if not of_model:
        return {}
    models = {ContentType.objects.get_for_model(model).pk: model for model in of_model}
    of_these = Q()
    for type_id, model in models.items():
        of_these |= Q(object_type=type_id, object_id__in=of_model[model])
    found = {}
    contacts = active_contacts(user).select_related('contact', 'role').defer('contact__comments')
    for each in contacts.filter(of_these):
        found.setdefault((models[each.object_type_id], each.object_id), []).append(each)
    return found


def active_contacts(user=None):
    """Return the assignments of active contacts that ``user`` may view, or all if it is None."""
    queryset = ContactAssignment.objects.exclude(priority=ContactPriorityChoices.PRIORITY_INACTIVE)
    if user is None:
        return queryset
    return queryset.restrict(user, 'view').filter(contact__in=Contact.objects.restrict(user, 'view'))


def _in_order(own: list[ContactAssignment], places: Iterable, others: dict) -> list[Called]:
    called = [Called(each, None) for each in own]
    for place in places:
        # The contacts of a service come before those of the device that it runs on.
        for via in filter(None, (place, host_of(place))):
            if found := others.get((type(via), via.pk)):
                called += [Called(each, via) for each in found]
                break
    called.sort(key=lambda each: (_rank(each.assignment), each.assignment.contact.name, each.assignment.pk))
    # A contact of several objects is listed once.
    once = {}
    for each in called:
        once.setdefault((each.assignment.contact_id, each.assignment.role_id), each)
    return list(once.values())


def _rank(assignment: ContactAssignment) -> int:
    return PRIORITIES.index(assignment.priority) if assignment.priority in PRIORITIES else len(PRIORITIES)


def responsible_q(contacts, user=None) -> Q:
    """
    Return a condition for certificates that have one of ``contacts``; or that have no contacts, and an object that uses
    them has one; or the host of a service or address without contacts has. Considers only what ``user`` may view, or
    everything if it is None. The inverse of ``read_served()``, in SQL.
    """
    everybody = active_contacts(user)
    called = everybody.filter(contact__in=contacts)
    own = Q(pk__in=_having(called, Certificate))
    has_none = ~Q(pk__in=_having(everybody, Certificate))
    assignments = assignments_where(_serving(everybody, called, user))
    if user is not None:
        assignments = assignments.restrict(user, 'view')
    return own | has_none & Q(pk__in=assignments.order_by().values('certificate'))


def _serving(everybody, called, user) -> list[Q]:
    """Return conditions for assignments to objects that have one of the contacts ``called``."""
    conditions = [assigned_to(model, _having(called, model)) for model in ASSIGNABLE_MODELS]
    for host in (DEVICE, VIRTUAL_MACHINE):
        model = host[0]
        hosts = model.objects.all() if user is None else model.objects.restrict(user, 'view')
        services, addresses = of_hosts(*host, hosts.filter(pk__in=_having(called, model)).values('pk'))
        for of_model, found in ((Service, services), (IPAddress, addresses)):
            without = found.exclude(pk__in=_having(everybody, of_model))
            conditions.append(assigned_to(of_model, without.order_by().values('pk')))
    return conditions


def _having(assignments, model):
    """Return the primary keys of the objects of ``model`` that these contact assignments are to."""
    return assignments.filter(object_type=ContentType.objects.get_for_model(model)).order_by().values('object_id')
