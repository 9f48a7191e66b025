"""The action *E-mail* of NetBox's Event Rules. NetBox's own *Notification* reaches only users who log in."""

import logging

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django_rq import get_queue
from extras.models import NotificationGroup
from netbox.event_rules import EventRuleAction

from .announcements.emails import contact_addresses, member_addresses, send_email, write
from .netbox_internals import RQ_QUEUE_DEFAULT, get_rq_retry

__all__ = ('EmailAction', 'event_rule_actions')

logger = logging.getLogger('netbox.plugins.netbox_ssl')


class EmailAction(EventRuleAction):
    """Send a message to each member of a notification group or, without one, to each contact of the object."""

    slug = 'netbox_ssl.email'
    label = _('E-mail')
    description = _('Send an e-mail to a notification group or, if none is chosen, to the contacts of the object')
    object_model = NotificationGroup
    object_label = _('Notification group (leave empty for the contacts of the certificate)')
    # It does not write to the database, so it needs no transaction (announcements/rules.py).
    only_enqueues = True

    def validate(self, *, action_object, action_data):
        if not settings.EMAIL.get('SERVER'):
            raise ValidationError(
                _('NetBox has no mail server: set SERVER and FROM_EMAIL in EMAIL in its configuration, and restart it.')
            )

    def enqueue(self, *, event_rule, event_context, action_object, action_data):
        """Enqueue each message as a separate job, so that repeating one does not send another message twice."""
        if action_object is None:
            addresses = contact_addresses(event_context, action_data)
        else:
            addresses = member_addresses(action_object)
        if not addresses:
            logger.warning('Event rule "%s": no address for an e-mail about %s', event_rule, action_data.get('display'))
            return
        message = write(event_context, action_data, event_rule)
        queue = get_queue(RQ_QUEUE_DEFAULT)
        for address in addresses:
            queue.enqueue(send_email, address, message, retry=get_rq_retry())

    def resolve_import_object(self, value):
        return NotificationGroup.objects.get(name=value)


event_rule_actions = [EmailAction]
