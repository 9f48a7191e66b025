import django_tables2 as tables
from django.db.models import F
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from netbox.tables import NetBoxTable, columns

from netbox_ssl.models import Issuance
from netbox_ssl.models.issuances import REPLACED_AT
from netbox_ssl.reports.charts.wording import days

from .related_columns import RelatedColumn
from .text_columns import HexColumn, MomentColumn
from .x509_columns import X509_COLUMNS, X509ColumnsMixin

__all__ = ('HistoryTable', 'IssuanceTable')


class DaysColumn(tables.Column):
    """A number of days, sorted by ``span``, a database expression."""

    def __init__(self, *args, span, **kwargs):
        self.span = span
        super().__init__(*args, **{'attrs': {'td': {'class': 'text-nowrap'}}, **kwargs})

    def order(self, queryset, is_descending):
        span = self.span.desc(nulls_last=True) if is_descending else self.span.asc(nulls_last=True)
        return queryset.order_by(span, 'pk'), True

    def render(self, value):
        # Replaced after expiry
        return format_html('<span class="text-danger">{}</span>', _late(value)) if value < 0 else days(value)

    def value(self, value):
        # The bare number, for exports
        return value


class IssuanceTable(X509ColumnsMixin, NetBoxTable):
    serial_number = HexColumn(
        is_link=True,
        verbose_name=_('Serial Number'),
    )
    certificate = RelatedColumn(
        path='certificate',
        order='name',
        verbose_name=_('Certificate'),
    )
    is_current = columns.BooleanColumn(
        verbose_name=_('Current'),
        orderable=False,
        false_mark=None,
    )
    lifetime_days = DaysColumn(
        verbose_name=_('Lifetime'),
        span=F('valid_to') - F('valid_from'),
    )
    replaced_days_before_expiry = DaysColumn(
        verbose_name=_('Replaced Before Expiry'),
        span=F('valid_to') - F(REPLACED_AT),
    )
    created = MomentColumn(
        verbose_name=_('Recorded'),
    )
    # Read-only
    actions = columns.ActionsColumn(actions=())

    class Meta(NetBoxTable.Meta):
        model = Issuance
        fields = (
            'pk',
            'id',
            'serial_number',
            'certificate',
            'is_current',
            'valid_from',
            'valid_to',
            'lifetime_days',
            'replaced_days_before_expiry',
            *(name for name in X509_COLUMNS if name != 'serial_number'),
            'created',
        )
        default_columns = (
            'pk',
            'serial_number',
            'certificate',
            'is_current',
            'valid_from',
            'valid_to',
            'lifetime_days',
            'replaced_days_before_expiry',
            'issuer',
        )
        empty_text = _('No issuances yet. Each imported certificate is recorded here and kept when it is renewed.')


def _late(number: float) -> str:
    return _('{days} after').format(days=days(-number))


class HistoryTable(IssuanceTable):
    """The issuances of one certificate. A separate table, so that its columns are configured separately."""

    class Meta(IssuanceTable.Meta):
        fields = tuple(name for name in IssuanceTable.Meta.fields if name not in ('pk', 'certificate'))
        exclude = ('pk', 'certificate')
        default_columns = (
            'serial_number',
            'is_current',
            'valid_from',
            'valid_to',
            'lifetime_days',
            'replaced_days_before_expiry',
            'issuer',
        )
