"""Small helpers for every room."""

from datetime import UTC, datetime

__all__ = ('timestamp',)


def timestamp(moment: datetime | None) -> str | None:
    """Return an aware datetime as the REST API writes it (RFC 3339, UTC, with a Z); None for None."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace('+00:00', 'Z')
