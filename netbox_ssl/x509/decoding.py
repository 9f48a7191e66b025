"""Decode text: encodings, byte order marks and escapes."""

import codecs
import re

# The hyphen and its replacements by word processors and chat programs, for use in a character class
DASHES = '\\-\u2010-\u2015\u2212'

# The look-behind prevents quadratic time on a long run of backslashes.
_ESCAPED_BREAK = re.compile(r'(?<!\\)\\+(?:r\\+n|[rnt]|u000[aAdD])')
_ESCAPED_CHARACTER = re.compile(r'(?<!\\)\\+(/|u00(?:2[bBfFdD]|3[dD]))')


def decode_text(data: bytes) -> str:
    """
    Return ``data`` as text: UTF-16 (recognised by its byte order mark or its NULs), UTF-8, else Latin-1. Never raises.

    Latin-1 maps every octet, so that ASCII armour between octets of any other 8-bit encoding stays readable.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode('utf-16', 'replace')
    head = data[:64]
    if len(head) >= 8 and head.count(0) * 3 >= len(head):  # ASCII as UTF-16 without a mark is NUL at every other octet
        return data.decode('utf-16-be' if head[0] == 0 else 'utf-16-le', 'replace')
    try:
        return data.decode('utf-8-sig')
    except UnicodeDecodeError:
        return data.decode('latin-1')


def unescape(text: str) -> str:
    r"""Undo the escapes of JSON and of string literals that occur in PEM: ``\n``, ``\/``, ``\u002B``, however deep."""
    if '\\' not in text:
        return text
    text = _ESCAPED_BREAK.sub('\n', text)
    return _ESCAPED_CHARACTER.sub(lambda match: _unescaped(match[1]), text)


def _unescaped(escape: str) -> str:
    return escape if escape == '/' else chr(int(escape[1:], 16))
