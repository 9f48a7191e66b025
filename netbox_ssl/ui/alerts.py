"""
*Alert me*: NetBox's form for Event Rules, filled in; and the rules that would notify somebody of a certificate or an
endpoint.
"""

import json
from urllib.parse import urlencode

from core.models import ObjectType
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from extras.choices import EventRuleActionChoices
from extras.models import EventRule
from netbox.ui import panels

from netbox_ssl.announcements.expected import Expected, expected_alerts, expected_endpoint_alerts
from netbox_ssl.event_rules import EmailAction
from netbox_ssl.event_types import (
    CERTIFICATE_EXPIRED,
    CERTIFICATE_EXPIRING,
    ENDPOINT_PROBLEM,
    ENDPOINT_RECOVERED,
    RENEWAL_OVERDUE,
)
from netbox_ssl.models import Certificate, Endpoint

__all__ = ('AlertsPanel', 'EndpointAlertsPanel', 'alert_url', 'endpoint_alert_url')

# Length of the name of an Event Rule
MOST_CHARACTERS = 150


def alert_url(user, about: str = '', conditions: dict | None = None) -> str:
    """
    Return the URL of the form for an Event Rule that notifies of expiry and overdue renewals, or '' if the user may not
    add one.

    Args:
        about: the object that the certificates belong to, for the name of the rule; empty: all certificates
        conditions: of the rule; None: every certificate
    """
    name = _('Certificates of {about}').format(about=about) if about else _('Certificates')
    event_types = (CERTIFICATE_EXPIRING, CERTIFICATE_EXPIRED, RENEWAL_OVERDUE)
    return _rule_url(user, name, Certificate, event_types, conditions)


def endpoint_alert_url(user, endpoint: Endpoint | None = None) -> str:
    """
    Return the URL of the form for an Event Rule that notifies of the problems of ``endpoint`` and of their end, or ''
    if the user may not add one. None: every endpoint.
    """
    name = _('Endpoint {endpoint}').format(endpoint=endpoint) if endpoint else _('Endpoints')
    conditions = {'attr': 'id', 'value': endpoint.pk} if endpoint else None
    return _rule_url(user, name, Endpoint, (ENDPOINT_PROBLEM, ENDPOINT_RECOVERED), conditions)


def _rule_url(user, name: str, model, event_types: tuple[str, ...], conditions: dict | None) -> str:
    if not user.has_perm('extras.add_eventrule'):
        return ''
    # An e-mail goes to the contacts of the certificate, unless a notification group is chosen.
    action = EmailAction.slug if settings.EMAIL.get('SERVER') else EventRuleActionChoices.WEBHOOK
    values = [
        ('name', name[:MOST_CHARACTERS]),
        ('object_types', ObjectType.objects.get_for_model(model).pk),
        *(('event_types', each) for each in event_types),
        ('action_type', action),
    ]
    if conditions:
        values.append(('conditions', json.dumps(conditions)))
    return f'{reverse("extras:eventrule_add")}?{urlencode(values)}'


class AlertsPanel(panels.ObjectPanel):
    """What will be announced unless the certificate is renewed, and the Event Rules that receive it."""

    title = gettext_lazy('Alerts')
    template_name = 'netbox_ssl/panels/alerts.html'

    def get_context(self, context):
        found, user = context['object'], context['request'].user
        permitted = user.has_perm('extras.view_eventrule')
        visible = EventRule.objects.restrict(user, 'view').values_list('pk', flat=True) if permitted else ()
        return {
            **super().get_context(context),
            'permitted': permitted,
            'expected': self.expected(found, visible) if permitted else [],
            'alert_url': self.alert_url(user, found),
        }

    def should_render(self, context):
        return bool(context['expected']) or bool(context['alert_url'])

    def expected(self, found, visible) -> list[Expected]:
        return expected_alerts(found, timezone.now(), visible)

    def alert_url(self, user, found) -> str:
        return alert_url(user, str(found), {'attr': 'id', 'value': found.pk})


class EndpointAlertsPanel(AlertsPanel):
    """What may be announced about the endpoint, and the Event Rules that receive it."""

    def expected(self, found, visible) -> list[Expected]:
        return expected_endpoint_alerts(found, timezone.now(), visible)

    def alert_url(self, user, found) -> str:
        return endpoint_alert_url(user, found)
