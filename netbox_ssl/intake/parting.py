"""A source that orders for itself gets a separate Certificate, which copies the settings of the first one."""

from netbox_ssl.models import Certificate, CertificateAssignment
from netbox_ssl.models.mixins.acme_settings import DETECTED_FIELDS
from netbox_ssl.models.mixins.expiry import EXPIRY_FIELDS

from .kinship import same_family
from .results import Item

__all__ = ('take_along', 'take_relations_along')

# Fields set by a person or a client that do not belong to a single X.509 certificate
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
    *EXPIRY_FIELDS,
)
# Fields that belong to the CA unless they are pinned
OF_THE_CA = ('acme_server_url',)


def take_along(origin: Certificate, certificate: Certificate, item: Item) -> None:
    """Copy the settings of ``origin`` to ``certificate``, which is not saved yet. The request overrides them later."""
    pinned = set(origin.acme_pinned_fields)
    names = [*SETTINGS, *(name for name in DETECTED_FIELDS if name in pinned)]
    names += [name for name in OF_THE_CA if name in pinned or same_family(item, origin)]
    for name in names:
        value = getattr(origin, name)
        setattr(certificate, name, list(value) if isinstance(value, list) else value)
    certificate.custom_field_data = {**certificate.custom_field_data, **_shared_custom_fields(origin)}
    if origin.name.lower() not in origin.subject_alt_names:
        # It was named by a person.
        certificate.name = origin.name


def _shared_custom_fields(origin: Certificate) -> dict:
    """Return custom field → value, without unique ones such as an inventory number."""
    return {
        custom_field.name: value
        for custom_field, value in origin.get_custom_fields().items()
        if value is not None and not custom_field.unique
    }


def take_relations_along(origin: Certificate, certificate: Certificate) -> None:
    """Copy tags, contacts and assignments, once ``certificate`` is saved."""
    certificate.tags.add(*origin.tags.all())
    for contact in origin.contacts.all():
        _copy(contact, object_id=certificate.pk)
    for assignment in CertificateAssignment.objects.filter(certificate=origin):
        # An object has one primary certificate, which remains the first one.
        _copy(assignment, certificate=certificate, primary=False)


def _copy(row, **changed) -> None:
    tags = list(row.tags.all())
    row.pk, row._state.adding = None, True
    # Set when the copy is saved
    row.created = row.last_updated = None
    for name, value in changed.items():
        setattr(row, name, value)
    row._prefetched_objects_cache = {}
    row.save()
    row.tags.add(*tags)
