"""Columns whose values are the same in Python, in JSON and for the database, so that many of them are read at once."""

from django.db import models

__all__ = ('PLAIN_TYPES', 'is_plain')

PLAIN_TYPES = frozenset({str, int, bool, float, type(None)})

_PLAIN_FIELDS = (models.CharField, models.TextField, models.BooleanField, models.IntegerField, models.ForeignKey)


def is_plain(field: models.Field) -> bool:
    """Return whether valid values of ``field`` are of ``PLAIN_TYPES``, and are stored as they are."""
    return isinstance(field, _PLAIN_FIELDS)
