import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from netbox.tables import NetBoxTable, columns

from netbox_ssl.models import Issuance

__all__ = ('IssuanceTable',)


class IssuanceTable(NetBoxTable):
    serial_number = tables.Column(
        verbose_name=_('Serial Number'),
        linkify=True,
    )
    certificate = tables.Column(
        verbose_name=_('Certificate'),
        linkify=True,
    )
    is_current = columns.BooleanColumn(
        verbose_name=_('Current'),
        orderable=False,
    )
    valid_from = columns.DateTimeColumn(
        verbose_name=_('Valid From'),
    )
    valid_to = columns.DateTimeColumn(
        verbose_name=_('Valid To'),
    )
    lifetime = tables.Column(
        verbose_name=_('Lifetime'),
        orderable=False,
    )
    subject_alt_names = columns.ArrayColumn(
        verbose_name=_('Subject Alternative Names'),
        max_items=3,
        orderable=False,
    )
    fingerprint_sha256 = tables.Column(
        verbose_name=_('SHA-256 Fingerprint'),
    )
    created = columns.DateTimeColumn(
        verbose_name=_('Recorded'),
    )
    # Read-only: nothing to edit or delete.
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
            'lifetime',
            'subject',
            'issuer',
            'fingerprint_sha256',
            'subject_alt_names',
            'key_algorithm',
            'key_size',
            'signature_algorithm',
            'created',
        )
        default_columns = ('pk', 'serial_number', 'certificate', 'is_current', 'valid_from', 'valid_to', 'issuer')
        empty_text = _('No issuances yet. Each imported certificate is recorded here and stays when it is renewed.')
