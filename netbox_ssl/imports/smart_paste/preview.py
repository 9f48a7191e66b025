"""Preview what an import would do, without storing anything."""

from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _

from netbox_ssl import intake
from netbox_ssl.models import Certificate
from netbox_ssl.x509 import Leaf, name_key

from .results import explain

__all__ = ('Row', 'count_actions', 'preview')


@dataclass
class Row:
    """One certificate of the preview."""

    leaf: Leaf
    # None if it is refused
    plan: intake.Plan | None
    # The action of the plan, adjusted for the certificates before it in the same list
    action: str
    # It renews, or is older than, another new certificate of the same list
    is_among_new: bool = False
    # Reasons why it will not be imported
    problems: tuple[str, ...] = ()


def preview(leaves: list[Leaf], user) -> list[Row]:
    """Return a row for each leaf, in the same order."""
    rows = [_row(leaf, plan) for leaf, plan in zip(leaves, intake.plan_many(leaves, user), strict=True)]
    _adjust_actions(rows)
    _note_missing_permissions(rows, user)
    return rows


def count_actions(rows: list[Row]) -> Counter:
    """Return action → number of rows; rows with problems are counted under the empty string."""
    return Counter('' if row.problems else row.action for row in rows)


def _row(leaf: Leaf, plan) -> Row:
    if isinstance(plan, intake.Refusal):
        return Row(leaf, None, '', problems=tuple(explain(plan.error)))
    return Row(leaf, plan, plan.action)


def _adjust_actions(rows: list[Row]) -> None:
    """Adjust actions within a lineage: the first leaf is created, newer ones renew it, older ones join its history."""
    newest: dict = {}
    for row in rows:
        if row.action not in (intake.Action.CREATED, intake.Action.RENEWED) or row.plan.candidates:
            continue
        facts = row.leaf.facts
        target = row.plan.certificate.pk if row.plan.certificate else name_key(facts)
        age = (facts.valid_from, facts.valid_to, facts.fingerprint_sha256)
        if target in newest:
            row.is_among_new = row.plan.certificate is None
            row.action = intake.Action.RENEWED if age > newest[target] else intake.Action.HISTORY
        newest[target] = max(age, newest.get(target, age))


def _note_missing_permissions(rows: list[Row], user) -> None:
    """Note missing permissions that are known before. Constraints on adding can only be checked afterwards."""
    changed = {row.plan.certificate.pk for row in rows if row.plan and row.plan.certificate}
    permitted = set(Certificate.objects.restrict(user, 'change').filter(pk__in=changed).values_list('pk', flat=True))
    may_add = user.has_perm('netbox_ssl.add_certificate')
    for row in rows:
        if row.plan is None or row.action == intake.Action.UNCHANGED:
            continue
        if row.plan.certificate is None:
            if not may_add:
                row.problems = (_('You do not have permission to add certificates.'),)
        elif row.plan.certificate.pk not in permitted:
            row.problems = (_('You do not have permission to change this certificate.'),)
