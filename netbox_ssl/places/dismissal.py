"""Dismiss suggestions that a person decided against, and restore them."""

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from itertools import batched
from operator import or_

from django.db.models import Q

from netbox_ssl.models import AssignmentSuggestion
from netbox_ssl.models.suggestions import MAY_ASSIGN

from .suggested_pairs import Pair, name_of, pair_of, still_suggested

__all__ = ('dismiss', 'restore')

BATCH = 100


def dismiss(pairs: Iterable[Pair], user, now: datetime) -> list[Pair]:
    """
    Dismiss the suggestions that ``user`` may decide on, including those that no scan has found yet, and return them.
    Scans and pages no longer suggest them until they are restored.
    """
    if not user.has_perm(MAY_ASSIGN):
        return []
    dismissed = []
    for batch in batched(dict.fromkeys(pairs), BATCH):
        found = still_suggested(batch, user)
        AssignmentSuggestion.objects.bulk_create(
            (
                AssignmentSuggestion(
                    certificate=each.certificate,
                    assigned_object_type=each.assigned_object_type,
                    assigned_object_id=each.assigned_object_id,
                    name=name_of(each.assigned_object),
                    dismissed_at=now,
                )
                for each in found
            ),
            update_conflicts=True,
            unique_fields=('assigned_object_type', 'assigned_object_id', 'certificate'),
            update_fields=('name', 'dismissed_at'),
        )
        dismissed += map(pair_of, found)
    return dismissed


def restore(pairs: Iterable[Pair], user) -> int:
    """Suggest dismissed pairs again. Return the number of those that ``user`` may decide on."""
    restored = 0
    for batch in batched(dict.fromkeys(pairs), BATCH):
        these = reduce(
            or_,
            (
                Q(certificate=certificate, assigned_object_type=kind, assigned_object_id=pk)
                for certificate, kind, pk in batch
            ),
        )
        found = AssignmentSuggestion.objects.restrict(user).filter(these, dismissed_at__isnull=False)
        restored += found.order_by().update(dismissed_at=None)
    return restored
