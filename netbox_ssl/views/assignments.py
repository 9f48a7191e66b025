"""The pages of certificate assignments."""

from django.contrib import messages
from extras.ui.panels import CustomFieldsPanel, TagsPanel
from netbox.ui import layout
from netbox.views import generic
from utilities.views import register_model_view

from netbox_ssl import filtersets, forms, tables
from netbox_ssl.models import CertificateAssignment
from netbox_ssl.models.assignments import ASSIGNABLE_MODELS
from netbox_ssl.netbox_internals import is_background_request
from netbox_ssl.ui import panels
from netbox_ssl.utilities import is_id

from .mixins import GuardedPostMixin, WarningsMixin
from .visibility import VisibleChoicesMixin, VisibleDependentsMixin

__all__ = (
    'CertificateAssignmentBulkDeleteView',
    'CertificateAssignmentBulkEditView',
    'CertificateAssignmentBulkImportView',
    'CertificateAssignmentDeleteView',
    'CertificateAssignmentEditView',
    'CertificateAssignmentListView',
    'CertificateAssignmentView',
)


class PlacesMixin:
    """Read the assigned objects that the user may view."""

    queryset = CertificateAssignment.objects.all()

    def get_queryset(self, request):
        return super().get_queryset(request).with_places(request.user)


@register_model_view(CertificateAssignment, 'list', path='', detail=False)
class CertificateAssignmentListView(VisibleChoicesMixin, PlacesMixin, generic.ObjectListView):
    filterset = filtersets.CertificateAssignmentFilterSet
    filterset_form = forms.CertificateAssignmentFilterForm
    table = tables.CertificateAssignmentTable

    def get_table(self, data, request, bulk_actions=True):
        table = super().get_table(data, request, bulk_actions)
        if request.GET.get('embedded'):
            # The panel on the page of an object, which filters by it
            places = [
                (model, int(pk))
                for model, kind in ASSIGNABLE_MODELS.items()
                for pk in request.GET.getlist(f'{kind}_id')
                if is_id(pk)
            ]
            if len(places) == 1:
                [table.own_place] = places
        return table


@register_model_view(CertificateAssignment)
class CertificateAssignmentView(PlacesMixin, generic.ObjectView):
    layout = layout.SimpleLayout(
        left_panels=[
            panels.CertificateAssignmentPanel(),
        ],
        right_panels=[
            TagsPanel(),
            CustomFieldsPanel(),
        ],
    )


@register_model_view(CertificateAssignment, 'add', detail=False)
@register_model_view(CertificateAssignment, 'edit')
class CertificateAssignmentEditView(WarningsMixin, generic.ObjectEditView):
    queryset = CertificateAssignment.objects.all()
    form = forms.CertificateAssignmentForm
    template_name = 'netbox_ssl/certificate_edit.html'


@register_model_view(CertificateAssignment, 'delete')
class CertificateAssignmentDeleteView(GuardedPostMixin, VisibleDependentsMixin, generic.ObjectDeleteView):
    queryset = CertificateAssignment.objects.all()


@register_model_view(CertificateAssignment, 'bulk_import', path='import', detail=False)
class CertificateAssignmentBulkImportView(GuardedPostMixin, generic.BulkImportView):
    queryset = CertificateAssignment.objects.all()
    model_form = forms.CertificateAssignmentImportForm

    def save_object(self, object_form, request):
        obj = super().save_object(object_form, request)
        for warning in obj.get_warnings():
            if is_background_request(request):
                request.job.logger.warning('%s: %s', obj, warning)
            else:
                messages.warning(request, f'{obj}: {warning}')
        return obj


@register_model_view(CertificateAssignment, 'bulk_edit', path='edit', detail=False)
class CertificateAssignmentBulkEditView(PlacesMixin, generic.BulkEditView):
    filterset = filtersets.CertificateAssignmentFilterSet
    table = tables.CertificateAssignmentTable
    form = forms.CertificateAssignmentBulkEditForm


@register_model_view(CertificateAssignment, 'bulk_delete', path='delete', detail=False)
class CertificateAssignmentBulkDeleteView(GuardedPostMixin, PlacesMixin, generic.BulkDeleteView):
    filterset = filtersets.CertificateAssignmentFilterSet
    table = tables.CertificateAssignmentTable
