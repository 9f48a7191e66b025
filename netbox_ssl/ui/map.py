"""The panel with the map of a certificate: names, places and contacts."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from netbox.ui import panels

from netbox_ssl.reports.charts import map as map_chart
from netbox_ssl.reports.relations import read_relations

from .shared_reads import served_of

__all__ = ('MapPanel',)


class MapPanel(panels.ObjectPanel):
    title = _('Map')
    template_name = 'netbox_ssl/panels/map.html'

    def get_context(self, context):
        certificate, user = context['object'], context['request'].user
        relations = read_relations(certificate, served_of(certificate, user), user, timezone.now())
        return {
            **super().get_context(context),
            'map': map_chart.draw(certificate, relations) if relations.any else None,
            'map_places': relations.places,
        }

    def should_render(self, context):
        return context['map'] is not None
