"""
Writes new certificates together, with the same result as if each had been saved alone: change log, events, tags, custom
fields, search, issuances, sources (``tests/intake/test_creating.py`` compares the two field by field).
"""

from collections.abc import Iterable

from core.choices import ObjectChangeActionChoices
from core.events import OBJECT_CREATED
from core.models import ObjectType
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone
from django_prometheus.models import model_inserts
from extras.models import CustomField, TaggedItem
from utilities.exceptions import PermissionsViolation

from netbox_ssl.branching import in_branch
from netbox_ssl.models import Certificate, CertificateSource, Issuance
from netbox_ssl.models.mixins.x509 import X509_FIELDS
from netbox_ssl.models.source_reports import stamp_reports
from netbox_ssl.netbox_internals import (
    OP_CACHE,
    current_request,
    enqueue_event,
    events_queue,
    mark_for_deferred_indexing,
    per_request_cache,
    set_changelog_message,
)
from netbox_ssl.refusals import REFUSALS

from .copying import copy_rows, take_primary_keys
from .results import Action, Item, Refusal, Result
from .signals import issued
from .single import one_by_one, require_add_permission, take
from .sources import new_source, require_source_permission

__all__ = ('create_together',)

BATCH = 500


def create_together(items: list[Item], user) -> list[Result | Refusal]:
    """
    Create a certificate for each item. The caller knows that they are new, and holds the locks.

    Falls back to one at a time if writing together would miss something: within a branch of netbox-branching, which
    records calls of ``save()``, or if NetBox has to check tags or permissions for each object.
    """
    if not items:
        return []
    if not _can_write_together(items):
        return [one_by_one(item, user) for item in items]
    try:
        with per_request_cache(), transaction.atomic():
            return _create(items, user)
    except PermissionsViolation:
        # At least one is beyond the permissions; importing each alone shows which.
        return [one_by_one(item, user) for item in items]


def _can_write_together(items: list[Item]) -> bool:
    if in_branch():
        return False
    tags = {tag.pk: tag for item in items for tag in _tags(item)}
    # A tag may be limited to some types of objects, which NetBox checks when it is assigned.
    return not any(tag.object_types.exists() for tag in tags.values())


def _tags(item: Item) -> list:
    return [*item.attributes.get('tags', ()), *item.attributes.get('add_tags', ())]


def _create(items: list[Item], user) -> list[Result | Refusal]:
    results: list[Result | Refusal] = []
    made: list[tuple[Item, Certificate]] = []
    defaults = CustomField.objects.get_defaults_for_model(Certificate)
    for item in items:
        try:
            certificate = _prepare(item, user, defaults)
        except REFUSALS as error:
            results.append(Refusal(error))
            continue
        warnings = [*item.warnings, *certificate.get_warnings(item.facts)]
        results.append(Result(Action.CREATED, certificate, item.detection, warnings=warnings))
        made.append((item, certificate))
    certificates = [certificate for _, certificate in made]
    _insert(certificates)
    permitted = Certificate.objects.restrict(user, 'add').filter(pk__in=[row.pk for row in certificates])
    if permitted.count() != len(certificates):
        raise PermissionsViolation()
    _tag(made)
    issuances = _record_issuances(certificates)
    sources = _make_sources(made, issuances, user)
    _log(certificates)
    _log(sources)
    _index(Certificate, [certificate.pk for certificate in certificates])
    _index(Issuance, issuances.values())
    _index(CertificateSource, [source.pk for source in sources])
    issued.send(sender=Certificate)
    return results


def _prepare(item: Item, user, defaults: dict) -> Certificate:
    """Return a valid, unsaved certificate, prepared as by ``save()``."""
    attributes = item.settings
    require_add_permission(user)
    if item.external_id:
        require_source_permission(user, 'add')
    certificate = Certificate(custom_field_data=dict(defaults), reported_only=bool(item.external_id))
    certificate.known_to_be_new = True
    set_changelog_message(certificate, item.message)
    take(certificate, item, attributes)
    certificate.full_clean(validate_unique=False, validate_constraints=False)
    now = timezone.now()
    certificate.set_announced(now)
    certificate.schedule_ari(now)
    # NetBox's change log reads the tags from here, instead of a query per object.
    tags = sorted({tag.pk: tag for tag in _tags(item)}.values(), key=lambda tag: tag.name)
    certificate._prefetched_objects_cache = {'tags': tags}
    return certificate


def _insert(objects: list[Model]) -> None:
    if objects:
        take_primary_keys(objects)
        copy_rows(objects)


def _tag(made: list[tuple[Item, Certificate]]) -> None:
    content_type = ContentType.objects.get_for_model(Certificate)
    rows = [
        TaggedItem(tag=tag, content_type=content_type, object_id=certificate.pk)
        for _, certificate in made
        for tag in certificate._prefetched_objects_cache['tags']
    ]
    if rows:
        TaggedItem.objects.bulk_create(rows, batch_size=BATCH)


def _record_issuances(certificates: list[Certificate]) -> dict[int, int]:
    """
    Create the first issuance of each. Return ID of the certificate → ID of the issuance. The rows are copied within the
    database, so that PEMs are sent only once.
    """
    columns = ', '.join(connection.ops.quote_name(Issuance._meta.get_field(name).column) for name in X509_FIELDS)
    table, source = (connection.ops.quote_name(model._meta.db_table) for model in (Issuance, Certificate))
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO {table} (certificate_id, created, {columns}) '
            f'SELECT id, %s, {columns} FROM {source} WHERE id = ANY(%s) RETURNING certificate_id, id',
            [timezone.now(), [certificate.pk for certificate in certificates]],
        )
        return dict(cursor.fetchall())


def _make_sources(made: list[tuple[Item, Certificate]], issuances: dict[int, int], user) -> list[CertificateSource]:
    sources = []
    for item, certificate in made:
        if item.external_id:
            source = new_source(item, certificate, user)
            source.issuance_id = issuances[certificate.pk]
            source._prefetched_objects_cache = {'tags': []}
            sources.append(source)
    if sources:
        _insert(sources)
        stamp_reports([(source.pk, source.issuance_id) for source in sources])
        permitted = CertificateSource.objects.restrict(user, 'add').filter(pk__in=[row.pk for row in sources])
        if permitted.count() != len(sources):
            raise PermissionsViolation()
    return sources


def _log(objects: list) -> None:
    """Do what NetBox's receiver of ``post_save`` does: write the change log, and queue events for the rules."""
    request = current_request.get()
    if request is None or not objects:
        return
    changes = []
    queue = events_queue.get()
    for each in objects:
        change = each.to_objectchange(ObjectChangeActionChoices.ACTION_CREATE)
        change.user, change.user_name, change.request_id = request.user, request.user.username, request.id
        changes.append(change)
        enqueue_event(queue, each, request, OBJECT_CREATED)
    _insert(changes)
    events_queue.set(queue)
    model_inserts.labels(objects[0]._meta.model_name).inc(len(objects))


def _index(model, pks: Iterable[int]) -> None:
    """Update the search index after the commit, by a worker if there is one."""
    object_type = ObjectType.objects.get_for_model(model)
    for pk in pks:
        mark_for_deferred_indexing(object_type.pk, pk, OP_CACHE, using='default')
