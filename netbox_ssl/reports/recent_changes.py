"""What happened to certificates in the last day: by imports, by reports, and because time passed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from netbox_ssl import settings
from netbox_ssl.acme.renewal import overdue_q
from netbox_ssl.choices import CertificateStatusChoices, SourceStateChoices, ValidityChoices
from netbox_ssl.expiry.validity import chain_ended_q
from netbox_ssl.models import Certificate, CertificateSource, Issuance
from netbox_ssl.models.mixins.source_states import behind_q, silent_q, state_q
from netbox_ssl.places.deployment import visible_sources

__all__ = ('Change', 'recent_changes')

DAY = timedelta(days=1)
# Within which a certificate and its first issuances are stored
MOMENT = timedelta(minutes=1)
# Rows of each kind, and in all
MOST = 15
# Issuances among which renewals are looked for, so that many without one do not make the page slow
NEWEST_ISSUANCES = 2000
# What is shown of a certificate, and the times at which something happened to it
SHOWN = ('name', 'created', 'valid_to', 'chain_valid_to', 'renewal_overdue_at')

# The same of a source
SOURCE_SHOWN = (
    'external_id',
    'kind',
    'valid_to',
    'behind_since',
    'behind_scaled_at',
    'reported_at',
    'silent_scaled_at',
)


@dataclass(frozen=True)
class Change:
    when: datetime
    certificate: Certificate
    label: str | Promise
    color: str
    # Where, if it happened on one host
    place: str = ''


def recent_changes(certificates: QuerySet, now: datetime, user) -> tuple[list[Change], bool]:
    """Return what happened within a day before ``now``, the newest first, and whether there was more."""
    since = now - DAY
    found = [
        *_added(certificates, since),
        *_renewed(certificates, since, user),
        *_ended(certificates, now, since),
        *_chains_ended(certificates, now, since),
        *_overdue(certificates, now, since),
        *_on_hosts(certificates, now, since, user),
    ]
    found.sort(key=lambda change: (change.when, change.certificate.pk), reverse=True)
    return found[:MOST], len(found) > MOST


def _newest(rows: QuerySet, since: datetime) -> Iterator:
    """Yield the rows created since then, the newest first. Sorted by ID, because the time of creation has no index."""
    return (row for row in rows.order_by('-pk')[: MOST + 1] if row.created and row.created >= since)


def _added(certificates: QuerySet, since: datetime) -> Iterator[Change]:
    for certificate in _newest(certificates.only(*SHOWN), since):
        yield Change(certificate.created, certificate, _('Added'), 'blue')


def _renewed(certificates: QuerySet, since: datetime, user) -> Iterator[Change]:
    """Yield the X.509 certificates that replaced another one and are still the current ones."""
    renewed = certificates.filter(
        pk=OuterRef('certificate'),
        fingerprint_sha256=OuterRef('fingerprint_sha256'),
        # A certificate that was imported with its history was not renewed today.
        created__lt=OuterRef('created') - MOMENT,
    )
    newest = Issuance.objects.order_by('-pk').values('pk')[:NEWEST_ISSUANCES]
    visible = Issuance.objects.restrict(user, 'view').filter(Exists(renewed), pk__in=newest)
    issuances = visible.select_related('certificate').only('created', 'certificate__name')
    for issuance in _newest(issuances, since):
        yield Change(issuance.created, issuance.certificate, _('Renewed'), 'green')


def _ended(certificates: QuerySet, now: datetime, since: datetime) -> Iterator[Change]:
    ended = certificates.filter(
        status=CertificateStatusChoices.STATUS_ACTIVE, valid_to__lt=now, valid_to__gte=since
    ).only(*SHOWN)
    for certificate in ended.order_by('-valid_to', '-pk')[: MOST + 1]:
        yield Change(certificate.valid_to, certificate, _('Expired'), ValidityChoices.colors[ValidityChoices.EXPIRED])


def _chains_ended(certificates: QuerySet, now: datetime, since: datetime) -> Iterator[Change]:
    ended = certificates.filter(
        chain_ended_q(now), status=CertificateStatusChoices.STATUS_ACTIVE, chain_valid_to__gte=since
    ).only(*SHOWN)
    for certificate in ended.order_by('-chain_valid_to', '-pk')[: MOST + 1]:
        yield Change(certificate.chain_valid_to, certificate, _('Its chain expired'), 'orange')


def _overdue(certificates: QuerySet, now: datetime, since: datetime) -> Iterator[Change]:
    overdue = certificates.filter(overdue_q(now), renewal_overdue_at__gt=since).only(*SHOWN)
    for certificate in overdue.order_by('-renewal_overdue_at', '-pk')[: MOST + 1]:
        yield Change(certificate.renewal_overdue_at, certificate, _('Renewal overdue'), 'orange')


def _on_hosts(certificates: QuerySet, now: datetime, since: datetime, user) -> Iterator[Change]:
    """Yield the sources that have become expired, behind or silent, at the time from which they are."""
    sources = (
        visible_sources(user)
        .filter(certificate__in=certificates.values('pk'))
        .select_related('certificate')
        .only(*SOURCE_SHOWN, 'certificate__name')
    )
    expired, behind, silent = SourceStateChoices.EXPIRED, SourceStateChoices.BEHIND, SourceStateChoices.SILENT
    for state, label, became, column in (
        (expired, _('Expired on a host'), {'valid_to__gte': since}, 'valid_to'),
        (behind, _('Behind on a host'), ~behind_q(since), 'behind_since'),
        (silent, _('A host is silent'), ~silent_q(since), 'reported_at'),
    ):
        now_bad = sources.filter(state_q(state, now))
        new = now_bad.filter(**became) if isinstance(became, dict) else now_bad.filter(became)
        for source in new.order_by(f'-{column}', '-pk')[: MOST + 1]:
            yield Change(
                _reached_at(source, state), source.certificate, label, SourceStateChoices.colors[state], source.place
            )


def _reached_at(source: CertificateSource, state: str) -> datetime:
    """Return when the source reached this bad state, in which it is."""
    if state == SourceStateChoices.BEHIND:
        return min(source.behind_since + timedelta(hours=settings.source_behind_hours()), source.behind_scaled_at)
    if state == SourceStateChoices.SILENT:
        return min(source.reported_at + timedelta(days=settings.source_silent_days()), source.silent_scaled_at)
    return source.valid_to
