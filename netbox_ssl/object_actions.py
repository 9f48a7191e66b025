from django.utils.translation import gettext_lazy as _
from netbox.object_actions import ObjectAction

__all__ = ('BulkDetect', 'SmartPaste')


class SmartPaste(ObjectAction):
    """Paste certificates: the button of the list."""

    name = 'smart_paste'
    label = _('Smart Paste')
    permissions_required = {'add'}
    template_name = 'netbox_ssl/buttons/smart_paste.html'


class BulkDetect(ObjectAction):
    """Detect ACME again on what is selected in the list."""

    name = 'bulk_detect'
    label = _('Detect ACME')
    multi = True
    permissions_required = {'change'}
    template_name = 'netbox_ssl/buttons/bulk_detect.html'
