import django_tables2 as tables
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from netbox.tables import NetBoxTable, columns

from netbox_ssl.models import CertificateAssignment

from .certificates import RenewalStatusColumn, ValidityColumn
from .deployment import AssignmentDeploymentMixin
from .text_columns import MomentColumn, WrappedColumn, wrapped

__all__ = ('CertificateAssignmentTable',)


class CertificateAssignmentTable(AssignmentDeploymentMixin, NetBoxTable):
    certificate = WrappedColumn(
        verbose_name=_('Certificate'),
        linkify=True,
    )
    validity = ValidityColumn(
        of='certificate',
        accessor='certificate__get_validity_display',
        verbose_name=_('Validity'),
    )
    renewal_status = RenewalStatusColumn(
        of='certificate',
        accessor='certificate__get_renewal_status_display',
        verbose_name=_('Renewal Status'),
    )
    valid_to = MomentColumn(
        accessor='certificate__valid_to',
        verbose_name=_('Valid To'),
    )
    assigned_object_type = columns.ContentTypeColumn(
        verbose_name=_('Object Type'),
    )
    assigned_object = tables.Column(
        verbose_name=_('Assigned To'),
        linkify=lambda record, table: None if table.is_own(record) else record.assigned_object.get_absolute_url(),
        orderable=False,
    )
    # Set by the queryset; not a database column
    host = WrappedColumn(
        verbose_name=_('Host'),
        linkify=True,
        orderable=False,
    )
    primary = columns.BooleanColumn(
        verbose_name=_('Primary'),
        false_mark=None,
    )
    note = WrappedColumn(
        verbose_name=_('Note'),
    )
    # Not a database column; one sentence each
    warnings = tables.Column(
        accessor='get_warnings',
        verbose_name=_('Warnings'),
        orderable=False,
    )
    tags = columns.TagColumn(
        url_name='plugins:netbox_ssl:certificateassignment_list',
    )

    class Meta(NetBoxTable.Meta):
        model = CertificateAssignment
        fields = (
            'pk',
            'id',
            'certificate',
            'validity',
            'renewal_status',
            'deployment_state',
            'valid_to',
            'assigned_object_type',
            'assigned_object',
            'host',
            'primary',
            'note',
            'warnings',
            'tags',
            'created',
            'last_updated',
        )
        default_columns = (
            'pk',
            'certificate',
            'validity',
            'renewal_status',
            'deployment_state',
            'assigned_object',
            'host',
            'primary',
            'note',
        )
        empty_text = _(
            'No assignments match. Change the filters, or add one on the page of the object that uses the certificate.'
        )

    # The object on whose page the table is, as model and primary key; its rows do not repeat its name.
    own_place = (None, None)

    def is_own(self, record) -> bool:
        """Return whether the row is about the object on whose page the table is."""
        return self.own_place == (record.assigned_object_type.model_class(), record.assigned_object_id)

    def render_assigned_object(self, record, value):
        if self.is_own(record):
            value = _('this {type}').format(type=value._meta.verbose_name)
        warnings = record.get_warnings()
        if not warnings:
            return wrapped(value)
        icon = '{} <i class="mdi mdi-alert text-warning" role="img" aria-label="{text}" title="{text}"></i>'
        return format_html(icon, wrapped(value), text=' '.join(warnings))

    def value_assigned_object(self, value):
        return str(value)

    def render_warnings(self, value):
        return ' '.join(value)

    def value_warnings(self, value):
        return ' '.join(value)
