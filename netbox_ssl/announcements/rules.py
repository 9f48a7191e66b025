"""The Event Rules that receive an announcement, and the event data they are given."""

import logging
from contextlib import AbstractContextManager, nullcontext

from core.events import OBJECT_UPDATED
from core.models import ObjectType
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from extras.choices import EventRuleActionChoices
from extras.models import EventRule
from redis.exceptions import RedisError
from rq.timeouts import JobTimeoutException

from netbox_ssl.event_types import RENEWAL_STATUS_CHANGED
from netbox_ssl.models import Certificate
from netbox_ssl.netbox_internals import EventContext, process_event_rules

from .announcement import Announcement

__all__ = ('UNREACHABLE', 'Rules')

logger = logging.getLogger('netbox.plugins.netbox_ssl')

# The database or the queue is unreachable, or time ran out: no rule failed, and none received anything. Try again.
UNREACHABLE = (OperationalError, InterfaceError, RedisError, JobTimeoutException)


def subscriptions(event_type: str) -> set[str]:
    """
    Return the event types whose subscribers receive announcements of ``event_type``. *Object updated* includes changes
    of status, because most rules use it. *Renewal overdue* is for its own subscribers only, because a certificate that
    is still Due has not changed.
    """
    return {event_type, OBJECT_UPDATED} if event_type == RENEWAL_STATUS_CHANGED else {event_type}


class Rules:
    """The enabled Event Rules on ``model`` that receive announcements of one event type, read once."""

    def __init__(self, event_type: str, model=Certificate, but_not: str | None = None):
        self.object_type = ObjectType.objects.get_for_model(model)
        subscribed = Q()
        for each in subscriptions(event_type):
            subscribed |= Q(event_types__contains=[each])
        rules = EventRule.objects.filter(subscribed, object_types=self.object_type, enabled=True)
        if but_not:
            rules = rules.exclude(event_types__contains=[but_not])
        self.rules = list(rules)

    def __bool__(self) -> bool:
        return bool(self.rules)

    def notify(self, announcement: Announcement, data: dict, snapshots: dict, **context) -> None:
        """
        Make one delivery to each rule, whichever of its event types the rule subscribes to.

        A rule that fails is logged and does not affect other rules. Raises one of ``UNREACHABLE`` if no rule failed.

        Args:
            data: what ``Announcement.data()`` returned
            snapshots: ``prechange`` and ``postchange``
            context: ``user``, and ``request`` if there is one (not None)
        """
        for rule in self.rules:
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
                # Check the conditions first: a transaction takes two round trips, and most rules do not match.
                if rule.eval_conditions({**data, 'snapshots': snapshots}):
                    with _all_or_nothing(rule):
                        process_event_rules([rule], self.object_type, event)
            except UNREACHABLE:
                raise
            except Exception:
                logger.exception('Event rule "%s" failed on %r', rule, announcement.object)


def _all_or_nothing(rule: EventRule) -> AbstractContextManager:
    """
    Return a transaction for the action of ``rule``, or none if it only enqueues, so that the job is in the queue at
    once.
    """
    # NetBox's own webhook also only enqueues, but does not declare it.
    only_enqueues = getattr(rule.action_provider, 'only_enqueues', rule.action_type == EventRuleActionChoices.WEBHOOK)
    return nullcontext() if only_enqueues else transaction.atomic()
