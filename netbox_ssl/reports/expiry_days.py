"""
The number of active certificates that expire on each day, by who renews them, counted in SQL: for the coming 13 months
(drawn by ``charts/heatmap.py``), and for the weeks of ``coming_renewals.py``.

A certificate counts on the day on which it expires or, if that is earlier, its chain.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Count, QuerySet, Value
from django.db.models.functions import TruncDate
from django.utils import timezone

from netbox_ssl.acme.renewal_kinds import renewal_kind
from netbox_ssl.choices import CertificateStatusChoices

__all__ = ('MONTHS', 'ExpiryDays', 'count_by_day', 'expiry_days', 'month_length')

MONTHS = 13


@dataclass(frozen=True)
class ExpiryDays:
    """The days from ``first``, today, to before ``end``, the first day of a month."""

    first: date
    end: date
    # Day → kind (one of RENEWAL_KINDS) → number of certificates; only days with certificates
    counts: dict[date, dict[str, int]] = field(default_factory=dict)

    @property
    def months(self) -> list[date]:
        """Return the first day of each month."""
        return [_months_later(self.first, number) for number in range(MONTHS)]

    def total(self, kind: str) -> int:
        return sum(found.get(kind, 0) for found in self.counts.values())


def expiry_days(certificates: QuerySet, now: datetime) -> ExpiryDays:
    """Return the number of ``certificates`` that expire on each day."""
    today = timezone.localdate(now)
    days = ExpiryDays(today, _months_later(today, MONTHS))
    start, end = (timezone.make_aware(datetime.combine(each, time.min)) for each in (days.first, days.end))
    for day, kind, count in count_by_day(certificates, start, end):
        days.counts.setdefault(day, {})[kind] = count
    return days


def count_by_day(certificates: QuerySet, start: datetime, end: datetime) -> Iterator[tuple[date, str, int]]:
    """
    Yield day, kind (one of ``RENEWAL_KINDS``) and the number of active ``certificates`` that expire on that day, from
    ``start`` to before ``end`` (aware datetimes): one query, on the index ``netbox_ssl_cert_soon`` alone.
    """
    ending = certificates.filter(
        status=CertificateStatusChoices.STATUS_ACTIVE, expires_at__gte=start, expires_at__lt=end
    )
    groups = ending.annotate(day=TruncDate('expires_at')).order_by().values('day', 'is_acme', 'acme_auto_renewal')
    for row in groups.annotate(count=Count(Value(1))):
        yield row['day'], renewal_kind(row['is_acme'], row['acme_auto_renewal']), row['count']


def _months_later(day: date, number: int) -> date:
    """Return the first day of the month ``number`` months after that of ``day``."""
    years, month = divmod(day.month - 1 + number, 12)
    return date(day.year + years, month + 1, 1)


def month_length(first: date) -> int:
    """Return the number of days of the month that begins with ``first``."""
    return (_months_later(first, 1) - first) // timedelta(days=1)
