"""Times at the ends of the calendar, such as 99991231235959Z: "no expiry" (RFC 5280, 4.1.2.5)."""

from datetime import UTC, datetime, timedelta

__all__ = ('Moment', 'is_at_an_end', 'moment')

# No time zone is further from UTC than this.
_MARGIN = timedelta(days=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC) + _MARGIN, datetime.max.replace(tzinfo=UTC) - _MARGIN


class Moment(datetime):
    """An aware datetime that keeps its clock time in each time zone where it would be before year 1 or after 9999."""

    def astimezone(self, tz=None):
        try:
            return super().astimezone(tz)
        except OverflowError:
            return self.replace(tzinfo=tz or UTC)


def is_at_an_end(value: datetime) -> bool:
    """Return whether an aware datetime is so early or late that it cannot be converted to each time zone."""
    return not _FIRST < value < _LAST


def moment(value: datetime) -> datetime:
    """Return an aware datetime that can be converted to any time zone."""
    if not is_at_an_end(value):
        return value
    return Moment(
        value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond, value.tzinfo
    )
