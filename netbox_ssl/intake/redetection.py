"""
Detection once more, on certificates that are there already: after a provider was added to the settings, for instance.
The same rules as at an import: it fills what nobody has set, and takes nothing away.
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
from netbox_ssl.models.mixins.acme_settings import DETECTED_FIELDS, read_stored_facts
from netbox_ssl.netbox_internals import set_changelog_message
from netbox_ssl.refusals import REFUSALS, explain
from netbox_ssl.utilities import savepoint

__all__ = ('Proposal', 'Redetection', 'permitted', 'propose', 'redetect')

# Locked at a time, so that imports need not wait long.
BATCH = 100


@dataclass
class Proposal:
    """What detection would change on a certificate, and why."""

    certificate: Certificate
    detection: Detection
    changes: dict[str, tuple]
    """Field → (old, new)."""

    def described(self) -> list[dict]:
        """The changes for people: label, old and new value of each."""
        return [
            {'label': Certificate._meta.get_field(name).verbose_name, 'old': _described(old), 'new': _described(new)}
            for name, (old, new) in self.changes.items()
        ]


@dataclass
class Redetection:
    """What was changed, or in a dry run would be."""

    examined: int = 0
    """Certificates with a PEM."""
    proposals: list[Proposal] = field(default_factory=list)
    refused: list[tuple[Certificate, list[str]]] = field(default_factory=list)
    """Certificates that NetBox would not have with the changes, and its messages."""


def permitted(queryset: QuerySet, user) -> QuerySet:
    """Return those of ``queryset`` that detection may change for ``user``. Others are not revealed."""
    return queryset.restrict(user, 'change').restrict(user, 'view').exclude(pem='')


def propose(certificate: Certificate) -> Proposal | None:
    """What detection would change on ``certificate``, which stays as it is; None if nothing."""
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
        # Somebody said that it is none; so a provider has no place there either.
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
    Detect again on those of ``queryset`` that ``user`` may change. Each change is an entry of the change log and an
    event of its own; batches are stored one by one, and done again, nothing is left to change.

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
        # Decided again now that nobody else can change them.
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
    # Validation takes changes for those of a person, and pins them.
    pinned = list(certificate.acme_pinned_fields)
    certificate.full_clean()
    certificate.acme_pinned_fields = pinned
    # Nobody has edited it.
    with certificate.saved_by_report():
        certificate.save()
