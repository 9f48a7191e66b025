"""The coming weeks as bars, one for each week and kind that has certificates; those of a stack on top of each other."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from netbox_ssl.reports.coming_renewals import KINDS, STACKS, Kind, Week

from .wording import percent

__all__ = ('Chart', 'draw')

# Heights in pixels. Horizontal positions are per cent of the width, so that text keeps its size.
PLOT_HEIGHT = 150
TOP_HEIGHT = 18
AXIS_HEIGHT = 26
# The least height at which a bar can be seen and clicked
LEAST_BAR_HEIGHT = 4
# Share of the width of a week that its bars take up
BARS_SHARE = 0.84


@dataclass(frozen=True)
class Bar:
    url: str
    # For screen readers, and as a tooltip
    name: str
    color: str
    # The total of the stack, on its top bar
    label: str
    x: str
    width: str
    middle: str
    y: int
    height: int


@dataclass(frozen=True)
class Tick:
    x: str
    label: str
    # Hidden on narrow screens, which have room for every other date
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
    """Return a bar for each week and kind that has certificates, with a link to them in the list at ``list_url``."""
    most = max((_total(week, stack) for week in coming for stack in STACKS), default=0)
    place = 100 / len(coming)
    axis = TOP_HEIGHT + PLOT_HEIGHT
    width = place * BARS_SHARE / len(STACKS)
    bars = [
        bar
        for number, week in enumerate(coming)
        for index, stack in enumerate(STACKS)
        for bar in _stack(week, stack, (number + (1 - BARS_SHARE) / 2) * place + index * width, width, most, list_url)
    ]
    return Chart(
        bars=bars,
        ticks=[
            Tick(percent((number + 0.5) * place), _date(week.start), number % 2 == 1)
            for number, week in enumerate(coming)
        ],
        legend=[
            Legend(str(kind.label), kind.color, sum(week.counts.get(kind.key, 0) for week in coming)) for kind in KINDS
        ],
        height=axis + AXIS_HEIGHT,
        axis=axis,
    )


def _total(week: Week, stack: tuple[Kind, ...]) -> int:
    return sum(week.counts.get(kind.key, 0) for kind in stack)


def _stack(week: Week, stack: tuple[Kind, ...], x: float, width: float, most: int, list_url: str) -> list[Bar]:
    """Return the bars of a stack, from the bottom; the top one is labelled with their total."""
    kinds = [kind for kind in stack if kind.key in week.counts]
    bars, bottom = [], TOP_HEIGHT + PLOT_HEIGHT
    for kind in kinds:
        height = max(LEAST_BAR_HEIGHT, round(PLOT_HEIGHT * week.counts[kind.key] / most))
        bottom -= height
        label = _short(_total(week, stack)) if kind is kinds[-1] else ''
        bars.append(_bar(week, kind, x, width, bottom, height, label, list_url))
    return bars


def _bar(week: Week, kind: Kind, x: float, width: float, y: int, height: int, label: str, list_url: str) -> Bar:
    count = week.counts[kind.key]
    last = week.end - timedelta(seconds=1)
    what = kind.words(count).format(n=count)
    return Bar(
        url=f'{list_url}?{_query(week, kind)}',
        name=_('{what}, {first} to {last}').format(what=what, first=_date(week.start), last=_date(last)),
        color=kind.color,
        label=label,
        x=percent(x),
        width=percent(width * 0.9),
        middle=percent(x + width * 0.45),
        y=y,
        height=height,
    )


def _query(week: Week, kind: Kind) -> str:
    # Whole days, which the form of the list can show. The first week starts now; the filters of the kind leave out
    # those to which it has happened earlier today.
    first, end = (timezone.localtime(moment).date().isoformat() for moment in (week.start, week.end))
    days = {f'{kind.column}__gte': first, f'{kind.column}__lt': end}
    return urlencode({**kind.filters, **days, 'sort': kind.sort}, doseq=True)


def _date(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), 'j M')


def _short(count: int) -> str:
    """Return at most four characters: there is little room above a bar."""
    return str(count) if count < 10_000 else f'{count // 1000}k'
