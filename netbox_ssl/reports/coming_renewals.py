"""
How many certificates become due, overdue, or expire in each of the coming weeks: counted in SQL, drawn as bars.

One or two queries for each kind, grouped by day, from an index alone; weeks are added up from at most 92 days.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from netbox_ssl.acme import renewal
from netbox_ssl.choices import CertificateStatusChoices

__all__ = ('DAYS', 'Chart', 'Week', 'draw', 'weeks')

# 13 weeks: whole ones, and no day less than 90.
DAYS = 91
WEEK = timedelta(days=7)

# Of the drawing, in pixels; horizontal positions are per cent of the width, so that text keeps its size.
PLOT_HEIGHT = 150
TOP_HEIGHT = 18
AXIS_HEIGHT = 26
# Whatever is there can be seen, and hit by a pointer, beside ten thousand others.
LEAST_BAR_HEIGHT = 4
# Of the place of a week, what its bars take together.
BARS_SHARE = 0.84


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


#
# The drawing
#


@dataclass(frozen=True)
class Bar:
    url: str
    # For who cannot see the drawing, and as a tooltip
    name: str
    color: str
    count: str
    x: str
    width: str
    middle: str
    y: int
    height: int


@dataclass(frozen=True)
class Tick:
    x: str
    label: str
    # On a narrow screen there is room for every other date.
    is_minor: bool


@dataclass(frozen=True)
class Legend:
    label: str
    color: str
    total: int


@dataclass(frozen=True)
class Chart:
    bars: list[Bar]
    ticks: list[Tick]
    legend: list[Legend]
    height: int
    axis: int


def draw(coming: list[Week], list_url: str) -> Chart:
    """Bars for each week and kind that has certificates; each leads to them in the list at ``list_url``."""
    most = max((count for week in coming for count in week.counts.values()), default=0)
    place = 100 / len(coming)
    axis = TOP_HEIGHT + PLOT_HEIGHT
    bars = [
        _bar(week, kind, (number + (1 - BARS_SHARE) / 2) * place + index * width, width, most, list_url)
        for number, week in enumerate(coming)
        for index, kind in enumerate(KINDS)
        if kind.key in week.counts
        for width in [place * BARS_SHARE / len(KINDS)]
    ]
    return Chart(
        bars=bars,
        ticks=[
            Tick(_percent((number + 0.5) * place), _date(week.start), number % 2 == 1)
            for number, week in enumerate(coming)
        ],
        legend=[
            Legend(str(kind.label), kind.color, sum(week.counts.get(kind.key, 0) for week in coming)) for kind in KINDS
        ],
        height=axis + AXIS_HEIGHT,
        axis=axis,
    )


def _bar(week: Week, kind: Kind, x: float, width: float, most: int, list_url: str) -> Bar:
    count = week.counts[kind.key]
    height = max(LEAST_BAR_HEIGHT, round(PLOT_HEIGHT * count / most))
    last = week.end - timedelta(seconds=1)
    what = kind.words(count).format(n=count)
    return Bar(
        url=f'{list_url}?{_query(week, kind)}',
        name=_('{what}, {first} to {last}').format(what=what, first=_date(week.start), last=_date(last)),
        color=kind.color,
        count=_short(count),
        x=_percent(x),
        width=_percent(width * 0.9),
        middle=_percent(x + width * 0.45),
        y=TOP_HEIGHT + PLOT_HEIGHT - height,
        height=height,
    )


def _query(week: Week, kind: Kind) -> str:
    times = {f'{kind.column}__gte': week.start.isoformat(), f'{kind.column}__lt': week.end.isoformat()}
    # One that has expired before is no more to become due.
    times.setdefault('valid_to__gte', week.start.isoformat())
    return urlencode({**kind.filters, **times, 'sort': kind.column})


def _date(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), 'j M')


def _short(count: int) -> str:
    """At most four characters: there is little room above a bar."""
    return str(count) if count < 10_000 else f'{count // 1000}k'


def _percent(value: float) -> str:
    """Formatted here: a template would write a decimal comma in some languages."""
    return f'{value:.2f}%'
