"""
A series for each certificate, for Prometheus: with the names and labels that x509-certificate-exporter uses, so that
existing alert rules and dashboards work.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import QuerySet
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from netbox_ssl.acme.renewal_kinds import renewal_kind
from netbox_ssl.models import Certificate
from netbox_ssl.places.deployment import Deployment, read_deployments
from netbox_ssl.x509 import common_name_in, visible

__all__ = ('LABELS', 'MOST_CERTIFICATES', 'CertificateCollector')

# Certificates in one response: more series than this make a Prometheus server slow
MOST_CERTIFICATES = 10_000

COLUMNS = (
    'name',
    'tenant__name',
    'serial_number',
    'subject',
    'issuer',
    'is_ca',
    'is_acme',
    'acme_auto_renewal',
    'acme_provider',
    'valid_from',
    'valid_to',
    'chain_valid_to',
)

# Labels of x509-certificate-exporter, then our own. The ID makes each series unique.
LABELS = (
    'serial_number',
    'subject_CN',
    'issuer_CN',
    'id',
    'name',
    'tenant',
    'renewal',
    'acme_provider',
    'is_ca',
)


class CertificateCollector(Collector):
    """
    The series of ``certificates`` (a queryset) as of ``now`` (aware datetime): at most ``limit`` of them, those that
    expire first, themselves or their chains, and the number of those that are omitted.

    Args:
        user: only sources that this user may view count; None: all do
    """

    def __init__(self, certificates: QuerySet, now: datetime, limit: int = MOST_CERTIFICATES, user=None):
        self.certificates, self.now, self.limit, self.user = certificates, now, limit, user

    def collect(self) -> Iterator[Metric]:
        soonest = self.certificates.order_by('expires_at', 'pk').select_related('tenant').only(*COLUMNS)
        rows = list(soonest[: self.limit + 1])
        omitted = self.certificates.order_by().count() - self.limit if len(rows) > self.limit else 0
        shown = rows[: self.limit]
        yield from _families(shown, self.now)
        yield _deployed_badly(shown, read_deployments([each.pk for each in shown], self.now, self.user))
        yield GaugeMetricFamily(
            'netbox_ssl_certificates_omitted',
            'Certificates without series in this response, because there are too many: narrow it by filters',
            value=omitted,
        )


def _families(certificates: Iterable[Certificate], now: datetime) -> Iterator[Metric]:
    not_after = GaugeMetricFamily('x509_cert_not_after', 'When the certificate expires, in Unix time', labels=LABELS)
    not_before = GaugeMetricFamily(
        'x509_cert_not_before', 'When the certificate becomes valid, in Unix time', labels=LABELS
    )
    expired = GaugeMetricFamily('x509_cert_expired', 'Whether the certificate has expired', labels=LABELS)
    chain = GaugeMetricFamily(
        'netbox_ssl_chain_not_after', 'When the first link of the chain expires, in Unix time', labels=LABELS
    )
    for certificate in certificates:
        labels = _labels(certificate)
        not_after.add_metric(labels, certificate.valid_to.timestamp())
        not_before.add_metric(labels, certificate.valid_from.timestamp())
        expired.add_metric(labels, int(now > certificate.valid_to))
        if certificate.chain_valid_to is not None:
            chain.add_metric(labels, certificate.chain_valid_to.timestamp())
    yield from (not_after, not_before, expired, chain)


def _deployed_badly(certificates: Iterable[Certificate], deployments: dict[int, Deployment]) -> Metric:
    metric = GaugeMetricFamily(
        'netbox_ssl_deployed_badly',
        'Hosts in the worst state of the certificate: expired, behind, or silent; only if there are any',
        labels=[*LABELS, 'deployment_state'],
    )
    for certificate in certificates:
        deployment = deployments.get(certificate.pk)
        if deployment and deployment.is_bad:
            metric.add_metric([*_labels(certificate), deployment.state], deployment.count)
    return metric


def _labels(certificate: Certificate) -> list[str]:
    number = certificate.serial_number
    return [
        # Decimal, as x509-certificate-exporter writes it
        str(int(number, 16)) if number else '',
        common_name_in(certificate.subject),
        common_name_in(certificate.issuer),
        str(certificate.pk),
        visible(certificate.name),
        visible(certificate.tenant.name) if certificate.tenant else '',
        renewal_kind(certificate.is_acme, certificate.acme_auto_renewal),
        certificate.acme_provider,
        str(certificate.is_ca).lower(),
    ]
