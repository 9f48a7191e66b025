"""Whether an X.509 certificate could be a renewal of a Certificate."""

from netbox_ssl import settings
from netbox_ssl.acme.detection import detect
from netbox_ssl.acme.issuer_families import issuer_family
from netbox_ssl.models import Certificate
from netbox_ssl.models.mixins.acme_settings import read_stored_facts

from .results import Item

__all__ = (
    'compatible_tenant',
    'is_staging',
    'names_of',
    'same_family',
    'shares_key',
    'shares_name_or_key',
)


def names_of(certificate: Certificate) -> frozenset[str]:
    """Return the names that a Certificate is for, as they are compared."""
    return frozenset(name.lower() for name in certificate.subject_alt_names or [certificate.name])


def shares_key(item: Item, certificate: Certificate) -> bool:
    return certificate.public_key_sha256 == item.facts.public_key_sha256


def shares_name_or_key(item: Item, certificate: Certificate) -> bool:
    """Without a name or the key in common, nothing is a renewal of anything."""
    return bool(item.names & names_of(certificate)) or shares_key(item, certificate)


def compatible_tenant(item: Item, certificate: Certificate) -> bool:
    """The tenants are the same, or the request names none. What the user may not see is out of the question before."""
    if 'tenant' not in item.attributes:
        return True
    tenant = item.attributes['tenant']
    return certificate.tenant_id == (tenant.pk if tenant else None)


def same_family(item: Item, certificate: Certificate) -> bool:
    """The same CA issued both, as far as that is known of a certificate without PEM."""
    if facts := read_stored_facts(certificate.pem):
        return issuer_family(facts, detect(facts, settings.catalogue())) == item.family
    if provider := settings.catalogue().provider(certificate.acme_provider):
        return item.family == ('provider', provider.name)
    return item.family[0] != 'key' or shares_key(item, certificate) or not certificate.public_key_sha256


def is_staging(provider_name: str) -> bool:
    """Whether the provider of that name issues what no browser trusts."""
    provider = settings.catalogue().provider(provider_name)
    return provider is not None and provider.untrusted
