"""Certificates by whom to call about them: the rule of ``served``, from the other end, in SQL."""

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from ipam.models import IPAddress, Service

from netbox_ssl.models import Certificate
from netbox_ssl.models.assignments import ASSIGNABLE_MODELS

from .assignments import DEVICE, VIRTUAL_MACHINE, assigned_to, assignments_where, of_hosts
from .contacts import active_contacts

__all__ = ('responsible_q',)


def responsible_q(contacts, user=None) -> Q:
    """
    Certificates that have one of ``contacts``, or that have no contacts and serve what has one of them; or, of a
    service or address without contacts, whose host has. Only by what ``user`` may see; None: by everything.
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
    """Assignments to what has one of those ``called``."""
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
    """Primary keys of the objects of ``model`` that these ContactAssignments are to."""
    return assignments.filter(object_type=ContentType.objects.get_for_model(model)).order_by().values('object_id')
