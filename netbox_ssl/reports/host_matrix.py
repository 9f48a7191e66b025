"""
Hosts and certificates: which of its X.509 certificates each host has, by its last report. The certificates and the
hosts in the worst state come first; there are too many for one page.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from netbox_ssl.choices import SourceStateChoices
from netbox_ssl.models import Certificate, CertificateSource
from netbox_ssl.models.mixins.source_states import severity_sql
from netbox_ssl.places.deployment import visible_sources

__all__ = ('MOST_CERTIFICATES', 'MOST_HOSTS', 'Cell', 'Matrix', 'host_matrix')

MOST_CERTIFICATES = 12
MOST_HOSTS = 40
# Sources read for one page
MOST_SOURCES = 2000


@dataclass(frozen=True)
class Cell:
    source: CertificateSource
    label: str | Promise
    color: str


@dataclass(frozen=True)
class Matrix:
    certificates: list[Certificate]
    # Host → a cell or None for each of the certificates
    rows: list[tuple[str, list[Cell | None]]]
    # Number of certificates that hosts report
    total: int
    omitted_hosts: int


def host_matrix(certificates: QuerySet, user, now: datetime) -> Matrix:
    """Return the matrix of ``certificates`` (a queryset without an order), from the sources that ``user`` may view."""
    watched = visible_sources(user).filter(is_watched=True, certificate__in=certificates.values('pk')).order_by()
    by_certificate = watched.values('certificate').annotate(worst=Min(severity_sql(now)), hosts=Count('pk'))
    worst = by_certificate.order_by('worst', '-hosts', 'certificate').values_list('certificate', flat=True)
    chosen = list(worst[: MOST_CERTIFICATES + 1])
    total = (
        len(chosen)
        if len(chosen) <= MOST_CERTIFICATES
        else watched.aggregate(n=Count('certificate', distinct=True))['n']
    )
    found = certificates.only('name', 'valid_to').in_bulk(chosen[:MOST_CERTIFICATES])
    columns = [found[pk] for pk in chosen[:MOST_CERTIFICATES] if pk in found]
    rows = _rows(watched.filter(certificate__in=found), columns, now)
    return Matrix(columns, rows[:MOST_HOSTS], total, max(0, len(rows) - MOST_HOSTS))


def _rows(watched: QuerySet, columns: list[Certificate], now: datetime) -> list[tuple[str, list[Cell | None]]]:
    """Return the hosts with their cells, those in the worst state first. A host that has one twice shows the worst."""
    sources = watched.annotate(severity=severity_sql(now)).order_by('severity', 'external_id')[:MOST_SOURCES]
    hosts, severities = defaultdict(dict), {}
    for source in sources:
        hosts[source.place].setdefault(source.certificate_id, _cell(source, now))
        severities.setdefault(source.place, source.severity)
    ordered = sorted(hosts, key=lambda host: (severities[host], host))
    return [(host, [hosts[host].get(column.pk) for column in columns]) for host in ordered]


def _cell(source: CertificateSource, now: datetime) -> Cell:
    state = source.state_at(now)
    if state == SourceStateChoices.CURRENT and source.behind_since is not None:
        # It was renewed so recently that nobody has to act yet.
        return Cell(source, _('Previous'), 'blue')
    return Cell(source, dict(SourceStateChoices)[state], SourceStateChoices.colors[state])
