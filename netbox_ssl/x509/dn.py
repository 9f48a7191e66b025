"""Distinguished names as text (RFC 4514)."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from cryptography import x509

from .text import MAX_DN_LENGTH, visible

_COMMON_NAME, _ORGANIZATION, _UNIT = '2.5.4.3', '2.5.4.10', '2.5.4.11'

# OpenSSL's abbreviations of attribute types; others are shown as their OID (RFC 4514, 2.3).
_SHORT_NAMES = {
    _COMMON_NAME: 'CN',
    '2.5.4.4': 'SN',
    '2.5.4.5': 'serialNumber',
    '2.5.4.6': 'C',
    '2.5.4.7': 'L',
    '2.5.4.8': 'ST',
    '2.5.4.9': 'street',
    _ORGANIZATION: 'O',
    _UNIT: 'OU',
    '2.5.4.12': 'title',
    '2.5.4.15': 'businessCategory',
    '2.5.4.17': 'postalCode',
    '2.5.4.42': 'GN',
    '2.5.4.46': 'dnQualifier',
    '2.5.4.65': 'pseudonym',
    '2.5.4.97': 'organizationIdentifier',
    '0.9.2342.19200300.100.1.1': 'UID',
    '0.9.2342.19200300.100.1.25': 'DC',
    '1.2.840.113549.1.9.1': 'emailAddress',
    '1.3.6.1.4.1.311.60.2.1.1': 'jurisdictionL',
    '1.3.6.1.4.1.311.60.2.1.2': 'jurisdictionST',
    '1.3.6.1.4.1.311.60.2.1.3': 'jurisdictionC',
}

_SPECIAL = re.compile(r'[\\"+,;<>]|^[# ]|(?<!^) $')


class NameFacts(NamedTuple):
    """A name as text, and the attributes that are used separately ('' if missing; the last one if repeated)."""

    text: str
    common_name: str
    organization: str
    organizational_unit: str


def read_name(name: x509.Name) -> NameFacts:
    """Return the facts of ``name``. Raises any exception of ``cryptography``."""
    return name_facts(((attribute.oid.dotted_string, attribute.value) for attribute in rdn) for rdn in name.rdns)


def name_facts(rdns: Iterable[Iterable[tuple[str, str | bytes]]]) -> NameFacts:
    """
    Return the name in RFC 4514 form, most specific part first: ``CN=www.example.com,O=Example,C=US``.

    Values that are not text (X.520 uniqueIdentifier) are shown as ``#`` and hex.

    Args:
        rdns: the relative distinguished names in the order of the certificate, each with its pairs of type (dotted
            OID) and value
    """
    found = dict.fromkeys((_COMMON_NAME, _ORGANIZATION, _UNIT), '')
    parts = []
    for rdn in rdns:
        texts = []
        for oid, value in rdn:
            if isinstance(value, bytes):
                texts.append(f'{_SHORT_NAMES.get(oid, oid)}=#{value.hex()}')
                continue
            if oid in found:
                found[oid] = visible(value)
            texts.append(f'{_SHORT_NAMES.get(oid, oid)}={_SPECIAL.sub(_escape, value)}')
        parts.append('+'.join(reversed(texts)))  # OpenSSL's order; RFC 4514, 2.2 allows any
    parts.reverse()
    return NameFacts(visible(','.join(parts), MAX_DN_LENGTH), *found.values())


def short_name(oid: str) -> str:
    """Return OpenSSL's abbreviation of an attribute type, or its OID."""
    return _SHORT_NAMES.get(oid, oid)


def _escape(match: re.Match[str]) -> str:
    return '\\' + match[0]


# The first CN of a name in RFC 4514 form, the most specific one; commas in it are escaped.
_CN_IN_TEXT = re.compile(r'(?:^|[,+])CN=((?:\\.|[^\\,+])*)')


def common_name_in(text: str) -> str:
    """Return the most specific common name of a name in the form of ``read_name()``; empty if it has none."""
    found = _CN_IN_TEXT.search(text)
    return re.sub(r'\\(.)', r'\1', found[1]) if found else ''
