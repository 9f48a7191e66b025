"""The longest lifetimes that the Baseline Requirements of the CA/Browser Forum allow, by date of issue."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

__all__ = ('SHORTEST', 'longest_lifetime', 'periods')

# Issued from this date on → days. Earlier certificates are not judged: their limits were in months, and all of them
# have expired. Ballots 193, SC31 and SC-081v3.
SCHEDULE = (
    (datetime(2018, 3, 1, tzinfo=UTC), 825),
    (datetime(2020, 9, 1, tzinfo=UTC), 398),
    (datetime(2026, 3, 15, tzinfo=UTC), 200),
    (datetime(2027, 3, 15, tzinfo=UTC), 100),
    (datetime(2029, 3, 15, tzinfo=UTC), 47),
)

# Days that every lifetime will have to keep below
SHORTEST = SCHEDULE[-1][1]


def longest_lifetime(issued: datetime) -> timedelta | None:
    """Return the lifetime that a certificate issued then must not reach; None if it is not judged."""
    number = bisect_right([start for start, _days in SCHEDULE], issued)
    return timedelta(days=SCHEDULE[number - 1][1]) if number else None


def periods() -> Iterator[tuple[datetime, datetime | None, timedelta]]:
    """Yield start, end (None: open) and longest lifetime of each period: the rows of ``longest_lifetime()``."""
    ends = [start for start, _days in SCHEDULE[1:]]
    for (start, days), end in zip(SCHEDULE, [*ends, None], strict=True):
        yield start, end, timedelta(days=days)
