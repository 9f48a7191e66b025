"""Small helpers for every room."""

from datetime import UTC, datetime
from pathlib import Path

__all__ = ('shipped_folder', 'timestamp')

PACKAGE = Path(__file__).resolve().parent


def timestamp(moment: datetime | None) -> str | None:
    """Return an aware datetime as the REST API writes it (RFC 3339, UTC, with a Z); None for None."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace('+00:00', 'Z')


def shipped_folder(name: str, holding: str) -> Path | None:
    """
    Return the folder ``name`` (``docs``, ``hooks``) that is shipped with the package: inside it in a wheel, next to
    it in a checkout. None if neither has the file ``holding``.
    """
    folders = (PACKAGE / name, PACKAGE.parent / name)
    return next((folder for folder in folders if (folder / holding).is_file()), None)
