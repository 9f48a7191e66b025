"""
Decides which Certificate an item belongs to, and what to do with it. Does not write.

X, the reported X.509 certificate, belongs to, in this order: the certificate named in the request; the one that has X
already; the one of the source that reports it; one that it renews by its names; else a new one.
"""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from netbox_ssl.choices import SourceKindChoices
from netbox_ssl.models import Certificate, Issuance
from netbox_ssl.models.issuance_order import age_key

from .candidates import find_candidates, fitting
from .fragments import is_fragment, left_fragments
from .kinship import compatible_tenant, is_for_one_host, same_family, shares_name_or_key
from .results import Action, Item, Plan
from .sources import are_others_current, has_other_sources, has_reported, is_current, known_source
from .succession import action_on, replaces

__all__ = ('plan_item',)


def plan_item(item: Item, user) -> Plan:
    """
    Decide what to do with ``item`` on behalf of ``user``. Only certificates that the user may view are
    considered.

    Raises ValidationError if the X.509 certificate is recorded with another certificate than the request names, or with
    one that the user may not view, or if another machine has the external ID. Raises PermissionDenied if the user may
    not view the source with the external ID.
    """
    plan = Plan(item, source=known_source(item, user))
    owner = _owner_of(item, user)
    if item.certificate is not None:
        _plan_named(plan, owner)
    elif owner is not None:
        _plan_known(plan, owner, user)
    elif item.is_new:
        pass
    elif plan.source is None:
        _plan_by_names(plan, user)
    elif plan.kind == SourceKindChoices.CLIENT:
        _plan_client(plan)
    else:
        _plan_copy(plan)
    if _may_leave_fragments(plan):
        plan.absorbs = left_fragments(item, plan.certificate, plan.source, user)
    return plan


def _may_leave_fragments(plan: Plan) -> bool:
    if not plan.item.external_id or plan.certificate is None or plan.is_unexpected or plan.absorbs:
        return False
    return plan.action == Action.RENEWED or _leaves_another(plan)


def _leaves_another(plan: Plan) -> bool:
    """Return whether the source reported an X.509 certificate of another certificate before."""
    source = plan.source
    return source is not None and (source.certificate_id != plan.certificate.pk or source.is_unexpected)


def _owner_of(item: Item, user) -> Certificate | None:
    """Return the certificate that has this X.509 certificate, now or in its history."""
    fingerprint = item.facts.fingerprint_sha256
    pk = (
        Issuance.objects.filter(fingerprint_sha256=fingerprint).values_list('certificate', flat=True).first()
        or Certificate.objects.filter(fingerprint_sha256=fingerprint).values_list('pk', flat=True).first()
    )
    if pk is None:
        return None
    if owner := Certificate.objects.restrict(user, 'view').filter(pk=pk).first():
        return owner
    # Without its name and ID, because the user may not view it
    raise ValidationError(
        {
            'pem': _(
                'This X.509 certificate is already recorded where you do not have permission to view it. Nothing was '
                'changed. Ask an administrator for permission to view and change it.'
            )
        }
    )


def _plan_named(plan: Plan, owner: Certificate | None) -> None:
    # Read it again, because the request read it before it got the locks.
    certificate = Certificate.objects.filter(pk=plan.item.certificate.pk).first()
    if certificate is None:
        raise ValidationError({'certificate': _('This certificate has been deleted. Choose another one.')})
    if owner is not None and owner.pk != certificate.pk:
        message = _(
            'This X.509 certificate already belongs to {owner} (ID {pk}). Omit "certificate", or name that one.'
        )
        raise ValidationError({'certificate': message.format(owner=owner, pk=owner.pk)})
    plan.certificate = certificate
    plan.action = action_on(plan, is_known=owner is not None)


def _plan_known(plan: Plan, owner: Certificate, user) -> None:
    """Plan for a recorded X.509 certificate, which belongs to ``owner`` whatever source reports it."""
    plan.certificate = owner
    if plan.source is None or plan.source.certificate_id == owner.pk:
        plan.action = action_on(plan, is_known=True)
        return
    home = plan.source.certificate
    plan.action = action_on(plan, is_known=True)
    if plan.kind != SourceKindChoices.CLIENT:
        # The source moves there, unless it was already recorded as having something unexpected.
        plan.is_unexpected = has_reported(plan.source, plan.item)
    elif is_fragment(owner, home, user) and _renews(plan, home):
        plan.certificate, plan.absorbs = home, [owner]
        plan.action = Action.RENEWED if replaces(plan, home) else Action.HISTORY
    elif owner.fingerprint_sha256 != plan.item.facts.fingerprint_sha256 and age_key(plan.item.facts) < age_key(home):
        # A late report, or a host that fell back; the next report will show which.
        plan.is_unexpected = True
    else:
        plan.warnings.append(
            _('{source} previously reported {home} (ID {pk}) and now reports {owner}.').format(
                source=plan.source, home=home, pk=home.pk, owner=owner
            )
        )


def _plan_client(plan: Plan) -> None:
    """
    Plan for an unknown X.509 certificate from an ACME client: a renewal, or the first one ordered by the host itself.
    """
    home = plan.source.certificate
    if _renews(plan, home):
        plan.certificate = home
        plan.action = Action.RENEWED if replaces(plan, home) else Action.HISTORY
    elif shares_name_or_key(plan.item, home):
        # Settings of one tenant's certificate are not copied to another tenant.
        plan.parts_from = home if compatible_tenant(plan.item, home) else None
        plan.warnings.append(
            _(
                'Other sources have the current X.509 certificate of {home} (ID {pk}), so {source} now has a separate '
                'certificate.'
            ).format(source=plan.source, home=home, pk=home.pk)
        )
    else:
        plan.warnings.append(
            _(
                '{source} previously reported {home} (ID {pk}), which has neither a name nor the key in common with '
                'this one, so this is a separate certificate.'
            ).format(source=plan.source, home=home, pk=home.pk)
        )


def _renews(plan: Plan, home: Certificate) -> bool:
    """Return whether the report of ``plan.source``, a client of ``home``, is a renewal of ``home``."""
    if not shares_name_or_key(plan.item, home):
        return False
    if not are_others_current(plan.source, home):
        return True
    # Others serve the production certificate, which a client that tries staging must not replace.
    return is_current(plan.source, home) and not is_for_one_host(plan.item, home)


def _plan_copy(plan: Plan) -> None:
    """
    Plan for an unknown X.509 certificate from a file or endpoint: a renewal only if no client reports the certificate.
    """
    home = plan.source.certificate
    if _copy_renews(plan, home):
        plan.certificate = home
        plan.action = Action.RENEWED if replaces(plan, home) else Action.HISTORY
        return
    plan.is_unexpected = True
    _plan_unexpected(plan)
    plan.warnings.append(
        _(
            '{source} should have {home} (ID {pk}), but has another X.509 certificate. If this is intended, assign the '
            'source to the certificate it has now.'
        ).format(source=plan.source, home=home, pk=home.pk)
    )


def _copy_renews(plan: Plan, home: Certificate) -> bool:
    if not shares_name_or_key(plan.item, home) or has_other_sources(plan.source, home, SourceKindChoices.CLIENT):
        return False
    # A host that fell back to a certificate of its own must not replace what the others have.
    return not (is_for_one_host(plan.item, home) and are_others_current(plan.source, home, kind=None))


def _plan_unexpected(plan: Plan) -> None:
    """Plan for a copy that is ahead of its client again: a renewal of the certificate that it was ahead with before."""
    if not plan.source.is_unexpected:
        return
    ahead = plan.source.issuance.certificate
    if (
        ahead.reported_only
        and shares_name_or_key(plan.item, ahead)
        and same_family(plan.item, ahead)
        and not has_other_sources(plan.source, ahead, SourceKindChoices.CLIENT)
    ):
        plan.certificate = ahead
        plan.action = Action.RENEWED if replaces(plan, ahead) else Action.HISTORY


def _plan_by_names(plan: Plan, user) -> None:
    """Plan for an unknown X.509 certificate without a known source, by its facts."""
    found = fitting(plan.item, user)
    if len(found) == 1:
        plan.certificate = found[0]
        plan.action = action_on(plan, is_known=False)
    else:
        plan.candidates = find_candidates(plan.item, user)
