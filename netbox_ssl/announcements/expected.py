"""
The announcements that lie ahead of a certificate unless it is renewed, or that an endpoint may cause, and the Event
Rules that receive them.
"""

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from extras.models import EventRule

from netbox_ssl.choices import (
    CertificateStatusChoices,
    EndpointResultChoices,
    RenewalStatusChoices,
    ValidityChoices,
)
from netbox_ssl.event_types import (
    CERTIFICATE_EXPIRED,
    CERTIFICATE_EXPIRING,
    ENDPOINT_PROBLEM,
    ENDPOINT_RECOVERED,
    EVENT_TYPES,
    RENEWAL_OVERDUE,
    RENEWAL_STATUS_CHANGED,
)
from netbox_ssl.expiry.marks import DAY, next_mark
from netbox_ssl.models import Certificate, Endpoint
from netbox_ssl.netbox_internals import get_serializer_for_model, per_request_cache

from .announcement import CertificateAnnouncement
from .rules import Rules
from .sweep.endpoints import EndpointAnnouncement
from .validity import ExpiringAnnouncement

__all__ = ('Expected', 'expected_alerts', 'expected_endpoint_alerts')

TYPES = (RENEWAL_STATUS_CHANGED, CERTIFICATE_EXPIRING, RENEWAL_OVERDUE, CERTIFICATE_EXPIRED)


@dataclass(frozen=True)
class Expected:
    event_type: str
    label: str
    # None if it cannot be known
    when: datetime | None
    rules: list[EventRule]


def expected_alerts(certificate: Certificate, now: datetime, visible: Iterable[int]) -> list[Expected]:
    """
    Return what would be announced after ``now``, in the order of time, with the enabled rules that would receive it.

    Args:
        visible: the IDs of the rules to name
    """
    announcements = sorted(_ahead(certificate, now), key=lambda each: each.since)
    if not announcements:
        return []
    rules = Rules({name for each in announcements for name in each.event_types}).rules
    named = [rule for rule in rules if rule.pk in set(visible)]
    serialized = _serialized(certificate) if named else {}
    return [
        Expected(
            announcement.event_type,
            _(EVENT_TYPES[announcement.event_type]),
            announcement.since,
            list(_receivers(announcement, named, serialized)),
        )
        for announcement in announcements
    ]


def expected_endpoint_alerts(endpoint: Endpoint, now: datetime, visible: Iterable[int]) -> list[Expected]:
    """
    Return what may be announced about an endpoint, with the enabled rules that would receive it for one result of a
    check at least.

    Args:
        visible: the IDs of the rules to name
    """
    event_types = (ENDPOINT_PROBLEM, ENDPOINT_RECOVERED)
    named = [rule for rule in Rules(event_types, Endpoint).rules if rule.pk in set(visible)]
    receivers = {event_type: set() for event_type in event_types}
    if named:
        # As the rules receive it, not as the user sees it
        endpoint = Endpoint.objects.with_sources().with_places().get(pk=endpoint.pk)
        EndpointAnnouncement.prefetch([endpoint])
        serialized = _serialized(endpoint)
        for announcement in _changes(endpoint, now):
            changed = {**serialized, 'state': announcement.object.result}
            receivers[announcement.event_type].update(_receivers(announcement, named, changed))
    return [
        Expected(event_type, _(EVENT_TYPES[event_type]), None, sorted(receivers[event_type], key=str))
        for event_type in event_types
    ]


def _serialized(instance: Certificate | Endpoint) -> dict:
    """Return an object as its announcements contain it, whoever may view what of it."""
    with per_request_cache():
        return get_serializer_for_model(instance)(instance, context={'request': None}).data


def _changes(endpoint: Endpoint, now: datetime) -> Iterator[EndpointAnnouncement]:
    """Yield every change from OK to a problem, and back."""
    ok = EndpointResultChoices.OK
    for problem in EndpointResultChoices.values():
        for event_type, before, after in ((ENDPOINT_PROBLEM, ok, problem), (ENDPOINT_RECOVERED, problem, ok)):
            if problem != ok:
                changed = copy(endpoint)
                changed.announced_result, changed.result = before, after
                yield EndpointAnnouncement(changed, event_type, now)


def _ahead(certificate: Certificate, now: datetime) -> Iterator[CertificateAnnouncement]:
    """Yield the next mark, that renewal becomes due and overdue, and the expiry, as far as they lie ahead."""
    if certificate.status != CertificateStatusChoices.STATUS_ACTIVE or now > certificate.valid_to:
        return
    status, validity = certificate.renewal_status_at(now), certificate.validity_at(now)
    ok, due = RenewalStatusChoices.OK, RenewalStatusChoices.DUE
    if status == ok:
        yield CertificateAnnouncement(
            certificate, RENEWAL_STATUS_CHANGED, certificate.due_at(), ok, due, validity, validity
        )
    if status in (ok, due) and now < certificate.overdue_at() < certificate.valid_to:
        yield CertificateAnnouncement(
            certificate, RENEWAL_OVERDUE, certificate.overdue_at(), due, due, validity, validity
        )
    last = due if status in (ok, due) else status
    end = certificate.marks_end
    mark = next_mark(certificate.effective_expiry_marks, certificate.mark_limit(), end, now)
    if mark is not None:
        yield ExpiringAnnouncement(
            certificate, CERTIFICATE_EXPIRING, end - mark * DAY, last, last, validity, ValidityChoices.EXPIRING, mark
        )
    before = validity if mark is None else ValidityChoices.EXPIRING
    expired = RenewalStatusChoices.EXPIRED if certificate.is_acme else None
    yield CertificateAnnouncement(
        certificate, CERTIFICATE_EXPIRED, certificate.valid_to, last, expired, before, ValidityChoices.EXPIRED
    )


def _receivers(announcement, rules: list[EventRule], serialized: dict) -> Iterator[EventRule]:
    subscribed = [rule for rule in rules if set(announcement.event_types) & set(rule.event_types)]
    if subscribed:
        data, snapshots = announcement.data(serialized), announcement.snapshots()
        yield from (rule for rule in subscribed if rule.eval_conditions({**data, 'snapshots': snapshots}))
