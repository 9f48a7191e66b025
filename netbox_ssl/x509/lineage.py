"""Canonical forms of the texts that certificates are looked up by."""

import hashlib
import re
from collections.abc import Iterable

from .facts import CertificateFacts

_SEPARATORS = re.compile(r'[\s:\-.]+')
_HEX = re.compile(r'[0-9A-F]+')


def normalize_hex(text: str) -> str:
    """
    Return a serial number, fingerprint or key ID as it is stored: upper-case hex, padded to whole octets.

    Accepts what people paste: ``0x0a1b``, ``04:d1:9f``, ``04 D1 9F``, ``4-d1-9f``. Returns '' if it is not hex. A
    leading minus is a sign only if it is directly before the digits, as ``openssl x509 -serial`` prints it.
    """
    text = text.strip().upper()
    sign = '-' if text.startswith('-') else ''
    digits = _SEPARATORS.sub('', text).removeprefix('0X')
    if not _HEX.fullmatch(digits):
        return ''
    return sign + digits.zfill(len(digits) + len(digits) % 2)


def hex_digits(text: str) -> str:
    """Return a part of such a value: upper-case digits without separators, not padded. Other text is kept."""
    digits = _SEPARATORS.sub('', text.strip().upper()).removeprefix('0X')
    return digits if _HEX.fullmatch(digits) else text


def lineage_key(names: Iterable[str], key_algorithm: str) -> str:
    """
    Return a key that a renewal does not change: the SHA-256 of the names and the key algorithm, as 64 hex digits.

    It is a hash, so that any number of names can be indexed. Names are compared regardless of order, case and
    repetition.
    """
    # Neither part can contain a line feed: ``visible()`` has escaped it.
    return hashlib.sha256('\n'.join([key_algorithm, *sorted({name.lower() for name in names})]).encode()).hexdigest()


def name_key(facts: CertificateFacts) -> str:
    """
    Return the ``lineage_key`` under which a renewal finds its predecessor.

    A certificate without subject alternative names uses its common name. One without any name matches only itself. A CA
    is identified by its name, its key and its issuer: with another key it is another CA, and cross-certificates
    (RFC 5280, 3.2) exist side by side.
    """
    if facts.is_ca:
        return lineage_key([f'subject:{facts.subject}', f'issuer:{facts.issuer}'], facts.public_key_sha256)
    names = facts.subject_alt_names or (facts.common_name or facts.subject or facts.fingerprint_sha256,)
    return lineage_key(names, facts.key_algorithm)
