"""
Recognise private key material in any form in which it may be pasted, so that it is refused before it is stored.

Every submitted text is searched, so the search has two steps: a handful of substring tests on a compacted copy, which
decide nearly every input, and patterns that are tried only if one of these tests matches.

The search is deliberately generous, because a damaged key is still a leaked key. Prose about keys ("the private key is
on host x") must not match.
"""

import binascii
import re
from collections.abc import Callable, Iterator

from . import der
from .decoding import DASHES, decode_text, unescape
from .kinds import PRIVATE_KINDS, identify

_ALNUM = b'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
_NOT_ALNUM = bytes(set(range(256)) - set(_ALNUM))

_OPENSSH_MAGIC = b'openssh-key-v1\0'
_HEADER_OCTETS = 4096  # more than ``identify()`` reads; slicing to the end would take quadratic time
_SHORTEST_KEY = 32  # octets of DER; an Ed25519 key takes 48
_KEYSTORE_MAGICS = (b'\xfe\xed\xfe\xed', b'\xce\xce\xce\xce')  # Java: JKS and JCEKS

_LABELS = {
    '': 'PKCS#8, PEM',
    'RSA': 'RSA, PKCS#1, PEM',
    'EC': 'EC, SEC 1, PEM',
    'DSA': 'DSA, PEM',
    'ENCRYPTED': 'encrypted PKCS#8, PEM',
    'OPENSSH': 'OpenSSH',
    'PGP': 'OpenPGP',
}


def find_private_key(data: bytes | str) -> str | None:
    """
    Return a short name of the private key material in ``data``, or None if there is none.

    Recognised: PEM blocks with such a label, even with damaged dashes, case, spaces and line breaks; PKCS#1, PKCS#8
    (encrypted or not), SEC 1 and PKCS#12 as DER, as bare base64 and under a wrong PEM label; OpenSSH, SSH2 and PuTTY
    files; OpenPGP blocks; JWK (RFC 7517); Java key stores; XML and OpenSSL text forms; any PEM form encoded in
    base64 again, as in Kubernetes secrets. All of these within other text, in UTF-8 or UTF-16, with escaped line
    breaks.

    The name never contains any part of the input, so it may be shown and logged. Never raises.
    """
    if isinstance(data, str):
        return _find_in_text(data)
    return _find_in_binary(data) or _find_in_text(decode_text(data))


def _find_in_binary(data: bytes) -> str | None:
    """Search ``data`` for consecutive DER elements and for the magic octets of binary containers."""
    if _OPENSSH_MAGIC in data:
        return 'OpenSSH private key'
    if data.startswith(_KEYSTORE_MAGICS):
        return 'Java key store'
    position = 0
    while data[position : position + 1] == b'0':
        try:
            end = der.read_header(data, position).end
        except der.DerError:
            break
        kind = identify(data[position : position + _HEADER_OCTETS]) if end - position >= _SHORTEST_KEY else None
        if kind in PRIVATE_KINDS:
            return f'{kind}, DER'
        position = end
    return None


def _find_in_text(text: str) -> str | None:
    raw = text.encode('utf-8', 'surrogatepass')
    if b'\\' in raw:
        text = unescape(text)
        raw = text.encode('utf-8', 'surrogatepass')
    compact = raw.translate(None, _NOT_ALNUM)
    lower = compact.lower()
    for marker, find in _BY_MARKER:
        if marker in lower and (form := find(text)):
            return form
    if any(marker in compact for marker in _BASE64_MARKERS):
        return 'PEM or OpenSSH, base64'
    return _find_in_base64(text)


# --- Forms with a recognisable label -------------------------------------------------------------------------------

_GAP = r'[^A-Za-z0-9]{0,8}'


def _spaced(word: str) -> str:
    """Return a pattern for ``word`` with anything that copying may have inserted between its letters."""
    return _GAP.join(word)


_PEM_HEADER = re.compile(
    rf'(?P<before>[{DASHES}]{{2}}\s{{0,4}})?(?:{_spaced("BEGIN")}|{_spaced("END")}){_GAP}'
    rf'(?P<label>(?:[A-Z0-9]{_GAP}){{0,24}}?){_spaced("PRIVATE")}{_GAP}{_spaced("KEY")}'
    rf'(?:{_GAP}{_spaced("BLOCK")})?(?P<after>\s{{0,4}}[{DASHES}]{{2}})?',
    re.IGNORECASE,
)
_BASE64_RUN = re.compile(r'[A-Za-z0-9+/]{32,}')


def _find_pem(text: str) -> str | None:
    for header in _PEM_HEADER.finditer(text):
        if (header['before'] and header['after']) or _key_material_follows(text, header.end()):
            label = re.sub(r'[^A-Z0-9]', '', header['label'].upper())
            return _LABELS.get(label, 'PEM')
    return None


def _key_material_follows(text: str, position: int) -> bool:
    """
    Return whether a line of base64 follows soon, as after a header that lost its dashes, but not in prose.

    A path of CamelCase words may look like base64, but rarely has 32 digits with a number among them.
    """
    runs = _BASE64_RUN.findall(text, position, position + 400)
    return any(re.search('[a-z]', run) and re.search('[A-Z]', run) and re.search('[0-9]', run) for run in runs)


def _pattern_finder(name: str, *patterns: str) -> Callable[[str], str | None]:
    """Return a function that returns ``name`` for a text that matches all ``patterns``."""
    compiled = [re.compile(pattern, re.IGNORECASE | re.MULTILINE) for pattern in patterns]
    return lambda text: name if all(pattern.search(text) for pattern in compiled) else None


# Lower-case letters and digits that a text must contain → the pattern to try if it does
_BY_MARKER = (
    (b'privatekey', _find_pem),
    (b'puttyuserkeyfile', _pattern_finder('PuTTY', rf'{_spaced("PuTTYUserKeyFile")}{_GAP}\d\s*:')),
    (
        b'kty',
        _pattern_finder(
            'JSON Web Key',
            r'\bkty\\*["\']?\s*:',
            r'(?<![A-Za-z0-9_])[dk]\\*["\']?\s*:\s*\\*["\']?[A-Za-z0-9_-]{16,}',
        ),
    ),
    (
        b'openvpnstatickey',
        _pattern_finder('OpenVPN static key', rf'(?:BEGIN|END){_GAP}{_spaced("OpenVPNStatickey")}'),
    ),
    (b'rsakeyvalue', _pattern_finder('RSA, XML', r'<(?:\w+:)?D>\s*[A-Za-z0-9+/]{16,}')),
    (b'privateexponent', _pattern_finder('RSA, text', r'privateExponent:\s*(?:[0-9a-f]{2}:){4}')),
    (b'priv', _pattern_finder('text', r'^[ \t]{0,16}priv:\s*(?:[0-9a-f]{2}:){4}')),
)


# --- Forms hidden in base64 ---------------------------------------------------------------------------------------

_BASE64_MARKERS = (
    b'b3BlbnNzaC1rZXktdjEA',  # the OpenSSH magic, at the start of the encoded data
    b'UFJJVkFURSBLRV',  # "PRIVATE KE", encoded at each of the three alignments
    b'BSSVZBVEUgS0VZ',
    b'QUklWQVRFIEtFW',
)

# A SEQUENCE, with tag 0x30 and the lengths in use (up to 0x84…), always begins with M and one of A to P.
_DER_IN_BASE64 = re.compile(r'(?<![A-Za-z0-9+/])M[^A-Za-z0-9]{0,8}[A-P](?:[^A-Za-z0-9]{0,8}[A-Za-z0-9+/_-]){14}')

# Base64 digits to decode: enough for ``identify()``, even if an algorithm's parameters come first
_PREFIX_DIGITS = 96


def _find_in_base64(text: str) -> str | None:
    for prefix in _der_prefixes(text):
        kind = identify(prefix)
        if kind in PRIVATE_KINDS:
            return f'{kind}, base64'
    return None


def _der_prefixes(text: str) -> Iterator[bytes]:
    """Yield the first octets of everything in ``text`` that may be DER in base64 (of either alphabet)."""
    for match in _DER_IN_BASE64.finditer(text):
        window = text[match.start() : match.start() + 2 * _PREFIX_DIGITS]
        digits = re.sub(r'[^A-Za-z0-9+/]', '', window.replace('-', '+').replace('_', '/'))[:_PREFIX_DIGITS]
        yield binascii.a2b_base64(digits[: len(digits) // 4 * 4])
