"""The lifetime of a certificate as a bar: issued, now, due, overdue, and the end, with the expiry marks on it."""

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

# Colors of NetBox's theme for the time before renewal is due, until it is overdue, and until the end
ZONES = (
    ('green', gettext_lazy('Issued')),
    ('yellow', gettext_lazy('Renewal due')),
    ('orange', gettext_lazy('Overdue')),
)
END = gettext_lazy('Valid to')
# Of a certificate that has expired, and of one that is revoked or retired
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
    starts = [certificate.valid_from, certificate.due_at(), certificate.overdue_at()]
    left = validity_text(certificate.validity_at(now), certificate.valid_from, certificate.valid_to, now)
    moments = [
        *(Moment(label, when, color) for (color, label), when in zip(ZONES, starts, strict=True)),
        Moment(END, certificate.valid_to, ''),
    ]
    return LifetimeBar(
        parts=list(_parts(certificate, [scale.at(each) for each in starts], scale.at(now), now)),
        moments=moments,
        marks=[percent(scale.at(each)) for each in _marks(certificate)],
        now=percent(scale.at(now)),
        left=left,
        description=_describe(moments, left),
    )


def _parts(certificate, starts: list[float], at_now: float, now: datetime) -> Iterator[Part]:
    """Yield the zones, each divided at ``now``."""
    for (color, _label), start, end in zip(ZONES, starts, [*starts[1:], 100.0], strict=True):
        if certificate.status != CertificateStatusChoices.STATUS_ACTIVE:
            color = NOT_IN_USE
        elif now > certificate.valid_to:
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
