import django_tables2 as tables
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from netbox.tables import PrimaryModelTable, columns
from tenancy.tables import ContactsColumnMixin, TenancyColumnsMixin

from netbox_ssl.acme import renewal
from netbox_ssl.models import Certificate
from netbox_ssl.models.mixins.acme import ACME_FIELDS
from netbox_ssl.models.mixins.expiry import EXPIRY_FIELDS
from netbox_ssl.reports.charts import lifetime

from .deployment import CertificateDeploymentMixin
from .endpoint_columns import EndpointsColumn
from .text_columns import DayColumn, MomentColumn, WrappedColumn
from .use_columns import CertificateUseMixin
from .x509_columns import X509_COLUMNS, X509ColumnsMixin

__all__ = ('CertificateTable', 'RenewalStatusColumn', 'ValidityColumn')


class RenewalStatusColumn(columns.ChoiceFieldColumn):
    """
    Renewal status, sorted by the renewal rule because the status is not a database column. ``of`` names the foreign key
    to the certificate in tables of other objects.
    """

    def __init__(self, *args, of='', **kwargs):
        self.of = of
        super().__init__(*args, **kwargs)

    def order(self, queryset, is_descending):
        prefix = '-' if is_descending else ''
        path = f'{self.of}__' if self.of else ''
        queryset = queryset.alias(_renewal_status=renewal.status_sql(timezone.now(), path))
        return queryset.order_by(f'{prefix}_renewal_status', f'{path}name', 'pk'), True

    def render(self, record, bound_column, value):
        record = getattr(record, self.of) if self.of else record
        badge = super().render(record, bound_column, value)
        if not record.renewal_overdue:
            return badge
        icon = '{} <i class="mdi mdi-alert text-danger" role="img" aria-label="{text}" title="{text}"></i>'
        return format_html(icon, badge, text=_('Renewal overdue'))


class NameColumn(WrappedColumn):
    """The name, with a badge for CA certificates."""

    def render(self, record, value):
        shown = super().render(value)
        if not record.is_ca:
            return shown
        return format_html('{} <span class="badge text-bg-indigo" title="{}">CA</span>', shown, _('CA certificate'))


class ValidityColumn(columns.ChoiceFieldColumn):
    """
    Validity and the days that are left, sorted by the date of expiry: that of the chain if it expires first. ``of``
    names the foreign key to the certificate in tables of other objects.
    """

    def __init__(self, *args, of='', **kwargs):
        self.of = of
        path = f'{of}__' if of else ''
        super().__init__(*args, order_by=(f'{path}expires_at', f'{path}name', 'pk'), **kwargs)

    def render(self, record, bound_column, value):
        certificate = getattr(record, self.of) if self.of else record
        return super().render(certificate, bound_column, certificate.validity_text)


# In pixels
BAR_SIZE = {'width': 64, 'height': 16, 'bar_height': 8}


class LifetimeColumn(tables.Column):
    """The lifetime as a small bar; in exports, the share that has elapsed, in per cent."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, order_by=('valid_to', 'name', 'pk'), **kwargs)

    def render(self, record):
        # No TemplateColumn, which copies the context of the page for each row
        bar = lifetime.draw(record, timezone.now())
        return render_to_string('netbox_ssl/inc/lifetime.svg', {**BAR_SIZE, 'bar': bar})

    def value(self, record, **kwargs):
        return lifetime.draw(record, timezone.now()).now


class CertificateTable(
    CertificateDeploymentMixin,
    CertificateUseMixin,
    X509ColumnsMixin,
    TenancyColumnsMixin,
    ContactsColumnMixin,
    PrimaryModelTable,
):
    name = NameColumn(
        verbose_name=_('Name'),
        linkify=True,
    )
    status = columns.ChoiceFieldColumn(
        verbose_name=_('Status'),
    )
    validity = ValidityColumn(
        accessor='get_validity_display',
        verbose_name=_('Validity'),
    )
    valid_to = DayColumn(
        verbose_name=_('Valid To'),
    )
    lifetime = LifetimeColumn(
        accessor='valid_to',
        verbose_name=_('Lifetime'),
    )
    days_left = tables.Column(
        order_by=('valid_to', 'name', 'pk'),
        verbose_name=_('Days Left'),
    )
    expiry_marks = columns.ArrayColumn(
        orderable=False,
        verbose_name=_('Expiry Marks'),
    )
    renewal_instructions = columns.MarkdownColumn(
        verbose_name=_('Renewal Instructions'),
    )
    renewal_status = RenewalStatusColumn(
        accessor='get_renewal_status_display',
        verbose_name=_('Renewal Status'),
    )
    renewal_overdue = columns.BooleanColumn(
        orderable=False,
        verbose_name=_('Renewal Overdue'),
        false_mark=None,
    )
    endpoints = EndpointsColumn()
    unreported_since = MomentColumn(
        verbose_name=_('Unreported Since'),
    )
    renewal_due_at = MomentColumn(
        verbose_name=_('Renewal Due'),
    )
    renewal_overdue_at = MomentColumn(
        verbose_name=_('Overdue From'),
    )
    is_acme = columns.BooleanColumn(
        verbose_name=_('Is ACME'),
    )
    acme_provider = WrappedColumn(
        verbose_name=_('ACME Provider'),
    )
    acme_account_email = tables.Column(
        verbose_name=_('Account Email'),
    )
    acme_challenge_type = columns.ChoiceFieldColumn(
        verbose_name=_('Challenge Type'),
    )
    acme_server_url = WrappedColumn(
        verbose_name=_('Server URL'),
    )
    acme_auto_renewal = columns.BooleanColumn(
        verbose_name=_('Auto-Renewal'),
    )
    acme_last_renewed = MomentColumn(
        verbose_name=_('Last Renewed'),
    )
    acme_renewal_days = tables.Column(
        verbose_name=_('Renewal Days'),
    )
    has_ari = columns.BooleanColumn(
        order_by=('ari_window_start',),
        verbose_name=_('Has ARI'),
    )
    ari_cert_id = WrappedColumn(
        verbose_name=_('ARI Certificate ID'),
    )
    ari_window_start = MomentColumn(
        verbose_name=_('ARI Window Start'),
    )
    ari_window_end = MomentColumn(
        verbose_name=_('ARI Window End'),
    )
    ari_explanation_url = WrappedColumn(
        verbose_name=_('ARI Explanation'),
    )
    ari_last_checked = MomentColumn(
        verbose_name=_('ARI Last Checked'),
    )
    ari_next_check = MomentColumn(
        verbose_name=_('ARI Next Check'),
    )
    ari_error = WrappedColumn(
        verbose_name=_('ARI Error'),
    )
    tags = columns.TagColumn(
        url_name='plugins:netbox_ssl:certificate_list',
    )

    class Meta(PrimaryModelTable.Meta):
        model = Certificate
        fields = (
            'pk',
            'id',
            'name',
            'status',
            'validity',
            'lifetime',
            'days_left',
            'renewal_status',
            'deployment_state',
            'endpoints',
            'unreported_since',
            'renewal_overdue',
            'renewal_due_at',
            'renewal_overdue_at',
            'valid_from',
            'valid_to',
            *X509_COLUMNS,
            'used_by',
            'source_count',
            *ACME_FIELDS,
            'has_ari',
            'ari_cert_id',
            'ari_window_start',
            'ari_window_end',
            'ari_explanation_url',
            'ari_last_checked',
            'ari_next_check',
            'ari_error',
            *EXPIRY_FIELDS,
            'tenant',
            'tenant_group',
            'owner',
            'owner_group',
            'contacts',
            'description',
            'comments',
            'tags',
            'created',
            'last_updated',
        )
        # They fit a screen of 1440 pixels. Validity says how many days are left, and sorts by the end.
        default_columns = (
            'pk',
            'name',
            'status',
            'validity',
            'lifetime',
            'renewal_status',
            'deployment_state',
            'valid_to',
            'acme_provider',
        )
        empty_text = _('No certificates match. Change the filters, or add one with Smart Paste.')
