"""The Event Rules that receive an announcement, and the event data they are given."""

import logging
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext

from core.models import ObjectType
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from extras.choices import EventRuleActionChoices
from extras.models import EventRule
from redis.exceptions import RedisError
from rq.timeouts import JobTimeoutException

from netbox_ssl.event_types import EVENT_TYPES
from netbox_ssl.models import Certificate
from netbox_ssl.netbox_internals import EventContext, process_event_rules

from .announcement import Announcement

__all__ = ('UNREACHABLE', 'Rules')

logger = logging.getLogger('netbox.plugins.netbox_ssl')

# The database or the queue is unreachable, or time ran out: no rule failed, and none received anything. Try again.
UNREACHABLE = (OperationalError, InterfaceError, RedisError, JobTimeoutException)


class Rules:
    """The enabled Event Rules on ``model`` that subscribe to one of ``event_types``, read once."""

    def __init__(self, event_types: Iterable[str], model=Certificate, but_not: str | None = None):
        self.object_type = ObjectType.objects.get_for_model(model)
        subscribed = Q(event_types__overlap=list(event_types))
        rules = EventRule.objects.filter(subscribed, object_types=self.object_type, enabled=True)
        if but_not:
            rules = rules.exclude(event_types__contains=[but_not])
        self.rules = list(rules)

    def __bool__(self) -> bool:
        return bool(self.rules)

    def notify(self, announcement: Announcement, data: dict, snapshots: dict, **context) -> None:
        """
        Make one delivery to each rule that subscribes to one of its event types, however many the rule subscribes to.

        A rule that fails is logged and does not affect other rules. Raises one of ``UNREACHABLE`` if no rule failed.

        Args:
            data: what ``Announcement.data()`` returned
            snapshots: ``prechange`` and ``postchange``
            context: ``user``, and ``request`` if there is one (not None)
        """
        for rule in self.rules:
            event_type = next((each for each in announcement.event_types if each in rule.event_types), None)
            if event_type is None:
                continue
            event = EventContext(
                object_type=self.object_type,
                object_id=announcement.object.pk,
                object=announcement.object,
                event_type=event_type,
                data=_as_received(data, event_type),
                snapshots=snapshots,
                **{'user': None, **context},
            )
            try:
                # Check the conditions first: a transaction takes two round trips, and most rules do not match.
                if rule.eval_conditions({**data, 'snapshots': snapshots}):
                    with _all_or_nothing(rule):
                        process_event_rules([rule], self.object_type, event)
            except UNREACHABLE:
                raise
            except Exception:
                logger.exception('Event rule "%s" failed on %r', rule, announcement.object)


def _as_received(data: dict, event_type: str) -> dict:
    """Return event data with the type by which a rule receives it, if it is one of the plugin's."""
    if event_type not in EVENT_TYPES or data['announcement']['type'] == event_type:
        return data
    return {**data, 'announcement': {**data['announcement'], 'type': event_type}}


def _all_or_nothing(rule: EventRule) -> AbstractContextManager:
    """
    Return a transaction for the action of ``rule``, or none if it only enqueues, so that the job is in the queue at
    once.
    """
    # NetBox's own webhook also only enqueues, but does not declare it.
    only_enqueues = getattr(rule.action_provider, 'only_enqueues', rule.action_type == EventRuleActionChoices.WEBHOOK)
    return nullcontext() if only_enqueues else transaction.atomic()
