"""The metrics for Prometheus, read from the database at the time of the scrape, in any process."""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Count, Min, Value
from django.utils import timezone
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from netbox_ssl.acme import renewal
from netbox_ssl.announcements.counter import announcements
from netbox_ssl.announcements.sweep.state import last_sweep, sweep_is_late
from netbox_ssl.choices import CertificateStatusChoices, RenewalStatusChoices, SourceStateChoices
from netbox_ssl.models import Certificate, CertificateSource, Endpoint
from netbox_ssl.models.mixins.source_states import state_q
from netbox_ssl.places.deployment import bad_deployments

from .endpoints import endpoint_counts
from .validity_counts import validity_counts

__all__ = ('RenewalCollector',)

# Providers with series of their own. Their names are free text, and Prometheus keeps every series.
MOST_PROVIDERS = 20
OTHER_PROVIDERS = '(other)'


class RenewalCollector(Collector):
    """Renewals as of ``now`` (aware datetime), by default the moment of collection."""

    def __init__(self, now: datetime | None = None):
        self.now = now

    def collect(self) -> Iterator[Metric]:
        now = self.now or timezone.now()
        providers = _by_provider(now)
        yield _certificates(now)
        yield _acme_certificates(providers)
        yield _overdue(providers)
        yield _seconds('expiry', 'until the next active certificate, or its chain, expires', _next_expiry(now), now)
        due = min((row['due'] for row in providers if row['due']), default=None)
        yield _seconds('due', 'until the renewal of the next certificate is due', due, now)
        yield _deployments(now)
        yield _sources(now)
        yield _endpoints(now)
        yield from _sweep(now)
        yield _announcements()


def _by_provider(now: datetime) -> list[dict]:
    """
    Count renewal statuses and overdue renewals by provider, and find the next due date, in one pass. Providers beyond
    the first ``MOST_PROVIDERS`` are summed up as ``OTHER_PROVIDERS``.
    """
    ahead = {'due': Min('renewal_due_at', filter=renewal.status_q(RenewalStatusChoices.OK, now))}
    counts = {status: Count(Value(1), filter=renewal.status_q(status, now)) for status in RenewalStatusChoices.values()}
    counts['overdue'] = Count(Value(1), filter=renewal.overdue_q(now))
    eligible = Certificate.objects.filter(renewal.eligible_q()).order_by()
    grouped = eligible.values('acme_provider').annotate(**counts, **ahead, total=Count(Value(1)))
    largest = grouped.order_by('-total', 'acme_provider')
    with transaction.atomic(), connection.cursor() as cursor:
        # Compiling the query takes longer than it runs.
        cursor.execute('SET LOCAL jit = off')
        rows = list(largest[: MOST_PROVIDERS + 1])
        shown = [row for row in rows[:MOST_PROVIDERS] if row['acme_provider'] != OTHER_PROVIDERS]
        if len(shown) < len(rows):
            others = eligible.exclude(acme_provider__in=[row['acme_provider'] for row in shown])
            shown.append({'acme_provider': OTHER_PROVIDERS, **others.aggregate(**counts, **ahead)})
        return shown


def _certificates(now: datetime) -> Metric:
    metric = GaugeMetricFamily(
        'netbox_ssl_certificates',
        'Active certificates by validity, and by who renews them: automatic (an ACME client), manual, not_acme',
        labels=['validity', 'renewal'],
    )
    for kind, counts in validity_counts(Certificate.objects.order_by(), now).items():
        for validity, number in counts.items():
            metric.add_metric([validity, kind], number)
    return metric


def _acme_certificates(providers: list[dict]) -> Metric:
    metric = GaugeMetricFamily(
        'netbox_ssl_acme_certificates',
        'Active ACME certificates by renewal status and provider',
        labels=['renewal_status', 'acme_provider'],
    )
    for row in providers:
        for status in RenewalStatusChoices.values():
            # Also if zero, because it is hard to write an alert on a series that comes and goes
            metric.add_metric([status, row['acme_provider']], row[status])
    return metric


def _overdue(providers: list[dict]) -> Metric:
    metric = GaugeMetricFamily(
        'netbox_ssl_certificates_overdue',
        'Certificates that are Due although a working client would have renewed them',
        labels=['acme_provider'],
    )
    for row in providers:
        metric.add_metric([row['acme_provider']], row['overdue'])
    return metric


def _next_expiry(now: datetime) -> datetime | None:
    coming = Certificate.objects.filter(status=CertificateStatusChoices.STATUS_ACTIVE, expires_at__gte=now)
    return coming.order_by('expires_at').values_list('expires_at', flat=True).first()


def _seconds(name: str, what: str, moment: datetime | None, now: datetime) -> Metric:
    """Return the metric of the seconds until ``moment``; without a sample if there is no such certificate."""
    metric = GaugeMetricFamily(f'netbox_ssl_next_{name}_seconds', f'Seconds {what}')
    if moment is not None:
        metric.add_metric([], (moment - now).total_seconds())
    return metric


def _deployments(now: datetime) -> Metric:
    metric = GaugeMetricFamily(
        'netbox_ssl_certificates_deployed_badly',
        'Active certificates whose worst source is in this state: expired, behind, or silent',
        labels=['deployment_state'],
    )
    for bad in bad_deployments(Certificate.objects.order_by(), now):
        metric.add_metric([bad['state']], bad['count'])
    return metric


def _sources(now: datetime) -> Metric:
    metric = GaugeMetricFamily('netbox_ssl_sources', 'Certificate sources by state', labels=['state'])
    counts = {state: Count(Value(1), filter=state_q(state, now)) for state in SourceStateChoices.values()}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute('SET LOCAL jit = off')
        found = CertificateSource.objects.aggregate(**counts)
    for state, number in found.items():
        metric.add_metric([state], number)
    return metric


def _endpoints(now: datetime) -> Metric:
    metric = GaugeMetricFamily(
        'netbox_ssl_endpoints',
        'Endpoints by the result of their last check, or behind, silent, or unchecked',
        labels=['result'],
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute('SET LOCAL jit = off')
        found = endpoint_counts(Endpoint.objects.order_by(), now)
    for state, number in found.items():
        metric.add_metric([state], number)
    return metric


def _sweep(now: datetime) -> Iterator[Metric]:
    last = last_sweep()
    metric = GaugeMetricFamily('netbox_ssl_last_sweep_timestamp_seconds', 'When the last renewal sweep ended')
    if last is not None:
        metric.add_metric([], last.timestamp())
    yield metric
    late = 'Whether no renewal sweep has ended for three intervals, so that nothing is announced'
    yield GaugeMetricFamily('netbox_ssl_sweep_late', late, value=int(sweep_is_late(now)))


def _announcements() -> Metric:
    metric = CounterMetricFamily(
        'netbox_ssl_announcements', 'Announcements made to the event rules', labels=['event_type']
    )
    for event_type, number in announcements().items():
        metric.add_metric([event_type], number)
    return metric
