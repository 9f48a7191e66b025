"""Wildcard certificates whose key is on many hosts, as far as sources and assignments show."""

from django.db.models import Count, Q

from netbox_ssl.choices import SourceKindChoices
from netbox_ssl.models import Certificate, CertificateAssignment
from netbox_ssl.models.name_lookups import matching_name_q
from netbox_ssl.places.deployment import visible_sources

__all__ = ('MANY_HOSTS', 'wide_wildcard_q')

MANY_HOSTS = 5


def wide_wildcard_q(user=None, prefix: str = '') -> Q:
    """
    Select the wildcard certificates that at least ``MANY_HOSTS`` sources have, or that are assigned to as many objects,
    counting those that ``user`` may view. Arguments as in ``finding_q()``.
    """
    sources = visible_sources(user).filter(is_watched=True).exclude(kind=SourceKindChoices.SERVED)
    assignments = CertificateAssignment.objects.all()
    if user is not None:
        # In a subquery, because constraints may join tables and an assignment must not count twice
        assignments = assignments.filter(pk__in=CertificateAssignment.objects.restrict(user, 'view').values('pk'))
    found = Q(pk__in=_with_many(sources)) | Q(pk__in=_with_many(assignments))
    wide = Certificate.objects.filter(found & matching_name_q('istartswith', '*.')).order_by()
    return Q((f'{prefix}pk__in', wide.values('pk')))


def _with_many(objects):
    by_certificate = objects.order_by().values('certificate').annotate(number=Count('pk'))
    return by_certificate.filter(number__gte=MANY_HOSTS).values('certificate')
