"""Subject alternative names (RFC 5280, 4.2.1.6) as text: as they are stored, and as they are pasted."""

import re

from .hostnames import canonical_address, canonical_host

# As ``openssl x509 -text`` prints them: ``DNS:www.example.com, IP Address:192.0.2.1``
_HEADING = re.compile(r'X509v3 Subject Alternative Name:(?:\s*critical\b)?', re.IGNORECASE)
_LABELS = r'DNS|IP(?: Address)?|email|URI|Registered ID|RID|DirName|othername'
_LABEL = re.compile(rf'({_LABELS})\s*:\s*', re.IGNORECASE)
_BEFORE_LABEL = re.compile(rf'(?:\A|[\s,]+)(?=(?:{_LABELS})\s*:)', re.IGNORECASE)

# Names that are stored with their type (``CertificateFacts.subject_alt_names``), by their label in lower case
_TYPED = {'dirname': 'dirName', 'othername': 'otherName', 'rid': 'RID', 'registered id': 'RID'}

_URI = re.compile(r'([a-z][a-z0-9+.-]*://[^/?#]*)(.*)', re.IGNORECASE | re.DOTALL)


def canonical_name(text: str) -> str:
    """
    Return a subject alternative name in the form in which it is stored and compared.

    IP addresses are written as in RFC 5952; DNS names, including wildcards, in lower case as A-labels without a
    trailing dot; URIs with scheme and host in lower case. Names of other kinds have their type before them, as in
    ``CertificateFacts``. All others (e-mail addresses, and texts that are not names) are put in lower case. The labels
    of OpenSSL (``DNS:``, ``IP Address:``) are removed.
    """
    text = text.strip()
    while ':' in text and (label := _LABEL.match(text)):
        if kind := _TYPED.get(label[1].lower()):
            return f'{kind}:{text[label.end() :]}'
        text = text[label.end() :]
    if '://' in text and (uri := _URI.fullmatch(text)):
        return uri[1].lower() + uri[2]
    return canonical_address(text) or canonical_host(text) or text.lower()


def split_names(text: str) -> list[str]:
    """
    Return the names in a list separated by commas or white space, or copied from the output of ``openssl x509 -text``.

    They are returned as they are written, without the labels that tell DNS names, addresses and URIs apart.
    """
    names = []
    for part in _BEFORE_LABEL.split(_HEADING.sub(' ', text)):
        label = _LABEL.match(part)
        if label and label[1].lower() in _TYPED:
            names.append(part.strip(' \t\r\n,'))
        else:
            names += [name for name in re.split(r'[\s,]+', part[label.end() :] if label else part) if name]
    return names


def has_label(text: str) -> bool:
    """Return whether ``text`` starts with a label of OpenSSL, or its heading of the list."""
    return bool(_LABEL.match(text.lstrip()) or _HEADING.match(text.lstrip()))
