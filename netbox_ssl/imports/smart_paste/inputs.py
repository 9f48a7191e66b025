"""Read several inputs separately, so that a refused input does not affect the others."""

import sys
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from netbox_ssl import intake, settings
from netbox_ssl.x509 import Leaf, Limits, find_private_key, read_certificates, visible

__all__ = ('Pasted', 'Refused', 'read')

# For input that was accepted before: converted to PEM, it may exceed the limits.
UNLIMITED = Limits(sys.maxsize, sys.maxsize, sys.maxsize)


@dataclass(frozen=True)
class Refused:
    """An input that cannot be imported, and the reasons."""

    # Field of the form
    field: str
    # Name of the input, for messages
    name: str
    messages: tuple[str, ...]


@dataclass
class Pasted:
    """The certificates of one submission. Contains no data of refused inputs."""

    leaves: list[Leaf] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    # Notes for the user on how it was read
    notes: list[str] = field(default_factory=list)
    # Names of certificates that do not belong to any leaf and will not be stored
    unrelated: list[str] = field(default_factory=list)
    # Number of leaves that were included more than once
    repeated: int = 0
    inputs: int = 0

    def texts(self) -> list[str]:
        """Return each leaf with its chain as PEM, so that exactly what was shown is confirmed."""
        return [''.join(facts.pem for facts in (leaf.facts, *leaf.chain)) for leaf in self.leaves]

    def take(self, texts: list[str]) -> None:
        """Restore the leaves from the result of ``texts()``."""
        self.leaves = [read_certificates(text, UNLIMITED, allow_ca=True).leaves[0] for text in texts]


def read(text: str, uploads: list, include_ca: bool = False) -> Pasted:
    """
    Read the certificates in a pasted text, which may be empty, and in uploaded files.

    Args:
        include_ca: whether CA certificates are leaves, too
    """
    inputs = [('text', _('Pasted text'), text)] if text.strip() else []
    inputs += [('file', _file_name(upload, number), upload) for number, upload in enumerate(uploads, 1)]
    pasted = Pasted(inputs=len(inputs))
    seen: dict[str, int] = {}
    for where, name, content in inputs:
        try:
            parsed = intake.read_input(_content_of(content), where, include_ca=include_ca)
        except ValidationError as error:
            pasted.refused.append(Refused(where, name, tuple(error.messages)))
            continue
        _add(pasted, seen, parsed.leaves)
        prefix = f'{name}: ' if len(inputs) > 1 else ''
        notices = filter(None, (leaf.facts.notice for leaf in parsed.leaves))
        pasted.notes += [f'{prefix}{note}' for note in (*parsed.notes, *notices)]
        pasted.unrelated += [f'{prefix}{facts.name}' for facts in parsed.unrelated]
    return pasted


def _content_of(content) -> str | bytes:
    """Return the content, reading no more of a file than needed to see that it is too large."""
    return content if isinstance(content, str) else content.read(settings.limits().max_input_bytes + 1)


def _add(pasted: Pasted, seen: dict[str, int], leaves) -> None:
    """Add leaves that are new; for the others, keep the longer chain."""
    for leaf in leaves:
        fingerprint = leaf.facts.fingerprint_sha256
        if fingerprint not in seen:
            seen[fingerprint] = len(pasted.leaves)
            pasted.leaves.append(leaf)
            continue
        pasted.repeated += 1
        number = seen[fingerprint]
        if len(leaf.chain) > len(pasted.leaves[number].chain):
            pasted.leaves[number] = leaf


def _file_name(upload, number: int) -> str:
    """Return the name of a file, or a number if it has none or the name contains a private key."""
    name = visible(upload.name or '')
    return _('File {number}').format(number=number) if not name or find_private_key(name) else name
