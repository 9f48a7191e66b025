"""The panel with the issuances of a certificate over time."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from netbox.ui import panels

from netbox_ssl.reports.charts import timeline, trend
from netbox_ssl.reports.history import newest_issuances

__all__ = ('HistoryPanel',)


class HistoryPanel(panels.ObjectPanel):
    """The newest issuances as a timeline, and the days left at each renewal; omitted if the user may view none."""

    title = _('History')
    template_name = 'netbox_ssl/panels/history.html'

    def get_context(self, context):
        certificate, user = context['object'], context['request'].user
        permitted = user.has_perm('netbox_ssl.view_issuance')
        newest, total = newest_issuances(certificate, user, timeline.MOST_ROWS) if permitted else ([], 0)
        return {
            **super().get_context(context),
            'timeline': timeline.draw(certificate, newest, timezone.now(), total),
            'trend': trend.draw(certificate, newest),
            'total': total,
            'history_url': reverse('plugins:netbox_ssl:certificate_history', args=[certificate.pk]),
        }

    def should_render(self, context):
        return context['timeline'] is not None
