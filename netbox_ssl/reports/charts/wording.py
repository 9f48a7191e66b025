"""Numbers as the drawings, and the tables beside them, write them."""

from django.utils.translation import ngettext

__all__ = ('days', 'percent')


def days(number: float) -> str:
    """A number of days as people say it; parts of a day only where they count."""
    shown = round(number, 1) if abs(number) < 10 else round(number)
    shown = int(shown) if shown == int(shown) else shown
    return ngettext('{days} day', '{days} days', 1 if shown == 1 else 2).format(days=shown)


def percent(value: float) -> str:
    """Return an SVG length. Not left to the templates, which would write a decimal comma in some languages."""
    return f'{value:.2f}%'
