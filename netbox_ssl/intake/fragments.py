"""
Fragments: certificates that reports created, although their X.509 certificates belong to another certificate, because
the reports arrived in another order than the certificates were issued. They are merged into it (``merging.py``).
"""

from django.db.models import Q

from netbox_ssl.choices import SourceKindChoices
from netbox_ssl.models import Certificate, Issuance
from netbox_ssl.models.issuance_order import ORDER, age_key

from .kinship import is_staging, names_of, same_family
from .results import Item

__all__ = ('is_fragment', 'left_fragments', 'may_be_fragment')


def is_fragment(other: Certificate, home: Certificate, user) -> bool:
    """
    Return whether ``other``, which the client of ``home`` reports now, is part of the lineage ``home`` that arrived
    before: no other client orders it. A certificate older than ``home`` is not part of it: the source returns to it, or
    it belongs to another host.
    """
    if not may_be_fragment(other, home, user):
        return False
    return other.issuances.count() == 1 or not other.sources.filter(kind=SourceKindChoices.CLIENT).exists()


def left_fragments(item: Item, home: Certificate, source, user) -> list[Certificate]:
    """
    Return the parts of the lineage ``home`` that no source reports any more, now that ``source`` reports ``item`` for
    ``home``: their X.509 certificates lie between the first of ``home`` and its current one, which is then ``item`` or
    newer. Without this, they would stay behind and expire unnoticed or with a false alarm.
    """
    issuance = source and source.issuance
    left = {source.certificate_id, issuance.certificate_id if issuance else None} if source else set()
    # Those that a copy was ahead with
    ahead = Issuance.objects.filter(reported_by__certificate=home).order_by().values('certificate')
    found = Certificate.objects.filter(Q(pk__in=left - {None}) | Q(pk__in=ahead)).exclude(pk=home.pk)
    return [each for each in found.order_by('pk') if _is_left(each, item, home, source, user)]


def _is_left(other: Certificate, item: Item, home: Certificate, source, user) -> bool:
    others = other.sources.exclude(pk=source.pk) if source else other.sources
    if others.exists() or not may_be_fragment(other, home, user):
        return False
    if not same_family(item, other) or not (names_of(other) & names_of(home) or _share_key(other, home)):
        return False
    first = min(_ages(home), default=age_key(home))
    last = max(age_key(home), age_key(item.facts))
    return all(first < age < last for age in _ages(other))


def _ages(certificate: Certificate) -> list[tuple]:
    return [age_key(issuance) for issuance in certificate.issuances.only(*ORDER)]


def _share_key(other: Certificate, home: Certificate) -> bool:
    return bool(home.public_key_sha256) and other.public_key_sha256 == home.public_key_sha256


def may_be_fragment(other: Certificate, home: Certificate, user) -> bool:
    """
    Return whether ``other`` was created by reports after ``home``, not edited, and is not of another tenant. The user
    must be permitted to change it.
    """
    return (
        other.reported_only
        and other.pk > home.pk
        and is_staging(other.acme_provider) == is_staging(home.acme_provider)
        and other.tenant_id in (None, home.tenant_id)
        and Certificate.objects.restrict(user, 'change').filter(pk=other.pk).exists()
    )
