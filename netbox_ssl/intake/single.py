"""Carries out a plan: imports write certificates one at a time only here."""

from contextlib import nullcontext

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from utilities.exceptions import PermissionsViolation

from netbox_ssl.branching import atomic
from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.models import Certificate, CertificateSource, Issuance
from netbox_ssl.models.issuance_order import age_key
from netbox_ssl.models.mixins.validation import refuse_contradicted_facts
from netbox_ssl.models.mixins.x509 import FACT_FIELDS
from netbox_ssl.netbox_internals import set_changelog_message
from netbox_ssl.refusals import REFUSALS
from netbox_ssl.utilities import savepoint
from netbox_ssl.validators import read_single
from netbox_ssl.x509 import Leaf

from .attributes import differences, effective_settings, extends_chain, set_attributes, set_tags, tenant_warning
from .custom_fields import accept_missing_custom_fields
from .locks import lock
from .merging import absorb
from .parting import take_along, take_relations_along
from .planning import plan_item
from .results import Action, Item, Plan, Refusal, Result
from .signals import issued
from .sources import record_report

__all__ = ('issuance_of', 'one_by_one', 'require_add_permission', 'take', 'take_in', 'take_in_all', 'take_in_item')

# How often to decide again if the certificate is changed between the decision and its lock
ATTEMPTS = 3


def take_in(
    leaf: Leaf,
    user,
    attributes: dict | None = None,
    certificate: Certificate | None = None,
    message: str = '',
    external_id: str = '',
    client: str = '',
) -> Result:
    """
    Create, renew, add to the history of, or leave unchanged the certificate that ``leaf`` belongs to, and set
    ``attributes`` on it. The arguments are those of ``Item``.

    Creating requires the permission ``add``, everything else ``change`` on the object. Raises ValidationError (field →
    messages), PermissionDenied, or NetBox's PermissionsViolation, and then stores nothing.
    """
    item = Item(leaf, attributes or {}, certificate, external_id=external_id, client=client, message=message)
    return take_in_item(item, user)


def take_in_item(item: Item, user) -> Result:
    """Import an item as ``take_in()`` does."""
    return take_in_all([item], user)[0]


def take_in_all(items: list[Item], user) -> list[Result]:
    """Import all or none of ``items`` as ``take_in()`` does."""
    with atomic():
        lock(items)
        return [_take_in(item, user) for item in items]


def one_by_one(item: Item, user) -> Result | Refusal:
    """Import an item as ``take_in()`` does, but return a refusal instead of raising it. The caller holds the locks."""
    try:
        with savepoint():
            return _take_in(item, user)
    except REFUSALS as error:
        return Refusal(error)


def _take_in(item: Item, user) -> Result:
    refuse_contradicted_facts(item.attributes, item.facts)
    plan = plan_item(item, user)
    for _attempt in range(ATTEMPTS):
        if plan.action == Action.CREATED:
            certificate = _create(plan, user)
            break
        if certificate := _change(plan, user):
            break
        plan = plan_item(item, user)
    else:
        raise PermissionsViolation()
    # An unexpected X.509 certificate does not change the certificate of the source.
    home = plan.source.certificate if plan.is_unexpected else certificate
    for left in record_report(item, home, plan.source, user):
        plan.warnings.append(
            _('{certificate} (ID {pk}) is no longer reported by any source. If it is not in use, retire it.').format(
                certificate=left, pk=left.pk
            )
        )
    if plan.action in (Action.CREATED, Action.RENEWED):
        issued.send(sender=Certificate)
    warnings = [*plan.warnings, *item.warnings, *certificate.get_warnings(item.facts)]
    return Result(plan.action, certificate, item.detection, plan.candidates, warnings)


#
# Creating
#


def _create(plan: Plan, user) -> Certificate:
    item = plan.item
    require_add_permission(user)
    certificate = Certificate(reported_only=bool(item.external_id))
    set_changelog_message(certificate, item.message)
    if plan.parts_from:
        take_along(plan.parts_from, certificate, item)
    take(certificate, item, item.settings)
    if plan.parts_from and 'acme_last_renewed' not in item.settings:
        certificate.note_renewal()
    _save(certificate, item, item.settings, is_stored=bool(plan.parts_from))
    if plan.parts_from:
        take_relations_along(plan.parts_from, certificate)
    _verify_permitted(certificate, user, 'add')
    return certificate


def require_add_permission(user) -> None:
    if not user.has_perm('netbox_ssl.add_certificate'):
        raise PermissionDenied(_('Adding this certificate requires permission to add certificates.'))


#
# Changing
#


def _change(plan: Plan, user) -> Certificate | None:
    """
    Renew, complete, or update the certificate of ``plan``, and set the action of the plan to what was done. Return None
    if the certificate was changed since the decision, which must be made again.
    """
    item = plan.item
    is_known = plan.action == Action.UNCHANGED
    given = effective_settings(item, plan.certificate, is_known)
    if warning := tenant_warning(item, plan.certificate):
        plan.warnings.append(warning)
    longer_chain = is_known and extends_chain(item, plan.certificate)
    if is_known and not plan.absorbs and not longer_chain and not differences(plan.certificate, given):
        return plan.certificate
    certificate = _locked(plan, user)
    if certificate is None:
        return None
    if plan.action == Action.HISTORY and not plan.absorbs:
        issuance_of(certificate, item.leaf).save()
        return certificate
    certificate.snapshot()
    set_changelog_message(certificate, item.message)
    newest, tags = _absorb(plan, certificate)
    if plan.action == Action.RENEWED:
        _renew(plan, certificate, given)
        if newest:
            certificate.take_leaf(newest)
    elif plan.action == Action.UNCHANGED:
        plan.action = Action.UPDATED
        if longer_chain:
            certificate.take_leaf(item.leaf, item.detection)
        set_attributes(certificate, given, is_report=bool(item.external_id))
        certificate.imply_acme()
    else:
        given = {}
        if not Issuance.objects.filter(fingerprint_sha256=item.facts.fingerprint_sha256).exists():
            issuance_of(certificate, item.leaf).save()
    _save(certificate, item, given)
    if tags:
        certificate.tags.add(*tags)
    _verify_permitted(certificate, user, 'change')
    return certificate


def _absorb(plan: Plan, certificate: Certificate) -> tuple[Leaf | None, list]:
    """
    Merge the parts of ``certificate`` into it. Return their newest X.509 certificate if it is newer than the reported
    one (the client is late, and a copy already has its next one), and their tags.
    """
    newest, tags = max(plan.absorbs, key=age_key, default=None), []
    for other in plan.absorbs:
        tags += absorb(other, certificate)
        plan.warnings.append(
            _('{other} (ID {pk}) turned out to be part of this certificate, and was merged into it.').format(
                other=other, pk=other.pk
            )
        )
    if plan.absorbs and plan.source:
        # Its certificate or its issuance may have been moved.
        plan.source = CertificateSource.objects.select_related('certificate', 'issuance').get(pk=plan.source.pk)
    if newest and newest.pem and age_key(newest) > age_key(plan.item.facts):
        return read_single(newest.pem + newest.chain_pem), tags
    return None, tags


def _locked(plan: Plan, user) -> Certificate | None:
    """Lock and return the certificate of ``plan``; None if it was changed since the decision."""
    planned = plan.certificate
    permitted = Certificate.objects.restrict(user, 'change').filter(pk=planned.pk)
    certificate = permitted.select_for_update(of=('self',)).first()
    if certificate is None:
        raise PermissionDenied(
            _('{certificate} (ID {pk}) would be changed, which requires permission to change it.').format(
                certificate=planned, pk=planned.pk
            )
        )
    decided_by = ('fingerprint_sha256', 'lineage', 'status', 'tenant_id', 'valid_from', 'pem')
    if plan.item.certificate is None and any(
        getattr(certificate, name) != getattr(planned, name) for name in decided_by
    ):
        return None
    return certificate


def _renew(plan: Plan, certificate: Certificate, given: dict) -> None:
    # Completing a certificate that was recorded without its PEM is not a renewal.
    renewed = bool(certificate.pem)
    if not plan.item.external_id:
        # From now on it is maintained by hand.
        Certificate.objects.filter(pk=certificate.pk).update(unreported_since=None)
    if renewed and certificate.status != CertificateStatusChoices.STATUS_ACTIVE and 'status' not in given:
        _reactivate(plan, certificate)
    take(certificate, plan.item, given)
    if renewed and 'acme_last_renewed' not in given:
        certificate.note_renewal()


def _reactivate(plan: Plan, certificate: Certificate) -> None:
    """
    Set a revoked or retired certificate to active, because that status referred to the replaced X.509 certificate.
    """
    message = _('Active again (it was marked {status}): it has a newer X.509 certificate.').format(
        status=certificate.get_status_display()
    )
    certificate.status = CertificateStatusChoices.STATUS_ACTIVE
    set_changelog_message(certificate, ' '.join(filter(None, [plan.item.message, message]))[:200])
    plan.warnings.append(message)


def take(certificate: Certificate, item: Item, given: dict) -> None:
    """Make the leaf of ``item`` the X.509 certificate of ``certificate``, with these settings; not saved."""
    set_attributes(certificate, given, is_report=bool(item.external_id))
    certificate.take_leaf(item.leaf, item.detection)
    # Last, because settings imply ACME only if neither the request nor detection sets it.
    certificate.imply_acme()


def _save(certificate: Certificate, item: Item, given: dict, is_stored: bool = True) -> None:
    """
    Validate and save ``certificate``, with the tags of ``given``.

    Args:
        is_stored: whether it, or the certificate whose settings it copies, was stored before
    """
    named = given.get('custom_field_data', ())
    with accept_missing_custom_fields(certificate, named) if is_stored else nullcontext():
        certificate.full_clean()
    with certificate.saved_by_report() if item.external_id else nullcontext():
        certificate.save()
    set_tags(certificate, given)


def issuance_of(certificate: Certificate, leaf: Leaf) -> Issuance:
    """Return a new, unsaved Issuance of ``certificate`` for ``leaf``."""
    facts = leaf.facts
    columns = {name: getattr(facts, name) for name in FACT_FIELDS}
    columns['subject_alt_names'] = list(facts.subject_alt_names)
    return Issuance(
        certificate=certificate,
        **columns,
        pem=facts.pem,
        chain_pem=''.join(link.pem for link in leaf.chain),
        chain_valid_to=leaf.chain_valid_to,
    )


def _verify_permitted(certificate: Certificate, user, action: str) -> None:
    """Raise PermissionsViolation, as NetBox does, if the written object is beyond the permissions of the user."""
    if not Certificate.objects.restrict(user, action).filter(pk=certificate.pk).exists():
        raise PermissionsViolation()
