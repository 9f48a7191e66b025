"""
The validity rule: whether a certificate is valid, expiring, expired, or not yet valid. It applies to every certificate,
whatever its status and whether or not it is renewed over ACME.

Each part is written once in Python and once in SQL, side by side; ``tests/expiry`` compares them. The validity depends
on the clock and on the setting ``expiry_marks``, so it is not stored: it is a range of ends for each mark, for which an
index is used.

    validity = Expired        when now > valid_to
               Not yet valid  when now < valid_from
               Expiring       when a mark that counts has passed (marks.py)
               Valid          otherwise
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime, time

from django.db.models import Case, DurationField, ExpressionWrapper, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual
from django.utils import timezone

from netbox_ssl.choices import ValidityChoices

from .marks import DAY, END, MAX_MARK, mark_passed, own_mark_sql, sorted_marks

__all__ = ('chain_ended_q', 'days_left', 'expires_on_q', 'expires_within_q', 'validity', 'validity_q', 'validity_sql')

LATEST = datetime.max.replace(tzinfo=UTC)


def validity(
    *,
    valid_from: datetime,
    valid_to: datetime,
    end: datetime,
    limit: int,
    marks: Iterable[int],
    now: datetime,
) -> str:
    """
    Return one of ``ValidityChoices``.

    Args:
        end: the time from which marks count back
        limit: number of days below which marks count, from ``mark_limit()``
        marks: the certificate's own marks, or else those of the setting
    """
    if now > valid_to:
        return ValidityChoices.EXPIRED
    if now < valid_from:
        return ValidityChoices.NOT_YET_VALID
    return ValidityChoices.VALID if mark_passed(marks, limit, end, now) is None else ValidityChoices.EXPIRING


def validity_q(validity: str, now: datetime, marks: Collection[int], prefix: str = '') -> Q:
    """
    Select the certificates whose validity is ``validity``.

    Args:
        marks: those of the setting, for certificates without marks of their own
        prefix: a lookup path ending in ``__``, or empty
    """
    if validity == ValidityChoices.EXPIRED:
        return Q((f'{prefix}valid_to__lt', now))
    if validity == ValidityChoices.NOT_YET_VALID:
        return Q((f'{prefix}valid_to__gte', now), (f'{prefix}valid_from__gt', now))
    current = Q((f'{prefix}valid_to__gte', now), (f'{prefix}valid_from__lte', now))
    if validity == ValidityChoices.EXPIRING:
        return current & _mark_passed_q(now, marks, prefix)
    if validity == ValidityChoices.VALID:
        return current & ~_mark_passed_q(now, marks, prefix)
    raise ValueError(f'{validity!r} is not a validity; choose from {ValidityChoices.values()}')


def _mark_passed_q(now: datetime, marks: Collection[int], prefix: str) -> Q:
    """Select the certificates for which a mark that counts has passed: the SQL twin of ``mark_passed()``."""
    by_setting = Q((f'{prefix}expiry_marks', []))
    left = ExpressionWrapper(F(f'{prefix}{END}') - Value(now), output_field=DurationField())
    own_days = ExpressionWrapper(own_mark_sql(prefix) * Value(DAY), output_field=DurationField())
    # The bound makes an index useful; the expression, null if none of its marks counts, decides.
    own_passed = Q((f'{prefix}{END}__lte', later(now, MAX_MARK))) & Q(
        Coalesce(GreaterThanOrEqual(own_days, left), False)
    )
    passed = ~by_setting & own_passed
    for lower, upper, mark in _ranges(now, marks):
        between = Q((f'{prefix}{END}__lte', upper))
        between &= Q((f'{prefix}{END}__gte', now)) if lower is None else Q((f'{prefix}{END}__gt', lower))
        passed |= by_setting & between & Q((f'{prefix}expiry_mark_limit__gt', mark))
    if marks:
        # The chain has ended, but not the certificate. Only few are in the index for that.
        chain_first = Q((f'{prefix}chain_valid_to__lt', F(f'{prefix}valid_to')), (f'{prefix}chain_valid_to__lte', now))
        passed |= by_setting & chain_first & Q((f'{prefix}expiry_mark_limit__gt', min(marks)))
    return passed


def _ranges(now: datetime, marks: Iterable[int]) -> Iterator[tuple[datetime | None, datetime, int]]:
    """
    Yield each mark with the range of ends (after, up to) for which it is the smallest mark that has passed. The first
    range begins now.
    """
    lower = None
    for mark in sorted_marks(marks):
        upper = later(now, mark)
        yield lower, upper, mark
        lower = upper


def later(now: datetime, days: int) -> datetime:
    """Return the time ``days`` days after ``now``, or the last one that can be stored."""
    return now + days * DAY if days * DAY <= LATEST - now else LATEST


def validity_sql(now: datetime, marks: Collection[int], prefix: str = '') -> Case:
    """Return the validity as an expression. To filter, ``validity_q()`` is faster."""
    return Case(
        *(When(validity_q(each, now, marks, prefix), then=Value(each)) for each in ValidityChoices.values()),
        default=Value(None),
    )


def days_left(valid_to: datetime, now: datetime) -> int:
    """Return the whole days until ``valid_to``, rounded down: 0 on the last day, negative afterwards."""
    return (valid_to - now) // DAY


def expires_within_q(days: int, now: datetime, prefix: str = '') -> Q:
    """
    Select the certificates that have not expired but will within ``days`` days, and those whose chain will, or has:
    clients refuse these, too.
    """
    soon = Q((f'{prefix}{END}__gte', now), (f'{prefix}{END}__lte', later(now, days)))
    # With the first condition alone, an index on the date of expiry can be used for a sorted list.
    return Q((f'{prefix}valid_to__gte', now)) & (soon | chain_ended_q(now, prefix))


def chain_ended_q(now: datetime, prefix: str = '') -> Q:
    """Select the certificates that have not expired but whose chain has. Only few are in the index for that."""
    chain = f'{prefix}chain_valid_to'
    return Q((f'{chain}__lt', F(f'{prefix}valid_to')), (f'{chain}__lt', now), (f'{prefix}valid_to__gte', now))


def expires_on_q(day: date, prefix: str = '') -> Q:
    """
    Select the certificates that expire on ``day``, themselves or before that their chains, from midnight to midnight
    in the current time zone.
    """
    if day.year in (date.min.year, date.max.year):
        # Midnight may be beyond what datetime can express. No index is used.
        return Q((f'{prefix}{END}__date', day))
    start, end = (timezone.make_aware(datetime.combine(each, time.min)) for each in (day, day + DAY))
    return Q((f'{prefix}{END}__gte', start), (f'{prefix}{END}__lt', end))
