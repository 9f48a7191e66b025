"""The column *Deployment* of certificates and assignments: the worst state of their sources, and its host."""

import django_tables2 as tables
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from netbox_ssl.places.deployment import deployment_severity_sql, read_deployments, unreported, visible_sources

from .page_columns import PageColumn
from .text_columns import wrapped

__all__ = ('AssignmentDeploymentMixin', 'CertificateDeploymentMixin')


class DeploymentColumn(PageColumn):
    def __init__(self, path: str = 'pk', **kwargs):
        self.path = path
        # NetBox prefetches what the accessor names, which must not be the column of a foreign key.
        super().__init__(verbose_name=_('Deployment'), empty_values=(), accessor=path.removesuffix('_id'), **kwargs)

    def read(self, keys, user):
        return read_deployments(keys, timezone.now(), user)

    def render(self, record, table):
        deployment = self.found_for(record, table) or unreported(getattr(record, 'certificate', record))
        if deployment is None:
            return table.default
        # Where it is matters if something is wrong there.
        return format_html(
            '<a href="{}" class="badge text-bg-{} text-wrap text-start" title="{}">{}</a>',
            deployment.url,
            deployment.color,
            deployment.label,
            wrapped(deployment.label) if deployment.is_bad else _('Current'),
        )

    def value(self, record, table):
        deployment = self.found_for(record, table)
        return deployment and deployment.state


def _order(table, queryset, is_descending: bool, of: str):
    request = getattr(table, 'request', None)
    sources = visible_sources(request.user if request else None)
    severity = deployment_severity_sql(timezone.now(), sources, of)
    column = '-_deployment' if is_descending else '_deployment'
    return queryset.alias(_deployment=severity).order_by(column, 'pk'), True


class CertificateDeploymentMixin(tables.Table):
    deployment_state = DeploymentColumn()

    def order_deployment_state(self, queryset, is_descending):
        return _order(self, queryset, is_descending, 'pk')


class AssignmentDeploymentMixin(tables.Table):
    """For tables whose rows have a certificate."""

    deployment_state = DeploymentColumn('certificate_id')

    def order_deployment_state(self, queryset, is_descending):
        return _order(self, queryset, is_descending, 'certificate_id')
