"""Canonical forms of the texts by which certificates are looked up."""

import hashlib
import re

from netbox_ssl.x509.facts import CertificateFacts

_SEPARATORS = re.compile(r'[\s:\-.]+')
_HEX = re.compile(r'[0-9A-F]+')


def normalize_hex(text: str) -> str:
    """Return a serial number, fingerprint or key id as it is stored: upper-case hex, padded to whole octets.

    Takes what people paste: `0x0a1b`, `04:d1:9f`, `04 D1 9F`, `4-d1-9f`. Returns '' for what is not hex. A leading
    minus sign is taken for a sign only if it stands directly before the digits, as `openssl x509 -serial` prints it.
    """
    text = text.strip().upper()
    sign = '-' if text.startswith('-') else ''
    digits = _SEPARATORS.sub('', text).removeprefix('0X')
    if not _HEX.fullmatch(digits):
        return ''
    return sign + digits.zfill(len(digits) + len(digits) % 2)


def name_key(facts: CertificateFacts) -> str:
    """Return the key under which a renewal finds its predecessor: the same names and the same key algorithm.

    64 hex digits (SHA-256), so that it can be indexed whatever the number of names. Names are compared regardless of
    order, case and repetition; a certificate without subject alternative names goes by its common name. One without
    any name matches only itself.
    """
    names = {name.lower() for name in facts.subject_alt_names}
    if not names:
        names = {facts.common_name.lower() or facts.subject.lower() or facts.fingerprint_sha256}
    # Neither part can contain a line feed: `visible()` has escaped it.
    return hashlib.sha256('\n'.join([facts.key_algorithm, *sorted(names)]).encode()).hexdigest()
