"""Carries out what the planning decided: the only place where imports write certificates one by one."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from utilities.exceptions import PermissionsViolation

from netbox_ssl.branching import atomic
from netbox_ssl.jobs.ari_soon import ask_soon
from netbox_ssl.models import Certificate, Issuance
from netbox_ssl.models.mixins.validation import refuse_contradicted_facts
from netbox_ssl.models.mixins.x509 import FACT_FIELDS
from netbox_ssl.netbox_internals import events_queue, set_changelog_message
from netbox_ssl.x509 import Leaf

from .locks import lock
from .planning import action_on, plan_leaf
from .results import REFUSALS, Action, Item, Plan, Refusal, Result
from .sources import record_report

__all__ = (
    'differences',
    'issuance_of',
    'one_by_one',
    'require_add_permission',
    'set_attributes',
    'settings_of',
    'still_new',
    'take',
    'take_in',
    'take_in_item',
)

TAG_KEYS = ('tags', 'add_tags', 'remove_tags')


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
    Create, renew, add to the history of, or leave alone the certificate that ``leaf`` belongs to, and set
    ``attributes`` on it. The arguments are those of :class:`Item`.

    Creating needs the permission ``add``, all else ``change`` on that very object. Raises ValidationError (field →
    messages), PermissionDenied, or NetBox's PermissionsViolation. Nothing is half-written.
    """
    return take_in_item(Item(leaf, attributes or {}, certificate, external_id, client, message), user)


def take_in_item(item: Item, user) -> Result:
    """As :func:`take_in`."""
    attributes = settings_of(item)
    with atomic():
        lock([item.leaf.facts], [item.external_id])
        plan = plan_leaf(item.leaf, user, item.certificate, item.external_id)
        if plan.action == Action.CREATED:
            target = _create(item, user, attributes)
        else:
            target = _change(plan, item, user, attributes)
        record_report(item, target, plan.source, user)
        if plan.action in (Action.CREATED, Action.RENEWED):
            ask_soon()
    return Result(plan.action, target, plan.detection, plan.candidates, target.get_warnings())


def one_by_one(item: Item, user) -> Result | Refusal:
    """As :func:`take_in`, but a refusal is an answer, too."""
    queued = dict(events_queue.get())
    try:
        return take_in_item(item, user)
    except REFUSALS as error:
        # What was saved before it was refused is rolled back; NetBox would announce it all the same.
        events_queue.set(queued)
        return Refusal(error)


def settings_of(item: Item) -> dict:
    """What ``item`` sets beside the facts, which come from its PEM; ValidationError if it gives others."""
    refuse_contradicted_facts(item.attributes, item.leaf.facts)
    return {name: value for name, value in item.attributes.items() if name not in FACT_FIELDS}


def still_new(certificate: Certificate, item: Item, attributes: dict) -> dict:
    """
    What of ``attributes`` counts where ``certificate`` had the X.509 certificate before. Many hosts may report it, each
    with its own time of renewal, and one that is behind with the settings of yesterday: then they would take turns.
    """
    if not item.external_id:
        return attributes
    if certificate.fingerprint_sha256 != item.leaf.facts.fingerprint_sha256:
        return {}
    return {
        name: value
        for name, value in attributes.items()
        if name != 'acme_last_renewed' or not certificate.acme_last_renewed
    }


def _create(item: Item, user, attributes: dict) -> Certificate:
    require_add_permission(user)
    target = Certificate()
    set_changelog_message(target, item.message)
    take(target, item.leaf, attributes)
    _save(target, attributes)
    _verify_permitted(target, user, 'add')
    return target


def require_add_permission(user) -> None:
    if not user.has_perm('netbox_ssl.add_certificate'):
        raise PermissionDenied(_('Adding this certificate requires permission to add certificates.'))


def _change(plan: Plan, item: Item, user, attributes: dict) -> Certificate:
    """Renew, complete, or update the certificate of ``plan``, whose action becomes what was really done."""
    if plan.action == Action.UNCHANGED:
        attributes = still_new(plan.certificate, item, attributes)
    if plan.action == Action.UNCHANGED and not differences(plan.certificate, attributes):
        return plan.certificate
    target = Certificate.objects.restrict(user, 'change').filter(pk=plan.certificate.pk).select_for_update().first()
    if target is None:
        raise PermissionDenied(
            _('{certificate} (ID {pk}) would be changed, which requires permission to change it.').format(
                certificate=plan.certificate, pk=plan.certificate.pk
            )
        )
    # Decided again now that nobody else can change it: another name's import may have come first.
    known = plan.action == Action.UNCHANGED
    plan.action = action_on(target, plan.leaf.facts, known)
    if plan.action == Action.HISTORY:
        issuance_of(target, plan.leaf).save()
        return target
    target.snapshot()
    set_changelog_message(target, item.message)
    if plan.action == Action.RENEWED:
        _renew(target, plan.leaf, attributes)
    else:
        plan.action = Action.UPDATED
        set_attributes(target, attributes)
        target.imply_acme()
    _save(target, attributes)
    _verify_permitted(target, user, 'change')
    return target


def _renew(target: Certificate, leaf: Leaf, attributes: dict) -> None:
    # A certificate that was recorded without its PEM is completed, which is no renewal.
    renewed = bool(target.pem)
    take(target, leaf, attributes)
    if renewed and 'acme_last_renewed' not in attributes:
        target.note_renewal()


def take(target: Certificate, leaf: Leaf, attributes: dict) -> None:
    """Make ``leaf`` the X.509 certificate of ``target``, with these settings; not saved."""
    set_attributes(target, attributes)
    target.take_leaf(leaf)
    # Only now: settings imply ACME where neither the request nor detection says anything of it.
    target.imply_acme()


def set_attributes(target: Certificate, attributes: dict) -> None:
    """All but the tags, which need a saved object."""
    for name, value in attributes.items():
        if name == 'custom_field_data':
            target.custom_field_data = {**target.custom_field_data, **value}
        elif name not in TAG_KEYS:
            setattr(target, name, value)
    target.pin(attributes)


def _save(target: Certificate, attributes: dict) -> None:
    target.full_clean()
    target.save()
    if 'tags' in attributes:
        target.tags.set(attributes['tags'])
    if add_tags := attributes.get('add_tags'):
        target.tags.add(*add_tags)
    if remove_tags := attributes.get('remove_tags'):
        target.tags.remove(*remove_tags)


def differences(certificate: Certificate, attributes: dict) -> bool:
    """Whether any of ``attributes`` would change ``certificate``."""
    tags = None
    for name, value in attributes.items():
        if name == 'custom_field_data':
            if any(certificate.custom_field_data.get(key) != item for key, item in value.items()):
                return True
        elif name in TAG_KEYS:
            tags = {tag.pk for tag in certificate.tags.all()} if tags is None else tags
            given = {tag.pk for tag in value}
            if {'tags': given != tags, 'add_tags': given - tags, 'remove_tags': given & tags}[name]:
                return True
        elif getattr(certificate, name) != value:
            return True
    return False


def issuance_of(certificate: Certificate, leaf: Leaf) -> Issuance:
    """A new, unsaved Issuance of ``certificate`` that holds ``leaf``."""
    facts = leaf.facts
    columns = {name: getattr(facts, name) for name in FACT_FIELDS}
    columns['subject_alt_names'] = list(facts.subject_alt_names)
    chain_pem = ''.join(link.pem for link in leaf.chain)
    return Issuance(certificate=certificate, **columns, pem=facts.pem, chain_pem=chain_pem)


def _verify_permitted(target: Certificate, user, action: str) -> None:
    """As NetBox does: what was written must lie within what the user is permitted; else all is rolled back."""
    if not Certificate.objects.restrict(user, action).filter(pk=target.pk).exists():
        raise PermissionsViolation()
