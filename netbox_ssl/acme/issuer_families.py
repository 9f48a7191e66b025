"""Determine whether two X.509 certificates come from the same CA, for the purpose of renewals."""

from netbox_ssl.x509 import CertificateFacts

from .detection import Detection

__all__ = ('issuer_family',)


def issuer_family(facts: CertificateFacts, detection: Detection) -> tuple[str, str]:
    """
    Return a key that certificates of one CA share: the provider of the catalogue (staging is a separate provider), else
    the issuer's organization or whole name. For a self-signed certificate it is its own key.
    """
    if facts.is_self_signed:
        return 'key', facts.public_key_sha256
    if detection.provider:
        return 'provider', detection.provider
    return 'organization', (facts.issuer_organization or facts.issuer).casefold()
