"""
The number of active certificates that expire on each day of the coming 13 months, by who renews them, counted in SQL
(drawn by ``charts/heatmap.py``).
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from netbox_ssl.acme.renewal_kinds import RENEWAL_KINDS, active_q

__all__ = ('MONTHS', 'ExpiryDays', 'expiry_days', 'month_length')

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
    """Return the number of ``certificates`` that expire on each day, in one query for each kind, from its index."""
    today = timezone.localdate(now)
    days = ExpiryDays(today, _months_later(today, MONTHS))
    start, end = (timezone.make_aware(datetime.combine(each, time.min)) for each in (days.first, days.end))
    ending = certificates.filter(valid_to__gte=start, valid_to__lt=end)
    for kind in RENEWAL_KINDS:
        by_day = ending.filter(active_q(kind)).annotate(day=TruncDate('valid_to')).order_by().values('day')
        for day, count in by_day.annotate(count=Count('pk')).values_list('day', 'count'):
            days.counts.setdefault(day, {})[kind] = count
    return days


def _months_later(day: date, number: int) -> date:
    """Return the first day of the month ``number`` months after that of ``day``."""
    years, month = divmod(day.month - 1 + number, 12)
    return date(day.year + years, month + 1, 1)


def month_length(first: date) -> int:
    """Return the number of days of the month that begins with ``first``."""
    return (_months_later(first, 1) - first) // timedelta(days=1)
