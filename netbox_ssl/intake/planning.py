"""
Which Certificate is it, and what is to be done with it? Nothing is written here.

X, the reported X.509 certificate, belongs to, in this order: the certificate named in the request; the one that has X
already; the one whose source reports it; one that it renews by its names; else a new one.
"""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from netbox_ssl.choices import SourceKindChoices
from netbox_ssl.models import Certificate, Issuance
from netbox_ssl.models.issuance_order import age_key

from .candidates import find_candidates, fitting
from .kinship import compatible_tenant, is_staging, shares_name_or_key
from .results import Action, Item, Plan
from .sources import are_others_current, has_other_sources, has_reported, is_current, known_source
from .succession import action_on, replaces

__all__ = ('plan_item',)


def plan_item(item: Item, user) -> Plan:
    """
    Decide what is to be done with ``item`` on behalf of ``user``. Only certificates that the user may view are
    considered.

    Raises ValidationError where the X.509 certificate is recorded elsewhere than the request says, or where the user
    cannot see, and where another machine has the external ID; PermissionDenied where the user cannot see what the
    external ID stands for.
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
    return plan


def _owner_of(item: Item, user) -> Certificate | None:
    """The certificate that has this very X.509 certificate, now or in its history."""
    fingerprint = item.facts.fingerprint_sha256
    pk = (
        Issuance.objects.filter(fingerprint_sha256=fingerprint).values_list('certificate', flat=True).first()
        or Certificate.objects.filter(fingerprint_sha256=fingerprint).values_list('pk', flat=True).first()
    )
    if pk is None:
        return None
    if owner := Certificate.objects.restrict(user, 'view').filter(pk=pk).first():
        return owner
    # Neither its name nor its id: the user may not see it.
    raise ValidationError(
        {
            'pem': _(
                'This X.509 certificate is already recorded where you do not have permission to view it. Nothing was '
                'changed. Ask an administrator for permission to view and change it.'
            )
        }
    )


def _plan_named(plan: Plan, owner: Certificate | None) -> None:
    # The request has read it before its turn came.
    certificate = Certificate.objects.filter(pk=plan.item.certificate.pk).first()
    if certificate is None:
        raise ValidationError({'certificate': _('This certificate has been deleted meanwhile. Choose another one.')})
    if owner is not None and owner.pk != certificate.pk:
        message = _(
            'This X.509 certificate belongs to {owner} (ID {pk}) already. Leave out "certificate", or name that one.'
        )
        raise ValidationError({'certificate': message.format(owner=owner, pk=owner.pk)})
    plan.certificate = certificate
    plan.action = action_on(plan, is_known=owner is not None)


def _plan_known(plan: Plan, owner: Certificate, user) -> None:
    """X is recorded: it belongs to ``owner``, whatever reports it."""
    plan.certificate = owner
    if plan.source is None or plan.source.certificate_id == owner.pk:
        plan.action = action_on(plan, is_known=True)
        return
    home = plan.source.certificate
    plan.action = action_on(plan, is_known=True)
    if plan.kind != SourceKindChoices.CLIENT:
        # It moves there, unless it has been noted before that it has something unexpected.
        plan.is_unexpected = has_reported(plan.source, plan.item)
    elif _is_torn_off(owner, home, user) and _renews(plan, home):
        plan.certificate, plan.absorbs = home, owner
        plan.action = Action.RENEWED if replaces(plan, home) else Action.HISTORY
    elif owner.fingerprint_sha256 != plan.item.facts.fingerprint_sha256 and age_key(plan.item.facts) < age_key(home):
        # A late report, or a host that fell back; the next report tells.
        plan.is_unexpected = True
    else:
        plan.warnings.append(
            _('{source} reported {home} (ID {pk}) so far, and has left it for {owner}.').format(
                source=plan.source, home=home, pk=home.pk, owner=owner
            )
        )


def _is_torn_off(other: Certificate, home: Certificate, user) -> bool:
    """
    Whether ``other`` is only what arrived of the lineage ``home`` before its own client reported it: made by reports
    since, edited by nobody, with a single X.509 certificate, and of no other tenant. The user must be allowed to change
    it. What was there before ``home`` cannot have come of it: it is the certificate that the source goes back to, or
    that of another host.
    """
    return (
        other.reported_only
        and other.pk > home.pk
        and is_staging(other.acme_provider) == is_staging(home.acme_provider)
        and other.tenant_id in (None, home.tenant_id)
        and other.issuances.count() == 1
        and Certificate.objects.restrict(user, 'change').filter(pk=other.pk).exists()
    )


def _plan_client(plan: Plan) -> None:
    """An ACME client brings one that nobody knew: its lineage was renewed, or it orders for itself from now on."""
    home = plan.source.certificate
    if _renews(plan, home):
        plan.certificate = home
        plan.action = Action.RENEWED if replaces(plan, home) else Action.HISTORY
    elif shares_name_or_key(plan.item, home):
        # What was said of the certificate of one tenant is not for another.
        plan.parts_from = home if compatible_tenant(plan.item, home) else None
        plan.warnings.append(
            _('Others have the current X.509 certificate of {home} (ID {pk}), so {source} has parted from it.').format(
                source=plan.source, home=home, pk=home.pk
            )
        )
    else:
        plan.warnings.append(
            _(
                '{source} reported {home} (ID {pk}) so far, which has neither a name nor the key in common with this '
                'one: it is another certificate.'
            ).format(source=plan.source, home=home, pk=home.pk)
        )


def _renews(plan: Plan, home: Certificate) -> bool:
    """Whether what the client ``plan.source`` of ``home`` reports is a renewal of that."""
    if not shares_name_or_key(plan.item, home):
        return False
    if not are_others_current(plan.source, home):
        return True
    # Others serve the production certificate; one that tries staging must not take it from them.
    tests = is_staging(plan.item.detection.provider) and not is_staging(home.acme_provider)
    return is_current(plan.source, home) and not tests


def _plan_copy(plan: Plan) -> None:
    """A file or an endpoint has one that nobody knew: a renewal only where no client will report that one."""
    home = plan.source.certificate
    if shares_name_or_key(plan.item, home) and not has_other_sources(plan.source, home, SourceKindChoices.CLIENT):
        plan.certificate = home
        plan.action = Action.RENEWED if replaces(plan, home) else Action.HISTORY
        return
    plan.is_unexpected = True
    plan.warnings.append(
        _(
            '{source} should have {home} (ID {pk}), and has another X.509 certificate. If that is right, assign the '
            'source to the certificate that it has now.'
        ).format(source=plan.source, home=home, pk=home.pk)
    )


def _plan_by_names(plan: Plan, user) -> None:
    """Nothing is known of it but what it says itself."""
    found = fitting(plan.item, user)
    if len(found) == 1:
        plan.certificate = found[0]
        plan.action = action_on(plan, is_known=False)
    else:
        plan.candidates = find_candidates(plan.item, user)
