from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from netbox.ui import panels

from netbox_ssl.reports.sources import sources_to_look_at

__all__ = ('SourcesToLookAtPanel',)


class SourcesToLookAtPanel(panels.Panel):
    """On a certificate: which of its sources are expired, behind or silent; left out where none is."""

    template_name = 'netbox_ssl/panels/sources_to_look_at.html'
    title = _('Sources needing attention')

    def get_context(self, context):
        user = context['request'].user
        return {
            **super().get_context(context),
            'sources': sources_to_look_at(user, timezone.now(), certificate=context['object']),
        }

    def should_render(self, context):
        return bool(context['sources']['bad'])
