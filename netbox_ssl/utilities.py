"""Small helpers for every room."""

from pathlib import Path

__all__ = ('shipped_folder',)

PACKAGE = Path(__file__).resolve().parent


def shipped_folder(name: str, holding: str) -> Path | None:
    """
    Return the folder ``name`` (``docs``, ``hooks``) that is shipped with the package: inside it in a wheel, beside it
    in a checkout. None if neither has the file ``holding``.
    """
    folders = (PACKAGE / name, PACKAGE.parent / name)
    return next((folder for folder in folders if (folder / holding).is_file()), None)
