"""Find the DER elements in an input in any transport form."""

from collections.abc import Iterator
from dataclasses import dataclass

from . import der
from .decoding import decode_text, unescape
from .errors import CertificateInputError
from .kinds import Kind, identify
from .pem import Block, decode_base64, decode_block, find_blocks
from .refusals import code_for_content, code_for_label, code_for_text, refusal
from .text import gettext_noop

_TRUSTED = 'TRUSTED CERTIFICATE'
_DECODED_LABELS = frozenset(
    {'CERTIFICATE', 'X509 CERTIFICATE', 'X.509 CERTIFICATE', _TRUSTED, 'PKCS7', 'PKCS #7 SIGNED DATA', 'CMS'}
)


@dataclass(frozen=True, slots=True)
class Part:
    """One element of the input: a certificate or PKCS#7 container to read, or something to omit."""

    # For messages: ``PEM block 2 (CERTIFICATE)``, ``DER element 1``.
    where: str
    # ``CERTIFICATE`` or ``PKCS7``; None for parts to omit
    kind: Kind | None
    der: bytes = b''
    # Why it is omitted: a code for ``refusal()``
    code: str = ''


def unwrap(data: bytes | str) -> list[Part]:
    """Return the parts of ``data``, at least one. Raises ``CertificateInputError`` for data that cannot be used."""
    if isinstance(data, bytes):
        if _is_der(data):
            return list(_split_der(data))
        data = decode_text(data)
    return _unwrap_text(unescape(data))


def _is_der(data: bytes) -> bool:
    """Return whether it is DER, not text: both may start with 0x30, the digit 0."""
    return data[:1] == b'0' and (identify(data[:4096]) is not None or not data[:512].isascii())


def _unwrap_text(text: str, wrapped: bool = True) -> list[Part]:
    blocks = find_blocks(text)
    if blocks:
        return [_open_block(block) for block in blocks]
    data = decode_base64(text)
    if data and _is_der(data):
        return list(_split_der(data))
    if data and wrapped and b'-BEGIN ' in data:  # PEM in base64, as in a Kubernetes secret
        return _unwrap_text(unescape(decode_text(data)), wrapped=False)
    raise refusal(code_for_text(text))


def _open_block(block: Block) -> Part:
    where = f'PEM block {block.number} ({block.label})'
    if block.label not in _DECODED_LABELS:
        return Part(where, None, code=code_for_label(block.label))
    data = decode_block(block)
    element = _whole_element(data, where)
    kind = identify(data)
    # Line ends and NUL of a careless export are no damage.
    extra = data[element.end :].strip(b'\0\r\n\t ')
    if extra and not (block.label == _TRUSTED and kind is Kind.CERTIFICATE):
        raise CertificateInputError(
            'garbled',
            gettext_noop('%(where)s is damaged: data follows its end (%(extra)d bytes). Copy the whole block again.'),
            where=where,
            extra=len(data) - element.end,
        )
    return _part(where, kind, data[: element.end])  # OpenSSL's trust settings follow a trusted certificate


def _split_der(data: bytes) -> Iterator[Part]:
    """Yield the consecutive elements of ``data``; white space may follow the last."""
    position = number = 0
    while position < len(data) and (data[position] == der.SEQUENCE or data[position:].strip()):
        number += 1
        where = f'DER element {number}'
        element = _whole_element(data, where, position)
        content = data[position : element.end]
        kind = identify(content)
        if kind is None:
            raise refusal('not_a_certificate')
        yield _part(where, kind, content)
        position = element.end


def _part(where: str, kind: Kind | None, content: bytes) -> Part:
    if kind in (Kind.CERTIFICATE, Kind.PKCS7):
        return Part(where, kind, content)
    return Part(where, None, code=code_for_content(kind))


def _whole_element(data: bytes, where: str, start: int = 0) -> der.Element:
    """Return the element at ``start``. Raises ``CertificateInputError``: ``garbled`` or ``truncated``."""
    try:
        element = der.read_header(data, start)
    except der.DerError:
        element = None
    if element is None or element.tag != der.SEQUENCE:
        raise CertificateInputError(
            'garbled',
            gettext_noop('%(where)s is damaged: it does not start like a certificate. Copy or export it again.'),
            where=where,
        )
    if element.end > len(data):
        raise CertificateInputError(
            'truncated',
            gettext_noop(
                '%(where)s is cut short: %(missing)d of its %(total)d bytes are missing. Copy or export it again.'
            ),
            where=where,
            missing=element.end - len(data),
            total=element.end - start,
        )
    return element
