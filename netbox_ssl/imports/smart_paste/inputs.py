"""Several inputs at once: each is read by itself, so that one that is refused does not hold up the others."""

import sys
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from netbox_ssl import intake, settings
from netbox_ssl.x509 import Leaf, Limits, find_private_key, read_certificates, visible

__all__ = ('Pasted', 'Refused', 'read')

# What was accepted once is not measured again: as PEM it may be larger than it came.
UNLIMITED = Limits(sys.maxsize, sys.maxsize, sys.maxsize)


@dataclass(frozen=True)
class Refused:
    """An input that cannot be imported, and why."""

    # The form's field.
    field: str
    # For people: which input it was.
    name: str
    messages: tuple[str, ...]


@dataclass
class Pasted:
    """All that was sent at once. Never holds anything of an input that was refused."""

    leaves: list[Leaf] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    # What people should know of how it was read.
    notes: list[str] = field(default_factory=list)
    # Names of certificates that belong to none of the leaves, and will not be stored.
    unrelated: list[str] = field(default_factory=list)
    # Leaves that were there more than once.
    repeated: int = 0
    inputs: int = 0

    def texts(self) -> list[str]:
        """Each leaf with its chain as PEM: what is confirmed is exactly what was shown, however it came in."""
        return [''.join(facts.pem for facts in (leaf.facts, *leaf.chain)) for leaf in self.leaves]

    def take(self, texts: list[str]) -> None:
        """Fill in the leaves again, from what ``texts()`` gave."""
        self.leaves = [read_certificates(text, UNLIMITED).leaves[0] for text in texts]


def read(text: str, uploads: list) -> Pasted:
    """The certificates in a pasted text and in uploaded files; ``text`` may be empty."""
    inputs = [('text', _('Pasted text'), text)] if text.strip() else []
    inputs += [('file', _file_name(upload, number), upload) for number, upload in enumerate(uploads, 1)]
    pasted = Pasted(inputs=len(inputs))
    seen: dict[str, int] = {}
    for where, name, content in inputs:
        try:
            parsed = intake.read_input(_content_of(content), where)
        except ValidationError as error:
            pasted.refused.append(Refused(where, name, tuple(error.messages)))
            continue
        _add(pasted, seen, parsed.leaves)
        prefix = f'{name}: ' if len(inputs) > 1 else ''
        pasted.notes += [f'{prefix}{note}' for note in parsed.notes]
        pasted.unrelated += [f'{prefix}{facts.name}' for facts in parsed.unrelated]
    return pasted


def _content_of(content) -> str | bytes:
    """Of a file no more is read than it takes to see that it is too large."""
    return content if isinstance(content, str) else content.read(settings.limits().max_input_bytes + 1)


def _add(pasted: Pasted, seen: dict[str, int], leaves) -> None:
    """Add the leaves that are not there yet; of one that is there, keep the longer chain."""
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
    """The name of a file, unless it is a private key itself, by which name ever somebody made that happen."""
    name = visible(upload.name or '')
    return _('File {number}').format(number=number) if not name or find_private_key(name) else name
