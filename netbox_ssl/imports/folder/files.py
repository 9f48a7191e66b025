"""Read the certificates in a file, without holding a large file in memory as a whole."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import BinaryIO

from django.utils.translation import gettext as _

from netbox_ssl import settings
from netbox_ssl.x509 import (
    CertificateInputError,
    Leaf,
    Limits,
    PrivateKeyError,
    find_private_key,
    read_certificates,
    read_stored,
)
from netbox_ssl.x509.refusals import private_key_refusal, size_refusal

from .bundles import LONGEST, Trouble, read_bundle
from .known_files import Stored
from .walk import CERTIFICATE_BEGINS, Source

__all__ = ('Found', 'Problem', 'read_source')

# Limit for formats that cannot be read line by line: DER, PKCS#7, base64. PEM may be of any size.
LARGEST_WHOLE = 64 * 1024 * 1024
# Bytes searched for private keys at a time, and the overlap needed to recognise one
WINDOW = 1024 * 1024
OVERLAP = 16 * 1024

PEM_BEGINS = re.compile(rb'-{2}BEGIN ')

# Files found next to certificates that are not certificates: chain.pem, requests, parameters, …
OTHER_FILES = frozenset(
    {
        'ca_only',
        'certificate_request',
        'crl',
        'public_key',
        'ssh_public_key',
        'ssh_certificate',
        'pgp',
        'parameters',
        'unknown_block',
        'key_only',
    }
)


@dataclass(frozen=True, slots=True)
class Found:
    """A certificate of a file."""

    leaf: Leaf
    # Whether it is the only one in the file, as far as known
    alone: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of a file that will not be imported."""

    # A code, for counting
    cause: str
    message: str
    block: int | None = None
    # Not an error: folders also contain other files
    skipped: bool = False


def read_source(
    source: Source,
    advance: Callable[[int], None] = lambda count: None,
    include_ca: bool = False,
    stored: Stored | None = None,
) -> Iterator[Found | Problem]:
    """
    Yield the certificates of a file, and the problems with it. Never raises because of its content; the caller may stop
    at any time.

    Args:
        advance: called with the number of bytes read since the last call
        include_ca: whether CA certificates are yielded, too, besides being in the chains of others
        stored: what is stored of the certificate that it begins with
    """
    try:
        with source.open() as file:
            yield from _read(file, source, advance, include_ca, stored)
    except PrivateKeyError as error:
        key_only = error.code == 'key_only'
        yield Problem(error.code, explain(error), skipped=key_only and not source.named)
    except CertificateInputError as error:
        yield Problem(error.code, explain(error), skipped=error.code in OTHER_FILES and not source.named)
    except OSError as error:
        yield Problem('cannot_be_read', error.strerror or str(error))


def explain(error: CertificateInputError) -> str:
    """Return the message with its parameters, in the active language."""
    return _(error.message) % error.params


def _read(
    file: BinaryIO, source: Source, advance, include_ca: bool, stored: Stored | None
) -> Iterator[Found | Problem]:
    limits = settings.limits()
    head = file.read(limits.max_input_bytes + 1)
    if len(head) <= limits.max_input_bytes:
        advance(len(head))
        # With include_ca, the chain are certificates of their own, too.
        if stored and not include_ca and head.isascii() and (leaf := read_stored(head.decode(), *stored, limits)):
            yield Found(leaf, alone=True)
        else:
            yield from _read_small(head, limits, include_ca)
    elif PEM_BEGINS.search(head):
        if source.can_be_read_twice:
            # Search the whole file before any of it is imported.
            _refuse_private_keys(chain([head], _rest(file)))
            file.seek(0)
            parts = _rest(file)
        else:
            parts = _watched(chain([head], _rest(file)))
        yield from _from_bundle(read_bundle(_lines(_counted(parts, advance)), limits, include_ca))
    else:
        data = head + file.read(LARGEST_WHOLE + 1 - len(head))
        if len(data) > LARGEST_WHOLE:
            raise size_refusal(LARGEST_WHOLE)
        advance(len(data))
        limits = replace(limits, max_input_bytes=LARGEST_WHOLE, max_certificates=1 << 20)
        yield from _read_whole(data, limits, include_ca)


def _read_small(data: bytes, limits: Limits, include_ca: bool) -> Iterator[Found | Problem]:
    try:
        yield from _read_whole(data, limits, include_ca)
    except PrivateKeyError as error:
        if not CERTIFICATE_BEGINS.search(data) and error.code == 'private_key':
            raise PrivateKeyError('key_only', error.message, **error.params) from error
        raise
    except CertificateInputError as error:
        # Too many certificates for one input, or one of them is damaged: read block by block to import the others.
        if len(PEM_BEGINS.findall(data)) < 2:
            raise
        try:
            yield from _from_bundle(read_bundle(data.splitlines(keepends=True), limits, include_ca))
        except CertificateInputError:
            raise error from None


def _read_whole(data: bytes, limits: Limits, include_ca: bool) -> Iterator[Found | Problem]:
    parsed = read_certificates(data, limits, include_ca=include_ca)
    for leaf in parsed.leaves:
        yield Found(leaf, alone=len(parsed.leaves) == 1)
    for facts in parsed.unrelated:
        message = _('Not part of any chain, so not stored: {name}').format(name=facts.name)
        yield Problem('unrelated', message, skipped=True)


def _from_bundle(found: Iterable[Leaf | Trouble]) -> Iterator[Found | Problem]:
    for each in found:
        if isinstance(each, Trouble):
            yield Problem(each.error.code, explain(each.error), block=each.number)
        else:
            yield Found(each, alone=False)


def _rest(file: BinaryIO) -> Iterator[bytes]:
    while part := file.read(WINDOW):
        yield part


def _counted(parts: Iterable[bytes], advance: Callable[[int], None]) -> Iterator[bytes]:
    for part in parts:
        yield part
        advance(len(part))


def _lines(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines; those that are too long for PEM are split."""
    tail = b''
    for part in parts:
        lines = (tail + part).splitlines(keepends=True)
        tail = lines.pop() if lines and len(lines[-1]) < LONGEST else b''
        yield from lines
    if tail:
        yield tail


def _refuse_private_keys(parts: Iterable[bytes]) -> None:
    for _part in _watched(parts):
        pass


def _watched(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the parts. Raises ``PrivateKeyError`` at the first private key."""
    tail = b''
    for part in parts:
        if form := find_private_key(tail + part):
            raise private_key_refusal(form)
        # Start at a line: the middle of a line of base64 may look like anything.
        tail = part[-OVERLAP:].partition(b'\n')[2]
        yield part
