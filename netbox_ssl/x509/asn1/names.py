"""Distinguished names whose encoding violates X.690 or RFC 5280, as OpenSSL reads them."""

import re
from collections.abc import Iterator

from asn1crypto import parser

from netbox_ssl.x509.dn import NameFacts, name_facts, short_name
from netbox_ssl.x509.errors import UnreadableError

from .ber import is_constructed, string_octets
from .schema import Name, RelativeDistinguishedName

# A sound name has about ten. Each costs time.
_MAX_ATTRIBUTES = 200

_BIT_STRING, _UTF8, _NUMERIC, _PRINTABLE, _TELETEX, _IA5, _VISIBLE, _UNIVERSAL, _BMP = 3, 12, 18, 19, 20, 22, 26, 28, 30
_ENCODINGS = {_UTF8: 'UTF-8', _UNIVERSAL: 'UTF-32-BE', _BMP: 'UTF-16-BE'}

# Universal tag → its name, and the characters that it may contain (X.680, 41)
_REPERTOIRES = {
    _NUMERIC: ('NumericString', re.compile(rb'[0-9 ]*')),
    _PRINTABLE: ('PrintableString', re.compile(rb"[A-Za-z0-9 '()+,./:=?-]*")),
    _TELETEX: ('TeletexString', re.compile(rb'[\x00-\x7f]*')),
    _IA5: ('IA5String', re.compile(rb'[\x00-\x7f]*')),
    _VISIBLE: ('VisibleString', re.compile(rb'[\x20-\x7e]*')),
}

_STRINGS = frozenset({_UTF8, *range(18, 23), *range(25, 31)})


def read_lenient_name(name: Name, violations: list[str], part: str) -> NameFacts:
    """
    Return the facts of ``name``, and add to ``violations`` what is wrong with its encoding.

    Text in one-octet types is read as Latin-1 whatever the type allows. Raises ValueError, or any exception of
    ``asn1crypto``, for UTF-8 that is invalid and for more than 200 attributes.
    """
    return name_facts(list(_read_attributes(name, violations, part)))


def _read_attributes(name: Name, violations: list[str], part: str) -> Iterator[list[tuple[str, str | bytes]]]:
    count = 0
    for rdn in name:
        count += len(rdn) or 1
        if count > _MAX_ATTRIBUTES:
            raise UnreadableError(f'more than {_MAX_ATTRIBUTES} attributes')
        _check_set(rdn, violations, part)
        yield [_read_attribute(attribute, violations, part) for attribute in rdn]


def _check_set(rdn: RelativeDistinguishedName, violations: list[str], part: str) -> None:
    encoded = [attribute.dump() for attribute in rdn]
    if not encoded:
        violations.append(f'the {part} has an empty part')
    if encoded != sorted(encoded):
        violations.append(f'a part of the {part} with several values is not sorted')


def _read_attribute(attribute, violations: list[str], part: str) -> tuple[str, str | bytes]:
    oid, encoded = attribute['type'].dotted, attribute['value'].dump()
    tag_class, _, tag, *_ = parser.parse(encoded)
    if tag_class != 0 or tag not in _STRINGS:
        if tag != _BIT_STRING:  # X.520 uniqueIdentifier
            violations.append(f'{short_name(oid)} in the {part} is not text')
        return oid, encoded
    if is_constructed(encoded):
        violations.append(f'{short_name(oid)} in the {part} is in several pieces')
    octets = string_octets(encoded)
    if tag in _ENCODINGS:
        try:
            return oid, octets.decode(_ENCODINGS[tag])
        except UnicodeDecodeError as error:
            raise UnreadableError(f'{short_name(oid)} is not valid {_ENCODINGS[tag]}') from error
    kind, repertoire = _REPERTOIRES.get(tag, ('', None))
    if repertoire and not repertoire.fullmatch(octets):
        violations.append(f'{short_name(oid)} in the {part} has characters that a {kind} must not contain')
    return oid, octets.decode('latin-1')
