"""Strings in BER (X.690, 8.6 and 8.7), which may be split into pieces, as ``asn1crypto`` does not read them."""

from asn1crypto import parser

# Programs that write pieces at all write a few, and no pieces within pieces.
_MAX_PIECES = 100
_MAX_DEPTH = 4


def string_octets(encoded: bytes) -> bytes:
    """Return the content of an OCTET STRING or character string. Raises ValueError."""
    return b''.join(_pieces(encoded))


def bit_string_octets(encoded: bytes) -> bytes:
    """Return the content of a BIT STRING without the number of unused bits. Raises ValueError."""
    return b''.join(piece[1:] for piece in _pieces(encoded))


def is_constructed(encoded: bytes) -> bool:
    """Return whether it is in pieces, which DER does not allow."""
    return bool(encoded[0] & 0x20)


def _pieces(encoded: bytes, depth: int = 0) -> list[bytes]:
    *_, content, _ = parser.parse(encoded)
    if not is_constructed(encoded):
        return [content]
    if depth == _MAX_DEPTH:
        raise ValueError('pieces within pieces')
    pieces = []
    while content:
        *_, header, body, trailer = parser.parse(content)
        length = len(header) + len(body) + len(trailer)
        pieces += _pieces(content[:length], depth + 1)
        if len(pieces) > _MAX_PIECES:
            raise ValueError('a string in too many pieces')
        content = content[length:]
    return pieces
