import django_tables2 as tables
from django.db.models import F
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from netbox.tables import NetBoxTable, columns

from netbox_ssl.models import Issuance
from netbox_ssl.models.issuances import REPLACED_AT
from netbox_ssl.reports.charts.wording import days

from .related_columns import RelatedColumn

__all__ = ('HistoryTable', 'IssuanceTable')


class DaysColumn(tables.Column):
    """A number of days, sorted by ``span``, a database expression."""

    def __init__(self, *args, span, **kwargs):
        self.span = span
        super().__init__(*args, **kwargs)

    def order(self, queryset, is_descending):
        span = self.span.desc(nulls_last=True) if is_descending else self.span.asc(nulls_last=True)
        return queryset.order_by(span, 'pk'), True

    def render(self, value):
        # Replaced after expiry
        return format_html('<span class="text-danger">{}</span>', _late(value)) if value < 0 else days(value)

    def value(self, value):
        # The bare number, for exports
        return value


class IssuanceTable(NetBoxTable):
    serial_number = tables.Column(
        verbose_name=_('Serial Number'),
        linkify=True,
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
    valid_from = columns.DateTimeColumn(
        verbose_name=_('Valid From'),
    )
    valid_to = columns.DateTimeColumn(
        verbose_name=_('Valid To'),
    )
    lifetime_days = DaysColumn(
        verbose_name=_('Lifetime'),
        span=F('valid_to') - F('valid_from'),
    )
    replaced_days_before_expiry = DaysColumn(
        verbose_name=_('Replaced Before Expiry'),
        span=F('valid_to') - F(REPLACED_AT),
    )
    subject_alt_names = columns.ArrayColumn(
        verbose_name=_('Subject Alternative Names'),
        max_items=3,
        orderable=False,
    )
    fingerprint_sha256 = tables.Column(
        verbose_name=_('SHA-256 Fingerprint'),
    )
    fingerprint_sha1 = tables.Column(
        verbose_name=_('SHA-1 Fingerprint'),
    )
    is_ca = columns.BooleanColumn(
        verbose_name=_('CA Certificate'),
        false_mark=None,
    )
    chain_valid_to = columns.DateTimeColumn(
        verbose_name=_('Chain Valid To'),
    )
    authority_key_id = tables.Column(
        verbose_name=_('Authority Key ID'),
    )
    subject_key_id = tables.Column(
        verbose_name=_('Subject Key ID'),
    )
    created = columns.DateTimeColumn(
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
            'subject',
            'issuer',
            'fingerprint_sha256',
            'fingerprint_sha1',
            'subject_alt_names',
            'key_algorithm',
            'key_size',
            'public_key_sha256',
            'signature_algorithm',
            'is_ca',
            'authority_key_id',
            'subject_key_id',
            'chain_valid_to',
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
