"""
Just enough DER (X.690) to identify a blob, and to split a certificate that the full parser rejects.

Nothing here validates a certificate; ``cryptography`` does that.
"""

from collections.abc import Iterator
from typing import NamedTuple

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, OID = 0x01, 0x02, 0x03, 0x04, 0x06
SEQUENCE, SET, UTC_TIME, GENERALIZED_TIME = 0x30, 0x31, 0x17, 0x18


def context(number: int, constructed: bool = True) -> int:
    """Return the tag octet of the context-specific tag ``[number]``."""
    return 0x80 | (0x20 if constructed else 0) | number


class Element(NamedTuple):
    """The position of one element: ``data[start:body]`` is its header, ``data[body:end]`` its content."""

    tag: int
    start: int
    body: int
    end: int


class DerError(ValueError):
    """The octets are not a DER element, or its header is cut off."""


def read_header(data: bytes, start: int = 0) -> Element:
    """
    Read tag and length at ``start``. The content may be cut off: ``end`` can lie beyond the data.

    An element of indefinite length (BER, X.690 8.1.3.6, written by some programs in PKCS#7 and PKCS#12) is assumed to
    end with the data. Raises ``DerError``.
    """
    if start + 2 > len(data):
        raise DerError('header cut off')
    tag, length, body = data[start], data[start + 1], start + 2
    if tag & 0x1F == 0x1F:
        raise DerError('tag of more than one octet')
    if length == 0x80:
        return Element(tag, start, body, max(body, len(data)))
    if length > 0x80:
        octets = length & 0x7F
        if octets > 4 or body + octets > len(data):
            raise DerError('length cut off or beyond 4 GiB')
        length = int.from_bytes(data[body : body + octets], 'big')
        body += octets
    return Element(tag, start, body, body + length)


def read_element(data: bytes, start: int = 0, end: int | None = None) -> Element:
    """Read an element like ``read_header``, but the whole element must lie before ``end``. Raises ``DerError``."""
    element = read_header(data, start)
    if element.end > (len(data) if end is None else end):
        raise DerError('element cut off')
    return element


def children(data: bytes, parent: Element) -> Iterator[Element]:
    """Yield the elements inside ``parent``. Raises ``DerError`` at the first that does not fit."""
    position = parent.body
    while position < parent.end:
        element = read_element(data, position, parent.end)
        yield element
        position = element.end


def encode(tag: int, content: bytes) -> bytes:
    """Return the DER element with this tag and content."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, 'big')
    return bytes((tag, 0x80 | len(octets))) + octets + content


def decode_oid(content: bytes) -> str:
    """Return the dotted form of an OBJECT IDENTIFIER's content (X.690, 8.19). Raises ``DerError``."""
    if not content or content[-1] & 0x80 or len(content) > 64:
        raise DerError('bad object identifier')
    arcs, value = [], 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return '.'.join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))
