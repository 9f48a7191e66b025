"""PEM (RFC 7468), read as leniently as possible without guessing."""

import binascii
import re
from dataclasses import dataclass
from typing import NoReturn

from .decoding import DASHES
from .errors import CertificateInputError
from .text import gettext_noop

# At least two dashes are required on each side. The repetitions are bounded, so that matching takes linear time.
_BOUNDARY_AFTER_A_DASH = (
    rf'[{DASHES}]\s{{0,4}}(?i:(?P<edge>BEGIN|END)\s{{1,4}}'
    rf'(?P<label>[A-Z0-9](?:[A-Z0-9 #./_]{{0,60}}[A-Z0-9])?))\s{{0,4}}[{DASHES}]{{2,5}}'
)
_BOUNDARY = re.compile(rf'[{DASHES}]{_BOUNDARY_AFTER_A_DASH}')
# Text without any other dash is searched for this one at the speed of ``str.find()``.
_ASCII_BOUNDARY = re.compile(rf'-{_BOUNDARY_AFTER_A_DASH}')

_DASHES = ''.join(map(chr, [0x2D, *range(0x2010, 0x2016), 0x2212]))

# Characters around base64 in mail quotes, string literals and web pages, which are dropped
_DECORATION = re.compile('[\\s"\'`,>\\\\\u200b-\u200d\u2060\ufeff]+')

_BASE64 = re.compile(r'[A-Za-z0-9+/]*={0,2}')

# Header lines as in RFC 1421 and RFC 4716 ("Comment: …"); they end with an empty line.
_HEADER_LINES = re.compile(r'\A\s*(?:[A-Za-z0-9-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+\s*\n')


@dataclass(frozen=True, slots=True)
class Block:
    """One PEM block of the input."""

    # 1-based position in the input
    number: int
    # Upper case, single spaces
    label: str
    # The text between the boundaries
    body: str


def find_blocks(text: str) -> list[Block]:
    """
    Return the PEM blocks in ``text``, in order; text between them is ignored.

    Raises ``CertificateInputError`` (``truncated``) for a block without a BEGIN or END line.
    """
    blocks: list[Block] = []
    begin: re.Match[str] | None = None
    pattern = _ASCII_BOUNDARY if text.isascii() else _BOUNDARY
    for boundary in pattern.finditer(text):
        number = len(blocks) + 1
        if boundary['edge'].upper() == 'BEGIN':
            if begin is not None:
                _refuse_endless(number, begin)
            begin = boundary
            continue
        label = _label(boundary)
        if begin is None:
            raise CertificateInputError(
                'truncated',
                gettext_noop('PEM block %(block)d (%(label)s) has no BEGIN line. Copy it from its first line.'),
                block=number,
                label=label,
            )
        if label != _label(begin):
            _refuse_endless(number, begin)
        blocks.append(Block(number, label, text[begin.end() : boundary.start()].strip(_DASHES)))
        begin = None
    if begin is not None:
        _refuse_endless(len(blocks) + 1, begin)
    return blocks


def _label(boundary: re.Match[str]) -> str:
    return ' '.join(boundary['label'].upper().split())


def _refuse_endless(number: int, begin: re.Match[str]) -> NoReturn:
    raise CertificateInputError(
        'truncated',
        gettext_noop('PEM block %(block)d (%(label)s) has no END line. Copy it up to its last line.'),
        block=number,
        label=_label(begin),
    )


def decode_block(block: Block) -> bytes:
    """Return the octets in ``block``. Raises ``CertificateInputError`` (``garbled``) if it is empty or not base64."""
    body = _HEADER_LINES.sub('', block.body.replace('\r', '\n')) if ':' in block.body else block.body
    data = decode_base64(body)
    if not data:
        raise CertificateInputError(
            'garbled',
            gettext_noop('PEM block %(block)d (%(label)s) is empty or not valid base64. Copy the whole block again.'),
            block=block.number,
            label=block.label,
        )
    return data


def decode_base64(text: str) -> bytes | None:
    """
    Return what ``text`` encodes, or None if it is not base64. White space, quotes and missing padding are ignored.

    Truncated text is still decoded; the caller has to detect that the result is incomplete.
    """
    # Nearly all text has line breaks only, which this removes at a tenth of the cost.
    digits = ''.join(text.split())
    if not _BASE64.fullmatch(digits):
        digits = _DECORATION.sub('', text)
        if not _BASE64.fullmatch(digits):
            return None
    digits = digits.rstrip('=')
    if len(digits) % 4 == 1:  # a single digit has six bits, less than an octet: the rest was cut off
        digits = digits[:-1]
    return binascii.a2b_base64(digits + '=' * (-len(digits) % 4))
