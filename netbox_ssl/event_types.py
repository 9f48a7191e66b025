"""The event types of the plugin, for NetBox's Event Rules."""

# Not gettext_lazy: NetBox writes the text into JSON, and a lazy string makes every Event Rule page fail.
from django.utils.translation import gettext as _
from netbox.events import EVENT_TYPE_KIND_DANGER, EVENT_TYPE_KIND_SUCCESS, EVENT_TYPE_KIND_WARNING, EventType

__all__ = (
    'CERTIFICATE_EXPIRED',
    'CERTIFICATE_EXPIRING',
    'ENDPOINT_PROBLEM',
    'ENDPOINT_RECOVERED',
    'EVENT_TYPES',
    'RENEWAL_OVERDUE',
    'RENEWAL_STATUS_CHANGED',
    'RENEWAL_WINDOW_MOVED',
    'SOURCE_BEHIND',
    'SOURCE_EXPIRED',
    'SOURCE_SILENT',
)

CERTIFICATE_EXPIRING = 'netbox_ssl.certificate_expiring'
CERTIFICATE_EXPIRED = 'netbox_ssl.certificate_expired'
RENEWAL_STATUS_CHANGED = 'netbox_ssl.renewal_status_changed'
RENEWAL_OVERDUE = 'netbox_ssl.renewal_overdue'
RENEWAL_WINDOW_MOVED = 'netbox_ssl.renewal_window_moved'
SOURCE_BEHIND = 'netbox_ssl.source_behind'
SOURCE_EXPIRED = 'netbox_ssl.source_expired'
SOURCE_SILENT = 'netbox_ssl.source_silent'
ENDPOINT_PROBLEM = 'netbox_ssl.endpoint_problem'
ENDPOINT_RECOVERED = 'netbox_ssl.endpoint_recovered'

EVENT_TYPES = {
    CERTIFICATE_EXPIRING: _('Certificate expiring'),
    CERTIFICATE_EXPIRED: _('Certificate expired'),
    RENEWAL_STATUS_CHANGED: _('Renewal status changed'),
    RENEWAL_OVERDUE: _('Renewal overdue'),
    RENEWAL_WINDOW_MOVED: _('Renewal window moved'),
    SOURCE_EXPIRED: _('Source expired'),
    SOURCE_BEHIND: _('Source behind'),
    SOURCE_SILENT: _('Source silent'),
    ENDPOINT_PROBLEM: _('Endpoint problem'),
    ENDPOINT_RECOVERED: _('Endpoint recovered'),
}

# Event type → kind, if it is not a warning
KINDS = {
    CERTIFICATE_EXPIRED: EVENT_TYPE_KIND_DANGER,
    SOURCE_EXPIRED: EVENT_TYPE_KIND_DANGER,
    ENDPOINT_PROBLEM: EVENT_TYPE_KIND_DANGER,
    ENDPOINT_RECOVERED: EVENT_TYPE_KIND_SUCCESS,
}

for _name, _text in EVENT_TYPES.items():
    EventType(_name, _text, kind=KINDS.get(_name, EVENT_TYPE_KIND_WARNING)).register()
