"""Find the files that may contain certificates."""

import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from netbox_ssl.x509 import visible
from netbox_ssl.x509.kinds import Kind, identify

__all__ = ('STDIN', 'Source', 'WalkError', 'walk')

STDIN = '-'

SUFFIXES = ('.pem', '.crt', '.cer', '.der', '.p7b', '.p7c')
# Bytes read to recognise files with other names
HEAD_BYTES = 4096
CERTIFICATE_BEGINS = re.compile(rb'-{2}BEGIN (?:X509 |X\.509 |TRUSTED )?CERTIFICATE-|-{2}BEGIN PKCS ?#?7')
# Longer than any path, so that nothing is cut off
LONGEST_PATH = 10_000


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read."""

    # None for standard input
    path: Path | None
    # Relative to the given folder; the name of a file given itself. Without control characters
    relative: str
    # In bytes, 0 if unknown
    size: int
    # Whether the file itself was given, so that the user expects a certificate in it
    named: bool

    @property
    def folder(self) -> Path | None:
        return self.path.parent if self.path else None

    def __str__(self) -> str:
        return _shown(self.path) if self.path else 'stdin'

    @property
    def can_be_read_twice(self) -> bool:
        """Return whether it is a regular file, not a pipe."""
        return self.path is not None and self.path.is_file()

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        if self.path is None:
            yield sys.stdin.buffer
        else:
            with self.path.open('rb') as file:
                yield file


@dataclass(frozen=True, slots=True)
class WalkError:
    """A path that cannot be read, and the reason."""

    path: str
    reason: str


def walk(paths: Iterable[str]) -> Iterator[Source | WalkError]:
    """
    Yield the files at ``paths`` and in folders among them, in a fixed order. Links to files are followed, links to
    folders only if they are given themselves, so that there are no loops.
    """
    for path in paths:
        if path == STDIN:
            yield Source(None, 'stdin', 0, named=True)
            continue
        root = Path(path)
        try:
            status = root.stat()
        except OSError as error:
            yield _error(root, error)
            continue
        if stat.S_ISDIR(status.st_mode):
            yield from _walk_folder(root, root)
        else:
            yield Source(root, _shown(root.name), status.st_size, named=True)


def _walk_folder(folder: Path, root: Path) -> Iterator[Source | WalkError]:
    """Yield the files of a folder, then those of its subfolders."""
    files, folders = [], []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                else:
                    files.append(entry.name)
    except OSError as error:
        yield _error(folder, error)
        return
    found = []
    for name in files:
        size = _size_of(folder / name)
        if isinstance(size, WalkError):
            yield size
        elif size is not None:
            # Keep little of each: there may be a hundred thousand.
            found.append((_rank(name), -size, name))
    below = '' if folder == root else f'{folder.relative_to(root)}{os.sep}'
    for _, size, name in sorted(found):
        yield Source(folder / name, _shown(f'{below}{name}'), -size, named=False)
    for name in sorted(folders):
        yield from _walk_folder(folder / name, root)


def _size_of(path: Path) -> int | WalkError | None:
    """Return the size of a file, or None if it does not look like certificates."""
    by_name = path.name.lower().endswith(SUFFIXES)
    try:
        status = path.stat()
        # Skip pipes, devices, and links to folders
        if not stat.S_ISREG(status.st_mode):
            return None
        if not by_name and not _begins_as_certificate(path):
            return None
    except OSError as error:
        # Ignore errors with files of other names.
        return _error(path, error) if by_name else None
    return status.st_size


def _begins_as_certificate(path: Path) -> bool:
    with path.open('rb') as file:
        head = file.read(HEAD_BYTES)
    return identify(head) in (Kind.CERTIFICATE, Kind.PKCS7) or CERTIFICATE_BEGINS.search(head) is not None


def _rank(name: str) -> bool:
    """Sort the file with the chain first, so that the bare certificate next to it is already known."""
    return 'fullchain' not in name.lower()


def _error(path: Path, error: OSError) -> WalkError:
    return WalkError(_shown(path), error.strerror or str(error))


def _shown(path) -> str:
    return visible(str(path), LONGEST_PATH)
