"""Tells the Event Rules of what happened to many certificates; they are read as the REST API shows them, together."""

import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.contenttypes.models import ContentType
from django.db.models import prefetch_related_objects
from extras.models import TaggedItem
from netbox.context import query_cache
from utilities.api import get_prefetches_for_serializer, get_serializer_for_model

from netbox_ssl.models import Certificate

from .announcement import UNREACHABLE, Announcement, Rules
from .payload import prefetch

__all__ = ('tell',)

logger = logging.getLogger('netbox.plugins.netbox_ssl')


def tell(announcements: list[Announcement], rules: Rules) -> Iterator[Announcement]:
    """
    Tell ``rules`` of these, which are of one event type. Yields those that were told, each before the next is; one that
    cannot be serialised is logged and left for the next run. Raises one of ``announcements.UNREACHABLE``.
    """
    if not rules.for_announcement(announcements[0]):
        yield from announcements
        return
    for announcement, serialized in _serialize(announcements):
        try:
            data, snapshots = announcement.data(serialized), announcement.snapshots()
        except UNREACHABLE:
            raise
        except Exception:
            logger.exception('Certificate %s cannot be announced', announcement.certificate.pk)
            continue
        rules.tell(announcement, data, snapshots)
        yield announcement


def _serialize(announcements: list[Announcement]) -> Iterator[tuple[Announcement, dict]]:
    """Each announcement with its certificate as the REST API shows it: together if possible, else one by one."""
    serializer = get_serializer_for_model(Certificate)
    certificates = [announcement.certificate for announcement in announcements]
    try:
        with _per_request_cache():
            others = [name for name in get_prefetches_for_serializer(serializer) if name != 'tags']
            prefetch_related_objects(certificates, *others)
            _prefetch_tags(certificates)
            prefetch(certificates)
            serialized = serializer(certificates, many=True, context={'request': None}).data
    except UNREACHABLE:
        raise
    except Exception:
        logger.warning('A certificate among %s cannot be serialised', [row.pk for row in certificates], exc_info=True)
    else:
        yield from zip(announcements, serialized, strict=True)
        return
    for announcement in announcements:
        try:
            with _per_request_cache():
                data = serializer(announcement.certificate, context={'request': None}).data
        except UNREACHABLE:
            raise
        except Exception:
            logger.exception('Certificate %s cannot be announced', announcement.certificate.pk)
        else:
            yield announcement, data


def _prefetch_tags(certificates: list[Certificate]) -> None:
    """
    As ``prefetch_related('tags')``, into lists: else a queryset is built for each certificate, which takes longer than
    to read the tags. Serializers and NetBox's snapshots do not tell the difference.
    """
    tags = defaultdict(list)
    items = TaggedItem.objects.filter(
        content_type=ContentType.objects.get_for_model(Certificate), object_id__in=[row.pk for row in certificates]
    )
    order = [f'tag__{column}' for column in Certificate.tags.ordering]
    for item in items.select_related('tag').order_by(*order):
        tags[item.object_id].append(item.tag)
    for certificate in certificates:
        fetched = getattr(certificate, '_prefetched_objects_cache', {})
        certificate._prefetched_objects_cache = {**fetched, 'tags': tags[certificate.pk]}


@contextmanager
def _per_request_cache():
    """Without it NetBox asks for the custom fields again with each object: five times as slow."""
    token = query_cache.set(defaultdict(dict))
    try:
        yield
    finally:
        query_cache.reset(token)
