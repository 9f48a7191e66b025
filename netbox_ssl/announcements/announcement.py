"""
What is told when a certificate's renewal status changes or its renewal is overdue, and how it reaches the Event Rules.

``sweep.py`` tells what time did, ``events.py`` what a request did. ``extras.events.process_event_rules`` is no
documented plugin API: this is the only module that calls it.
"""

import logging
import uuid
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime

from core.events import OBJECT_UPDATED
from core.models import ObjectType
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from extras.choices import EventRuleActionChoices
from extras.events import EventContext, process_event_rules
from extras.models import EventRule
from redis.exceptions import RedisError
from rq.timeouts import JobTimeoutException

from netbox_ssl.choices import RenewalStatusChoices
from netbox_ssl.event_rules import EmailAction
from netbox_ssl.event_types import RENEWAL_OVERDUE, RENEWAL_STATUS_CHANGED
from netbox_ssl.models import Certificate

from .payload import describe, timestamp

__all__ = ('UNREACHABLE', 'Announcement', 'Rules', 'status_changed', 'was_overdue')

logger = logging.getLogger('netbox.plugins.netbox_ssl')

# Database, queue or time ran out: no rule's fault, and no rule has been told. Whoever announces must try again.
UNREACHABLE = (OperationalError, InterfaceError, RedisError, JobTimeoutException)

NAMESPACE = uuid.UUID('6f0c1f0e-7a52-5c0b-9d86-3d5b1c8e2a47')

# Actions of event rules that write nothing into the database
ONLY_ENQUEUE = (EventRuleActionChoices.WEBHOOK, EmailAction.slug)

# PEM is bulky, and a snapshot without it shows a change just as well; it is in the event's data.
NOT_IN_SNAPSHOTS = ('pem', 'chain_pem')


@dataclass(frozen=True)
class Announcement:
    """One thing to be told of one certificate. ``None`` stands for no renewal status."""

    certificate: Certificate
    event_type: str
    previous_status: str | None
    renewal_status: str | None
    since: datetime

    @property
    def object(self) -> Certificate:
        """What the event is about."""
        return self.certificate

    @property
    def id(self) -> uuid.UUID:
        """The same each time the same thing is told, so that a receiver recognises a repeat."""
        certificate = self.certificate
        parts = (
            self.event_type,
            certificate.pk,
            certificate.fingerprint_sha256 or certificate.valid_to.isoformat(),
            self.previous_status,
            self.renewal_status,
            self.since.isoformat(),
        )
        return uuid.uuid5(NAMESPACE, '|'.join(map(str, parts)))

    def data(self, serialized: dict) -> dict:
        """Event data: what the serializer says, true as of the announcement, and the announcement itself."""
        overdue = self.event_type == RENEWAL_OVERDUE
        state = {'renewal_status': self.renewal_status}
        if 'renewal_overdue' in serialized and overdue:
            state['renewal_overdue'] = True
        return {
            **serialized,
            **state,
            'announcement': {
                'id': str(self.id),
                'type': self.event_type,
                'previous_status': self.previous_status,
                'renewal_status': self.renewal_status,
                'since': timestamp(self.since),
                **describe(self.certificate),
            },
        }

    def snapshots(self) -> dict:
        """Snapshots for a change that time made: nothing but the renewal status differs."""
        now = self.certificate.serialize_object(exclude=list(NOT_IN_SNAPSHOTS))
        return {
            'prechange': {**now, 'renewal_status': self.previous_status},
            'postchange': {**now, 'renewal_status': self.renewal_status},
        }


def status_changed(certificate: Certificate, status: str | None) -> Announcement:
    """That ``status`` took the place of what was announced last. The certificate must be as saved."""
    previous = certificate.announced_status or None
    return Announcement(certificate, RENEWAL_STATUS_CHANGED, previous, status, _since(certificate, status))


def was_overdue(certificate: Certificate) -> Announcement:
    """That a working client would long have renewed it. It stays Due."""
    due = RenewalStatusChoices.DUE
    return Announcement(certificate, RENEWAL_OVERDUE, due, due, certificate.renewal_overdue_at)


def _since(certificate: Certificate, status: str | None) -> datetime:
    """The moment from which ``status`` is true; for one that no time brings, that of the last change."""
    if status == RenewalStatusChoices.EXPIRED:
        return certificate.valid_to
    if status == RenewalStatusChoices.DUE:
        return certificate.renewal_due_at
    return certificate.last_updated


class Rules:
    """The enabled Event Rules on certificates that subscribe to any of some event types, read once."""

    def __init__(self, event_types: Iterable[str], but_not: str | None = None, model=Certificate):
        self.object_type = ObjectType.objects.get_for_model(model)
        subscribed = Q()
        for event_type in event_types:
            subscribed |= Q(event_types__contains=[event_type])
        rules = EventRule.objects.filter(subscribed, object_types=self.object_type, enabled=True)
        if but_not:
            rules = rules.exclude(event_types__contains=[but_not])
        self.rules = list(rules)

    def for_announcement(self, announcement: Announcement) -> list[EventRule]:
        """
        Those that ``announcement`` is for. *Object updated* stands for a change of status, being what people write
        first; a certificate that is still Due has not changed, so *Renewal overdue* is for its own subscribers only.
        """
        wanted = {announcement.event_type}
        if announcement.event_type == RENEWAL_STATUS_CHANGED:
            wanted.add(OBJECT_UPDATED)
        return [rule for rule in self.rules if wanted & set(rule.event_types)]

    def tell(self, announcement: Announcement, data: dict, snapshots: dict, **context) -> None:
        """
        One delivery to each rule that the announcement is for, whichever of its event types the rule subscribes to.

        A rule that fails is logged and stops no other. Raises one of ``UNREACHABLE`` where no rule is at fault.

        Args:
            data: what ``Announcement.data()`` returned
            snapshots: ``prechange`` and ``postchange``
            context: ``user``, and ``request`` if there is one; it may not be None
        """
        for rule in self.for_announcement(announcement):
            own = announcement.event_type in rule.event_types
            event = EventContext(
                object_type=self.object_type,
                object_id=announcement.object.pk,
                object=announcement.object,
                event_type=announcement.event_type if own else OBJECT_UPDATED,
                data=data,
                snapshots=snapshots,
                **{'user': None, **context},
            )
            try:
                # A transaction costs two round trips; most rules do not match.
                if rule.eval_conditions({**data, 'snapshots': snapshots}):
                    with _all_or_nothing(rule):
                        process_event_rules([rule], self.object_type, event)
            except UNREACHABLE:
                raise
            except Exception:
                logger.exception('Event rule "%s" failed on %r', rule, announcement.object)


def _all_or_nothing(rule: EventRule) -> AbstractContextManager:
    """A transaction for what ``rule`` does. What only enqueues writes nothing, and is in the queue when this ends."""
    return nullcontext() if rule.action_type in ONLY_ENQUEUE else transaction.atomic()
