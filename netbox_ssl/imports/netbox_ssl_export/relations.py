"""What netbox-ssl and NetBox recorded with a certificate: assignments, contacts and journal entries."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from extras.models import JournalEntry
from tenancy.models import Contact, ContactAssignment, ContactRole
from users.models import User
from utilities.exceptions import PermissionsViolation

from netbox_ssl.models import Certificate, CertificateAssignment
from netbox_ssl.models.assignments import ASSIGNABLE_MODELS
from netbox_ssl.places.acceptance import create_assignment

from .mapping import moment
from .reading import Export, ForeignRecord, key_of

__all__ = ('RELATIONS', 'Relation', 'owner_of')

# Functions return this for what exists already.
UNCHANGED = False


@dataclass(frozen=True)
class Relation:
    """A kind of record that belongs to a certificate."""

    # For messages and counts
    name: str
    records: Callable[[Export], list[ForeignRecord]]
    # Name of the field with the ID of the certificate
    owner: str
    # Store a record for the certificate; returns False if it exists already
    store: Callable[[ForeignRecord, Certificate, object], bool]


def _store_assignment(record: ForeignRecord, certificate: Certificate, user) -> bool:
    place = _place(record, user)
    if place.certificate_assignments.filter(certificate=certificate).exists():
        return UNCHANGED
    # There, a note may be of any length, and an object may have several primary certificates.
    longest = CertificateAssignment._meta.get_field('note').max_length
    assignment = CertificateAssignment(
        certificate=certificate,
        assigned_object=place,
        primary=record.get('is_primary') is True and not _has_primary(place),
        note=' '.join(str(record.get('notes')).split())[:longest],
    )
    create_assignment(assignment, user)
    return True


def _place(record: ForeignRecord, user):
    """Return the assigned object. Raises PermissionDenied if ``user`` may not view it, or if it does not exist."""
    kind = record.get('assigned_object_type')
    label = '.'.join(map(str, kind)) if isinstance(kind, list) else str(kind)
    pk = key_of(record.get('assigned_object_id', None))
    model = next((each for each in ASSIGNABLE_MODELS if each._meta.label_lower == label), None)
    if model and (place := model.objects.restrict(user, 'view').filter(pk=pk).first()):
        return place
    raise PermissionDenied(
        _('{type} {pk} does not exist, is of a type that cannot be assigned, or you may not view it.').format(
            type=label, pk=pk
        )
    )


def _has_primary(place) -> bool:
    return place.certificate_assignments.filter(primary=True).exists()


def _store_contact(record: ForeignRecord, certificate: Certificate, user) -> bool:
    contact = Contact.objects.restrict(user, 'view').filter(pk=key_of(record.get('contact'))).first()
    if contact is None:
        raise PermissionDenied(_('The contact does not exist, or you may not view it.'))
    role = ContactRole.objects.restrict(user, 'view').filter(pk=key_of(record.get('role'))).first()
    if certificate.contacts.filter(contact=contact, role=role).exists():
        return UNCHANGED
    _store(
        ContactAssignment(object=certificate, contact=contact, role=role, priority=record.get('priority', None)), user
    )
    return True


def _store_journal_entry(record: ForeignRecord, certificate: Certificate, user) -> bool:
    created = moment(record.get('created', None))
    known = certificate.journal_entries.filter(comments=record.get('comments'), kind=record.get('kind'))
    if known.filter(created=created).exists():
        return UNCHANGED
    entry = JournalEntry(
        assigned_object=certificate,
        created_by=_author(record) or user,
        kind=record.get('kind'),
        comments=record.get('comments'),
    )
    _store(entry, user)
    # Set by NetBox when an entry is stored
    JournalEntry.objects.filter(pk=entry.pk).update(created=created)
    return True


def _author(record: ForeignRecord) -> User | None:
    author = record.get('created_by', None)
    by = {'username': str(author[0])} if isinstance(author, list) and author else {'pk': key_of(author)}
    return User.objects.filter(**by).first()


def _store(entry, user) -> None:
    entry.full_clean()
    entry.save()
    if not type(entry).objects.restrict(user, 'add').filter(pk=entry.pk).exists():
        raise PermissionsViolation()


RELATIONS = (
    Relation('assignments', lambda export: export.assignments, 'certificate', _store_assignment),
    Relation('contacts', lambda export: export.contacts, 'object_id', _store_contact),
    Relation('journal entries', lambda export: export.journal, 'assigned_object_id', _store_journal_entry),
)


def owner_of(record: ForeignRecord, relation: Relation) -> int | None:
    """Return the ID of the certificate, in netbox-ssl, to which a record belongs."""
    return key_of(record.get(relation.owner))
