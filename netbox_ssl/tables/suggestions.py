import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from netbox.tables import NetBoxTable, columns

from netbox_ssl.models import AssignmentSuggestion
from netbox_ssl.models.assignments import host_of

__all__ = ('AssignmentSuggestionTable',)


class AssignmentSuggestionTable(NetBoxTable):
    certificate = tables.Column(
        verbose_name=_('Certificate'),
        linkify=True,
    )
    name = tables.Column(
        verbose_name=_('Matching Name'),
    )
    assigned_object_type = columns.ContentTypeColumn(
        verbose_name=_('Object Type'),
    )
    assigned_object = tables.Column(
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
    # A suggestion can only be accepted.
    actions = columns.ActionsColumn(actions=())

    class Meta(NetBoxTable.Meta):
        model = AssignmentSuggestion
        fields = ('pk', 'certificate', 'name', 'assigned_object_type', 'assigned_object', 'host')
        default_columns = fields
        empty_text = _('No suggestions. Start a scan to compare the names of certificates with those of all objects.')

    def render_host(self, value):
        return host_of(value) or self.default

    def value_host(self, value):
        return str(host_of(value) or '')
