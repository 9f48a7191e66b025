"""
Repeats the detection on existing certificates, for example after a provider was added to the settings. The rules are
the same as for an import: it fills in fields that have not been set, and removes nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from utilities.exceptions import PermissionsViolation

from netbox_ssl import settings
from netbox_ssl.acme.detection import Detection, detect
from netbox_ssl.branching import atomic
from netbox_ssl.models import Certificate
from netbox_ssl.models.mixins.acme_settings import DETECTED_FIELDS
from netbox_ssl.models.mixins.encoding import read_stored_facts
from netbox_ssl.netbox_internals import set_changelog_message
from netbox_ssl.refusals import REFUSALS, explain
from netbox_ssl.utilities import savepoint

from .custom_fields import accept_missing_custom_fields

__all__ = ('Proposal', 'Redetection', 'permitted', 'propose', 'redetect')

# Certificates locked at a time, so that imports do not wait long
BATCH = 100


@dataclass
class Proposal:
    """The changes that detection would make to a certificate, and why."""

    certificate: Certificate
    detection: Detection
    # Field → (old, new).
    changes: dict[str, tuple]

    def described(self) -> list[dict]:
        """Return the changes for people: label, old and new value of each."""
        return [
            {'label': Certificate._meta.get_field(name).verbose_name, 'old': _described(old), 'new': _described(new)}
            for name, (old, new) in self.changes.items()
        ]


@dataclass
class Redetection:
    """The changes that were made, or in a dry run would be made."""

    # Certificates with a PEM.
    examined: int = 0
    proposals: list[Proposal] = field(default_factory=list)
    # Certificates that NetBox refused to save with the changes, and the messages.
    refused: list[tuple[Certificate, list[str]]] = field(default_factory=list)


def permitted(queryset: QuerySet, user) -> QuerySet:
    """Return the certificates of ``queryset`` that detection may change for ``user``. Others are not revealed."""
    return queryset.restrict(user, 'change').restrict(user, 'view').exclude(pem='')


def propose(certificate: Certificate) -> Proposal | None:
    """Return what detection would change on ``certificate``, without changing it; None if nothing."""
    facts = read_stored_facts(certificate.pem)
    if facts is None:
        return None
    detection = detect(facts, settings.catalogue())
    before = {name: getattr(certificate, name) for name in DETECTED_FIELDS}
    certificate.detect_acme(facts)
    after = {name: getattr(certificate, name) for name in DETECTED_FIELDS}
    for name, value in before.items():
        setattr(certificate, name, value)
    if not after['is_acme']:
        # It was set to not ACME, so it has no provider either.
        return None
    changes = {name: (before[name], after[name]) for name in DETECTED_FIELDS if before[name] != after[name]}
    return Proposal(certificate, detection, changes) if changes else None


def redetect(
    queryset: QuerySet,
    user,
    dry_run: bool = False,
    message: str = '',
    after_batch: Callable[[Redetection], None] = lambda result: None,
) -> Redetection:
    """
    Detect again on the certificates of ``queryset`` that ``user`` may change. Each change is a separate entry of the
    change log and a separate event. Batches are stored one at a time; repeating it changes nothing more.

    Args:
        message: for the change log
        after_batch: called with the result so far
    """
    result = Redetection()
    for pks in _batches(permitted(queryset, user)):
        certificates = Certificate.objects.filter(pk__in=pks).order_by('pk')
        found = [proposal for each in certificates if (proposal := propose(each))]
        result.examined += len(pks)
        if dry_run:
            result.proposals += found
        else:
            _carry_out([proposal.certificate.pk for proposal in found], user, message, result)
        after_batch(result)
    return result


def _described(value):
    return (_('Yes') if value else _('No')) if isinstance(value, bool) else value


def _batches(queryset: QuerySet) -> Iterator[list[int]]:
    pks = list(queryset.order_by('pk').values_list('pk', flat=True))
    for start in range(0, len(pks), BATCH):
        yield pks[start : start + BATCH]


def _carry_out(pks: list[int], user, message: str, result: Redetection) -> None:
    if not pks:
        return
    with atomic():
        # Decide again now that they are locked.
        locked = permitted(Certificate.objects.filter(pk__in=pks), user).select_for_update(of=('self',))
        for certificate in locked.order_by('pk'):
            if proposal := propose(certificate):
                _change(proposal, user, message, result)


def _change(proposal: Proposal, user, message: str, result: Redetection) -> None:
    certificate = proposal.certificate
    try:
        with savepoint():
            _save(proposal, message)
            if not Certificate.objects.restrict(user, 'change').filter(pk=certificate.pk).exists():
                raise PermissionsViolation()
    except REFUSALS as error:
        for name, (old, _new) in proposal.changes.items():
            setattr(certificate, name, old)
        result.refused.append((certificate, explain(error)))
    else:
        result.proposals.append(proposal)


def _save(proposal: Proposal, message: str) -> None:
    certificate = proposal.certificate
    certificate.snapshot()
    set_changelog_message(certificate, message)
    for name, (_old, new) in proposal.changes.items():
        setattr(certificate, name, new)
    # Validation treats changes as made by a person, and pins them.
    pinned = list(certificate.acme_pinned_fields)
    with accept_missing_custom_fields(certificate):
        certificate.full_clean()
    certificate.acme_pinned_fields = pinned
    # Not edited by a person
    with certificate.saved_by_report():
        certificate.save()
