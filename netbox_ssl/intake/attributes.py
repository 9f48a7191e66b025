"""The settings given with an X.509 certificate: which of them apply, what they change, and setting them."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from netbox_ssl.models import Certificate
from netbox_ssl.models.mixins.acme_settings import EARLIEST_RENEWAL

from .results import Item

__all__ = (
    'TAG_KEYS',
    'differences',
    'effective_settings',
    'extends_chain',
    'set_attributes',
    'set_tags',
    'tenant_warning',
)

TAG_KEYS = ('tags', 'add_tags', 'remove_tags')

# A renewal is not earlier than the validity, but CAs backdate by an hour or so.
BACKDATED_BY = timedelta(days=1)


def effective_settings(item: Item, certificate: Certificate, is_known: bool) -> dict:
    """
    Return the settings of ``item`` that apply to ``certificate``, which already exists.

    An import never moves a certificate to another tenant unless the request names the certificate. A known X.509
    certificate may be reported by many hosts, each with its own time of renewal, and by hosts that are behind, with
    outdated settings; without this rule they would overwrite each other's.

    Args:
        is_known: whether ``certificate`` has the X.509 certificate already
    """
    given = item.settings
    if tenant_warning(item, certificate):
        given = {name: value for name, value in given.items() if name != 'tenant'}
    if not item.external_id or not is_known:
        return given
    if certificate.fingerprint_sha256 != item.facts.fingerprint_sha256:
        return {}
    if 'acme_last_renewed' in given and not _corrects(given['acme_last_renewed'], certificate):
        given = {name: value for name, value in given.items() if name != 'acme_last_renewed'}
    return given


def _corrects(moment: datetime | None, certificate: Certificate) -> bool:
    """Return whether the time of renewal is the first one, or replaces a time from a wrong clock."""
    stored = certificate.acme_last_renewed
    if not stored or moment is None:
        return not stored
    return _is_plausible(moment, certificate) and not _is_plausible(stored, certificate)


def _is_plausible(moment: datetime, certificate: Certificate) -> bool:
    return EARLIEST_RENEWAL <= moment <= timezone.now() and certificate.valid_from <= moment + BACKDATED_BY


def tenant_warning(item: Item, certificate: Certificate) -> str:
    """Return why the tenant of the request is not applied; empty if it is."""
    if item.certificate is not None or 'tenant' not in item.attributes or certificate.tenant is None:
        return ''
    tenant = item.attributes['tenant']
    if tenant is not None and tenant.pk == certificate.tenant_id:
        return ''
    return _(
        'The tenant was not changed: an import does not move a certificate from its tenant ({tenant}) to another one. '
        'Edit the certificate to move it.'
    ).format(tenant=certificate.tenant)


def differences(certificate: Certificate, attributes: dict) -> bool:
    """Return whether any of ``attributes`` would change ``certificate``."""
    tags = None
    for name, value in attributes.items():
        if name == 'custom_field_data':
            if any(certificate.custom_field_data.get(key) != item for key, item in value.items()):
                return True
        elif name in TAG_KEYS:
            tags = {tag.pk for tag in certificate.tags.all()} if tags is None else tags
            given = {tag.pk for tag in value}
            if {'tags': given != tags, 'add_tags': given - tags, 'remove_tags': given & tags}[name]:
                return True
        elif getattr(certificate, name) != value:
            return True
    return False


def extends_chain(item: Item, certificate: Certificate) -> bool:
    """
    Return whether ``item`` has the current X.509 certificate of ``certificate`` with a chain that is valid for longer
    than the stored one, as after a CA has renewed an intermediate. A shorter one never replaces it, so that hosts with
    different chains do not overwrite each other's.
    """
    valid_to = item.leaf.chain_valid_to
    if valid_to is None or certificate.fingerprint_sha256 != item.facts.fingerprint_sha256:
        return False
    return certificate.chain_valid_to is None or valid_to > certificate.chain_valid_to


def set_attributes(certificate: Certificate, attributes: dict, is_report: bool) -> None:
    """
    Set all attributes but the tags, which need a saved object.

    Args:
        is_report: the server in a report belongs to the reported X.509 certificate; a server set by a person is kept
        when
            the CA changes
    """
    for name, value in attributes.items():
        if name == 'custom_field_data':
            certificate.custom_field_data = {**certificate.custom_field_data, **value}
        elif name not in TAG_KEYS:
            setattr(certificate, name, value)
    reported = {'acme_server_url'} & attributes.keys() if is_report else ()
    certificate.note_given(attributes, reported)


def set_tags(certificate: Certificate, attributes: dict) -> None:
    """Set the tags of a saved certificate."""
    if 'tags' in attributes:
        certificate.tags.set(attributes['tags'])
    if add_tags := attributes.get('add_tags'):
        certificate.tags.add(*add_tags)
    if remove_tags := attributes.get('remove_tags'):
        certificate.tags.remove(*remove_tags)
