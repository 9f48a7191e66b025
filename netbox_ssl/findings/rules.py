"""
The findings that follow from the columns of a certificate.

Each is written once in Python and once in SQL, side by side; ``tests/findings`` compares them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import F, Q

from netbox_ssl.choices import FindingChoices

from .lifetimes import longest_lifetime, periods

__all__ = ('RULES', 'Rule', 'findings_of')

# BR 6.1.5. The same expressions in PostgreSQL and, with these flags, in Python.
FLAGS = re.IGNORECASE | re.ASCII
PRIME = r'^(rsa|dsa)$'
LEAST_PRIME_BITS = 2048
CURVE = r'^(ecdsa|ec)$'
LEAST_CURVE_BITS = 256
# As in "sha1WithRSAEncryption" and "ecdsa-with-SHA1", but not in "SHA2-128s"
BROKEN_HASH = r'(md[245]|sha-?1)(?![0-9])'
TEST_CA = 'staging'
TEST_ISSUER = '(STAGING)'


@dataclass(frozen=True)
class Rule:
    """Whether a certificate has a finding, and its SQL twin, for a lookup path that ends in ``__`` or is empty."""

    holds: Callable[[object], bool]
    q: Callable[[str], Q]


def _matches(expression: str, text: str) -> bool:
    # PostgreSQL's $ does not match before a newline at the end.
    return re.search(expression.replace('$', r'\Z'), text, FLAGS) is not None


def _has_weak_key(certificate) -> bool:
    if (bits := certificate.key_size) is None:
        return False
    name = certificate.key_algorithm
    return (_matches(PRIME, name) and bits < LEAST_PRIME_BITS) or (_matches(CURVE, name) and bits < LEAST_CURVE_BITS)


def _weak_key_q(prefix: str) -> Q:
    name, bits = f'{prefix}key_algorithm__iregex', f'{prefix}key_size__lt'
    return Q((name, PRIME), (bits, LEAST_PRIME_BITS)) | Q((name, CURVE), (bits, LEAST_CURVE_BITS))


def _has_weak_signature(certificate) -> bool:
    # The signature of a root is not verified.
    return _matches(BROKEN_HASH, certificate.signature_algorithm) and not _is_root(certificate)


def _weak_signature_q(prefix: str) -> Q:
    return Q((f'{prefix}signature_algorithm__iregex', BROKEN_HASH)) & ~_root_q(prefix)


def _is_root(certificate) -> bool:
    return certificate.is_ca and certificate.subject == certificate.issuer


def _root_q(prefix: str) -> Q:
    return Q((f'{prefix}is_ca', True), (f'{prefix}subject', F(f'{prefix}issuer')))


def _is_long(certificate) -> bool:
    if certificate.is_ca or (longest := longest_lifetime(certificate.valid_from)) is None:
        return False
    # The last second counts (RFC 5280, 4.1.2.5), so an exact number of days is a second too long.
    return certificate.valid_to - certificate.valid_from >= longest


def _long_q(prefix: str) -> Q:
    found, start, end = Q(), f'{prefix}valid_from', f'{prefix}valid_to'
    for first, following, longest in periods():
        issued = (
            Q((f'{start}__gte', first))
            if following is None
            else Q((f'{start}__gte', first), (f'{start}__lt', following))
        )
        found |= issued & Q((f'{end}__gte', F(start) + longest))
    return Q((f'{prefix}is_ca', False)) & found


def _has_no_san(certificate) -> bool:
    return not certificate.is_ca and not certificate.subject_alt_names


def _no_san_q(prefix: str) -> Q:
    return Q((f'{prefix}is_ca', False), (f'{prefix}subject_alt_names', []))


def _chain_ends_first(certificate) -> bool:
    return certificate.chain_ends_first


def _chain_ends_first_q(prefix: str) -> Q:
    return Q((f'{prefix}chain_valid_to__lt', F(f'{prefix}valid_to')))


def _is_staging(certificate) -> bool:
    return _matches(TEST_CA, certificate.acme_provider) or TEST_ISSUER in certificate.issuer


def _staging_q(prefix: str) -> Q:
    return Q((f'{prefix}acme_provider__iregex', TEST_CA)) | Q((f'{prefix}issuer__contains', TEST_ISSUER))


def _is_self_signed(certificate) -> bool:
    by_itself = certificate.subject != '' and certificate.subject == certificate.issuer
    own_key = certificate.authority_key_id in ('', certificate.subject_key_id)
    # A root has no names; a server certificate with CA:TRUE has.
    return by_itself and own_key and (not certificate.is_ca or bool(certificate.subject_alt_names))


def _self_signed_q(prefix: str) -> Q:
    by_itself = Q((f'{prefix}subject', F(f'{prefix}issuer'))) & ~Q((f'{prefix}subject', ''))
    own_key = Q((f'{prefix}authority_key_id', '')) | Q((f'{prefix}authority_key_id', F(f'{prefix}subject_key_id')))
    return by_itself & own_key & (Q((f'{prefix}is_ca', False)) | ~Q((f'{prefix}subject_alt_names', [])))


def _is_not_automatic(certificate) -> bool:
    return not (certificate.is_acme and certificate.acme_auto_renewal)


def _not_automatic_q(prefix: str) -> Q:
    return Q((f'{prefix}is_acme', False)) | Q((f'{prefix}acme_auto_renewal', False))


RULES = {
    FindingChoices.WEAK_KEY: Rule(_has_weak_key, _weak_key_q),
    FindingChoices.WEAK_SIGNATURE: Rule(_has_weak_signature, _weak_signature_q),
    FindingChoices.LONG_LIFETIME: Rule(_is_long, _long_q),
    FindingChoices.NO_SAN: Rule(_has_no_san, _no_san_q),
    FindingChoices.CHAIN_ENDS_FIRST: Rule(_chain_ends_first, _chain_ends_first_q),
    FindingChoices.STAGING: Rule(_is_staging, _staging_q),
    FindingChoices.SELF_SIGNED: Rule(_is_self_signed, _self_signed_q),
    FindingChoices.NOT_AUTOMATIC: Rule(_is_not_automatic, _not_automatic_q),
}


def findings_of(certificate) -> list[str]:
    """Return the findings of a certificate, without those that depend on other objects (``wildcards.py``)."""
    return [finding for finding, rule in RULES.items() if rule.holds(certificate)]
