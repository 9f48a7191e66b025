"""The columns that describe an X.509 certificate, for tables of certificates and of issuances."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from netbox.tables import columns

from .text_columns import HexColumn, MomentColumn, WrappedColumn

__all__ = ('X509_COLUMNS', 'X509ColumnsMixin')

# In the order in which the dialog to choose columns shows them
X509_COLUMNS = (
    'subject',
    'issuer',
    'serial_number',
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
)


class X509ColumnsMixin(tables.Table):
    valid_from = MomentColumn(
        verbose_name=_('Valid From'),
    )
    valid_to = MomentColumn(
        verbose_name=_('Valid To'),
    )
    subject = WrappedColumn(
        verbose_name=_('Subject'),
    )
    issuer = WrappedColumn(
        verbose_name=_('Issuer'),
    )
    serial_number = HexColumn(
        verbose_name=_('Serial Number'),
    )
    fingerprint_sha256 = HexColumn(
        verbose_name=_('SHA-256 Fingerprint'),
    )
    fingerprint_sha1 = HexColumn(
        verbose_name=_('SHA-1 Fingerprint'),
    )
    subject_alt_names = columns.ArrayColumn(
        verbose_name=_('Subject Alternative Names'),
        max_items=3,
        orderable=False,
        attrs={'td': {'class': 'text-break', 'style': 'min-width: 14rem; max-width: 22rem'}},
    )
    public_key_sha256 = HexColumn(
        verbose_name=_('Public Key SHA-256'),
    )
    is_ca = columns.BooleanColumn(
        verbose_name=_('CA Certificate'),
        false_mark=None,
    )
    authority_key_id = HexColumn(
        verbose_name=_('Authority Key ID'),
    )
    subject_key_id = HexColumn(
        verbose_name=_('Subject Key ID'),
    )
    chain_valid_to = MomentColumn(
        verbose_name=_('Chain Valid To'),
    )
