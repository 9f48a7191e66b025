"""The days of the coming months on which certificates expire: a row for each month, colored by who renews them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from netbox_ssl.acme.renewal_kinds import AUTOMATIC, MANUAL, NOT_ACME
from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.reports.expiry_days import ExpiryDays, month_length

from .wording import percent

__all__ = ('Heatmap', 'draw')

ROW_HEIGHT = 20
CELL_HEIGHT = 16
# For the numbers of the days, above
TOP_HEIGHT = 16
# For the names of the months, in per cent of the width
LABEL_WIDTH = 16.0
DAYS = 31
DAY_WIDTH = (100 - LABEL_WIDTH) / DAYS
GAP = 0.3
LABELLED_DAYS = (1, 5, 10, 15, 20, 25, 30)
# Number of certificates from which a cell is drawn stronger → opacity
STRENGTHS = ((1, '0.6'), (2, '0.8'), (5, '1'))


@dataclass(frozen=True)
class Kind:
    """Who renews certificates: the colors are those of the bars (``coming_renewals.py``)."""

    key: str
    label: str | Promise
    color: str
    words: Callable[[int], str]


# The most worrying first: a day has the color of the first that occurs on it.
KINDS = (
    Kind(NOT_ACME, gettext_lazy('Not ACME'), 'red', lambda n: ngettext('{n} not ACME', '{n} not ACME', n)),
    Kind(
        MANUAL,
        gettext_lazy('ACME, renewed by hand'),
        'pink',
        lambda n: ngettext('{n} renewed by hand', '{n} renewed by hand', n),
    ),
    Kind(
        AUTOMATIC,
        gettext_lazy('ACME, renewed by a client'),
        'purple',
        lambda n: ngettext('{n} renewed by a client', '{n} renewed by clients', n),
    ),
)


@dataclass(frozen=True)
class Cell:
    url: str
    # For screen readers, and as a tooltip
    name: str
    color: str
    opacity: str
    x: str
    y: int


@dataclass(frozen=True)
class Row:
    label: str
    y: int
    baseline: int
    # The days of the month, drawn faintly
    width: str
    cells: list[Cell]


@dataclass(frozen=True)
class Heatmap:
    rows: list[Row]
    # Position → number of the day
    days: list[tuple[str, int]]
    legend: list[tuple[Kind, int]]
    start: str
    day_width: str
    cell_height: int
    # Of the marker of today
    today_x: str
    today_y: int
    height: int

    @property
    def any(self) -> bool:
        """Return whether there is anything to draw."""
        return any(row.cells for row in self.rows)


def draw(days: ExpiryDays, list_url: Callable[[list[tuple[str, str]]], str]) -> Heatmap:
    """
    Return the heatmap of ``days``.

    Args:
        list_url: returns the URL of the list of certificates with the given filters
    """
    return Heatmap(
        rows=[_row(days, first, number, list_url) for number, first in enumerate(days.months)],
        days=[(percent(_x(day) + DAY_WIDTH / 2), day) for day in LABELLED_DAYS],
        legend=[(kind, days.total(kind.key)) for kind in KINDS],
        start=percent(LABEL_WIDTH),
        day_width=percent(DAY_WIDTH - GAP),
        cell_height=CELL_HEIGHT,
        today_x=percent(_x(days.first.day)),
        today_y=TOP_HEIGHT,
        height=TOP_HEIGHT + len(days.months) * ROW_HEIGHT,
    )


def _x(day: int) -> float:
    return LABEL_WIDTH + (day - 1) * DAY_WIDTH


def _row(days: ExpiryDays, first: date, number: int, list_url) -> Row:
    y = TOP_HEIGHT + number * ROW_HEIGHT
    found = sorted(day for day in days.counts if (day.year, day.month) == (first.year, first.month))
    return Row(
        label=date_format(first, 'M Y'),
        y=y,
        baseline=y + CELL_HEIGHT - 4,
        width=percent(month_length(first) * DAY_WIDTH - GAP),
        cells=[_cell(day, days.counts[day], y, list_url) for day in found],
    )


def _cell(day: date, counts: dict[str, int], y: int, list_url) -> Cell:
    total = sum(counts.values())
    present = [kind for kind in KINDS if counts.get(kind.key)]
    filters = [('expires_on', day.isoformat()), ('status', CertificateStatusChoices.STATUS_ACTIVE)]
    return Cell(
        url=list_url(filters),
        name=_name(day, total, [kind.words(counts[kind.key]).format(n=counts[kind.key]) for kind in present]),
        color=present[0].color,
        opacity=next(opacity for least, opacity in reversed(STRENGTHS) if total >= least),
        x=percent(_x(day.day)),
        y=y,
    )


def _name(day: date, total: int, parts: list[str]) -> str:
    what = ngettext('{n} certificate expires on {day}', '{n} certificates expire on {day}', total)
    return _('{what}: {parts}').format(what=what.format(n=total, day=date_format(day, 'j F Y')), parts=', '.join(parts))
