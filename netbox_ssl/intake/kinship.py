"""Rules for whether an X.509 certificate may be a renewal of a Certificate."""

from django.db.models import Q

from netbox_ssl import settings
from netbox_ssl.acme.detection import detect
from netbox_ssl.acme.issuer_families import issuer_family
from netbox_ssl.models import Certificate
from netbox_ssl.models.mixins.encoding import read_stored_facts

from .results import Item

__all__ = (
    'compatible_q',
    'compatible_tenant',
    'is_for_one_host',
    'is_staging',
    'names_of',
    'same_family',
    'shares_key',
    'shares_name_or_key',
)


def names_of(certificate: Certificate) -> frozenset[str]:
    """Return the names of a Certificate in the form in which they are compared."""
    return frozenset(name.lower() for name in certificate.subject_alt_names or [certificate.name])


def shares_key(item: Item, certificate: Certificate) -> bool:
    return certificate.public_key_sha256 == item.facts.public_key_sha256


def shares_name_or_key(item: Item, certificate: Certificate) -> bool:
    """Return whether they have a name or the key in common, as every renewal does."""
    return bool(item.names & names_of(certificate)) or shares_key(item, certificate)


def compatible_tenant(item: Item, certificate: Certificate) -> bool:
    """
    Return whether the tenants are the same or the request names none. Callers have excluded hidden certificates. SQL
    twin: ``compatible_q``.
    """
    if 'tenant' not in item.attributes:
        return True
    tenant = item.attributes['tenant']
    return certificate.tenant_id == (tenant.pk if tenant else None)


def compatible_q(item: Item) -> Q:
    """
    Select the certificates with a compatible tenant; for a self-signed one also with the same key, if it is known.
    Many appliances have the same names, and so have the certificates of many tenants.
    """
    found = Q(tenant=item.attributes['tenant']) if 'tenant' in item.attributes else Q()
    if item.facts.is_self_signed:
        found &= Q(public_key_sha256__in=('', item.facts.public_key_sha256))
    return found


def same_family(item: Item, certificate: Certificate) -> bool:
    """Return whether the same CA issued both, as far as it is known for a certificate without PEM."""
    if facts := read_stored_facts(certificate.pem):
        return issuer_family(facts, detect(facts, settings.catalogue())) == item.family
    if provider := settings.catalogue().provider(certificate.acme_provider):
        return item.family == ('provider', provider.name)
    return item.family[0] != 'key' or shares_key(item, certificate) or not certificate.public_key_sha256


def is_for_one_host(item: Item, certificate: Certificate) -> bool:
    """
    Return whether the X.509 certificate cannot be the renewal that the other hosts of ``certificate`` will get, because
    a staging CA issued it, unlike that one, or it is self-signed with another key.
    """
    if item.facts.is_self_signed:
        return not shares_key(item, certificate)
    return is_staging(item.detection.provider) and not is_staging(certificate.acme_provider)


def is_staging(provider_name: str) -> bool:
    """Return whether browsers do not trust the certificates of the provider with this name."""
    provider = settings.catalogue().provider(provider_name)
    return provider is not None and provider.untrusted
