"""
The one door in: every way in ends here. Bytes → X.509 facts → which Certificate is this → create, renew, add to its
history, or nothing.
"""

from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _
from utilities.exceptions import PermissionsViolation

from . import settings
from .acme.detection import Detection, detect
from .choices import CertificateStatusChoices
from .models import Certificate, Issuance
from .models.pem_input import read_input, read_single
from .models.validation import refuse_contradicted_facts
from .models.x509_fields import FACT_FIELDS
from .x509 import CertificateFacts, Leaf, lineage_key, name_key

__all__ = ('Action', 'Plan', 'Result', 'plan_leaf', 'read_input', 'read_single', 'take_in')


class Action:
    """What an import does with one X.509 certificate. The values are public: REST answers and messages."""

    CREATED = 'created'
    RENEWED = 'renewed'
    HISTORY = 'history'  # older than the current one: recorded among the issuances only
    UPDATED = 'updated'  # known already; settings given with it were changed
    UNCHANGED = 'unchanged'


@dataclass
class Plan:
    """What would be done with a leaf, and why; nothing is written yet."""

    leaf: Leaf
    detection: Detection
    action: str
    certificate: Certificate | None = None
    # Several certificates with the same names and key algorithm: a new one is made, and these are named.
    candidates: list[Certificate] = field(default_factory=list)


@dataclass
class Result:
    """What was done with a leaf."""

    action: str
    certificate: Certificate
    detection: Detection
    candidates: list[Certificate] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


#
# Which certificate is it
#


def plan_leaf(leaf: Leaf, user, certificate: Certificate | None = None) -> Plan:
    """
    Decide what is to be done with ``leaf`` on behalf of ``user``: the certificate named in the request, else the one
    that has this very X.509 certificate, else the only active one with the same names and key algorithm.

    Only certificates that the user may view are considered. Raises ValidationError where the X.509 certificate is
    recorded elsewhere than the request says, or where the user cannot see.
    """
    facts = leaf.facts
    plan = Plan(leaf, detect(facts, settings.catalogue()), Action.CREATED)
    owner = _owner_of(facts, user)
    if certificate is not None and owner is not None and owner.pk != certificate.pk:
        raise ValidationError(
            {
                'certificate': _(
                    'This X.509 certificate belongs to {owner} (ID {pk}) already. Leave out "certificate", or name that '
                    'one.'
                ).format(owner=owner, pk=owner.pk)
            }
        )
    plan.certificate = certificate or owner
    if plan.certificate is None:
        plan.candidates = _same_lineage(facts, user)
        if len(plan.candidates) != 1:
            return plan
        plan.certificate, plan.candidates = plan.candidates[0], []
    plan.action = _action_on(plan.certificate, facts, known=owner is not None)
    return plan


def _owner_of(facts: CertificateFacts, user) -> Certificate | None:
    """The certificate that has this very X.509 certificate, now or in its history."""
    fingerprint = facts.fingerprint_sha256
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
                'This X.509 certificate is recorded already, where you lack the permission to see it. Nothing was changed. '
                'Ask an administrator for the permission to view and change it.'
            )
        }
    )


def _same_lineage(facts: CertificateFacts, user) -> list[Certificate]:
    """Active certificates with the same names and key algorithm; where that was typed by hand it may be unknown."""
    keys = {name_key(facts)}
    if facts.subject_alt_names:
        keys.add(lineage_key(facts.subject_alt_names, ''))
    certificates = Certificate.objects.restrict(user, 'view').filter(
        lineage__in=keys, status=CertificateStatusChoices.STATUS_ACTIVE
    )
    return list(certificates.order_by('pk')[:20])


def _action_on(certificate: Certificate, facts: CertificateFacts, known: bool) -> str:
    if known and (certificate.pem or certificate.fingerprint_sha256 != facts.fingerprint_sha256):
        return Action.UNCHANGED
    if not certificate.pem or _age_key(facts) > _age_key(certificate):
        return Action.RENEWED
    return Action.HISTORY


def _age_key(facts) -> tuple:
    """Orders X.509 certificates from old to new, without ties, so that the order of arrival decides nothing."""
    return facts.valid_from, facts.valid_to, facts.fingerprint_sha256 or ''


#
# Carrying it out
#


def take_in(
    leaf: Leaf, user, attributes: dict | None = None, certificate: Certificate | None = None, message: str = ''
) -> Result:
    """
    Create, renew, add to the history of, or leave alone the certificate that ``leaf`` belongs to, and set
    ``attributes`` on it.

    Args:
        leaf: a certificate with its chain, from :func:`read_input`
        user: on whose behalf; creating needs the permission ``add``, all else ``change`` on that very object
        attributes: column → validated value; besides ``tags``, ``add_tags`` and ``remove_tags`` (lists of tags).
            ``custom_field_data`` is merged.
        certificate: the one named by the request, if any
        message: for the change log

    Raises ValidationError (field → messages), or PermissionDenied. Nothing is half-written.
    """
    refuse_contradicted_facts(attributes or {}, leaf.facts)
    attributes = {name: value for name, value in (attributes or {}).items() if name not in FACT_FIELDS}
    with transaction.atomic():
        _lock(leaf.facts)
        plan = plan_leaf(leaf, user, certificate)
        if plan.action == Action.CREATED:
            target = _create(leaf, user, attributes, message)
        else:
            target, plan.action = _change(plan, user, attributes, message)
    return Result(plan.action, target, plan.detection, plan.candidates, target.get_warnings())


def _lock(facts: CertificateFacts) -> None:
    """Let imports of the same lineage, and of the same X.509 certificate, wait for each other until commit."""
    with connection.cursor() as cursor:
        # In one order everywhere, or two imports could wait for each other for ever.
        for key in sorted({name_key(facts), facts.fingerprint_sha256}):
            cursor.execute('SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))', [f'netbox_ssl {key}'])


def _create(leaf: Leaf, user, attributes: dict, message: str) -> Certificate:
    if not user.has_perm('netbox_ssl.add_certificate'):
        raise PermissionDenied(_('Adding this certificate needs the permission to add certificates.'))
    target = Certificate()
    target._changelog_message = message
    _take(target, leaf, attributes)
    _save(target, attributes)
    _verify_permitted(target, user, 'add')
    return target


def _change(plan: Plan, user, attributes: dict, message: str) -> tuple[Certificate, str]:
    """Renew, complete, or update the certificate of ``plan``; returns it with the action that was really taken."""
    if plan.action == Action.UNCHANGED and not _differences(plan.certificate, attributes):
        return plan.certificate, Action.UNCHANGED
    target = Certificate.objects.restrict(user, 'change').filter(pk=plan.certificate.pk).select_for_update().first()
    if target is None:
        raise PermissionDenied(
            _('{certificate} (ID {pk}) would be changed, which needs the permission to change it.').format(
                certificate=plan.certificate, pk=plan.certificate.pk
            )
        )
    action = plan.action
    if action == Action.HISTORY:
        _record_older(target, plan.leaf)
        return target, action
    target.snapshot()
    target._changelog_message = message
    if action == Action.RENEWED:
        renewed = bool(target.pem)
        _take(target, plan.leaf, attributes)
        if renewed and 'acme_last_renewed' not in attributes:
            target.note_renewal()
    else:
        action = Action.UPDATED
        _set(target, attributes)
        target.imply_acme()
    _save(target, attributes)
    _verify_permitted(target, user, 'change')
    return target, action


def _take(target: Certificate, leaf: Leaf, attributes: dict) -> None:
    _set(target, attributes)
    target.take_leaf(leaf)
    # Only now: settings imply ACME where neither the request nor detection says anything of it.
    target.imply_acme()


TAG_KEYS = ('tags', 'add_tags', 'remove_tags')


def _set(target: Certificate, attributes: dict) -> None:
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
    target.tags.add(*attributes.get('add_tags', ()))
    target.tags.remove(*attributes.get('remove_tags', ()))


def _differences(certificate: Certificate, attributes: dict) -> bool:
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


def _record_older(certificate: Certificate, leaf: Leaf) -> None:
    facts = leaf.facts
    columns = {name: getattr(facts, name) for name in FACT_FIELDS}
    columns['subject_alt_names'] = list(facts.subject_alt_names)
    Issuance.objects.create(
        certificate=certificate, **columns, pem=facts.pem, chain_pem=''.join(link.pem for link in leaf.chain)
    )


def _verify_permitted(target: Certificate, user, action: str) -> None:
    """As NetBox does: what was written must lie within what the user is permitted; else all is rolled back."""
    if not Certificate.objects.restrict(user, action).filter(pk=target.pk).exists():
        raise PermissionsViolation()
