"""
The deployment state of a certificate: the worst state of its sources, and the host that is in it.

Only watched sources count, not those that are gone or never reported, or whose certificate is not active. For a user,
only visible sources count, so that the state does not reveal hidden ones.

A certificate that sources reported, but none does any more, has no deployment state; it is shown that it is unreported.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db.models import Count, F, Func, Min, OuterRef, Q, QuerySet, Subquery, TextField, Value, Window
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from netbox_ssl.choices import CertificateStatusChoices, SourceStateChoices
from netbox_ssl.models import Certificate, CertificateSource
from netbox_ssl.models.mixins.source_states import FROM_BAD_TO_GOOD, severity_sql, state_q

__all__ = (
    'DEPLOYMENT_CHOICES',
    'DEPLOYMENT_STATE',
    'ON_A_HOST',
    'Deployment',
    'Unreported',
    'attach_deployments',
    'bad_deployments',
    'deployment_q',
    'deployment_severity_sql',
    'deployment_state',
    'deployment_state_sql',
    'prefetch_deployment_states',
    'read_deployments',
    'unreported',
    'unreported_q',
    'visible_sources',
)

ACTIVE = CertificateStatusChoices.STATUS_ACTIVE

# Name of the annotation that ``deployment_state()`` reads
DEPLOYMENT_STATE = 'annotated_deployment_state'

DEPLOYMENT_CHOICES = [(state, dict(SourceStateChoices)[state]) for state in FROM_BAD_TO_GOOD]

# State → text with the first host in this state
ON_PLACES = {
    SourceStateChoices.EXPIRED: _('Expired on {place}'),
    SourceStateChoices.BEHIND: _('Behind on {place}'),
    SourceStateChoices.SILENT: _('No report from {place}'),
    SourceStateChoices.CURRENT: _('Current on {place}'),
}

# State → text for a number of certificates
ON_A_HOST = {
    SourceStateChoices.EXPIRED: _('Expired on a host'),
    SourceStateChoices.BEHIND: _('Behind on a host'),
    SourceStateChoices.SILENT: _('A host is silent'),
}


def visible_sources(user=None) -> QuerySet:
    """Return the sources that ``user`` may view, each once; all if it is None."""
    if user is None:
        return CertificateSource.objects.all()
    # In a subquery, because constraints may join tables and a source must not count twice
    return CertificateSource.objects.filter(pk__in=CertificateSource.objects.restrict(user, 'view').values('pk'))


#
# In SQL
#


def deployment_q(state: str | None, now: datetime, sources: QuerySet, prefix: str = '') -> Q:
    """
    Select the certificates whose deployment state is ``state``, starting from the sources, which have an index for
    each.

    Args:
        state: one of ``FROM_BAD_TO_GOOD``; None: no source counts
        sources: the sources that count, see ``visible_sources``
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
    """
    Return the position of the deployment state in ``FROM_BAD_TO_GOOD``, to sort by. ``of``: path to the certificate.
    """
    watched = sources.filter(certificate=OuterRef(of), is_watched=True).order_by().values('certificate')
    return Subquery(watched.annotate(worst=Min(severity_sql(now))).values('worst'))


def deployment_state_sql(now: datetime, sources: QuerySet, of: str = 'pk') -> Func:
    """Return the deployment state as an expression; null if no source counts."""
    # An element of an array, and no CASE, which would contain the subquery once for each state
    states = Value(list(FROM_BAD_TO_GOOD), output_field=ArrayField(TextField()))
    return Func(
        states,
        deployment_severity_sql(now, sources, of),
        template='(%(expressions)s + 1]',
        arg_joiner=')[',
        output_field=TextField(),
    )


#
# In Python
#


@dataclass(frozen=True)
class Deployment:
    """The worst state of a certificate's sources."""

    # One of FROM_BAD_TO_GOOD
    state: str
    certificate: int
    # The first source in this state
    source: CertificateSource
    # Number of sources in this state
    count: int

    @property
    def color(self) -> str:
        return SourceStateChoices.colors[self.state]

    @property
    def is_bad(self) -> bool:
        return self.state != SourceStateChoices.CURRENT

    @property
    def label(self) -> str:
        """Return the state in words, for example *Expired on web-03 and 4 more*."""
        text = str(ON_PLACES[self.state]).format(place=self.source.place)
        if (others := self.count - 1) > 0:
            text = ngettext('{text} and {n} more', '{text} and {n} more', others).format(text=text, n=others)
        return text

    @property
    def url(self) -> str:
        """Return the URL of the source, or of the list of all sources in this state."""
        if self.count == 1:
            return self.source.get_absolute_url()
        list_url = reverse('plugins:netbox_ssl:certificatesource_list')
        return f'{list_url}?certificate_id={self.certificate}&state={self.state}'


@dataclass(frozen=True)
class Unreported:
    """Shown instead of a deployment: no source reports the certificate any more, so it may not be in use."""

    certificate: Certificate

    color = SourceStateChoices.colors[SourceStateChoices.SILENT]
    is_bad = True

    @property
    def label(self) -> str:
        return _('Not reported since {date:%Y-%m-%d}').format(date=localtime(self.certificate.unreported_since))

    @property
    def url(self) -> str:
        return f'{reverse("plugins:netbox_ssl:certificatesource_list")}?certificate_id={self.certificate.pk}'


def unreported(certificate: Certificate) -> Unreported | None:
    """Return what to show for a certificate without a deployment; None unless it is active and was reported before."""
    is_unreported = certificate.unreported_since is not None and certificate.status == ACTIVE
    return Unreported(certificate) if is_unreported else None


def unreported_q() -> Q:
    """Select the active certificates that no source reports any more. Python twin: ``unreported()``."""
    return Q(unreported_since__isnull=False, status=ACTIVE)


def read_deployments(certificates: Iterable, now: datetime, user=None) -> dict[int, Deployment]:
    """
    Return ID of the certificate → deployment, for certificates with a source that counts, in one query.

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
        for source in first.only('external_id', 'kind', 'certificate')
    }


def attach_deployments(certificates: Iterable[Certificate], now: datetime, user) -> None:
    """
    Set ``deployment`` (a Deployment, Unreported or None) of each certificate, for templates, from the sources that
    ``user`` may view.
    """
    certificates = list(certificates)
    found = read_deployments([each.pk for each in certificates], now, user)
    for each in certificates:
        each.deployment = found.get(each.pk) or unreported(each)


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
    """Return the current deployment state: annotated or prefetched, else by a query."""
    if DEPLOYMENT_STATE not in certificate.__dict__:
        prefetch_deployment_states([certificate], user)
    return getattr(certificate, DEPLOYMENT_STATE)


def prefetch_deployment_states(certificates: Iterable[Certificate], user=None) -> None:
    """Prefetch the states that are missing, so that ``deployment_state()`` of these certificates takes no query."""
    certificates = [each for each in certificates if DEPLOYMENT_STATE not in each.__dict__]
    if not certificates:
        return
    pks = [each.pk for each in certificates if not each.was_just_created_without_source]
    found = read_deployments(pks, timezone.now(), user) if pks else {}
    for each in certificates:
        deployment = found.get(each.pk)
        setattr(each, DEPLOYMENT_STATE, deployment and deployment.state)
