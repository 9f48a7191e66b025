"""
The number of certificates that become due, overdue, or expire in each of the coming weeks, counted in SQL (drawn by
``charts/bars.py``).

A few index-only queries, grouped by day; weeks are summed up from at most 92 days. A certificate whose chain expires
first counts in the week in which its chain expires.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext

from netbox_ssl.acme.renewal_kinds import AUTOMATIC, MANUAL, NOT_ACME, active_q
from netbox_ssl.choices import CertificateStatusChoices, RenewalStatusChoices, ValidityChoices
from netbox_ssl.expiry.marks import END as EXPIRES_AT

from .expiry_days import count_by_day

__all__ = ('DAYS', 'KINDS', 'STACKS', 'Kind', 'Week', 'weeks')

# 13 whole weeks, at least 90 days
DAYS = 91
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Kind:
    """Something that happens to certificates as time passes."""

    key: str
    label: str | Promise
    # A text colour of NetBox's theme, for light and dark mode
    color: str
    # Column with the moment at which it happens
    column: str
    # Who renews the certificates concerned (acme/renewal_kinds.py)
    renewal: str
    # Number of certificates → a description of what happens to them
    words: Callable[[int], str]
    # Filters of the list, besides the days, that find those to which it has not happened yet
    filters: dict[str, tuple[str, ...]]

    @property
    def sort(self) -> str:
        """Return the column by which the list is to be sorted."""
        return 'validity' if self.column == EXPIRES_AT else self.column


NOT_EXPIRED = tuple(value for value in ValidityChoices.values() if value != ValidityChoices.EXPIRED)
# Active certificates that a client renews, and that have not expired
RENEWED_BY_CLIENT = (RenewalStatusChoices.OK, RenewalStatusChoices.DUE)

DUE = Kind(
    'due',
    gettext_lazy('Renewal due'),
    'blue',
    'renewal_due_at',
    AUTOMATIC,
    lambda n: ngettext('{n} certificate becomes due', '{n} certificates become due', n),
    {'renewal_status': (RenewalStatusChoices.OK,)},
)
OVERDUE = Kind(
    'overdue',
    gettext_lazy('Overdue unless renewed'),
    'orange',
    'renewal_overdue_at',
    AUTOMATIC,
    lambda n: ngettext('{n} certificate becomes overdue', '{n} certificates become overdue', n),
    {'renewal_status': RENEWED_BY_CLIENT, 'renewal_overdue': ('false',)},
)
EXPIRY = (
    Kind(
        'expiry_automatic',
        gettext_lazy('Expires unless renewed by its client'),
        'purple',
        EXPIRES_AT,
        AUTOMATIC,
        lambda n: ngettext(
            '{n} certificate that a client renews expires', '{n} certificates that a client renews expire', n
        ),
        {'renewal_status': RENEWED_BY_CLIENT},
    ),
    Kind(
        'expiry_manual',
        gettext_lazy('Expires: ACME, renewed by hand'),
        'pink',
        EXPIRES_AT,
        MANUAL,
        lambda n: ngettext(
            '{n} certificate that is renewed by hand over ACME expires',
            '{n} certificates that are renewed by hand over ACME expire',
            n,
        ),
        {'renewal_status': (RenewalStatusChoices.MANUAL,)},
    ),
    Kind(
        'expiry_other',
        gettext_lazy('Expires: not ACME'),
        'red',
        EXPIRES_AT,
        NOT_ACME,
        lambda n: ngettext('{n} certificate that is not ACME expires', '{n} certificates that are not ACME expire', n),
        {'is_acme': ('false',), 'status': (CertificateStatusChoices.STATUS_ACTIVE,), 'validity': NOT_EXPIRED},
    ),
)

# Kinds that are drawn on top of each other, as one bar
STACKS = ((DUE,), (OVERDUE,), EXPIRY)
KINDS = tuple(kind for stack in STACKS for kind in stack)


@dataclass(frozen=True)
class Week:
    """A week from ``start`` to before ``end`` (aware datetimes); the first week starts now."""

    start: datetime
    end: datetime
    # Key of a kind → certificates
    counts: dict[str, int] = field(default_factory=dict)


def weeks(certificates, now: datetime) -> list[Week]:
    """Return the coming weeks, counting those of ``certificates`` (a queryset) that are active."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    ends = [_days_later(midnight, days) for days in range(7, DAYS + 1, 7)]
    made = [Week(start, end) for start, end in zip([now, *ends], ends, strict=False)]
    for day, kind, count in _by_day(certificates, now, midnight, ends[-1]):
        week = made[(day - midnight.date()) // WEEK]
        week.counts[kind.key] = week.counts.get(kind.key, 0) + count
    return made


def _days_later(midnight: datetime, days: int) -> datetime:
    """Return midnight, also if the clocks change in between."""
    return timezone.make_aware((midnight + timedelta(days=days)).replace(tzinfo=None))


def _by_day(certificates, now: datetime, midnight: datetime, end: datetime) -> Iterator[tuple[date, Kind, int]]:
    for kind in (DUE, OVERDUE):
        for day, count in _moments_by_day(certificates.filter(active_q(kind.renewal)), kind.column, now, end):
            yield day, kind, count
    expiry = {kind.renewal: kind for kind in EXPIRY}
    # From midnight, as in the list that a bar links to: a chain may have expired earlier today.
    for day, renewal, count in count_by_day(certificates.filter(valid_to__gte=now), midnight, end):
        yield day, expiry[renewal], count


def _moments_by_day(certificates, column: str, start: datetime, end: datetime):
    # The first condition selects the index. It follows from the second unless the CA suggests a window after expiry.
    within = Q(('valid_to__gte', start), (f'{column}__gte', start), (f'{column}__lt', end))
    rows = certificates.filter(within).annotate(day=TruncDate(column))
    return rows.order_by('day').values('day').annotate(count=Count('*')).values_list('day', 'count')
