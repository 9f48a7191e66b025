"""*Is www.example.com fine?* What the certificates that cover a name amount to."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from utilities.choices import Choice, ChoiceSet

from netbox_ssl.choices import CertificateStatusChoices

__all__ = ('Answer', 'StandingChoices', 'answer', 'standing')

ACTIVE = CertificateStatusChoices.STATUS_ACTIVE


class StandingChoices(ChoiceSet):
    """How a certificate stands, or all of a name together, from good to bad. Whether it is an ACME one is no matter."""

    FINE = 'fine'
    DUE = 'due'
    OVERDUE = 'overdue'
    EXPIRED = 'expired'
    NOTHING = 'nothing'
    # Those do not count
    UNUSED = 'unused'
    FUTURE = 'future'

    CHOICES = (
        Choice(FINE, _('Fine'), color='green'),
        Choice(DUE, _('Due'), color='yellow'),
        Choice(OVERDUE, _('Overdue'), color='orange'),
        Choice(EXPIRED, _('Expired'), color='red'),
        Choice(NOTHING, _('Nothing covers it'), color='gray'),
        Choice(UNUSED, _('Not in use'), color='gray'),
        Choice(FUTURE, _('Not valid yet'), color='gray'),
    )


def standing_q(kind: str, now: datetime) -> Q:
    """
    Return a condition for the certificates of this kind. Each is of exactly one kind, apart from ``NOTHING``. The due
    and overdue times are those of the renewal rule (acme/renewal.py), also for certificates that a person renews, so
    that they do not count as fine in their last days.
    """
    if kind == StandingChoices.UNUSED:
        return ~Q(status=ACTIVE)
    active = Q(status=ACTIVE)
    if kind == StandingChoices.EXPIRED:
        return active & Q(valid_to__lt=now)
    if kind == StandingChoices.FUTURE:
        return active & Q(valid_to__gte=now, valid_from__gt=now)
    valid = active & Q(valid_to__gte=now, valid_from__lte=now)
    if kind == StandingChoices.OVERDUE:
        return valid & Q(renewal_overdue_at__lte=now)
    if kind == StandingChoices.DUE:
        return valid & Q(renewal_due_at__lte=now, renewal_overdue_at__gt=now)
    return valid & Q(renewal_due_at__gt=now)


def standing(certificate, now: datetime) -> str:
    """Python twin of :func:`standing_q`."""
    if certificate.status != ACTIVE:
        return StandingChoices.UNUSED
    if certificate.valid_to < now:
        return StandingChoices.EXPIRED
    if certificate.valid_from > now:
        return StandingChoices.FUTURE
    if certificate.renewal_overdue_at <= now:
        return StandingChoices.OVERDUE
    return StandingChoices.DUE if certificate.renewal_due_at <= now else StandingChoices.FINE


@dataclass(frozen=True)
class Answer:
    """What the certificates that cover a name amount to together."""

    verdict: str
    """The worst of those in use: each of them may be the one that some host shows. ``NOTHING`` if none is."""
    counts: dict[str, int]
    """Standing → number of certificates; ``NOTHING`` is not among them."""
    next_expiry: datetime | None
    """The next expiry of those in use."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def color(self) -> str:
        return StandingChoices.colors[self.verdict]

    @property
    def label(self):
        return dict(StandingChoices)[self.verdict]

    @property
    def number(self) -> int:
        """How many are as the verdict says."""
        return self.counts.get(self.verdict, 0)

    @property
    def in_use(self) -> int:
        return self.total - self.counts[StandingChoices.UNUSED] - self.counts[StandingChoices.FUTURE]


def answer(certificates: QuerySet, now: datetime) -> Answer:
    """Judge ``certificates``, those that cover a name, in one query."""
    kinds = [kind for kind in StandingChoices.values() if kind != StandingChoices.NOTHING]
    found = certificates.order_by().aggregate(
        next_expiry=Min('valid_to', filter=Q(status=ACTIVE, valid_to__gte=now)),
        **{kind: Count('pk', filter=standing_q(kind, now)) for kind in kinds},
    )
    counts = {kind: found[kind] for kind in kinds}
    from_bad_to_good = (StandingChoices.EXPIRED, StandingChoices.OVERDUE, StandingChoices.DUE, StandingChoices.FINE)
    verdict = next((kind for kind in from_bad_to_good if counts[kind]), StandingChoices.NOTHING)
    return Answer(verdict, counts, found['next_expiry'])
