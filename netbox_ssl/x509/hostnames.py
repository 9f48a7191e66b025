"""
Host names, compared with the names in a certificate as TLS clients do (RFC 9525, formerly RFC 6125).

DNS names are compared regardless of case, with U-labels as A-labels (RFC 5890, 2.3.2.1); IP addresses by value; and a
wildcard stands for exactly one whole label, the leftmost (RFC 9525, 6.3).
"""

import ipaddress
import re

import idna

__all__ = ('asked_name', 'canonical_address', 'canonical_host', 'covering_names', 'is_host')

# RFC 1035, 2.3.4
_MAX_NAME = 253
# With the underscore of service names, which public CAs no longer certify but private ones do
_LABEL = re.compile(r'[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?')
_WILDCARD = '*.'
_LABEL_OF_OPENSSL = re.compile(r'^(?:DNS|IP(?: Address)?):\s*', re.IGNORECASE)
# People also paste URLs, and names with a port.
_SCHEME = re.compile(r'^[a-z][a-z0-9+.-]*://', re.IGNORECASE)
_PORT = re.compile(r'^([^:]+|\[[^]]*\]):[0-9]{1,5}$')


def asked_name(text: str) -> str:
    """
    Return the host name or IP address in ``text`` in its canonical form, or '' if there is none.

    Accepts what people paste: ``WWW.Example.com.``, ``bücher.example``, ``https://www.example.com:8443/path``,
    ``[2001:db8::1]``, ``DNS:www.example.com``, an IP address with a prefix length, as in NetBox.
    """
    text = _SCHEME.sub('', _LABEL_OF_OPENSSL.sub('', text.strip()))
    text = re.split(r'[/?#]', text, maxsplit=1)[0]
    if match := _PORT.match(text):
        text = match[1]
    if text.startswith('[') and text.endswith(']'):
        text = text[1:-1]
    return canonical_address(text) or canonical_host(text)


def is_host(text: str) -> bool:
    """Return whether ``text`` is an IP address or a DNS name of several labels, and nothing else."""
    return bool(canonical_address(text)) or ('.' in text.strip('.') and bool(canonical_host(text)))


def covering_names(name: str) -> tuple[str, ...]:
    """Return the subject alternative names that cover ``name`` (in its canonical form); one of them is enough."""
    _first, dot, parent = name.partition('.')
    if not dot or name.startswith(_WILDCARD) or canonical_address(name):
        return (name,)
    return name, _WILDCARD + parent


def canonical_address(text: str) -> str:
    """Return an IP address as in RFC 5952, or '' if it is none."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ''


def canonical_host(text: str) -> str:
    """Return a DNS name or wildcard in lower case, as A-labels without a trailing dot; '' if it is neither."""
    wildcard = _WILDCARD if text.startswith(_WILDCARD) else ''
    name = text.removeprefix(_WILDCARD)
    try:
        # ASCII names are checked below, because idna would refuse underscores, which are in use.
        name = name.lower() if name.isascii() else idna.encode(name, uts46=True).decode('ascii')
    except (idna.IDNAError, UnicodeError):
        return ''
    name = name.removesuffix('.')
    if len(name) > _MAX_NAME or not all(_LABEL.fullmatch(label) for label in name.split('.')):
        return ''
    return wildcard + name
