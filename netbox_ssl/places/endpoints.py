"""Endpoints by the certificates that they should serve or do serve, and by the objects that serve them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from netbox_ssl.models import Endpoint
from netbox_ssl.models.mixins.endpoint_states import bad_endpoint_q

from .assignments import assignments_at, places_at

__all__ = ('certificates_at', 'count_endpoints', 'endpoints_at', 'endpoints_of')


def endpoints_of(certificates: Iterable) -> Q:
    """
    Select the endpoints that concern ``certificates`` (IDs, or a queryset of them): those that should serve one of
    them, and those at which one of them, or a previous X.509 certificate of it, was seen last.
    """
    seen = Endpoint.objects.filter(source__issuance__certificate__in=certificates).order_by()
    return Q(expected_certificate__in=certificates) | Q(pk__in=seen.values('pk'))


def certificates_at(endpoints: QuerySet, prefix: str = '') -> Q:
    """
    Select the certificates that ``endpoints`` concern, as ``endpoints_of()`` does the other way round.

    Args:
        prefix: a lookup path that ends in ``__``, or empty
    """
    endpoints = endpoints.order_by()
    expected = endpoints.filter(expected_certificate__isnull=False).values('expected_certificate')
    seen = endpoints.filter(source__issuance__isnull=False).values('source__issuance__certificate')
    return Q((f'{prefix}pk__in', expected)) | Q((f'{prefix}pk__in', seen))


def endpoints_at(kind: str, places: Iterable, user=None) -> Q:
    """
    Select the endpoints at ``places``, which are objects of one kind (``device``, ``site``, …): those served by one of
    them, by its services or by the addresses of its interfaces. Where the object that serves an endpoint is not known,
    it is at the places that its certificate is assigned to.

    Args:
        user: only assignments that this user may view count; None: all do
    """
    places = list(places)
    assignments = assignments_at(kind, places)
    assignments = assignments if user is None else assignments.restrict(user, 'view')
    of_certificates = endpoints_of(assignments.order_by().values('certificate'))
    return places_at(kind, places) | Q(assigned_object_id=None) & of_certificates


def count_endpoints(certificates: Iterable, now: datetime, user=None) -> dict[int, tuple[int, int]]:
    """
    Return certificate (ID) → number of endpoints that concern it, and how many of them need attention.

    Args:
        certificates: IDs, or a queryset of them
        user: only endpoints that this user may view count; None: all do
    """
    endpoints = Endpoint.objects.order_by()
    endpoints = endpoints if user is None else endpoints.restrict(user, 'view')
    found = defaultdict(set)
    for path in ('expected_certificate', 'source__issuance__certificate'):
        for certificate, endpoint in endpoints.filter(**{f'{path}__in': certificates}).values_list(path, 'pk'):
            found[certificate].add(endpoint)
    pks = set().union(*found.values())
    bad = set(endpoints.filter(bad_endpoint_q(now), pk__in=pks).values_list('pk', flat=True))
    return {certificate: (len(concerned), len(concerned & bad)) for certificate, concerned in found.items()}
