"""Suggestions as pairs of a certificate and an object, in forms, and whether a user may still decide on them."""

from collections.abc import Collection

from django.contrib.contenttypes.models import ContentType

from netbox_ssl.models import Certificate, CertificateAssignment
from netbox_ssl.models.assignments import ASSIGNABLE_MODELS
from netbox_ssl.x509 import canonical_name

from .suggestions import NAMED_BY

__all__ = ('Pair', 'name_of', 'pair_of', 'pair_text', 'read_pair', 'still_suggested', 'write_pair')

# Certificate, content type and object, as primary keys
Pair = tuple[int, int, int]


def read_pair(text: str) -> Pair | None:
    """Parse a pair as written in forms, ``certificate-type-object``. Return None if it is invalid."""
    parts = text.split('-')
    valid = len(parts) == 3 and all(part.isdecimal() and len(part) < 19 for part in parts)
    return tuple(map(int, parts)) if valid else None


def write_pair(certificate, place) -> str:
    """Return the text of a pair of objects."""
    return pair_text((certificate.pk, ContentType.objects.get_for_model(place).pk, place.pk))


def pair_text(pair: Pair) -> str:
    """Return the text that ``read_pair()`` parses."""
    return '-'.join(map(str, pair))


def pair_of(assignment: CertificateAssignment) -> Pair:
    """Return the pair of an assignment or a suggestion."""
    return assignment.certificate_id, assignment.assigned_object_type_id, assignment.assigned_object_id


def name_of(place) -> str:
    """Return the name by which an object is compared with certificates; '' if it has none."""
    return canonical_name(getattr(place, NAMED_BY[type(place)]) or '')


def still_suggested(pairs: Collection[Pair], user) -> list[CertificateAssignment]:
    """
    Return the unsaved assignments of the pairs that are still suggestions: not assigned, renamed or deleted in the
    meantime, and visible to ``user``.
    """
    certificates = Certificate.objects.restrict(user, 'view').defer('pem', 'chain_pem')
    certificates = certificates.in_bulk({certificate for certificate, _type, _pk in pairs})
    types = {ContentType.objects.get_for_model(model).pk: model for model in ASSIGNABLE_MODELS}
    places = {
        key: model.objects.restrict(user, 'view').in_bulk({pk for _certificate, kind, pk in pairs if kind == key})
        for key, model in types.items()
    }
    known = set(
        CertificateAssignment.objects.filter(certificate__in=certificates).values_list(
            'certificate_id', 'assigned_object_type_id', 'assigned_object_id'
        )
    )
    found = []
    for pair in pairs:
        certificate, place = certificates.get(pair[0]), places.get(pair[1], {}).get(pair[2])
        if pair in known or certificate is None or place is None:
            continue
        if name_of(place) in certificate.subject_alt_names:
            found.append(CertificateAssignment(certificate=certificate, assigned_object=place))
    return found
