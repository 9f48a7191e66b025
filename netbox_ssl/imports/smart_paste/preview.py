"""Preview what an import would do, without storing anything."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from netbox_ssl import intake
from netbox_ssl.choices import ValidityChoices
from netbox_ssl.expiry import validity as rule
from netbox_ssl.expiry.wording import validity_text
from netbox_ssl.intake.dry_run import action_after
from netbox_ssl.models import Certificate
from netbox_ssl.models.issuance_order import age_key
from netbox_ssl.refusals import explain
from netbox_ssl.x509 import Leaf, name_key

from .decisions import NEW, Decisions, field_name

__all__ = ('Option', 'Row', 'Warned', 'count_actions', 'count_warned', 'preview')


@dataclass
class Option:
    """One option for the certificate that another one renews."""

    value: str
    label: str
    selected: bool = False


@dataclass(frozen=True)
class Warned:
    """The validity of a certificate that cannot be used now: it or its chain has expired, or it is not valid yet."""

    validity: str
    text: str

    @property
    def color(self) -> str:
        return ValidityChoices.colors[self.validity]


@dataclass
class Row:
    """One certificate of the preview."""

    leaf: Leaf
    # None if it is refused
    plan: intake.Plan | None
    # The action of the plan, adjusted for the certificates before it in the same list
    action: str
    # Whether it renews, or is older than, another new certificate of the same list
    is_among_new: bool = False
    # None if it is valid now
    warned: Warned | None = None
    # Reasons why it will not be imported
    problems: tuple[str, ...] = ()
    # The choices of the user; empty if there is nothing to decide
    options: list[Option] = field(default_factory=list)

    @property
    def field_name(self) -> str:
        return field_name(self.leaf)


def preview(leaves: list[Leaf], user, decisions: Decisions | None = None, now: datetime | None = None) -> list[Row]:
    """Return a row for each leaf, in their order: what happens by default, and the choices of the user."""
    decisions, now = decisions or Decisions(), now or timezone.now()
    plans = intake.plan_many(Decisions().items(leaves, user), user)
    rows = [_row(leaf, plan, decisions) for leaf, plan in zip(leaves, plans, strict=True)]
    for row in rows:
        row.warned = _warned(row.leaf, now)
    _note_relations(rows)
    _note_missing_permissions(rows, user)
    return rows


def count_actions(rows: list[Row]) -> Counter:
    """Return action → number of rows; rows with problems are counted under the empty string."""
    return Counter('' if row.problems else row.action for row in rows)


def count_warned(rows: list[Row]) -> Counter:
    """Return validity → number of rows that will be imported although they are not valid now."""
    return Counter(row.warned.validity for row in rows if row.warned and not row.problems)


def _warned(leaf: Leaf, now: datetime) -> Warned | None:
    facts, chain_end = leaf.facts, leaf.chain_valid_to
    # No marks: that it will expire soon is announced after the import.
    found = rule.validity(
        valid_from=facts.valid_from, valid_to=facts.valid_to, end=facts.valid_to, limit=0, marks=(), now=now
    )
    if found == ValidityChoices.VALID:
        if chain_end is None or chain_end >= now:
            return None
        found = ValidityChoices.EXPIRING
    return Warned(found, validity_text(found, facts.valid_from, facts.valid_to, now, chain_end))


def _row(leaf: Leaf, plan, decisions: Decisions) -> Row:
    if isinstance(plan, intake.Refusal):
        return Row(leaf, None, '', problems=tuple(explain(plan.error)))
    return Row(leaf, plan, plan.action, options=_options(plan, decisions.chosen.get(leaf.facts.fingerprint_sha256, '')))


def _options(plan: intake.Plan, chosen: str) -> list[Option]:
    """Return what the certificate could renew, if its names alone do not decide."""
    if plan.action == intake.Action.UNCHANGED:
        return []
    found = [(str(each.certificate.pk), each.certificate, each.reason) for each in plan.candidates]
    if plan.certificate:
        automatic = Option('', _('Renews {certificate}').format(certificate=_named(plan.certificate)))
        options = [automatic, Option(NEW, _('New certificate'))]
    elif found:
        options = [Option('', _('New certificate'))]
    else:
        return []
    options += [
        Option(pk, _('Renews {certificate}: {reason}').format(certificate=_named(each), reason=reason))
        for pk, each, reason in found
    ]
    for option in options:
        option.selected = option.value == chosen
    return options


def _named(certificate: Certificate) -> str:
    return f'{certificate} (ID {certificate.pk}, {certificate.valid_to:%Y-%m-%d})'


def _note_relations(rows: list[Row]) -> None:
    """
    Mark leaves of the same lineage: the first is created or renews, newer ones renew it, older ones join its history.
    """
    newest: dict = {}
    for row in rows:
        if row.action not in (intake.Action.CREATED, intake.Action.RENEWED) or row.plan.candidates:
            continue
        certificate, item = row.plan.certificate, row.plan.item
        target = certificate.pk if certificate else (name_key(item.facts), item.family)
        if target in newest:
            row.is_among_new = certificate is None
            row.action = action_after(newest, target, item.facts)
        else:
            newest[target] = age_key(item.facts)


def _note_missing_permissions(rows: list[Row], user) -> None:
    """
    Add problems for missing permissions to do what happens by default, and leave only the choices that the user may
    make. Constraints of the add permission can only be checked on import.
    """
    changed = {pk for row in rows if row.plan for pk in _changed_by(row.plan)}
    permitted = set(Certificate.objects.restrict(user, 'change').filter(pk__in=changed).values_list('pk', flat=True))
    choices = {str(pk) for pk in permitted} | ({NEW} if user.has_perm('netbox_ssl.add_certificate') else set())
    for row in rows:
        if row.plan is None or row.action == intake.Action.UNCHANGED:
            continue
        if row.plan.certificate is None and NEW not in choices:
            row.problems = (_('You do not have permission to add certificates.'),)
        elif row.plan.certificate and row.plan.certificate.pk not in permitted:
            row.problems = (_('You do not have permission to change this certificate.'),)
        others = [option for option in row.options if option.value in choices]
        if row.problems:
            row.options = [Option('', _('Not imported')), *others] if others else []
        else:
            row.options = [*row.options[:1], *others]


def _changed_by(plan: intake.Plan) -> set[int]:
    """Return the certificates (IDs) that are changed by default, or if the user chooses one."""
    return {each.pk for each in (plan.certificate, *(each.certificate for each in plan.candidates)) if each}
