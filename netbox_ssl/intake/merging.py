"""
Merges two Certificates that turn out to be one: related objects move to the second, and the first is deleted.

Related objects are found by foreign keys, generic foreign keys, and custom fields that refer to objects, which also
includes those of other plugins.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from core.models import ObjectChange
from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, models
from django.utils.translation import gettext as _
from extras.choices import CustomFieldTypeChoices
from extras.models import CachedValue, CustomField, Tag, TaggedItem

from netbox_ssl.models import Certificate, CertificateAssignment, Issuance
from netbox_ssl.netbox_internals import get_changelog_message, set_changelog_message
from netbox_ssl.utilities import savepoint

__all__ = ('absorb',)

# Related objects that are not moved: the change log; data that NetBox writes again; tags, which are merged
LEFT_BEHIND = (ObjectChange, CachedValue, TaggedItem)
# netbox-branching records the changes in a branch here.
LEFT_BEHIND_APPS = ('netbox_branching',)


def absorb(other: Certificate, certificate: Certificate) -> list[Tag]:
    """
    Move all objects related to ``other`` to ``certificate`` and delete ``other``. The settings of ``certificate`` are
    kept, and its empty custom fields are filled in. The caller has taken a snapshot of ``certificate`` and saves it:
    this is one entry of the change log, and the deletion is another.

    Returns:
        The tags of ``other``, which the caller adds after saving, because NetBox reads the object again then
    """
    other = Certificate.objects.select_for_update(of=('self',)).get(pk=other.pk)
    other.snapshot()
    assignments = list(CertificateAssignment.objects.filter(certificate=other).prefetch_related('tags'))
    tags = list(other.tags.all())
    # Issuances are only changed here; they have no change log. Before the endpoints, which compare what they serve.
    Issuance.objects.filter(certificate=other).update(certificate=certificate)
    for referrer in _referrers(other):
        if referrer.row == certificate:
            # Saved by the caller, with all else.
            _rename(referrer, other, certificate)
        elif referrer.row != other:
            _move(referrer, other, certificate)
    _fill_custom_fields(certificate, other)
    message = _('Merged into {certificate} (ID {pk})').format(certificate=certificate, pk=certificate.pk)
    set_changelog_message(other, message[:200])
    merged = _('Merged with {certificate} (ID {pk})').format(certificate=other, pk=other.pk)
    other.delete()
    _complete_assignments(certificate, assignments)
    message = ' '.join(filter(None, [get_changelog_message(certificate), merged]))
    set_changelog_message(certificate, message[:200])
    return tags


@dataclass
class Referrer:
    """An object that refers to a certificate, in one or several ways, and is saved once."""

    row: models.Model
    # Names of foreign keys
    fields: list[str] = field(default_factory=list)
    # Names of custom fields
    custom_fields: list[str] = field(default_factory=list)


def _referrers(other: Certificate) -> Iterable[Referrer]:
    """Return the objects that refer to ``other``, each once."""
    found: dict[models.Model, Referrer] = {}
    for row, name in (*_related(other), *_generically_related(other)):
        found.setdefault(row, Referrer(row)).fields.append(name)
    for row, name in _named_in_custom_fields(other):
        found.setdefault(row, Referrer(row)).custom_fields.append(name)
    return found.values()


def _related(other: Certificate) -> Iterator[tuple[models.Model, str]]:
    """Yield the rows that refer to ``other``, and the field."""
    for relation in Certificate._meta.related_objects:
        model, name = relation.related_model, relation.field.name
        if model is Issuance or relation.many_to_many or not _is_moved(model):
            continue
        for row in model._base_manager.filter(**{name: other.pk}).order_by('pk'):
            yield row, name
    for relation in Certificate._meta.related_objects:
        if relation.many_to_many and relation.through._meta.auto_created:
            through = relation.through
            name = relation.field.m2m_reverse_field_name()
            for row in through._base_manager.filter(**{name: other.pk}).order_by('pk'):
                yield row, name


def _generically_related(other: Certificate) -> Iterator[tuple[models.Model, str]]:
    content_type = ContentType.objects.get_for_model(Certificate)
    for model in apps.get_models():
        if not _is_moved(model):
            continue
        for private in model._meta.private_fields:
            if isinstance(private, GenericForeignKey):
                found = {f'{private.ct_field}_id': content_type.pk, private.fk_field: other.pk}
                for row in model._base_manager.filter(**found).order_by('pk'):
                    yield row, private.fk_field


def _is_moved(model: type[models.Model]) -> bool:
    meta = model._meta
    return meta.managed and not meta.proxy and model not in LEFT_BEHIND and meta.app_label not in LEFT_BEHIND_APPS


def _move(referrer: Referrer, other: Certificate, certificate: Certificate) -> None:
    """Make the row refer to ``certificate``. If that already has an equal row, this one is deleted with its object."""
    row = referrer.row
    if hasattr(row, 'snapshot'):
        row.snapshot()
    for name in referrer.fields:
        is_relation = row._meta.get_field(name).is_relation
        setattr(row, name, certificate if is_relation else certificate.pk)
    _rename(referrer, other, certificate)
    try:
        with savepoint():
            row.save()
    except IntegrityError:
        if not referrer.fields:
            raise


def _complete_assignments(certificate: Certificate, assignments: list[CertificateAssignment]) -> None:
    """
    Add what the deleted ones of ``assignments`` had to those that remain for the same objects: whether they are
    primary, notes, tags and custom fields.
    """
    remaining = {
        (each.assigned_object_type_id, each.assigned_object_id): each
        for each in CertificateAssignment.objects.filter(certificate=certificate)
    }
    for deleted in assignments:
        kept = remaining[deleted.assigned_object_type_id, deleted.assigned_object_id]
        if kept.pk != deleted.pk:
            _complete(kept, deleted)


def _complete(kept: CertificateAssignment, deleted: CertificateAssignment) -> None:
    before = kept.serialize_object()
    kept.snapshot()
    kept.primary = kept.primary or deleted.primary
    if deleted.note not in kept.note:
        longest = CertificateAssignment._meta.get_field('note').max_length
        kept.note = ', '.join(filter(None, [kept.note, deleted.note]))[:longest]
    _fill_custom_fields(kept, deleted)
    if kept.serialize_object() != before:
        kept.save()
    kept.tags.add(*deleted.tags.all())


def _fill_custom_fields(kept: models.Model, deleted: models.Model) -> None:
    for name, value in deleted.custom_field_data.items():
        if kept.custom_field_data.get(name) is None:
            kept.custom_field_data[name] = value


def _named_in_custom_fields(other: Certificate) -> Iterator[tuple[models.Model, str]]:
    """Yield the objects whose custom fields refer to ``other``, and the name of the custom field."""
    content_type = ContentType.objects.get_for_model(Certificate)
    for custom_field in CustomField.objects.filter(related_object_type=content_type):
        several = custom_field.type == CustomFieldTypeChoices.TYPE_MULTIOBJECT
        lookup = f'custom_field_data__{custom_field.name}' + ('__contains' if several else '')
        for object_type in custom_field.object_types.all():
            rows = object_type.model_class()._base_manager.filter(**{lookup: [other.pk] if several else other.pk})
            for row in rows:
                yield row, custom_field.name


def _rename(referrer: Referrer, other: Certificate, certificate: Certificate) -> None:
    # The certificate itself is a different instance, with the changes of the import.
    row = certificate if referrer.row == certificate else referrer.row
    for name in referrer.custom_fields:
        value = row.custom_field_data[name]
        if isinstance(value, list):
            kept = [pk for pk in value if pk not in (other.pk, certificate.pk)]
            row.custom_field_data[name] = [*kept, certificate.pk]
        else:
            row.custom_field_data[name] = certificate.pk
