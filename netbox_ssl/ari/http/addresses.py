"""Which addresses may be connected to: a response of a CA or of DNS must not lead into the operator's own network."""

import ipaddress
import socket
import unicodedata
from contextlib import suppress
from urllib.parse import unquote

__all__ = ('ForbiddenAddress', 'canonical_host', 'is_public', 'is_public_host', 'resolve')

# Not public, but not "private" in every version of Python
SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        '100.64.0.0/10',  # RFC 6598 (CGNAT)
        '192.0.0.0/24',  # RFC 6890
        '192.88.99.0/24',  # RFC 7526
        '3fff::/20',  # RFC 9637
    )
)
GLOBAL_UNICAST = ipaddress.ip_network('2000::/3')  # RFC 4291, section 2.4
NAT64 = (ipaddress.ip_network('64:ff9b::/96'), ipaddress.ip_network('64:ff9b:1::/48'))  # RFC 6052, RFC 8215
COMPATIBLE = ipaddress.ip_network('::/96')  # RFC 4291, deprecated


# Full stops of other scripts, which IDNA treats as dots (RFC 3490, section 3.1)
DOTS = str.maketrans('\u3002\uff0e\uff61', '...')
# Names for the host itself in /etc/hosts
LOOPBACK_NAMES = ('localhost', 'localhost.localdomain', 'ip6-localhost', 'ip6-loopback')


class ForbiddenAddress(OSError):
    """The addresses of the host may not be connected to."""


def canonical_host(host: str) -> str:
    """
    Return the host of a URL in one form for all that mean the same: in lower case, without trailing dots, and an IP
    address in any form that resolvers accept (``127.1``, ``2130706433``, ``0x7f000001``) as usual.
    """
    host = unicodedata.normalize('NFKC', unquote(host)).translate(DOTS).lower().rstrip('.')
    with suppress(ValueError):
        return str(ipaddress.ip_address(host.partition('%')[0]))
    # More than digits and dots would be a name, but inet_aton() ignores all that follows a space.
    with suppress(OSError):
        return socket.inet_ntoa(socket.inet_aton(host)) if host and not host[0].isspace() else host
    return host


def is_public_host(host: str) -> bool:
    """Return whether a name or address is not known to be private. What a name resolves to is not checked."""
    host = canonical_host(host)
    if host in LOOPBACK_NAMES or host.endswith('.localhost'):
        return False
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return is_public(host)
    return bool(host)


def is_public(text: str) -> bool:
    """
    Return whether an IP address is public; for an IPv6 address that embeds an IPv4 address, whether that one is public.
    """
    try:
        address = ipaddress.ip_address(text.partition('%')[0])
    except ValueError:
        return False
    if address.version == 6:
        if embedded := _embedded(address):
            return all(is_public(str(inner)) for inner in embedded)
        if address not in GLOBAL_UNICAST:
            return False
    special = address.is_private or address.is_multicast or address.is_reserved
    return address.is_global and not special and not any(address in network for network in SPECIAL)


def _embedded(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses that it embeds: mapped, compatible, NAT64, 6to4 (RFC 3056), Teredo (RFC 4380)."""
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address.sixtofour:
        return [address.sixtofour]
    if address.teredo:
        return list(address.teredo)
    if any(address in network for network in (*NAT64, COMPATIBLE)):
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    return []


def resolve(host: str, port: int, any_address: bool = False) -> list[tuple]:
    """
    Return the addresses of ``host``, as (family, socket address), without those that may not be connected to. Connect
    to these instead of looking up the name again, because the next response could differ.

    Args:
        any_address: the operator allowed this host at any address

    Raises:
        OSError: ``socket.gaierror``, or ForbiddenAddress if no address is left
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    allowed = [(family, address) for family, _, _, _, address in found if any_address or is_public(address[0])]
    if not allowed:
        raise ForbiddenAddress(host)
    return allowed
