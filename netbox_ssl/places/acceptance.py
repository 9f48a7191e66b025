"""Create assignments from suggestions that a person accepted."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import batched

from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _
from utilities.exceptions import PermissionsViolation

from netbox_ssl.branching import atomic
from netbox_ssl.models import Certificate, CertificateAssignment
from netbox_ssl.models.assignments import ASSIGNABLE_MODELS
from netbox_ssl.refusals import REFUSALS, explain
from netbox_ssl.utilities import savepoint
from netbox_ssl.x509 import canonical_name

from .suggestions import NAMED_BY

__all__ = ('Accepted', 'accept', 'described', 'read_pair', 'write_pair')

BATCH = 100

# Certificate, content type and object, as primary keys
Pair = tuple[int, int, int]


@dataclass
class Accepted:
    """The result of accepting suggestions."""

    assigned: list[CertificateAssignment] = field(default_factory=list)
    # Assignments that could not be created, with the error messages
    refused: list[tuple[CertificateAssignment, list[str]]] = field(default_factory=list)
    # Suggestions that no longer apply: assigned, renamed or deleted in the meantime, or not visible to this user
    gone: int = 0


def accept(pairs: Iterable[Pair], user, after_batch: Callable[[Accepted], None] = lambda result: None) -> Accepted:
    """
    Create the assignments on behalf of ``user``, in batches that are each one transaction. Suggestions that the user
    may not view or assign are skipped. Each assignment is a separate entry in the change log.
    """
    result = Accepted()
    for batch in batched(dict.fromkeys(pairs), BATCH):
        with atomic():
            for assignment in _still_suggested(batch, user, result):
                _assign(assignment, user, result)
        after_batch(result)
    return result


def _still_suggested(pairs: tuple[Pair, ...], user, result: Accepted) -> list[CertificateAssignment]:
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
        if pair in known or certificate is None or place is None or not _has_a_name_of(place, certificate):
            result.gone += 1
        else:
            found.append(CertificateAssignment(certificate=certificate, assigned_object=place))
    return found


def _has_a_name_of(place, certificate) -> bool:
    return canonical_name(getattr(place, NAMED_BY[type(place)]) or '') in certificate.subject_alt_names


def _assign(assignment: CertificateAssignment, user, result: Accepted) -> None:
    try:
        with savepoint():
            assignment.full_clean()
            assignment.save()
            if not CertificateAssignment.objects.restrict(user, 'add').filter(pk=assignment.pk).exists():
                raise PermissionsViolation()
    except REFUSALS as error:
        result.refused.append((assignment, explain(error)))
    else:
        result.assigned.append(assignment)


def read_pair(text: str) -> Pair | None:
    """Parse a pair as written in forms, ``certificate-type-object``. Return None if it is invalid."""
    parts = text.split('-')
    valid = len(parts) == 3 and all(part.isdecimal() and len(part) < 19 for part in parts)
    return tuple(map(int, parts)) if valid else None


def write_pair(certificate, place) -> str:
    """Return the text that ``read_pair()`` parses."""
    return f'{certificate.pk}-{ContentType.objects.get_for_model(place).pk}-{place.pk}'


def described(result: Accepted) -> list[tuple[str, str]]:
    """Return messages for the user: pairs of level (``success``, ``warning``, ``error``) and text."""
    lines = []
    if result.assigned:
        lines.append(('success', _('Assigned: {count}').format(count=len(result.assigned))))
    for assignment in result.assigned:
        lines += [('warning', f'{assignment}: {warning}') for warning in assignment.get_warnings()]
    lines += [('error', f'{assignment}: {" ".join(messages)}') for assignment, messages in result.refused]
    if result.gone:
        lines.append(('warning', _('No longer suggested, so not assigned: {count}').format(count=result.gone)))
    if not lines:
        lines.append(('warning', _('No suggestions were selected.')))
    return lines
