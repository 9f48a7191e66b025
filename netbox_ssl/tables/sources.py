import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from netbox.tables import NetBoxTable, columns

from netbox_ssl.models import CertificateSource

__all__ = ('CertificateSourceTable',)


class CertificateSourceTable(NetBoxTable):
    external_id = tables.Column(
        verbose_name=_('External ID'),
        linkify=True,
    )
    certificate = tables.Column(
        verbose_name=_('Certificate'),
        linkify=True,
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
    issuance = tables.Column(
        verbose_name=_('Last Reported'),
        linkify=True,
    )
    is_behind = columns.BooleanColumn(
        verbose_name=_('Behind'),
        order_by='behind_since',
        false_mark=None,
    )
    behind_since = columns.DateTimeColumn(
        verbose_name=_('Behind Since'),
    )
    is_silent = columns.BooleanColumn(
        verbose_name=_('Silent'),
        order_by='reported_at',
        false_mark=None,
    )
    reported_at = columns.DateTimeColumn(
        verbose_name=_('Last Report'),
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
            'issuance',
            'is_behind',
            'behind_since',
            'is_silent',
            'reported_at',
            'tags',
            'created',
            'last_updated',
        )
        default_columns = (
            'pk',
            'external_id',
            'certificate',
            'client',
            'kind',
            'issuance',
            'is_behind',
            'is_silent',
            'reported_at',
        )
        empty_text = _('No sources yet. ACME clients that report appear here; see Connect a Client.')
