"""Finds the files that may hold certificates."""

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
# Files of other names are looked into so far.
HEAD_BYTES = 4096
CERTIFICATE_BEGINS = re.compile(rb'-{2}BEGIN (?:X509 |X\.509 |TRUSTED )?CERTIFICATE-|-{2}BEGIN PKCS ?#?7')
# More than a path may have characters, so that nothing is cut off.
LONGEST_PATH = 10_000


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read."""

    path: Path | None
    """None: standard input."""
    relative: str
    """Below the folder that was named; for a file that was named, its name. Without control characters."""
    size: int
    """In bytes; 0 where nobody knows."""
    named: bool
    """Whether it was named itself, so that whoever named it expects a certificate in it."""

    @property
    def folder(self) -> Path | None:
        return self.path.parent if self.path else None

    def __str__(self) -> str:
        return _shown(self.path) if self.path else 'stdin'

    @property
    def can_be_read_twice(self) -> bool:
        """Unlike a pipe."""
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
    """A path that cannot be read, and why."""

    path: str
    reason: str


def walk(paths: Iterable[str]) -> Iterator[Source | WalkError]:
    """
    The files at ``paths`` and within those that are folders, in a fixed order. Links to files are followed, links to
    folders only where named: so there are no loops.
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
    """The files of a folder, then those of the folders in it."""
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
        size = _look_at(folder / name)
        if isinstance(size, WalkError):
            yield size
        elif size is not None:
            # Not more of each than it takes: there may be a hundred thousand.
            found.append((_rank(name), -size, name))
    for _, size, name in sorted(found):
        path = folder / name
        yield Source(path, _shown(path.relative_to(root)), -size, named=False)
    for name in sorted(folders):
        yield from _walk_folder(folder / name, root)


def _look_at(path: Path) -> int | WalkError | None:
    """Its size; None where there is no reason to take it for certificates."""
    by_name = path.name.lower().endswith(SUFFIXES)
    try:
        status = path.stat()
        # Neither pipes nor devices nor, behind a link, folders
        if not stat.S_ISREG(status.st_mode):
            return None
        if not by_name and not _begins_as_certificate(path):
            return None
    except OSError as error:
        # What has another name is none of our business.
        return _error(path, error) if by_name else None
    return status.st_size


def _begins_as_certificate(path: Path) -> bool:
    with path.open('rb') as file:
        head = file.read(HEAD_BYTES)
    return identify(head) in (Kind.CERTIFICATE, Kind.PKCS7) or CERTIFICATE_BEGINS.search(head) is not None


def _rank(name: str) -> bool:
    """What has the chain comes first, else the larger file: the bare certificate beside it adds nothing then."""
    return 'fullchain' not in name.lower()


def _error(path: Path, error: OSError) -> WalkError:
    return WalkError(_shown(path), error.strerror or str(error))


def _shown(path) -> str:
    return visible(str(path), LONGEST_PATH)
