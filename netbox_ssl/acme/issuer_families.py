"""Whether two X.509 certificates come from the same CA, as far as a renewal is concerned."""

from netbox_ssl.x509 import CertificateFacts

from .detection import Detection

__all__ = ('issuer_family',)


def issuer_family(facts: CertificateFacts, detection: Detection) -> tuple[str, str]:
    """
    Return what certificates of one issuer have in common: a provider of the catalogue (staging is a provider of its
    own), else the issuer's organization or its whole name; a self-signed certificate has only its own key.
    """
    if facts.is_self_signed:
        return 'key', facts.public_key_sha256
    if detection.provider:
        return 'provider', detection.provider
    return 'organization', (facts.issuer_organization or facts.issuer).casefold()
