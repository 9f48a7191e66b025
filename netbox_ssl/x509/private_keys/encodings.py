"""
Binary data that may be encoded in a text, in base64 (RFC 4648), hex, URL encoding or the escapes of string literals,
and the private keys in it.

All base64 or hex digits of a text are decoded as one sequence, once for each position of the first digit. So it does
not matter what is before, after or between the digits of a key: quotes, words, line breaks.
"""

import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from netbox_ssl.x509.kinds import PRIVATE_KINDS, identify

__all__ = ('BASE64', 'DECODERS', 'ESCAPED', 'Decoded', 'decoded_url', 'key_in')

BASE64, HEX, ESCAPED, URL = 'base64', 'hex', 'escaped', 'URL-encoded'

_DIGITS = b'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
_ALL = frozenset(range(256))
_NOT_BASE64 = bytes(_ALL - set(_DIGITS + b'+/-_'))
# The alphabet for URLs as the usual one
_ALPHABET = bytes.maketrans(b'-_', b'+/')
_HEX_DIGITS = b'0123456789abcdefABCDEF'
_NOT_HEX = bytes(_ALL - set(_HEX_DIGITS))
# "0x30" in source code
_HEX_PREFIXES = (b'0x', b'0X')
# The escapes of string literals in Python and C, as in b'0\x82\x04\xbd'
_ESCAPE = re.compile(rb'\\(?:x([0-9a-fA-F]{2})|(["\'\\0nrt]))')
_ESCAPED_OCTETS = {b'n': b'\n', b'r': b'\r', b't': b'\t', b'0': b'\0'}
# Escapes without which no key is looked for
_LEAST_ESCAPES = 4

# Digits that the shortest key takes
_LEAST_DIGITS = 40
# As much as ``identify()`` reads of the largest keys in use
_HEADER_OCTETS = 1200

_LENGTH = rb'(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)'
# The first elements of all ``PRIVATE_KINDS``: a version and what follows it, or an algorithm of PKCS#5 or PKCS#12
_KEY = re.compile(
    rb'0' + _LENGTH + rb'(?:'
    rb'\x02\x01(?:[\x00\x01]\x02[\x20-\x84]|\x01\x04|[\x00\x01\x03]0' + _LENGTH + rb'\x06)'
    rb'|0' + _LENGTH + rb'\x06[\x08-\x0b]\x2a\x86\x48\x86\xf7\x0d\x01)',
    re.DOTALL,
)
# A text with so many starts of keys is none that anybody needs; checking them all would take too long.
_MOST_STARTS = 1_000
# Magic octets, with those of the version where they are few (Java: JKS and JCEKS)
_MAGICS = {
    b'openssh-key-v1\0': 'OpenSSH private key',
    b'\xfe\xed\xfe\xed\0\0\0': 'Java key store',
    b'\xce\xce\xce\xce\0\0\0': 'Java key store',
}

# Octet → T for text, else N
_IS_TEXT = bytes(b'T'[0] if octet in b'\t\n\r' or 32 <= octet < 127 else b'N'[0] for octet in range(256))
_SHORTEST_TEXT = 40
# Wider than any gap within a label
_APART = b'\n' * 16


class Decoded(NamedTuple):
    """What a text may encode."""

    data: bytes
    # A key starts at a multiple of this: where a digit starts an octet
    step: int

    def text(self) -> bytes:
        """Return the parts that are text again, apart from each other."""
        found, end = [], 0
        data = self.data
        if 3 * data.count(0) > len(data):
            # UTF-16, as Windows tools encode it
            data = data.replace(b'\0', b'')
        # Faster than a pattern, and nearly all data has none
        kinds = data.translate(_IS_TEXT)
        while (start := kinds.find(b'T' * _SHORTEST_TEXT, end)) >= 0:
            end = kinds.find(b'N', start)
            end = len(kinds) if end < 0 else end
            found.append(data[start:end])
        return _APART.join(found)


def decoded_base64(raw: bytes) -> Iterator[Decoded]:
    """Decode the base64 digits of ``raw``, of either alphabet."""
    digits = raw.translate(_ALPHABET, _NOT_BASE64)
    if len(digits) < _LEAST_DIGITS:
        return
    # Without its padding; zeros complete the last group.
    octets = binascii.a2b_base64(digits + b'A' * (-len(digits) % 4))
    yield Decoded(octets, 3)
    # From the next three digits, of six bits each: shifting takes a fifth of the time of decoding again.
    number = int.from_bytes(octets)
    for start in range(1, 4):
        yield Decoded((number << 6 * start).to_bytes(len(octets) + 3)[3:], 3)


def decoded_hex(raw: bytes) -> Iterator[Decoded]:
    """Decode the hex digits of ``raw``."""
    for prefix in _HEX_PREFIXES:
        raw = raw.replace(prefix, b'')
    digits = raw.translate(None, _NOT_HEX)
    for start in range(2):
        whole = (len(digits) - start) // 2 * 2
        if whole >= 2 * _LEAST_DIGITS:
            yield Decoded(binascii.unhexlify(digits[start : start + whole]), 1)


def decoded_escapes(raw: bytes) -> Iterator[Decoded]:
    """Undo the escapes of string literals in ``raw``."""
    if raw.count(b'\\x') >= _LEAST_ESCAPES:
        yield Decoded(_ESCAPE.sub(_octet, raw), 1)


def decoded_percents(raw: bytes) -> Iterator[Decoded]:
    """Undo the URL encoding of ``raw``, if it has any."""
    for data in decoded_url(raw):
        yield Decoded(data, 1)


def _octet(escape: re.Match) -> bytes:
    return bytes.fromhex(escape[1].decode()) if escape[1] else _ESCAPED_OCTETS.get(escape[2], escape[2])


# Name of an encoding → generator of what a text may encode
DECODERS = {BASE64: decoded_base64, HEX: decoded_hex, ESCAPED: decoded_escapes, URL: decoded_percents}


def decoded_url(raw: bytes) -> list[bytes]:
    """Return ``raw`` without its URL encoding, if it has any."""
    decoded = unquote_to_bytes(raw) if b'%' in raw else raw
    return [decoded] if len(decoded) < len(raw) else []


def _starts(magic: bytes, data: bytes, step: int) -> bool:
    """Return whether ``magic`` occurs at a multiple of ``step``."""
    found = data.find(magic)
    while found >= 0 and found % step:
        found = data.find(magic, found + 1)
    return found >= 0


def key_in(decoded: Decoded) -> str | None:
    """Return the name of the private key in decoded data, or None."""
    data, step = decoded
    for magic, name in _MAGICS.items():
        if _starts(magic, data, step):
            return name
    starts = 0
    for match in _KEY.finditer(data):
        if match.start() % step == 0:
            starts += 1
            if starts > _MOST_STARTS:
                return 'many that may be keys'
            kind = identify(data[match.start() : match.start() + _HEADER_OCTETS])
            if kind in PRIVATE_KINDS:
                return str(kind)
    return None
