import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from netbox.tables import NetBoxTable, columns

from netbox_ssl.models import AssignmentSuggestion
from netbox_ssl.models.assignments import host_of

from .text_columns import MomentColumn, WrappedColumn

__all__ = ('AssignmentSuggestionTable',)


class AssignmentSuggestionTable(NetBoxTable):
    certificate = WrappedColumn(
        verbose_name=_('Certificate'),
        linkify=True,
    )
    name = WrappedColumn(
        verbose_name=_('Matching Name'),
    )
    assigned_object_type = columns.ContentTypeColumn(
        verbose_name=_('Object Type'),
    )
    assigned_object = WrappedColumn(
        verbose_name=_('Assign To'),
        linkify=True,
        orderable=False,
    )
    # The host of a service or address, set by the queryset; not a database column
    host = tables.Column(
        accessor='assigned_object',
        verbose_name=_('Host'),
        linkify=lambda value: (host := host_of(value)) and host.get_absolute_url(),
        orderable=False,
    )
    dismissed_at = MomentColumn(
        verbose_name=_('Dismissed'),
    )
    # A suggestion can only be accepted or dismissed.
    actions = columns.ActionsColumn(actions=())

    class Meta(NetBoxTable.Meta):
        model = AssignmentSuggestion
        fields = ('pk', 'certificate', 'name', 'assigned_object_type', 'assigned_object', 'host', 'dismissed_at')
        default_columns = fields[:-1]
        empty_text = _('No suggestions match. Change the search.')

    def render_host(self, value):
        return host_of(value) or self.default

    def value_host(self, value):
        return str(host_of(value) or '')
