from django.utils.translation import gettext_lazy as _
from netbox.object_actions import ObjectAction

__all__ = ('SmartPaste',)


class SmartPaste(ObjectAction):
    """Paste certificates: the button of the list."""

    name = 'smart_paste'
    label = _('Smart Paste')
    permissions_required = {'add'}
    template_name = 'netbox_ssl/buttons/smart_paste.html'
