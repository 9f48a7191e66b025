"""
Expiry marks: numbers of days before the end of a certificate at which its expiry is announced.

A mark counts if it is less than half of the lifetime, so that a certificate of six days is not announced as expiring
when it is issued; and, for a certificate that is renewed automatically, only if it follows the time at which its
renewal is overdue, so that its client has its turn first. Both are one upper bound on the days, ``mark_limit()``, which
does not depend on the clock or on a setting: the database keeps it as a generated column.

Each part is written in Python and in SQL, side by side; ``tests/expiry`` compares them. Marks are stored smallest
first, because PostgreSQL's ``width_bucket()`` finds the largest mark below a bound only in a sorted array; people and
programs see them largest first.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Case,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    Q,
    Value,
    When,
)
from django.db.models.functions import Least

from netbox_ssl.acme.renewal import at_utc, overdue_at_sql

__all__ = (
    'DAY',
    'END',
    'MAX_MARK',
    'MOST_MARKS',
    'end_sql',
    'listed_marks',
    'mark_limit',
    'mark_limit_sql',
    'mark_passed',
    'next_mark',
    'next_mark_at_sql',
    'own_mark_sql',
    'sorted_marks',
)

DAY = timedelta(days=1)

# Ten years: longer than almost any lifetime, and small enough for date arithmetic
MAX_MARK = 3650
# Enough for a mark each day of the last two weeks and some before
MOST_MARKS = 20

# The generated column from which marks count back
END = 'expires_at'


def sorted_marks(marks: Iterable[int]) -> list[int]:
    """Return the marks as they are stored: each once, smallest first."""
    return sorted(set(marks))


def listed_marks(marks: Iterable[int]) -> list[int]:
    """Return the marks as they are shown: each once, largest first, in the order in which they pass."""
    return sorted(set(marks), reverse=True)


def end_sql() -> Least:
    """
    Return the time from which marks count back, for a generated column of Certificate: the earlier one of the ends of
    the certificate and of its chain. LEAST ignores null.
    """
    return Least(F('valid_to'), F('chain_valid_to'), output_field=DateTimeField())


#
# Which marks count
#


def mark_limit(valid_from: datetime, valid_to: datetime, end: datetime, overdue_at: datetime | None) -> int:
    """
    Return the number of days below which marks count.

    Args:
        end: the time from which marks count back
        overdue_at: when the renewal is overdue; None if the certificate is not renewed automatically
    """
    # Rounded up without floating point
    below_half = -((valid_from - valid_to) // (2 * DAY))
    return below_half if overdue_at is None else min(below_half, -((overdue_at - end) // DAY))


def _days(duration, per: int = 1) -> Func:
    """Return a duration (a difference of two UTC timestamps) in units of ``per`` days, rounded up."""
    seconds = 86400 * per
    template = f'CEIL(EXTRACT(EPOCH FROM (%(expressions)s)) / {seconds})::integer'
    return Func(duration, template=template, output_field=IntegerField())


def mark_limit_sql():
    """Return the SQL twin of ``mark_limit()``, for a generated column of Certificate."""
    end, valid_from, valid_to = at_utc(end_sql()), at_utc(F('valid_from')), at_utc(F('valid_to'))
    below_half = _days(valid_to - valid_from, per=2)
    after_overdue = _days(end - at_utc(overdue_at_sql()))
    return Case(
        When(Q(is_acme=True, acme_auto_renewal=True), then=Least(below_half, after_overdue)),
        default=below_half,
        output_field=IntegerField(),
    )


#
# Which marks have passed
#


def mark_passed(
    marks: Iterable[int], limit: int, end: datetime, now: datetime, after: datetime | None = None
) -> int | None:
    """Return the smallest mark that counts and has passed at ``now``, but after ``after``; None if none has."""
    if after is not None:
        limit = min(limit, -((after - end) // DAY))
    # Compared as durations: end − mark may lie before year 1, which datetime cannot express.
    return min((mark for mark in marks if mark < limit and mark * DAY >= end - now), default=None)


def next_mark(marks: Iterable[int], limit: int, end: datetime, after: datetime) -> int | None:
    """Return the largest mark that counts and passes after the time ``after``; None if there is none."""
    return max((mark for mark in marks if mark < limit and mark * DAY < end - after), default=None)


def own_mark_sql(prefix: str = '') -> Func:
    """Return the largest of a certificate's own marks that counts (``expiry_marks``); null if there is none."""
    return _largest_below(F(f'{prefix}expiry_marks'), F(f'{prefix}expiry_mark_limit'))


def next_mark_at_sql(after: str):
    """
    Return when the next mark after the time in the column ``after`` passes, for a generated column of Certificate: the
    time of ``next_mark()``, with the certificate's own marks or else those in ``default_expiry_marks``.
    """
    end = at_utc(end_sql())
    marks = Case(
        When(expiry_marks=[], then=F('default_expiry_marks')),
        default=F('expiry_marks'),
        output_field=ArrayField(IntegerField()),
    )
    bound = Least(mark_limit_sql(), _days(end - at_utc(F(after))))
    before = ExpressionWrapper(_largest_below(marks, bound) * Value(DAY), output_field=DurationField())
    moment = ExpressionWrapper(end - before, output_field=DateTimeField())
    # LEAST ignores null.
    return Case(
        When(Q((f'{after}__isnull', False)), then=at_utc(moment)), default=None, output_field=DateTimeField(null=True)
    )


def _largest_below(marks, bound) -> Func:
    number = Func(bound - Value(1), marks, function='WIDTH_BUCKET', output_field=IntegerField())
    return Func(marks, number, template='(%(expressions)s]', arg_joiner=')[', output_field=IntegerField())
