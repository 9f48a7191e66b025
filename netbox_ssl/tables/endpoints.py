import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from netbox.tables import PrimaryModelTable, columns

from netbox_ssl.models import Endpoint
from netbox_ssl.models.mixins.endpoint_states import endpoint_severity_sql
from netbox_ssl.models.visibility import visible_value

from .related_columns import RelatedColumn
from .state_columns import StateColumn
from .text_columns import DayColumn, MomentColumn, WrappedColumn

__all__ = ('EndpointTable',)


class SeenCertificateColumn(RelatedColumn):
    """The certificate that was seen last."""

    def order(self, queryset, is_descending):
        key = visible_value(queryset, 'source__issuance__certificate', 'name')
        ordered = key.desc(nulls_last=True) if is_descending else key.asc(nulls_last=True)
        return queryset.order_by(ordered, 'pk'), True


class EndpointTable(PrimaryModelTable):
    address = WrappedColumn(
        verbose_name=_('Address'),
        linkify=True,
    )
    port = tables.Column(
        verbose_name=_('Port'),
    )
    server_name = WrappedColumn(
        verbose_name=_('Server Name'),
    )
    starttls = columns.ChoiceFieldColumn(
        verbose_name=_('STARTTLS'),
    )
    ca_file = WrappedColumn(
        verbose_name=_('CA File'),
    )
    monitor = WrappedColumn(
        verbose_name=_('Monitor'),
    )
    interval = tables.Column(
        verbose_name=_('Interval'),
    )
    state = StateColumn(endpoint_severity_sql, then=('address', 'pk'))
    # Computed from several columns
    state_since = DayColumn(
        verbose_name=_('Since'),
        orderable=False,
    )
    result = columns.ChoiceFieldColumn(
        verbose_name=_('Result'),
    )
    result_detail = WrappedColumn(
        verbose_name=_('Detail'),
    )
    checked_at = MomentColumn(
        verbose_name=_('Last Check'),
    )
    checked_by = WrappedColumn(
        verbose_name=_('Checked By'),
    )
    certificate = SeenCertificateColumn(
        path='certificate',
        order='name',
        verbose_name=_('Certificate'),
    )
    expected_certificate = RelatedColumn(
        path='expected_certificate',
        order='name',
        verbose_name=_('Expected Certificate'),
    )
    valid_to = MomentColumn(
        order_by=('source__valid_to', 'pk'),
        verbose_name=_('Valid To'),
    )
    days_left = tables.Column(
        order_by=('source__valid_to', 'pk'),
        verbose_name=_('Days Left'),
    )
    assigned_object = WrappedColumn(
        verbose_name=_('Served By'),
        linkify=True,
        orderable=False,
    )
    tags = columns.TagColumn(
        url_name='plugins:netbox_ssl:endpoint_list',
    )

    class Meta(PrimaryModelTable.Meta):
        model = Endpoint
        fields = (
            'pk',
            'id',
            'address',
            'port',
            'server_name',
            'starttls',
            'state',
            'state_since',
            'days_left',
            'valid_to',
            'checked_at',
            'checked_by',
            'result',
            'result_detail',
            'certificate',
            'expected_certificate',
            'assigned_object',
            'monitor',
            'interval',
            'ca_file',
            'owner',
            'owner_group',
            'description',
            'comments',
            'tags',
            'created',
            'last_updated',
        )
        default_columns = (
            'pk',
            'address',
            'port',
            'server_name',
            'state',
            'state_since',
            'days_left',
            'checked_at',
            'certificate',
            'assigned_object',
        )
        empty_text = _(
            'No endpoints match. Change the filters, add endpoints or accept suggested ones, and let a monitor check '
            'them; see Watch endpoints in the documentation.'
        )
