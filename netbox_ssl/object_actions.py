from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from netbox.object_actions import ObjectAction

from netbox_ssl.ui.alerts import endpoint_alert_url

__all__ = (
    'AcceptSuggestions',
    'AlertOnEndpoints',
    'BulkDetect',
    'DismissSuggestions',
    'EndpointProposals',
    'RestoreSuggestions',
    'SmartPaste',
    'Suggestions',
)


class SmartPaste(ObjectAction):
    """The Smart Paste button of the list."""

    name = 'smart_paste'
    label = _('Smart Paste')
    permissions_required = {'add'}
    template_name = 'netbox_ssl/buttons/smart_paste.html'


class BulkDetect(ObjectAction):
    """Detect ACME again on the certificates selected in the list."""

    name = 'bulk_detect'
    label = _('Detect ACME')
    multi = True
    permissions_required = {'change'}
    template_name = 'netbox_ssl/buttons/bulk_detect.html'


class AcceptSuggestions(ObjectAction):
    """Accept the suggestions selected in the list."""

    name = 'bulk_accept'
    label = _('Accept Selected')
    multi = True
    permissions_required = {'add'}
    template_name = 'netbox_ssl/buttons/accept_suggestions.html'


class DismissSuggestions(ObjectAction):
    """Dismiss the suggestions selected in the list."""

    name = 'bulk_dismiss'
    label = _('Dismiss Selected')
    multi = True
    permissions_required = {'add'}
    template_name = 'netbox_ssl/buttons/dismiss_suggestions.html'


class RestoreSuggestions(ObjectAction):
    """Restore the dismissed suggestions selected in the list."""

    name = 'bulk_restore'
    label = _('Restore Selected')
    multi = True
    permissions_required = {'add'}
    template_name = 'netbox_ssl/buttons/restore_suggestions.html'


class Suggestions(ObjectAction):
    """A button that leads from the list of certificates to the suggested assignments."""

    name = 'suggestions'
    label = _('Suggested Assignments')
    template_name = 'netbox_ssl/buttons/suggestions.html'

    @classmethod
    def get_url(cls, obj):
        return reverse('plugins:netbox_ssl:assignmentsuggestion_list')


class EndpointProposals(ObjectAction):
    """A button that leads from the list of endpoints to the suggested ones."""

    name = 'proposals'
    label = _('Suggested Endpoints')
    permissions_required = {'add'}
    template_name = 'netbox_ssl/buttons/endpoint_proposals.html'

    @classmethod
    def get_url(cls, obj):
        return reverse('plugins:netbox_ssl:endpoint_proposals')


class AlertOnEndpoints(ObjectAction):
    """The button *Alert me* of the list of endpoints."""

    name = 'alert'
    label = _('Alert me')
    template_name = 'netbox_ssl/buttons/alert.html'

    @classmethod
    def get_url(cls, obj):
        return None

    @classmethod
    def get_context(cls, context, obj):
        # Empty if the user may not add event rules
        return {'url': endpoint_alert_url(context['request'].user)}
