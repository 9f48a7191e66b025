"""Subject alternative names that violate RFC 5280, 4.2.1.6, or that ``cryptography`` does not support."""

import ipaddress
from collections.abc import Iterator

from netbox_ssl.x509 import der
from netbox_ssl.x509.alternative_names import canonical_name

from .names import read_lenient_name
from .schema import Name

# Nobody uses more than one. Each costs time.
_MAX_DIRECTORY_NAMES = 100

_OTHER, _EMAIL, _DNS, _X400, _DIRECTORY, _EDI_PARTY, _URI, _ADDRESS, _REGISTERED_ID = range(9)


def read_lenient_names(value: bytes, violations: list[str]) -> Iterator[tuple[str, str]]:
    """
    Yield kind (``dns``, ``ip`` or '') and text of each name, and add to ``violations`` what is wrong with them.

    Seen in the wild: UTF-8 or Latin-1 instead of IA5String, and IP addresses written as text. Names that cannot be
    read are omitted.
    """
    directory_names = 0
    try:
        for name in der.children(value, der.read_element(value)):
            directory_names += name.tag & 0x1F == _DIRECTORY
            if directory_names > _MAX_DIRECTORY_NAMES:
                violations.append(f'it has more than {_MAX_DIRECTORY_NAMES} directory names, which were ignored')
                return
            yield from _read_name(name.tag & 0x1F, value[name.body : name.end], violations)
    except der.DerError:
        violations.append('the extension subjectAltName is malformed')


def _read_name(kind: int, content: bytes, violations: list[str]) -> Iterator[tuple[str, str]]:
    try:
        if kind == _DNS:
            yield 'dns', _text(content, violations).lower()
        elif kind in (_EMAIL, _URI):
            yield '', canonical_name(_text(content, violations))
        elif kind == _ADDRESS:
            yield 'ip', _address(content, violations)
        elif kind == _OTHER:
            oid = der.read_element(content)
            yield '', f'otherName:{der.decode_oid(content[oid.body : oid.end])}'
            if der.read_element(content, oid.end).tag != der.context(0):
                violations.append('the value of an otherName lacks its tag')
        elif kind == _DIRECTORY:
            yield '', f'dirName:{read_lenient_name(Name.load(content), violations, "directoryName").text}'
        elif kind == _REGISTERED_ID:
            yield '', f'RID:{der.decode_oid(content)}'
        elif kind in (_X400, _EDI_PARTY):
            yield '', 'x400Address' if kind == _X400 else 'ediPartyName'
    except Exception:  # ValueError, and others without a common base class
        violations.append('one of its alternative names is malformed and was ignored')


def _text(content: bytes, violations: list[str]) -> str:
    if not content.isascii():
        violations.append('an alternative name has characters that an IA5String must not contain')
    try:
        return content.decode('utf-8')
    except UnicodeDecodeError:
        return content.decode('latin-1')


def _address(octets: bytes, violations: list[str]) -> str:
    """Return the address in its canonical form. Raises ValueError."""
    if len(octets) in (4, 16):
        return str(ipaddress.ip_address(octets))
    address = str(ipaddress.ip_address(octets.decode('ascii')))
    violations.append(f'the IP address {address} is written as text')
    return address
