"""The pages of endpoints."""

from extras.ui.panels import CustomFieldsPanel, TagsPanel
from netbox.object_actions import AddObject, BulkDelete, BulkEdit, BulkExport, BulkImport
from netbox.ui import layout
from netbox.ui.panels import CommentsPanel
from netbox.views import generic
from utilities.views import register_model_view

from netbox_ssl import filtersets, forms, tables
from netbox_ssl.models import Endpoint
from netbox_ssl.object_actions import AlertOnEndpoints, EndpointProposals
from netbox_ssl.ui.alerts import EndpointAlertsPanel
from netbox_ssl.ui.endpoints import EndpointCheckPanel, EndpointPanel

from .mixins import GuardedPostMixin
from .visibility import VisibleChoicesMixin, VisibleDependentsMixin

__all__ = (
    'EndpointBulkDeleteView',
    'EndpointBulkEditView',
    'EndpointBulkImportView',
    'EndpointDeleteView',
    'EndpointEditView',
    'EndpointListView',
    'EndpointView',
)


class RelatedMixin:
    """Read the sources and certificates of endpoints, and the objects that serve them and that the user may view."""

    queryset = Endpoint.objects.all()

    def get_queryset(self, request):
        return super().get_queryset(request).with_sources().with_places(request.user)


@register_model_view(Endpoint, 'list', path='', detail=False)
class EndpointListView(VisibleChoicesMixin, RelatedMixin, generic.ObjectListView):
    filterset = filtersets.EndpointFilterSet
    filterset_form = forms.EndpointFilterForm
    table = tables.EndpointTable
    actions = (AddObject, EndpointProposals, AlertOnEndpoints, BulkImport, BulkExport, BulkEdit, BulkDelete)


@register_model_view(Endpoint)
class EndpointView(RelatedMixin, generic.ObjectView):
    layout = layout.SimpleLayout(
        left_panels=[
            EndpointPanel(),
            TagsPanel(),
        ],
        right_panels=[
            EndpointCheckPanel(),
            EndpointAlertsPanel(),
            CustomFieldsPanel(),
            CommentsPanel(),
        ],
    )


@register_model_view(Endpoint, 'add', detail=False)
@register_model_view(Endpoint, 'edit')
class EndpointEditView(generic.ObjectEditView):
    queryset = Endpoint.objects.all()
    form = forms.EndpointForm
    template_name = 'netbox_ssl/certificate_edit.html'

    def alter_object(self, obj, request, url_args, url_kwargs):
        place = obj.assigned_object
        visible = place is None or type(place).objects.restrict(request.user, 'view').filter(pk=place.pk).exists()
        obj.hides_assigned_object = not visible
        return obj


@register_model_view(Endpoint, 'delete')
class EndpointDeleteView(GuardedPostMixin, VisibleDependentsMixin, generic.ObjectDeleteView):
    queryset = Endpoint.objects.all()


@register_model_view(Endpoint, 'bulk_import', path='import', detail=False)
class EndpointBulkImportView(GuardedPostMixin, generic.BulkImportView):
    queryset = Endpoint.objects.all()
    model_form = forms.EndpointImportForm


@register_model_view(Endpoint, 'bulk_edit', path='edit', detail=False)
class EndpointBulkEditView(RelatedMixin, generic.BulkEditView):
    filterset = filtersets.EndpointFilterSet
    table = tables.EndpointTable
    form = forms.EndpointBulkEditForm


@register_model_view(Endpoint, 'bulk_delete', path='delete', detail=False)
class EndpointBulkDeleteView(GuardedPostMixin, RelatedMixin, generic.BulkDeleteView):
    filterset = filtersets.EndpointFilterSet
    table = tables.EndpointTable
