"""*Alert me*: NetBox's form for Event Rules, filled in; and the rules that would notify somebody of a certificate."""

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

from netbox_ssl.announcements.expected import expected_alerts
from netbox_ssl.event_rules import EmailAction
from netbox_ssl.event_types import CERTIFICATE_EXPIRED, CERTIFICATE_EXPIRING, RENEWAL_OVERDUE
from netbox_ssl.models import Certificate

__all__ = ('AlertsPanel', 'alert_url')

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
    if not user.has_perm('extras.add_eventrule'):
        return ''
    name = _('Certificates of {about}').format(about=about) if about else _('Certificates')
    # An e-mail goes to the contacts of the certificate, unless a notification group is chosen.
    action = EmailAction.slug if settings.EMAIL.get('SERVER') else EventRuleActionChoices.WEBHOOK
    values = [
        ('name', name[:MOST_CHARACTERS]),
        ('object_types', ObjectType.objects.get_for_model(Certificate).pk),
        *(('event_types', each) for each in (CERTIFICATE_EXPIRING, CERTIFICATE_EXPIRED, RENEWAL_OVERDUE)),
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
        certificate, user = context['object'], context['request'].user
        permitted = user.has_perm('extras.view_eventrule')
        visible = EventRule.objects.restrict(user, 'view').values_list('pk', flat=True) if permitted else ()
        return {
            **super().get_context(context),
            'permitted': permitted,
            'expected': expected_alerts(certificate, timezone.now(), visible) if permitted else [],
            'alert_url': alert_url(user, str(certificate), {'attr': 'id', 'value': certificate.pk}),
        }

    def should_render(self, context):
        return bool(context['expected']) or bool(context['alert_url'])
