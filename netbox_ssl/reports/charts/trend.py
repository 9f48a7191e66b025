"""How many days before expiry a certificate was renewed, each time: a client that is getting later has a problem."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from netbox_ssl.acme.renewal import overdue_at, renewal_due_at

from .wording import days, percent

__all__ = ('Trend', 'draw')

# Heights in pixels
PLOT_HEIGHT = 70
TOP_HEIGHT = 16
AXIS_HEIGHT = 18
LEAST_HEIGHT = 2
BAR_SHARE = 0.7
# A wider bar looks like a block.
WIDEST = 8.0


@dataclass(frozen=True)
class Bar:
    url: str
    # For screen readers, and as a tooltip
    name: str
    color: str
    label: str
    date: str
    x: str
    middle: str
    width: str
    y: int
    height: int


@dataclass(frozen=True)
class Trend:
    bars: list[Bar]
    height: int
    axis: int


def draw(certificate, issuances: list) -> Trend | None:
    """Return the renewals among ``issuances`` (newest first), oldest first; None if there were fewer than two."""
    replaced = [each for each in reversed(issuances) if each.replaced_days_before_expiry is not None]
    if len(replaced) < 2:
        return None
    most = max(*(each.replaced_days_before_expiry for each in replaced), 1)
    place = 100 / len(replaced)
    return Trend(
        bars=[_bar(certificate, each, number, place, most) for number, each in enumerate(replaced)],
        height=TOP_HEIGHT + PLOT_HEIGHT + AXIS_HEIGHT,
        axis=TOP_HEIGHT + PLOT_HEIGHT,
    )


def _bar(certificate, issuance, number: int, place: float, most: float) -> Bar:
    left = issuance.replaced_days_before_expiry
    height = max(LEAST_HEIGHT, round(PLOT_HEIGHT * max(left, 0) / most))
    width = min(place * BAR_SHARE, WIDEST)
    middle = (number + 0.5) * place
    when = f'{issuance.replaced_at:%Y-%m-%d}'
    before = _('{days} before expiry') if left >= 0 else _('{days} after expiry')
    return Bar(
        url=issuance.get_absolute_url(),
        name=_('Renewed on {date}, {before}').format(date=when, before=before.format(days=days(abs(left)))),
        color=_color(certificate, issuance),
        label=f'{left:.0f}',
        date=when,
        x=percent(middle - width / 2),
        middle=percent(middle),
        width=percent(width),
        y=TOP_HEIGHT + PLOT_HEIGHT - height,
        height=height,
    )


def _color(certificate, issuance) -> str:
    """Return red if it was renewed after expiry, orange if its client was overdue, and green otherwise."""
    if issuance.replaced_at > issuance.valid_to:
        return 'red'
    if not certificate.renews_automatically:
        return 'green'
    due = renewal_due_at(issuance.valid_from, issuance.valid_to, certificate.acme_renewal_days)
    return 'orange' if issuance.replaced_at > overdue_at(due, issuance.valid_to) else 'green'
