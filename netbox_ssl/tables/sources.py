import django_tables2 as tables
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from netbox.tables import NetBoxTable, columns

from netbox_ssl.models import CertificateSource
from netbox_ssl.models.mixins.source_states import severity_sql

from .related_columns import RelatedColumn
from .state_columns import StateColumn
from .text_columns import MomentColumn, WrappedColumn, short_hex

__all__ = ('CertificateSourceTable',)


class IssuanceColumn(RelatedColumn):
    """The issuance that a source reported, by its shortened serial number."""

    def render(self, value):
        shown = short_hex(value.serial_number)
        return format_html('<span class="font-monospace text-nowrap" title="{}">{}</span>', value, shown)


class CertificateSourceTable(NetBoxTable):
    external_id = WrappedColumn(
        verbose_name=_('External ID'),
        linkify=True,
    )
    certificate = RelatedColumn(
        path='certificate',
        order='name',
        verbose_name=_('Certificate'),
    )
    client = tables.Column(
        verbose_name=_('Client'),
    )
    kind = columns.ChoiceFieldColumn(
        verbose_name=_('Kind'),
    )
    machine_id = tables.Column(
        verbose_name=_('Machine ID'),
    )
    place = WrappedColumn(
        verbose_name=_('Place'),
        order_by='external_id',
    )
    state = StateColumn(severity_sql, then=('external_id',))
    # Computed from several columns
    state_since = MomentColumn(
        verbose_name=_('Since'),
        orderable=False,
    )
    issuance = IssuanceColumn(
        path='issuance',
        order='valid_from',
        verbose_name=_('Last Reported'),
    )
    issuance_since = MomentColumn(
        verbose_name=_('Has It Since'),
    )
    valid_to = MomentColumn(
        verbose_name=_('Valid To'),
    )
    is_unexpected = columns.BooleanColumn(
        verbose_name=_('Unexpected'),
        orderable=False,
        false_mark=None,
    )
    is_behind = columns.BooleanColumn(
        verbose_name=_('Behind'),
        order_by='behind_since',
        false_mark=None,
    )
    behind_since = MomentColumn(
        verbose_name=_('Behind Since'),
    )
    is_silent = columns.BooleanColumn(
        verbose_name=_('Silent'),
        order_by='reported_at',
        false_mark=None,
    )
    reported_at = MomentColumn(
        verbose_name=_('Last Report'),
    )
    gone_since = MomentColumn(
        verbose_name=_('Gone Since'),
    )
    tags = columns.TagColumn(
        url_name='plugins:netbox_ssl:certificatesource_list',
    )

    class Meta(NetBoxTable.Meta):
        model = CertificateSource
        fields = (
            'pk',
            'id',
            'external_id',
            'certificate',
            'client',
            'kind',
            'machine_id',
            'place',
            'state',
            'state_since',
            'issuance',
            'issuance_since',
            'valid_to',
            'is_unexpected',
            'is_behind',
            'behind_since',
            'is_silent',
            'reported_at',
            'gone_since',
            'tags',
            'created',
            'last_updated',
        )
        default_columns = (
            'pk',
            'external_id',
            'certificate',
            'state',
            'state_since',
            'valid_to',
            'reported_at',
        )
        empty_text = _('No sources yet. Connect an ACME client to report its certificates; see Connect a client.')
