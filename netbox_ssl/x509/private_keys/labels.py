"""Private keys recognised by a label in the text: PEM, and the text forms of many programs."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator

from netbox_ssl.x509.decoding import DASHES

__all__ = ('find_label',)

_ALNUM = b'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
_NOT_ALNUM = bytes(set(range(256)) - set(_ALNUM))

_NAMES = {
    b'': 'PKCS#8, PEM',
    b'rsa': 'RSA, PKCS#1, PEM',
    b'ec': 'EC, SEC 1, PEM',
    b'dsa': 'DSA, PEM',
    b'encrypted': 'encrypted PKCS#8, PEM',
    b'openssh': 'OpenSSH',
    b'pgp': 'OpenPGP',
}


def find_label(raw: bytes) -> str | None:
    """Return the name of the form of private key that is labelled in ``raw`` (UTF-8), or None."""
    compact = raw.translate(None, _NOT_ALNUM).lower()
    lower = raw.lower()
    for marker, find in _BY_MARKER:
        if marker in compact and (form := find(raw, lower, compact)):
            return form
    return None


# --- Labels that copying may have damaged ------------------------------------------------------------------------

# Characters that copying may have inserted between two letters of a label
_GAP = 8
# Letters between BEGIN and PRIVATE KEY
_LONGEST_LABEL = 24
_BEFORE = re.compile(rf'[{DASHES}]{{2}}\s{{0,4}}\Z')
_AFTER = re.compile(rf'\s{{0,4}}[{DASHES}]{{2}}')
_BASE64_RUN = re.compile(rb'(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{32,}')
# Octets after a header in which the key must start if the header lost its dashes
_KEY_FOLLOWS = 400


class _Positions:
    """Where the letters and digits of a text are."""

    def __init__(self, raw: bytes):
        letters = frozenset(_ALNUM)
        self._at = [place for place, octet in enumerate(raw) if octet in letters]

    def start(self, first: int) -> int:
        return self._at[first]

    def end(self, last: int) -> int:
        return self._at[last] + 1

    def is_one_label(self, first: int, last: int) -> bool:
        """Return whether no two neighbours from ``first`` to ``last`` are further apart than a gap."""
        places = self._at[first : last + 1]
        return all(later - earlier <= _GAP + 1 for earlier, later in zip(places, places[1:], strict=False))


def _occurrences(word: bytes, compact: bytes) -> Iterator[int]:
    found = compact.find(word)
    while found >= 0:
        yield found
        found = compact.find(word, found + len(word))


def _find_pem(raw: bytes, lower: bytes, compact: bytes) -> str | None:
    positions, runs = _Positions(raw), _key_like_runs(raw)
    for found in _occurrences(b'privatekey', compact):
        last = found + len(b'privatekey') - 1
        if compact.startswith(b'block', last + 1) and positions.is_one_label(last, last + 5):
            last += len(b'block')
        for word in (b'begin', b'end'):
            first = compact.rfind(word, max(0, found - _LONGEST_LABEL - len(word)), found)
            if first < 0:
                continue
            start, end = positions.start(first), positions.end(last)
            is_header = _key_follows(runs, end) or _has_dashes(raw, start, end)
            if is_header and positions.is_one_label(first, last):
                return _NAMES.get(compact[first + len(word) : found], 'PEM')
    return None


def _has_dashes(raw: bytes, start: int, end: int) -> bool:
    before = raw[max(0, start - 24) : start].decode(errors='ignore')
    return bool(_BEFORE.search(before)) and bool(_AFTER.match(raw[end : end + 24].decode(errors='ignore')))


def _key_like_runs(raw: bytes) -> list[tuple[int, int]]:
    """
    Return the start and end of each run of base64 digits that may be part of a key.

    A path of CamelCase words may look like base64, but rarely has 32 digits with a number among them.
    """
    return [
        match.span()
        for match in _BASE64_RUN.finditer(raw)
        if re.search(rb'[a-z]', match[0]) and re.search(rb'[A-Z]', match[0]) and re.search(rb'[0-9]', match[0])
    ]


def _key_follows(runs: list[tuple[int, int]], position: int) -> bool:
    following = bisect_left(runs, (position, 0))
    return following < len(runs) and runs[following][0] < position + _KEY_FOLLOWS


def _find_putty(raw: bytes, lower: bytes, compact: bytes) -> str | None:
    positions, word = _Positions(raw), b'puttyuserkeyfile'
    for found in _occurrences(word, compact):
        version = found + len(word)
        if compact[version : version + 1].isdigit():
            end = positions.end(version)
            if raw[end : end + _GAP].lstrip()[:1] == b':' and positions.is_one_label(found, version):
                return 'PuTTY'
    return None


def _find_openvpn(raw: bytes, lower: bytes, compact: bytes) -> str | None:
    positions, word = _Positions(raw), b'openvpnstatickey'
    for found in _occurrences(word, compact):
        for before in (b'begin', b'end'):
            first = found - len(before)
            if compact.startswith(before, max(first, 0)) and positions.is_one_label(first, found + len(word) - 1):
                return 'OpenVPN static key'
    return None


# --- Text forms --------------------------------------------------------------------------------------------------


def _pattern_finder(name: str, *patterns: bytes) -> Callable[[bytes, bytes, bytes], str | None]:
    """Return a function that returns ``name`` for a text that matches all ``patterns``, which are in lower case."""
    compiled = [re.compile(pattern) for pattern in patterns]
    return lambda raw, lower, compact: name if all(pattern.search(lower) for pattern in compiled) else None


_COLONS = rb'(?:[0-9a-f]{2}:){4}'
# Between name and value: ``:`` in JSON and YAML, ``=`` in TOML, ``=>`` in PHP and Ruby; quotes may be escaped
_QUOTE = rb'\\{0,8}["\']?'
_ASSIGNED = _QUOTE + rb'\s{0,8}(?::|=>?)\s{0,80}' + _QUOTE
# 32 octets: 42 digits, one of the sixteen that end with two zero bits, and the padding
_WIREGUARD = _ASSIGNED + rb'[a-z0-9+/]{42}[aeimquycgkosw048]=(?![a-z0-9+/=])'

# Lower-case letters and digits that a text must contain → the function to call if it does. The patterns start with
# fixed letters, so that they are found at the speed of a search for these.
_BY_MARKER = (
    (b'privatekey', _find_pem),
    (b'privatekeyformat', _pattern_finder('DNSSEC', rb'private-key-format:\s{0,8}v\d')),
    (b'privatekey', _pattern_finder('WireGuard', rb'private[ _-]?key' + _WIREGUARD)),
    (b'presharedkey', _pattern_finder('WireGuard', rb'preshared[ _-]?key' + _WIREGUARD)),
    (b'agesecretkey', _pattern_finder('age', rb'age-secret-key-(?:pq-)?1[a-z0-9]{40}')),
    (b'puttyuserkeyfile', _find_putty),
    (
        b'kty',
        _pattern_finder('JSON Web Key', rb'kty' + _ASSIGNED, rb'(?<![a-z0-9_])[dk]' + _ASSIGNED + rb'[a-z0-9_-]{16}'),
    ),
    (b'openvpnstatickey', _find_openvpn),
    (b'rsakeyvalue', _pattern_finder('RSA, XML', rb'<(?:[a-z0-9_]{1,40}:)?d>\s{0,80}[a-z0-9+/]{16}')),
    (b'privateexponent', _pattern_finder('RSA, text', rb'privateexponent:\s{0,80}' + _COLONS)),
    (b'priv', _pattern_finder('text', rb'(?<![a-z0-9_-])priv:\s{0,80}' + _COLONS)),
)
