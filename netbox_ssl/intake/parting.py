"""A source that orders for itself parts from a Certificate: its own one takes along all that was said of the first."""

from netbox_ssl.models import Certificate, CertificateAssignment
from netbox_ssl.models.mixins.acme_settings import DETECTED_FIELDS

from .kinship import same_family
from .results import Item

__all__ = ('take_along', 'take_relations_along')

# What a person or a client has said of the certificate, and what is not of one X.509 certificate alone
SETTINGS = (
    'tenant',
    'owner',
    'description',
    'comments',
    'acme_account_email',
    'acme_challenge_type',
    'acme_auto_renewal',
    'acme_renewal_days',
    'acme_pinned_fields',
)
# What belongs to the CA, where nobody has pinned it
OF_THE_CA = ('acme_server_url',)


def take_along(origin: Certificate, certificate: Certificate, item: Item) -> None:
    """Set on ``certificate``, not saved yet, what was set on ``origin``; the request comes later and wins."""
    pinned = set(origin.acme_pinned_fields)
    names = [*SETTINGS, *(name for name in DETECTED_FIELDS if name in pinned)]
    names += [name for name in OF_THE_CA if name in pinned or same_family(item, origin)]
    for name in names:
        value = getattr(origin, name)
        setattr(certificate, name, list(value) if isinstance(value, list) else value)
    certificate.custom_field_data = {**certificate.custom_field_data, **_shared_custom_fields(origin)}
    if origin.name.lower() not in origin.subject_alt_names:
        # A person has named it.
        certificate.name = origin.name


def _shared_custom_fields(origin: Certificate) -> dict:
    """Custom field → value. Those that NetBox wants to be unique, such as an inventory number, stay where they are."""
    return {
        custom_field.name: value
        for custom_field, value in origin.get_custom_fields().items()
        if value is not None and not custom_field.unique
    }


def take_relations_along(origin: Certificate, certificate: Certificate) -> None:
    """The same for tags, contacts and assignments, once ``certificate`` is saved."""
    certificate.tags.add(*origin.tags.all())
    for contact in origin.contacts.all():
        _copy(contact, object_id=certificate.pk)
    for assignment in CertificateAssignment.objects.filter(certificate=origin):
        # An object has one primary certificate; that it shows is the first one's.
        _copy(assignment, certificate=certificate, primary=False)


def _copy(row, **changed) -> None:
    tags = list(row.tags.all())
    row.pk, row._state.adding = None, True
    # Its own, not those of the first one
    row.created = row.last_updated = None
    for name, value in changed.items():
        setattr(row, name, value)
    row._prefetched_objects_cache = {}
    row.save()
    row.tags.add(*tags)
