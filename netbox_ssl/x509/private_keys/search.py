"""
Recognise private key material in any form in which it may be pasted, so that it is refused before it is stored.

Every submitted text is searched, so the time is linear in its length whatever it contains: each step passes over the
text a fixed number of times, and no pattern can match the same characters in two ways.

The search is deliberately generous, because a damaged key is still a leaked key. Prose about keys ("the private key is
on host x") must not match.
"""

from netbox_ssl.x509 import der
from netbox_ssl.x509.decoding import decode_text, unescape
from netbox_ssl.x509.kinds import PRIVATE_KINDS, identify

from .encodings import BASE64, DECODERS, ESCAPED, key_in
from .labels import find_label

_OPENSSH_MAGIC = b'openssh-key-v1\0'
_HEADER_OCTETS = 4096  # more than ``identify()`` reads; slicing to the end would take quadratic time
_SHORTEST_KEY = 32  # octets of DER; an Ed25519 key takes 48
_SHORTEST_TEXT = 16  # characters; no text form is shorter
_KEYSTORE_MAGICS = (b'\xfe\xed\xfe\xed', b'\xce\xce\xce\xce')  # Java: JKS and JCEKS

# Encodings within each other that are undone: as in base64 of the base64 in a Kubernetes secret
_DEPTH = 2
# Times the length of the input that may be searched again because it was decoded to text
_DECODED = 4


def find_private_key(data: bytes | str) -> str | None:
    """
    Return a short name of the private key material in ``data``, or None if there is none.

    Recognised: PEM blocks with such a label, even with damaged dashes, case, spaces and line breaks; PKCS#1, PKCS#8
    (encrypted or not), SEC 1, PKCS#12 and Java key stores as binary data, as bare base64 or hex, and under a wrong PEM
    label; OpenSSH, SSH2 and PuTTY files; OpenPGP blocks; JWK (RFC 7517); XML and OpenSSL text forms; keys of age,
    WireGuard, OpenVPN and DNSSEC; any of these text forms encoded in base64, hex, URL encoding or the escapes of string
    literals, also twice. All of these within other text, in UTF-8 or UTF-16, with escaped line breaks.

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
    if len(text) < _SHORTEST_TEXT:
        return None
    # Half a surrogate pair, which JSON can express, must not end the search.
    raw = text.encode('utf-8', 'surrogatepass')
    return _find(raw, _DEPTH, [_DECODED * len(raw) + _HEADER_OCTETS])


def _find(raw: bytes, depth: int, budget: list[int]) -> str | None:
    """
    Search a text and what is encoded in it.

    Args:
        depth: how many encodings may still be undone
        budget: how many octets of text may still be decoded and searched, as a list of one number
    """
    plain = raw
    if b'\\' in raw:
        # Decoded data need not be UTF-8.
        plain = unescape(raw.decode('utf-8', 'surrogateescape')).encode('utf-8', 'surrogateescape')
    if form := find_label(plain):
        return form
    inner = []
    for encoding, decode in DECODERS.items():
        for part in decode(raw if encoding == ESCAPED else plain):
            if form := key_in(part):
                return f'{form}, {encoding}'
            if depth and (text := part.text()):
                inner.append(text)
    for text in inner:
        if budget[0] < len(text):
            continue
        budget[0] -= len(text)
        if form := _find(text, depth - 1, budget):
            return form if form.endswith(f', {BASE64}') else f'{form}, encoded'
    return None
