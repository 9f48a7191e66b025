"""Delivers the announcements of a batch to the Event Rules, with their objects serialized together for the REST API."""

import logging
from collections import defaultdict
from collections.abc import Iterator

from django.contrib.contenttypes.models import ContentType
from django.db.models import prefetch_related_objects
from extras.models import TaggedItem
from netbox.models import NetBoxModel

from netbox_ssl.netbox_internals import (
    get_prefetches_for_serializer,
    get_serializer_for_model,
    per_request_cache,
)

from .announcement import Announcement
from .rules import UNREACHABLE, Rules

__all__ = ('deliver',)

logger = logging.getLogger('netbox.plugins.netbox_ssl')


def deliver(announcements: list[Announcement], rules: Rules) -> Iterator[Announcement]:
    """
    Deliver announcements of one kind, and yield each as soon as it is delivered. One whose object cannot be serialized
    is logged and left for the next run. Raises one of ``rules.UNREACHABLE``.
    """
    if not rules:
        yield from announcements
        return
    for announcement, serialized in _serialize(announcements):
        try:
            data, snapshots = announcement.data(serialized), announcement.snapshots()
        except UNREACHABLE:
            raise
        except Exception:
            logger.exception('%s cannot be announced', _label(announcement.object))
            continue
        rules.notify(announcement, data, snapshots)
        yield announcement


def _serialize(announcements: list[Announcement]) -> Iterator[tuple[Announcement, dict]]:
    """
    Yield each announcement with its object as in the REST API: serialized together if possible, else one at a time.
    """
    # A certificate may have several announcements.
    objects = list({announcement.object.pk: announcement.object for announcement in announcements}.values())
    serializer = get_serializer_for_model(objects[0])
    try:
        with per_request_cache():
            others = [name for name in get_prefetches_for_serializer(serializer) if name != 'tags']
            prefetch_related_objects(objects, *others)
            _prefetch_tags(objects)
            announcements[0].prefetch(objects)
            serialized = serializer(objects, many=True, context={'request': None}).data
    except UNREACHABLE:
        raise
    except Exception:
        logger.warning('One of %s cannot be serialized', [_label(each) for each in objects], exc_info=True)
    else:
        by_pk = {each.pk: data for each, data in zip(objects, serialized, strict=True)}
        for announcement in announcements:
            yield announcement, by_pk[announcement.object.pk]
        return
    for announcement in announcements:
        try:
            with per_request_cache():
                data = serializer(announcement.object, context={'request': None}).data
        except UNREACHABLE:
            raise
        except Exception:
            logger.exception('%s cannot be announced', _label(announcement.object))
        else:
            yield announcement, data


def _label(obj: NetBoxModel) -> str:
    """Name an object whose own ``__str__()`` may fail."""
    return f'{obj._meta.label} {obj.pk}'


def _prefetch_tags(objects: list[NetBoxModel]) -> None:
    """
    Prefetch tags like ``prefetch_related('tags')``, but into lists: building a queryset for each object takes longer
    than reading the tags. Serializers and NetBox's snapshots accept both.
    """
    model = type(objects[0])
    tags = defaultdict(list)
    items = TaggedItem.objects.filter(
        content_type=ContentType.objects.get_for_model(model), object_id__in=[row.pk for row in objects]
    )
    order = [f'tag__{column}' for column in model.tags.ordering]
    for item in items.select_related('tag').order_by(*order):
        tags[item.object_id].append(item.tag)
    for obj in objects:
        fetched = getattr(obj, '_prefetched_objects_cache', {})
        obj._prefetched_objects_cache = {**fetched, 'tags': tags[obj.pk]}
