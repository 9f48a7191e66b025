"""
Where a certificate may be in use: on objects that have one of its names. Names are compared regardless of case and of a
trailing dot. A wildcard matches only itself, because it may be used on few of the hosts it covers. These are
suggestions: nothing is assigned until a person accepts it.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from dcim.models import Device
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Lower
from ipam.models import IPAddress, Service
from virtualization.models import VirtualMachine

from netbox_ssl.branching import connection
from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.models import AssignmentSuggestion, Certificate, CertificateAssignment
from netbox_ssl.x509 import canonical_name

__all__ = ('NAMED_BY', 'Match', 'count_named', 'find_all', 'matches_of', 'unassigned')

# Models whose objects may have the name of a certificate, and the column of the name
NAMED_BY = {Device: 'name', VirtualMachine: 'name', Service: 'name', IPAddress: 'dns_name'}
# Models whose names NetBox stores in lower case. Converting those of all addresses takes longer than comparing them.
IN_LOWER_CASE = (IPAddress,)

# Objects compared at a time
BATCH = 1_000
# Certificates suggested for one object at most; more would not help
MOST_FOR_ONE = 50

# From names to certificates, using the index on the names of certificates. The other way round, the tables of NetBox
# would be read once for each certificate: they have no index on the names of addresses.
CERTIFICATES = f"""
    SELECT found.id, wanted.name
    FROM unnest(%s::text[]) AS wanted (name)
    CROSS JOIN LATERAL (
        SELECT id FROM {Certificate._meta.db_table}
        WHERE subject_alt_names @> ARRAY[wanted.name] AND status = %s
        LIMIT %s
    ) AS found
"""


class Match(NamedTuple):
    certificate_id: int
    model: type
    object_id: int
    name: str


def _named(model):
    """Return the objects of a model that have a name."""
    return model.objects.exclude(**{NAMED_BY[model]: ''}).exclude(**{f'{NAMED_BY[model]}__isnull': True}).order_by('pk')


def count_named() -> int:
    """Return the number of objects to compare."""
    return sum(_named(model).count() for model in NAMED_BY)


def find_all(after_batch: Callable[[int], None] = lambda done: None) -> None:
    """
    Update all suggestions, batch by batch. Each batch is visible at once; a run that ends early keeps the previous
    suggestions of the remaining objects.

    Args:
        after_batch: called with the number of objects compared so far
    """
    done = 0
    for model, column in NAMED_BY.items():
        last = 0
        while batch := list(_named(model).filter(pk__gt=last).values_list('pk', column)[:BATCH]):
            first, last = last, batch[-1][0]
            _replace(model, _matches(model, batch), assigned_object_id__gt=first, assigned_object_id__lte=last)
            done += len(batch)
            after_batch(done)
        _replace(model, [], assigned_object_id__gt=last)


def _matches(model, batch: list[tuple[int, str]]) -> list[Match]:
    """Return matches for ``objects`` of ``model``, given as pairs of primary key and name."""
    bearers: dict[str, list[int]] = {}
    for pk, name in batch:
        bearers.setdefault(canonical_name(name), []).append(pk)
    active = CertificateStatusChoices.STATUS_ACTIVE
    with connection().cursor() as cursor:
        cursor.execute(CERTIFICATES, [list(bearers), active, MOST_FOR_ONE])
        found = cursor.fetchall()
    return unassigned(Match(certificate, model, pk, name) for certificate, name in found for pk in bearers[name])


def unassigned(matches: Iterable[Match]) -> list[Match]:
    """Return the matches whose certificate is not yet assigned to the object."""
    matches = list(matches)
    known = set()
    for model in {match.model for match in matches}:
        pks = {match.object_id for match in matches if match.model is model}
        assignments = CertificateAssignment.objects.filter(
            assigned_object_type=ContentType.objects.get_for_model(model), assigned_object_id__in=pks
        )
        known |= {(model, *pair) for pair in assignments.values_list('assigned_object_id', 'certificate_id').order_by()}
    return [match for match in matches if (match.model, match.object_id, match.certificate_id) not in known]


def _not_dismissed(matches: list[Match], certificates: Iterable[int]) -> list[Match]:
    """Leave out the matches of ``certificates`` (primary keys) that a person has dismissed."""
    rows = AssignmentSuggestion.objects.filter(certificate__in=certificates, dismissed_at__isnull=False).order_by()
    dismissed = set(rows.values_list('certificate_id', 'assigned_object_type_id', 'assigned_object_id'))
    if not dismissed:
        return matches
    types = {model: ContentType.objects.get_for_model(model).pk for model in NAMED_BY}
    return [match for match in matches if (match.certificate_id, types[match.model], match.object_id) not in dismissed]


def _replace(model, matches: list[Match], **which) -> None:
    """Replace the suggestions for the objects of ``model`` selected by ``which`` with ``matches``."""
    object_type = ContentType.objects.get_for_model(model)
    known = AssignmentSuggestion.objects.filter(assigned_object_type=object_type, **which).order_by()
    known = {tuple(row): pk for *row, pk in known.values_list('certificate_id', 'assigned_object_id', 'name', 'pk')}
    wanted = {(match.certificate_id, match.object_id, match.name) for match in matches}
    with transaction.atomic():
        # Unchanged suggestions, which are most of them, are kept: a person may have selected them.
        stale = [pk for row, pk in known.items() if row not in wanted]
        AssignmentSuggestion.objects.filter(pk__in=stale).delete()
        AssignmentSuggestion.objects.bulk_create(
            (
                AssignmentSuggestion(
                    certificate_id=certificate,
                    assigned_object_type=object_type,
                    assigned_object_id=object_id,
                    name=name,
                )
                for certificate, object_id, name in sorted(wanted - known.keys())
            ),
            batch_size=BATCH,
            # Another run may create them at the same time.
            ignore_conflicts=True,
        )


def matches_of(certificates: Iterable[Certificate], user, limit: int) -> list[tuple[Certificate, object, str]]:
    """
    Return up to ``limit`` triples of certificate, object and name, for objects that ``user`` may view, that have a name
    of one of ``certificates`` but no assignment of it. For a few certificates; ``find_all()`` handles all.
    """
    carriers: dict[str, list[Certificate]] = {}
    for certificate in certificates:
        if certificate.status == CertificateStatusChoices.STATUS_ACTIVE:
            for name in certificate.subject_alt_names:
                carriers.setdefault(name, []).append(certificate)
    spellings = [spelling for name in carriers for spelling in (name, f'{name}.')]
    if not spellings:
        return []
    matches, objects = [], {}
    for model, column in NAMED_BY.items():
        name_sql = F(column) if model in IN_LOWER_CASE else Lower(column)
        visible = model.objects.restrict(user, 'view').alias(_name=name_sql).filter(_name__in=spellings)
        for each in visible.order_by('pk')[:limit]:
            objects[model, each.pk] = each
            name = canonical_name(getattr(each, column))
            matches += [Match(certificate.pk, model, each.pk, name) for certificate in carriers.get(name, ())]
    by_pk = {certificate.pk: certificate for of_name in carriers.values() for certificate in of_name}
    matches = _not_dismissed(unassigned(matches), by_pk)
    return [
        (by_pk[match.certificate_id], objects[match.model, match.object_id], match.name) for match in matches[:limit]
    ]
