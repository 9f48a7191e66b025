"""The pages of certificate sources."""

from extras.ui.panels import CustomFieldsPanel, TagsPanel
from netbox.ui import layout
from netbox.views import generic
from utilities.views import register_model_view

from netbox_ssl import filtersets, forms, tables
from netbox_ssl.models import CertificateSource
from netbox_ssl.ui import panels

from .mixins import GuardedPostMixin
from .visibility import VisibleChoicesMixin, VisibleDependentsMixin

__all__ = (
    'CertificateSourceBulkDeleteView',
    'CertificateSourceBulkEditView',
    'CertificateSourceBulkImportView',
    'CertificateSourceDeleteView',
    'CertificateSourceEditView',
    'CertificateSourceListView',
    'CertificateSourceView',
)


@register_model_view(CertificateSource, 'list', path='', detail=False)
class CertificateSourceListView(VisibleChoicesMixin, generic.ObjectListView):
    queryset = CertificateSource.objects.select_related('issuance', 'certificate')
    filterset = filtersets.CertificateSourceFilterSet
    filterset_form = forms.CertificateSourceFilterForm
    table = tables.CertificateSourceTable
    template_name = 'netbox_ssl/certificatesource_list.html'


@register_model_view(CertificateSource)
class CertificateSourceView(generic.ObjectView):
    queryset = CertificateSource.objects.select_related('issuance', 'certificate')
    layout = layout.SimpleLayout(
        left_panels=[
            panels.CertificateSourcePanel(),
        ],
        right_panels=[
            TagsPanel(),
            CustomFieldsPanel(),
        ],
    )


@register_model_view(CertificateSource, 'add', detail=False)
@register_model_view(CertificateSource, 'edit')
class CertificateSourceEditView(generic.ObjectEditView):
    queryset = CertificateSource.objects.all()
    form = forms.CertificateSourceForm
    template_name = 'netbox_ssl/certificate_edit.html'


@register_model_view(CertificateSource, 'delete')
class CertificateSourceDeleteView(GuardedPostMixin, VisibleDependentsMixin, generic.ObjectDeleteView):
    queryset = CertificateSource.objects.all()


@register_model_view(CertificateSource, 'bulk_import', path='import', detail=False)
class CertificateSourceBulkImportView(GuardedPostMixin, generic.BulkImportView):
    queryset = CertificateSource.objects.all()
    model_form = forms.CertificateSourceImportForm


@register_model_view(CertificateSource, 'bulk_edit', path='edit', detail=False)
class CertificateSourceBulkEditView(generic.BulkEditView):
    queryset = CertificateSource.objects.all()
    filterset = filtersets.CertificateSourceFilterSet
    table = tables.CertificateSourceTable
    form = forms.CertificateSourceBulkEditForm


@register_model_view(CertificateSource, 'bulk_delete', path='delete', detail=False)
class CertificateSourceBulkDeleteView(GuardedPostMixin, generic.BulkDeleteView):
    queryset = CertificateSource.objects.all()
    filterset = filtersets.CertificateSourceFilterSet
    table = tables.CertificateSourceTable
