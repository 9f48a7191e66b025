"""The timeline of a certificate: when each issuance was valid, and when the next one replaced it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.expiry.wording import span_text
from netbox_ssl.x509.text import visible

from .wording import days, percent

__all__ = ('Timeline', 'draw')

# The newest issuances are drawn; the table has all.
MOST_ROWS = 12
ROW_HEIGHT = 26
BAR_HEIGHT = 14
# Space above the bars for the word "now", and below them for the dates
TOP_HEIGHT = 16
AXIS_HEIGHT = 26
TICKS = 4
# Space on the left and right for marks at the edge, in per cent of the width
MARGIN = 0.5


@dataclass(frozen=True)
class Zone:
    """A part of the bar of the current issuance: the time from which renewal is due, or overdue."""

    x: str
    width: str
    color: str


@dataclass(frozen=True)
class Bar:
    """One issuance. Horizontal positions are per cent of the width, so that text keeps its size on every screen."""

    title: str
    label: str
    y: int
    middle: int
    # Of the mark, which is a little taller than the bar
    top: int
    bottom: int
    start: str
    width: str
    # The validity left when it was replaced, drawn faintly
    left_start: str
    left_width: str
    # When it was replaced; empty for the current one
    mark: str
    # A gap without a valid certificate until the next one starts
    gap_width: str
    end: str
    is_current: bool
    # The label is on the side with more room.
    label_x: str
    label_is_before: bool
    # Of the current issuance of an active certificate
    zones: list[Zone]


@dataclass(frozen=True)
class Tick:
    x: str
    label: str
    anchor: str
    # Hidden on narrow screens, which have room for every other date
    is_minor: bool


@dataclass(frozen=True)
class Timeline:
    title: str
    description: str
    bars: list[Bar]
    ticks: list[Tick]
    now: str
    now_anchor: str
    height: int
    axis: int
    bar_height: int
    # Number of older issuances that are not drawn
    omitted: int


class _Scale:
    """Converts datetimes to per cent of the width."""

    def __init__(self, start: datetime, end: datetime):
        self.start = start
        self.span = max((end - start).total_seconds(), 1)

    def at(self, moment: datetime) -> float:
        share = (moment - self.start).total_seconds() / self.span
        return MARGIN + share * (100 - 2 * MARGIN)

    def moment(self, share: float) -> datetime:
        return self.start + timedelta(seconds=share * self.span)


def draw(certificate, issuances: list, now: datetime, total: int | None = None) -> Timeline | None:
    """
    Return the timeline of ``issuances``, newest first, or None if there are none. ``total`` is their number if not all
    of them are given.
    """
    drawn = issuances[:MOST_ROWS][::-1]
    if not drawn:
        return None
    moments = [moment for each in drawn for moment in (each.valid_from, each.valid_to, each.replaced_at) if moment]
    scale = _Scale(min(*moments, now), max(*moments, now))
    axis = TOP_HEIGHT + len(drawn) * ROW_HEIGHT
    at_now = scale.at(now)
    return Timeline(
        title=_('When the certificates of {name} were valid').format(name=visible(str(certificate))),
        description=_describe(drawn),
        bars=[_bar(each, number, scale, now, certificate) for number, each in enumerate(drawn)],
        ticks=list(_ticks(scale)),
        now=percent(at_now),
        now_anchor='end' if at_now > 90 else 'start',
        height=axis + AXIS_HEIGHT,
        axis=axis,
        bar_height=BAR_HEIGHT,
        omitted=(len(issuances) if total is None else total) - len(drawn),
    )


def _bar(issuance, number: int, scale: _Scale, now: datetime, certificate) -> Bar:
    start, end = scale.at(issuance.valid_from), scale.at(issuance.valid_to)
    replaced = issuance.replaced_at
    # In use until it was replaced, or until it expired if it was replaced later.
    used = max(min(end, scale.at(replaced)), start) if replaced else end
    mark = scale.at(replaced) if replaced else None
    right = max(end, mark or 0)
    is_before = start > 100 - right
    y = TOP_HEIGHT + number * ROW_HEIGHT + (ROW_HEIGHT - BAR_HEIGHT) // 2
    return Bar(
        title=_sentence(issuance),
        label=_label(issuance, now),
        y=y,
        middle=y + BAR_HEIGHT // 2,
        top=y - 2,
        bottom=y + BAR_HEIGHT + 2,
        start=percent(start),
        width=percent(used - start),
        left_start=percent(used),
        left_width=percent(end - used),
        mark=percent(mark) if mark is not None else '',
        gap_width=percent(mark - end) if mark is not None and mark > end else '',
        end=percent(end),
        is_current=issuance.is_current,
        label_x=percent(start if is_before else right),
        label_is_before=is_before,
        zones=list(_zones(certificate, scale)) if issuance.is_current else [],
    )


def _zones(certificate, scale: _Scale) -> Iterator[Zone]:
    if certificate.status != CertificateStatusChoices.STATUS_ACTIVE or not certificate.renews_automatically:
        return
    start, end = certificate.valid_from, certificate.valid_to
    due, overdue = (max(start, min(each, end)) for each in (certificate.due_at(), certificate.overdue_at()))
    for color, first, last in (('yellow', due, overdue), ('orange', overdue, end)):
        if last > first:
            yield Zone(percent(scale.at(first)), percent(scale.at(last) - scale.at(first)), color)


def _ticks(scale: _Scale):
    for number in range(TICKS + 1):
        share = number / TICKS
        moment = scale.moment(share)
        anchor = {0: 'start', TICKS: 'end'}.get(number, 'middle')
        yield Tick(percent(scale.at(moment)), f'{moment:%Y-%m-%d}', anchor, number % 2 == 1)


def _replacement(issuance) -> str:
    """Return when it was replaced, in words; empty if it was not."""
    before = issuance.replaced_days_before_expiry
    if before is None:
        return ''
    if before < 0:
        return _('{days} after expiry').format(days=days(-before))
    return _('{days} before expiry').format(days=days(before))


def _label(issuance, now: datetime) -> str:
    if words := _replacement(issuance):
        return words
    if not issuance.is_current:
        return ''
    if issuance.valid_to < now:
        return _('Expired {span} ago').format(span=span_text(now - issuance.valid_to))
    return _('Expires in {span}').format(span=span_text(issuance.valid_to - now))


def _sentence(issuance) -> str:
    """Return one issuance in words, for its tooltip and for screen readers."""
    span = _('{start} to {end}').format(
        start=f'{issuance.valid_from:%Y-%m-%d %H:%M}', end=f'{issuance.valid_to:%Y-%m-%d %H:%M}'
    )
    if issuance.is_current:
        return _('{span}, current').format(span=span)
    if words := _replacement(issuance):
        return _('{span}, replaced {when}').format(span=span, when=words)
    return span


def _describe(drawn: list) -> str:
    count = ngettext('{count} issuance, oldest first:', '{count} issuances, oldest first:', len(drawn))
    return ' '.join([count.format(count=len(drawn)), '; '.join(map(_sentence, drawn))])
