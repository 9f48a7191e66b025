"""
How many certificates become due, overdue, or expire in each of the coming weeks, counted in SQL (drawn in
``charts/bars.py``).

One or two queries for each kind, grouped by day, from an index alone; weeks are added up from at most 92 days.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext

from netbox_ssl.acme import renewal
from netbox_ssl.choices import CertificateStatusChoices

__all__ = ('DAYS', 'KINDS', 'Kind', 'Week', 'weeks')

# 13 weeks: whole ones, and no day less than 90.
DAYS = 91
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Kind:
    """Something that time brings to a certificate."""

    key: str
    label: str | Promise
    # A text colour of NetBox's theme, right in light and dark.
    color: str
    column: str
    # Which certificates it comes to: as filters of the list, and as conditions of which each has a partial index.
    filters: dict
    conditions: tuple[Q, ...]
    # Number of certificates → what happens to them, in words.
    words: Callable[[int], str]


ELIGIBLE = {'is_acme': 'true', 'status': CertificateStatusChoices.STATUS_ACTIVE}
AUTOMATIC = {**ELIGIBLE, 'acme_auto_renewal': 'true'}
IS_AUTOMATIC = renewal.eligible_q() & Q(acme_auto_renewal=True)
IS_MANUAL = renewal.eligible_q() & Q(acme_auto_renewal=False)

KINDS = (
    Kind(
        'due',
        gettext_lazy('Renewal due'),
        'blue',
        'renewal_due_at',
        AUTOMATIC,
        (IS_AUTOMATIC,),
        lambda n: ngettext('{n} certificate becomes due', '{n} certificates become due', n),
    ),
    Kind(
        'overdue',
        gettext_lazy('Overdue unless renewed'),
        'orange',
        'renewal_overdue_at',
        AUTOMATIC,
        (IS_AUTOMATIC,),
        lambda n: ngettext('{n} certificate becomes overdue', '{n} certificates become overdue', n),
    ),
    Kind(
        'expiry',
        gettext_lazy('Expires unless renewed'),
        'red',
        'valid_to',
        ELIGIBLE,
        (IS_AUTOMATIC, IS_MANUAL),
        lambda n: ngettext('{n} certificate expires', '{n} certificates expire', n),
    ),
)


@dataclass(frozen=True)
class Week:
    """From ``start`` to before ``end`` (aware datetimes); the first begins now."""

    start: datetime
    end: datetime
    # Key of a kind → certificates
    counts: dict[str, int] = field(default_factory=dict)


def weeks(certificates, now: datetime) -> list[Week]:
    """The coming weeks, of those of ``certificates`` (a queryset) that have a renewal status."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    ends = [_days_later(midnight, days) for days in range(7, DAYS + 1, 7)]
    made = [Week(start, end) for start, end in zip([now, *ends], ends, strict=False)]
    for kind in KINDS:
        for condition in kind.conditions:
            for day, count in _by_day(certificates.filter(condition), kind.column, now, ends[-1]):
                week = made[(day - midnight.date()) // WEEK]
                week.counts[kind.key] = week.counts.get(kind.key, 0) + count
    return made


def _days_later(midnight: datetime, days: int) -> datetime:
    """Midnight again, also where the clocks change in between."""
    return timezone.make_aware((midnight + timedelta(days=days)).replace(tzinfo=None))


def _by_day(certificates, column: str, start: datetime, end: datetime):
    # The first says what follows from the second but for a window of the CA after the expiry, and finds the index.
    within = Q(('valid_to__gte', start), (f'{column}__gte', start), (f'{column}__lt', end))
    rows = certificates.filter(within).annotate(day=TruncDate(column))
    return rows.order_by('day').values('day').annotate(count=Count('*')).values_list('day', 'count')
