"""Times at the ends of the calendar, which NetBox shows in its own time zone, and times as days."""

from datetime import datetime
from functools import partialmethod

from django.utils import timezone

from netbox_ssl.x509.moments import moment

__all__ = ('MomentsMixin', 'day_display', 'iso_day')


class MomentsMixin:
    """Read the start and the end of the validity as times that can be converted to any time zone."""

    MOMENTS = ('valid_from', 'valid_to')

    @classmethod
    def from_db(cls, db, field_names, values, **options):
        instance = super().from_db(db, field_names, values, **options)
        for name in cls.MOMENTS:
            if (value := instance.__dict__.get(name)) is not None:
                instance.__dict__[name] = moment(value)
        return instance


def iso_day(value: datetime) -> str:
    """Return the day of an aware datetime in NetBox's time zone, in the format in which NetBox shows days."""
    return f'{timezone.localtime(moment(value)):%Y-%m-%d}'


def day_display(name: str) -> partialmethod:
    """
    Return the method ``get_<name>_display()`` for a column with a time. With it, search results show the day as the
    rest of NetBox does (ISO 8601); without it, they show the time in the format of the language.
    """
    return partialmethod(_day_display, name)


def _day_display(self, name: str) -> str:
    return iso_day(value) if (value := getattr(self, name)) else ''
