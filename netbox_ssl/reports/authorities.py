"""The CA certificates of the inventory above a certificate, as far as the user may view them."""

from collections.abc import Sequence
from dataclasses import dataclass

from netbox_ssl.models import Certificate, Issuance
from netbox_ssl.x509 import CertificateFacts

__all__ = ('Link', 'attach_issuing_cas', 'find_links')

# CA certificates named as the issuer of one certificate
MOST_CAS = 5


@dataclass(frozen=True)
class Link:
    """A link of a chain, and the Certificate for it, if the inventory has one that the user may view."""

    facts: CertificateFacts
    certificate: Certificate | None


def attach_issuing_cas(certificate: Certificate | Issuance, user) -> None:
    """Set ``issuing_cas``, for templates, to the CA certificates that issued ``certificate``, the newest first."""
    found = Certificate.objects.restrict(user, 'view').filter(certificate.issuing_ca_q())
    certificate.issuing_cas = found.order_by('-valid_to', 'pk').only('name', 'valid_to')[:MOST_CAS]


def find_links(chain: Sequence[CertificateFacts], user) -> list[Link]:
    """Return the links of a chain with their Certificates."""
    fingerprints = [facts.fingerprint_sha256 for facts in chain]
    visible = Certificate.objects.restrict(user, 'view').filter(fingerprint_sha256__in=fingerprints)
    found = {each.fingerprint_sha256: each for each in visible.only('name', 'fingerprint_sha256')} if chain else {}
    return [Link(facts, found.get(facts.fingerprint_sha256)) for facts in chain]
