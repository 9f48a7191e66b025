"""Create assignments from suggestions that a person accepted."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import batched

from django.utils.translation import gettext as _
from utilities.exceptions import PermissionsViolation

from netbox_ssl.branching import atomic
from netbox_ssl.models import CertificateAssignment
from netbox_ssl.refusals import REFUSALS, explain
from netbox_ssl.utilities import savepoint

from .suggested_pairs import Pair, still_suggested

__all__ = ('Accepted', 'accept', 'create_assignment', 'described')

BATCH = 100


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
            found = still_suggested(batch, user)
            result.gone += len(batch) - len(found)
            for assignment in found:
                _assign(assignment, user, result)
        after_batch(result)
    return result


def _assign(assignment: CertificateAssignment, user, result: Accepted) -> None:
    try:
        with savepoint():
            create_assignment(assignment, user)
    except REFUSALS as error:
        result.refused.append((assignment, explain(error)))
    else:
        result.assigned.append(assignment)


def create_assignment(assignment: CertificateAssignment, user) -> None:
    """Validate and store an assignment. Raises one of ``REFUSALS``; the caller then rolls back to its savepoint."""
    assignment.full_clean()
    assignment.save()
    if not CertificateAssignment.objects.restrict(user, 'add').filter(pk=assignment.pk).exists():
        raise PermissionsViolation()


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
