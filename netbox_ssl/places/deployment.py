"""
What the hosts of a certificate really have: the worst state of its sources, and on which host.

A source counts while it is watched: one that is gone, or that never reported, says nothing of a certificate, nor does
any of a certificate that is not active. Only sources that a user may see count for that user: a verdict must not reveal
a source that a list hides.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Count, F, Min, OuterRef, Q, QuerySet, Subquery, TextField, Value, When, Window
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from netbox_ssl.choices import SourceStateChoices
from netbox_ssl.models import Certificate, CertificateSource
from netbox_ssl.models.mixins.source_states import FROM_BAD_TO_GOOD, severity_sql, state_q

__all__ = (
    'DEPLOYMENT_CHOICES',
    'DEPLOYMENT_STATE',
    'ON_A_HOST',
    'Deployment',
    'attach_deployments',
    'bad_deployments',
    'deployment_q',
    'deployment_severity_sql',
    'deployment_state',
    'deployment_state_sql',
    'prefetch_deployment_states',
    'read_deployments',
    'visible_sources',
)

# The annotation that ``deployment_state()`` reads.
DEPLOYMENT_STATE = 'annotated_deployment_state'

DEPLOYMENT_CHOICES = [(state, dict(SourceStateChoices)[state]) for state in FROM_BAD_TO_GOOD]

# What is said of a state together with the first place that is in it.
ON_PLACES = {
    SourceStateChoices.EXPIRED: _('Expired on {place}'),
    SourceStateChoices.BEHIND: _('Behind on {place}'),
    SourceStateChoices.SILENT: _('No report from {place}'),
    SourceStateChoices.CURRENT: _('Current on {place}'),
}

# What is said of a number of certificates.
ON_A_HOST = {
    SourceStateChoices.EXPIRED: _('Expired on a host'),
    SourceStateChoices.BEHIND: _('Behind on a host'),
    SourceStateChoices.SILENT: _('A host is silent'),
}


def visible_sources(user=None) -> QuerySet:
    """Return the sources that ``user`` may view, each once; all without a user."""
    if user is None:
        return CertificateSource.objects.all()
    # Within a subquery of its own: constraints may join tables, and a source must not count twice.
    return CertificateSource.objects.filter(pk__in=CertificateSource.objects.restrict(user, 'view').values('pk'))


#
# In SQL
#


def deployment_q(state: str | None, now: datetime, sources: QuerySet, prefix: str = '') -> Q:
    """
    Select the certificates whose deployment state is ``state``, beginning at the sources, which have an index for each.

    Args:
        state: one of ``FROM_BAD_TO_GOOD``; None: there is no source that counts
        sources: those that count, see ``visible_sources``
        prefix: a lookup path to the certificate that ends in ``__``, or empty
    """
    if state is None:
        return ~_has(sources.filter(is_watched=True), prefix)
    worse = FROM_BAD_TO_GOOD[: FROM_BAD_TO_GOOD.index(state)]
    found = _has(sources.filter(state_q(state, now)), prefix)
    for each in worse:
        found &= ~_has(sources.filter(state_q(each, now)), prefix)
    return found


def _has(sources: QuerySet, prefix: str) -> Q:
    return Q((f'{prefix}pk__in', sources.order_by().values('certificate')))


def deployment_severity_sql(now: datetime, sources: QuerySet, of: str = 'pk') -> Subquery:
    """Return the place of the deployment state in ``FROM_BAD_TO_GOOD``, to sort by. ``of``: path to the certificate."""
    watched = sources.filter(certificate=OuterRef(of), is_watched=True).order_by().values('certificate')
    return Subquery(watched.annotate(worst=Min(severity_sql(now))).values('worst'))


def deployment_state_sql(now: datetime, sources: QuerySet, of: str = 'pk') -> Subquery:
    """Return the deployment state as an expression; null where no source counts."""
    watched = sources.filter(certificate=OuterRef(of), is_watched=True)
    states = [When(severity=place, then=Value(state)) for place, state in enumerate(FROM_BAD_TO_GOOD)]
    named = watched.annotate(severity=severity_sql(now)).annotate(named=Case(*states, output_field=TextField()))
    return Subquery(named.order_by('severity').values('named')[:1])


#
# In Python
#


@dataclass(frozen=True)
class Deployment:
    """The worst state of a certificate's sources."""

    # One of FROM_BAD_TO_GOOD
    state: str
    certificate: int
    # The first source in that state
    source: CertificateSource
    # How many are in that state
    count: int

    @property
    def color(self) -> str:
        return SourceStateChoices.colors[self.state]

    @property
    def is_bad(self) -> bool:
        return self.state != SourceStateChoices.CURRENT

    @property
    def label(self) -> str:
        """For instance *Expired on web-03 and 4 more*."""
        text = str(ON_PLACES[self.state]).format(place=self.source.place)
        if (others := self.count - 1) > 0:
            text = ngettext('{text} and {n} more', '{text} and {n} more', others).format(text=text, n=others)
        return text

    @property
    def url(self) -> str:
        """The source, or the list of all that are in this state."""
        if self.count == 1:
            return self.source.get_absolute_url()
        list_url = reverse('plugins:netbox_ssl:certificatesource_list')
        return f'{list_url}?certificate_id={self.certificate}&state={self.state}'


def read_deployments(certificates: Iterable, now: datetime, user=None) -> dict[int, Deployment]:
    """
    Return the deployment of each certificate that has a source that counts, by its ID: one query for all.

    Args:
        certificates: IDs, or a queryset
        user: only sources that this user may view count; None: all do
    """
    watched = visible_sources(user).filter(certificate__in=certificates, is_watched=True)
    ranked = watched.annotate(severity=severity_sql(now)).annotate(
        same=Window(Count('pk'), partition_by=[F('certificate'), F('severity')])
    )
    first = ranked.order_by('certificate_id', 'severity', 'external_id').distinct('certificate_id')
    return {
        source.certificate_id: Deployment(FROM_BAD_TO_GOOD[source.severity], source.certificate_id, source, source.same)
        for source in first.only('external_id', 'certificate')
    }


def attach_deployments(certificates: Iterable[Certificate], now: datetime, user) -> None:
    """Give each certificate its ``deployment`` (or None), of the sources that ``user`` may view, for templates."""
    certificates = list(certificates)
    found = read_deployments([each.pk for each in certificates], now, user)
    for each in certificates:
        each.deployment = found.get(each.pk)


def bad_deployments(certificates: QuerySet, now: datetime, user=None) -> list[dict]:
    """Return how many of ``certificates`` are in each bad state (``state``, ``label``, ``color``, ``count``)."""
    sources = visible_sources(user)
    return [
        {
            'state': state,
            'label': label,
            'color': SourceStateChoices.colors[state],
            'count': certificates.filter(deployment_q(state, now, sources)).count(),
        }
        for state, label in ON_A_HOST.items()
    ]


def deployment_state(certificate: Certificate, user=None) -> str | None:
    """Return the deployment state as of this moment: annotated or prefetched, else by a query."""
    if DEPLOYMENT_STATE not in certificate.__dict__:
        prefetch_deployment_states([certificate], user)
    return getattr(certificate, DEPLOYMENT_STATE)


def prefetch_deployment_states(certificates: Iterable[Certificate], user=None) -> None:
    """Let ``deployment_state()`` of these certificates ask nothing."""
    certificates = list(certificates)
    found = read_deployments([each.pk for each in certificates], timezone.now(), user)
    for each in certificates:
        deployment = found.get(each.pk)
        setattr(each, DEPLOYMENT_STATE, deployment and deployment.state)
