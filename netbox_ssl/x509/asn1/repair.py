"""Encode extensions again as DER that were encoded in other forms of BER, with ``asn1crypto``."""

from asn1crypto import core, x509

from netbox_ssl.x509 import der

# Sound ones have a few hundred. Each costs time.
_MAX_BYTES = 16 * 1024

_BASIC_CONSTRAINTS = '2.5.29.19'

_SPECIFICATIONS = {
    '2.5.29.14': core.OctetString,
    '2.5.29.15': x509.KeyUsage,
    _BASIC_CONSTRAINTS: x509.BasicConstraints,
    '2.5.29.31': x509.CRLDistributionPoints,
    '2.5.29.35': x509.AuthorityKeyIdentifier,
    '2.5.29.37': x509.ExtKeyUsageSyntax,
    '1.3.6.1.5.5.7.1.1': x509.AuthorityInfoAccessSyntax,
    # The poison of precertificates: only its presence counts.
    '1.3.6.1.4.1.11129.2.4.3': core.Null,
}


def repair_extension(oid: str, value: bytes) -> bytes | None:
    """Return the value of the extension in DER; None if that is not possible, or it has more than 16 KiB."""
    specification = _SPECIFICATIONS.get(oid)
    if specification is None or len(value) > _MAX_BYTES:
        return None
    try:
        loaded = specification.load(value)
        if oid == _BASIC_CONSTRAINTS:  # The length of the path is not needed, and may contradict.
            return der.encode(der.SEQUENCE, der.encode(der.BOOLEAN, b'\xff') if loaded['ca'].native else b'')
        return loaded.dump(force=True)
    except Exception:  # ValueError, TypeError, and others without a common base class: it stays unreadable
        return None
