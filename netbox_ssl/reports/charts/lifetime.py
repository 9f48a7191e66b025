"""
The lifetime of a certificate as a bar: issued, due, overdue (or expiring, if no client renews it), the end of its chain
if that is earlier, and its end, with now and the expiry marks on it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.expiry.marks import DAY
from netbox_ssl.expiry.wording import validity_text

from .wording import percent

__all__ = ('LifetimeBar', 'draw')

# The zones of the bar, with colors of NetBox's theme
ISSUED = gettext_lazy('Issued'), 'green'
DUE = gettext_lazy('Renewal due'), 'yellow'
OVERDUE = gettext_lazy('Overdue'), 'orange'
EXPIRING = gettext_lazy('Expiring'), 'yellow'
CHAIN_END = gettext_lazy('Chain valid to'), 'red'
END = gettext_lazy('Valid to'), ''
# Colors of a certificate that has expired, or whose chain has, and of one that is revoked or retired
EXPIRED, NOT_IN_USE = 'red', 'secondary'


@dataclass(frozen=True)
class Part:
    """A part of the bar. Horizontal positions are per cent of the width."""

    x: str
    width: str
    color: str
    is_elapsed: bool


@dataclass(frozen=True)
class Moment:
    label: str | Promise
    when: datetime
    # Of the zone that begins with it; empty for the end
    color: str


@dataclass(frozen=True)
class LifetimeBar:
    parts: list[Part]
    moments: list[Moment]
    # Positions of the expiry marks, and of now
    marks: list[str]
    now: str
    # The time that is left, in words, and everything in words for screen readers
    left: str
    description: str


class _Scale:
    """Converts datetimes to per cent of the lifetime; those outside are at its ends."""

    def __init__(self, start: datetime, end: datetime):
        self.start, self.end = start, end
        self.span = max((end - start).total_seconds(), 1)

    def at(self, moment: datetime) -> float:
        within = max(min(moment, self.end), self.start)
        return 100 * max((within - self.start).total_seconds(), 0) / self.span


def draw(certificate, now: datetime) -> LifetimeBar:
    """Return the bar of a certificate as of ``now`` (aware datetime). Takes no query."""
    scale = _Scale(certificate.valid_from, max(certificate.valid_to, certificate.valid_from))
    zones = list(_zones(certificate))
    moments = [*zones, Moment(END[0], certificate.valid_to, END[1])]
    left = validity_text(
        certificate.validity_at(now), certificate.valid_from, certificate.valid_to, now, certificate.chain_valid_to
    )
    return LifetimeBar(
        parts=list(_parts(certificate, zones, scale, now)),
        moments=moments,
        marks=[percent(scale.at(each)) for each in _marks(certificate)],
        now=percent(scale.at(now)),
        left=left,
        description=_describe(moments, left),
    )


def _zones(certificate) -> Iterator[Moment]:
    """Yield what begins when, in the order of time; after the end of its chain, nothing else does."""
    yield Moment(ISSUED[0], certificate.valid_from, ISSUED[1])
    if certificate.renews_automatically:
        zones = [(DUE, certificate.due_at()), (OVERDUE, certificate.overdue_at())]
    else:
        zones = [(EXPIRING, first) for first in [min(_marks(certificate), default=None)] if first is not None]
    for (label, color), when in zones:
        if not certificate.chain_ends_first or when < certificate.chain_valid_to:
            yield Moment(label, when, color)
    if certificate.chain_ends_first:
        yield Moment(CHAIN_END[0], certificate.chain_valid_to, CHAIN_END[1])


def _parts(certificate, zones: list[Moment], scale: _Scale, now: datetime) -> Iterator[Part]:
    """Yield the zones, each divided at ``now``."""
    starts, at_now = [scale.at(zone.when) for zone in zones], scale.at(now)
    for zone, start, end in zip(zones, starts, [*starts[1:], 100.0], strict=True):
        color = zone.color
        if certificate.status != CertificateStatusChoices.STATUS_ACTIVE:
            color = NOT_IN_USE
        elif now > certificate.marks_end:
            color = EXPIRED
        for first, last, is_elapsed in ((start, min(end, at_now), True), (max(start, at_now), end, False)):
            if last > first:
                yield Part(percent(first), percent(last - first), color, is_elapsed)


def _marks(certificate) -> Iterator[datetime]:
    """Yield when the expiry marks that count pass, as far as they are within the lifetime."""
    limit, end = certificate.mark_limit(), certificate.marks_end
    for mark in certificate.effective_expiry_marks:
        # Compared as durations: end − mark may lie before year 1, which datetime cannot express.
        if mark < limit and mark * DAY <= end - certificate.valid_from:
            yield end - mark * DAY


def _describe(moments: list[Moment], left: str) -> str:
    dates = ', '.join(f'{moment.label} {_date(moment.when)}' for moment in moments)
    return _('{left}. {dates}').format(left=left, dates=dates)


def _date(moment: datetime) -> str:
    return f'{moment:%Y-%m-%d}'
