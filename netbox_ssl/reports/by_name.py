"""The page *By Name*: the verdict on the certificates that cover a name."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Count, Min, Q, QuerySet, TextField, Value, When
from django.utils.translation import gettext_lazy as _
from utilities.choices import Choice, ChoiceSet

from netbox_ssl import settings
from netbox_ssl.choices import CertificateStatusChoices, SourceStateChoices, ValidityChoices
from netbox_ssl.expiry.validity import validity_q
from netbox_ssl.models.mixins.chains import CHAIN_ENDS_FIRST
from netbox_ssl.models.mixins.source_states import FROM_BAD_TO_GOOD as WORST_STATES
from netbox_ssl.places.deployment import (
    Deployment,
    deployment_severity_sql,
    read_deployments,
    visible_sources,
)
from netbox_ssl.x509.moments import moment

__all__ = ('OF_DEPLOYMENT', 'Answer', 'StandingChoices', 'answer', 'own_standing_sql', 'standing')

ACTIVE = CertificateStatusChoices.STATUS_ACTIVE


class StandingChoices(ChoiceSet):
    """The standing of a certificate, or the verdict on a name, from bad to good."""

    EXPIRED = 'expired'
    EXPIRED_ON_HOST = 'expired_on_host'
    OVERDUE = 'overdue'
    BEHIND = 'behind'
    EXPIRING = 'expiring'
    DUE = 'due'
    SILENT = 'silent'
    FINE = 'fine'
    NOTHING = 'nothing'
    # These do not affect the verdict.
    UNUSED = 'unused'
    FUTURE = 'future'

    CHOICES = (
        Choice(EXPIRED, _('Expired'), color='red'),
        Choice(EXPIRED_ON_HOST, _('Expired on a host'), color='red'),
        Choice(OVERDUE, _('Overdue'), color='orange'),
        Choice(BEHIND, _('Behind on a host'), color='orange'),
        Choice(EXPIRING, _('Expiring'), color='yellow'),
        Choice(DUE, _('Due'), color='yellow'),
        Choice(SILENT, _('A host is silent'), color='yellow'),
        Choice(FINE, _('Fine'), color='green'),
        Choice(NOTHING, _('Nothing covers it'), color='gray'),
        Choice(UNUSED, _('Not in use'), color='gray'),
        Choice(FUTURE, _('Not valid yet'), color='gray'),
    )


FROM_BAD_TO_GOOD = (
    StandingChoices.EXPIRED,
    StandingChoices.EXPIRED_ON_HOST,
    StandingChoices.OVERDUE,
    StandingChoices.BEHIND,
    StandingChoices.EXPIRING,
    StandingChoices.DUE,
    StandingChoices.SILENT,
    StandingChoices.FINE,
)

# State of the worst source of a certificate → the standing that results
OF_DEPLOYMENT = {
    SourceStateChoices.EXPIRED: StandingChoices.EXPIRED_ON_HOST,
    SourceStateChoices.BEHIND: StandingChoices.BEHIND,
    SourceStateChoices.SILENT: StandingChoices.SILENT,
}


def own_standing_sql(now: datetime) -> Case:
    """
    Return the standing of a certificate as an expression, by its own dates and without its sources. One that an ACME
    client renews is due and overdue by the renewal rule (acme/renewal.py); one that somebody has to renew is expiring
    by the validity rule (expiry/validity.py). Either is overdue if its chain has expired: clients refuse it.
    """
    conditions = {
        StandingChoices.UNUSED: ~Q(status=ACTIVE),
        StandingChoices.EXPIRED: Q(valid_to__lt=now),
        StandingChoices.FUTURE: Q(valid_from__gt=now),
        StandingChoices.OVERDUE: Q(renewal_overdue_at__lte=now) | Q(expires_at__lt=now),
        # By marks of an automatic certificate, it is overdue already: only marks after that count.
        StandingChoices.EXPIRING: validity_q(ValidityChoices.EXPIRING, now, settings.expiry_marks()),
        # Null unless an ACME client renews it
        StandingChoices.DUE: Q(renewal_due_at__lte=now),
    }
    whens = [When(condition, then=Value(kind)) for kind, condition in conditions.items()]
    return Case(*whens, default=Value(StandingChoices.FINE), output_field=TextField())


def standing(certificate, now: datetime, deployment_state: str | None = None) -> str:
    """Return the standing of a certificate whose deployment state is known."""
    return _with_deployment(_own_standing(certificate, now), deployment_state)


def _own_standing(certificate, now: datetime) -> str:
    """Return the standing without the sources. SQL twin: ``own_standing_sql()``."""
    if certificate.status != ACTIVE:
        return StandingChoices.UNUSED
    if certificate.valid_to < now:
        return StandingChoices.EXPIRED
    if certificate.valid_from > now:
        return StandingChoices.FUTURE
    is_automatic = certificate.renews_automatically
    if certificate.marks_end < now or (is_automatic and certificate.overdue_at() <= now):
        return StandingChoices.OVERDUE
    if certificate.validity_at(now) == ValidityChoices.EXPIRING:
        return StandingChoices.EXPIRING
    return StandingChoices.DUE if is_automatic and certificate.due_at() <= now else StandingChoices.FINE


def _with_deployment(own: str, state: str | None) -> str:
    """
    Return the worse of a certificate's own standing and that of its deployment ``state``. One that is not valid yet may
    have replaced one that has expired on a host.
    """
    if own == StandingChoices.UNUSED:
        return own
    return min(own, OF_DEPLOYMENT.get(state, own), key=[*FROM_BAD_TO_GOOD, StandingChoices.FUTURE].index)


@dataclass(frozen=True)
class Answer:
    """The verdict on the certificates that cover a name."""

    # The worst standing of those in use, because a host may serve any of them; ``NOTHING`` if none is in use
    verdict: str
    # Standing (without ``NOTHING``) → number of certificates
    counts: dict[str, int]
    # The next expiry of those in use, or of their chains
    next_expiry: datetime | None
    # Whether that is the expiry of a chain
    is_of_chain: bool = False
    # If hosts decide the verdict: the deployment of one of these certificates
    deployment: Deployment | None = None

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def color(self) -> str:
        return StandingChoices.colors[self.verdict]

    @property
    def label(self):
        """Return the verdict in words, for example *Expired on web-03*."""
        return self.deployment.label if self.deployment else dict(StandingChoices)[self.verdict]

    @property
    def number(self) -> int:
        """Return the number of certificates with this verdict."""
        return self.counts.get(self.verdict, 0)

    @property
    def in_use(self) -> int:
        return self.total - self.counts[StandingChoices.UNUSED] - self.counts[StandingChoices.FUTURE]


def answer(certificates: QuerySet, now: datetime, user=None) -> Answer:
    """
    Judge ``certificates``, those that cover a name, in one query; a second query reads the hosts that decide the
    verdict.

    Args:
        user: only sources that this user may view count; None: all do
    """
    judged = certificates.order_by().annotate(
        own=own_standing_sql(now), severity=deployment_severity_sql(now, visible_sources(user))
    )
    # Grouped by both, each of which is in the query once. Conditions on both took longer to compile and plan than all
    # the rest of the page.
    groups = list(
        judged.values('own', 'severity').annotate(
            number=Count('pk'),
            end=Min('valid_to', filter=Q(status=ACTIVE, valid_to__gte=now)),
            chain=Min('chain_valid_to', filter=Q(status=ACTIVE, chain_valid_to__gte=now) & CHAIN_ENDS_FIRST),
        )
    )
    counts = {kind: 0 for kind in StandingChoices.values() if kind != StandingChoices.NOTHING}
    for group in groups:
        state = None if group['severity'] is None else WORST_STATES[group['severity']]
        group['kind'] = _with_deployment(group['own'], state)
        counts[group['kind']] += group['number']
    verdict = next((kind for kind in FROM_BAD_TO_GOOD if counts[kind]), StandingChoices.NOTHING)
    deployment = None
    if verdict in OF_DEPLOYMENT.values():
        deciding = [group for group in groups if group['kind'] == verdict]
        found = judged.filter(
            own__in={group['own'] for group in deciding}, severity__in={group['severity'] for group in deciding}
        )
        deployments = read_deployments(found.values('pk'), now, user)
        deployment = min(deployments.values(), key=lambda each: each.source.external_id, default=None)
    end, chain = (_first(groups, column) for column in ('end', 'chain'))
    is_of_chain = chain is not None and (end is None or chain < end)
    return Answer(verdict, counts, chain if is_of_chain else end, is_of_chain, deployment)


def _first(rows: list[dict], column: str) -> datetime | None:
    # Not read as columns of an object, which would do this
    return min((moment(row[column]) for row in rows if row[column] is not None), default=None)
