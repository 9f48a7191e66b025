"""Which addresses may be connected to: a response of a CA or of DNS must not lead into the operator's own network."""

import ipaddress
import socket

__all__ = ('ForbiddenAddress', 'is_public', 'resolve')

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


class ForbiddenAddress(OSError):
    """The addresses of the host may not be connected to."""


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
