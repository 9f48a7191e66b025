"""What an import of several would do, as the preview shows it; nothing is written."""

from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _

from netbox_ssl import intake
from netbox_ssl.models import Certificate
from netbox_ssl.x509 import Leaf, name_key

from .results import explain

__all__ = ('Row', 'count_actions', 'foretell')


@dataclass
class Row:
    """One certificate of the preview."""

    leaf: Leaf
    # None where it is refused.
    plan: intake.Plan | None
    # As the plan's, but for what others of the same list will have done before.
    action: str
    # It follows, or comes before, another certificate of the same list.
    is_among_new: bool = False
    # Why it will not be imported.
    problems: tuple[str, ...] = ()


def foretell(leaves: list[Leaf], user) -> list[Row]:
    """One row for each leaf, in their order."""
    rows = [_row(leaf, plan) for leaf, plan in zip(leaves, intake.plan_many(leaves, user), strict=True)]
    _tell_relations(rows)
    _tell_missing_permissions(rows, user)
    return rows


def count_actions(rows: list[Row]) -> Counter:
    """Action → how many; those with problems under the empty string."""
    return Counter('' if row.problems else row.action for row in rows)


def _row(leaf: Leaf, plan) -> Row:
    if isinstance(plan, intake.Refusal):
        return Row(leaf, None, '', problems=tuple(explain(plan.error)))
    return Row(leaf, plan, plan.action)


def _tell_relations(rows: list[Row]) -> None:
    """Several of one lineage: the first is created or renews, a newer one renews it, an older one joins its history."""
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


def _tell_missing_permissions(rows: list[Row], user) -> None:
    """As far as it can be known before: what a user may add is seen only when it is there."""
    changed = {row.plan.certificate.pk for row in rows if row.plan and row.plan.certificate}
    permitted = set(Certificate.objects.restrict(user, 'change').filter(pk__in=changed).values_list('pk', flat=True))
    may_add = user.has_perm('netbox_ssl.add_certificate')
    for row in rows:
        if row.plan is None or row.action == intake.Action.UNCHANGED:
            continue
        if row.plan.certificate is None:
            if not may_add:
                row.problems = (_('You lack the permission to add certificates.'),)
        elif row.plan.certificate.pk not in permitted:
            row.problems = (_('You lack the permission to change this certificate.'),)
