"""The column *Endpoints* of certificates: how many should serve it or do serve it, and how many need attention."""

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from netbox_ssl.places.endpoints import count_endpoints

from .page_columns import PageColumn

__all__ = ('EndpointsColumn',)


class EndpointsColumn(PageColumn):
    def __init__(self, **kwargs):
        super().__init__(verbose_name=_('Endpoints'), accessor='pk', orderable=False, empty_values=(), **kwargs)

    def read(self, keys, user):
        return count_endpoints(keys, timezone.now(), user)

    def render(self, record, table):
        if (counts := self.found_for(record, table)) is None:
            return table.default
        total, bad = counts
        url = f'{reverse("plugins:netbox_ssl:endpoint_list")}?certificate_id={record.pk}'
        link = format_html('<a href="{}">{}</a>', url, total)
        if not bad:
            return link
        badge = '{} <a href="{}&problem=true" class="badge text-bg-red" title="{}">{}</a>'
        return format_html(badge, link, url, _('Needs attention'), bad)

    def value(self, record, table):
        counts = self.found_for(record, table)
        return counts and counts[0]
