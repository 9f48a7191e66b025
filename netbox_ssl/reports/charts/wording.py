"""Numbers, as drawings and tables write them."""

from django.utils.translation import ngettext

__all__ = ('days', 'percent')


def days(number: float) -> str:
    """Return a number of days in words, with one decimal below 10 days."""
    shown = round(number, 1) if abs(number) < 10 else round(number)
    shown = int(shown) if shown == int(shown) else shown
    return ngettext('{days} day', '{days} days', 1 if shown == 1 else 2).format(days=shown)


def percent(value: float) -> str:
    """Return an SVG length. Not left to the templates, which would write a decimal comma in some languages."""
    return f'{value:.2f}%'
