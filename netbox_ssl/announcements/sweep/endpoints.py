"""
The sweep of endpoints: those whose result has changed, and was the same in several checks in a row
(``models/mixins/endpoint_results.py``). Each change is announced once.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from netbox_ssl.announcements.announcement import Announcement
from netbox_ssl.announcements.batches import Announcer, Batch, announce_all, pending
from netbox_ssl.announcements.payload import describe, describe_endpoint, prefetch
from netbox_ssl.choices import EndpointResultChoices
from netbox_ssl.event_types import ENDPOINT_PROBLEM, ENDPOINT_RECOVERED
from netbox_ssl.models import Endpoint
from netbox_ssl.models.mixins.endpoint_states import ENDPOINT_UNANNOUNCED
from netbox_ssl.utilities import timestamp

from .paging import in_order

__all__ = ('EndpointAnnouncement', 'EndpointSweepResult', 'pending_endpoints', 'sweep_endpoints')


@dataclass
class EndpointSweepResult:
    """The result of a sweep of the endpoints."""

    problems: int = 0
    recovered: int = 0
    failed: int = 0
    # False: it stopped at its deadline, and the next run continues.
    complete: bool = True

    @property
    def announced(self) -> int:
        return self.problems + self.recovered


@dataclass(frozen=True)
class EndpointAnnouncement(Announcement):
    """The announcement that an endpoint has had another result than the one announced last."""

    @property
    def previous_result(self) -> str | None:
        return self.object.announced_result or None

    @property
    def is_moot(self) -> bool:
        return self.object.result == self.object.announced_result

    @staticmethod
    def prefetch(objects: list[Endpoint]) -> None:
        prefetch(list(filter(None, map(_certificate_of, objects))))

    def identity(self) -> tuple:
        return self.event_type, self.object.pk, self.object.result, self.since.isoformat()

    def data(self, serialized: dict) -> dict:
        endpoint = self.object
        certificate = _certificate_of(endpoint)
        announcement = {
            'id': str(self.id),
            'type': self.event_type,
            'result': endpoint.result,
            'previous_result': self.previous_result,
            'since': timestamp(self.since),
            'endpoint': describe_endpoint(endpoint),
            **(describe(certificate) if certificate else {'certificate': None, 'contacts': []}),
        }
        return {**serialized, 'result': endpoint.result, 'announcement': announcement}

    def snapshots(self) -> dict:
        """Return snapshots that differ only in the result."""
        snapshot = self.object.serialize_object()
        return {
            'prechange': {**snapshot, 'result': self.previous_result},
            'postchange': {**snapshot, 'result': self.object.result},
        }


def _certificate_of(endpoint: Endpoint):
    """Return the certificate whose contacts are responsible: the expected one, else the one that was seen last."""
    return endpoint.expected_certificate or endpoint.certificate


class EndpointAnnouncer(Announcer):
    model = Endpoint
    event_types = (ENDPOINT_PROBLEM, ENDPOINT_RECOVERED)

    def page(self, now, after: tuple | None, size: int) -> list[tuple]:
        unannounced = Endpoint.objects.filter(ENDPOINT_UNANNOUNCED, unannounced_since__lte=now)
        return list(in_order(unannounced, 'unannounced_since', after)[:size])

    def read(self, pks: list[int], now) -> list[EndpointAnnouncement]:
        found = Endpoint.objects.filter(ENDPOINT_UNANNOUNCED, pk__in=pks).with_sources().with_places()
        return [_announcement(endpoint) for endpoint in found.order_by('unannounced_since', 'pk')]

    def record(self, announced: list[EndpointAnnouncement], now) -> None:
        # A check that was reported meanwhile may have another result.
        for announcement in announced:
            result = announcement.object.result
            same = Endpoint.objects.filter(pk=announcement.object.pk, result=result)
            same.update(announced_result=result, unannounced_since=None)


def _announcement(endpoint: Endpoint) -> EndpointAnnouncement:
    recovered = endpoint.result == EndpointResultChoices.OK
    event_type = ENDPOINT_RECOVERED if recovered else ENDPOINT_PROBLEM
    return EndpointAnnouncement(endpoint, event_type, endpoint.result_since)


def sweep_endpoints(now: datetime | None = None, *, seconds: float | None = None) -> EndpointSweepResult:
    """
    Announce the endpoints whose result has changed (see ``batches.py``).

    Raises one of ``rules.UNREACHABLE`` if the database or the queue is unreachable; the next run announces the rest.

    Args:
        now: aware datetime; now by default
        seconds: no batch starts after this many seconds
    """
    result = EndpointSweepResult()

    def count(batch: Batch) -> None:
        result.failed += batch.failed
        recovered = sum(each.event_type == ENDPOINT_RECOVERED for each in batch.announced)
        result.recovered += recovered
        result.problems += len(batch.announced) - recovered

    deadline = None if seconds is None else time.monotonic() + seconds
    result.complete = announce_all(EndpointAnnouncer(), now or timezone.now(), deadline=deadline, after_batch=count)
    return result


def pending_endpoints(now: datetime | None = None) -> Iterator[EndpointAnnouncement]:
    """Yield the announcements that ``sweep_endpoints()`` would make now."""
    yield from pending(EndpointAnnouncer(), now or timezone.now())
