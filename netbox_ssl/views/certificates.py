"""The pages of certificates."""

from django.utils.translation import gettext_lazy as _
from extras.ui.panels import CustomFieldsPanel, TagsPanel
from netbox.object_actions import AddObject, BulkDelete, BulkEdit, BulkExport, BulkImport, BulkRename
from netbox.ui import layout
from netbox.ui.panels import CommentsPanel, ObjectsTablePanel
from netbox.views import generic
from utilities.views import register_model_view

from netbox_ssl import filtersets, forms, tables
from netbox_ssl.models import Certificate
from netbox_ssl.models.usual_renewal import USUAL_RENEWAL, usual_renewal_sql
from netbox_ssl.object_actions import BulkDetect, SmartPaste, Suggestions
from netbox_ssl.ui import panels
from netbox_ssl.ui.alerts import AlertsPanel
from netbox_ssl.ui.endpoints import EndpointsPanel
from netbox_ssl.ui.history import HistoryPanel
from netbox_ssl.ui.map import MapPanel
from netbox_ssl.ui.places import AssignmentsPanel, ContactsPanel, SuggestionsPanel

from .mixins import GuardedPostMixin, WarningsMixin
from .visibility import VisibleChoicesMixin, VisibleDependentsMixin

__all__ = (
    'CertificateBulkDeleteView',
    'CertificateBulkEditView',
    'CertificateBulkRenameView',
    'CertificateDeleteView',
    'CertificateEditView',
    'CertificateListView',
    'CertificateView',
)


@register_model_view(Certificate, 'list', path='', detail=False)
class CertificateListView(VisibleChoicesMixin, generic.ObjectListView):
    queryset = Certificate.objects.all()
    filterset = filtersets.CertificateFilterSet
    filterset_form = forms.CertificateFilterForm
    table = tables.CertificateTable
    actions = (AddObject, SmartPaste, Suggestions, BulkImport, BulkExport, BulkEdit, BulkDetect, BulkRename, BulkDelete)

    def get_table(self, data, request, bulk_actions=True):
        table = super().get_table(data, request, bulk_actions)
        if 'issued_by_id' in request.GET:
            # As in the panel of a CA certificate, where there is no filter to change
            table.empty_text = _('No certificate that this CA issued is recorded yet. Add one with Smart Paste.')
        return table


@register_model_view(Certificate)
class CertificateView(generic.ObjectView):
    queryset = Certificate.objects.annotate(**{USUAL_RENEWAL: usual_renewal_sql()})
    layout = layout.SimpleLayout(
        left_panels=[
            panels.CertificatePanel(),
            panels.LifetimePanel(),
            panels.RenewalPanel(),
            panels.RenewalInstructionsPanel(),
            panels.ARIPanel(),
            panels.ACMEPanel(),
            TagsPanel(),
        ],
        right_panels=[
            panels.SourcesToLookAtPanel(),
            panels.X509Panel(),
            panels.EncodingPanel(),
            ContactsPanel(),
            AlertsPanel(),
            CustomFieldsPanel(),
            CommentsPanel(),
        ],
        bottom_panels=[
            MapPanel(),
            HistoryPanel(),
            SuggestionsPanel(),
            AssignmentsPanel(),
            ObjectsTablePanel(
                'netbox_ssl.certificatesource',
                filters={'certificate_id': lambda ctx: ctx['object'].pk},
                exclude_columns=['certificate'],
                title=_('Sources'),
            ),
            EndpointsPanel(),
            panels.IssuedCertificatesPanel(),
            panels.ChainPanel(),
            panels.PEMPanel('pem', title=_('PEM')),
            panels.PEMPanel('chain_pem', title=_('Chain (PEM)')),
        ],
    )


@register_model_view(Certificate, 'add', detail=False)
@register_model_view(Certificate, 'edit')
class CertificateEditView(WarningsMixin, generic.ObjectEditView):
    queryset = Certificate.objects.all()
    form = forms.CertificateForm
    template_name = 'netbox_ssl/certificate_edit.html'

    def get_warnings(self, request, obj):
        # Warnings about the certificate itself are shown on its page, except those about omitted parts of the input.
        assignments = obj.assignments.restrict(request.user, 'view').with_hosts(request.user)
        return [
            *obj.reading_warnings(),
            *(warning for assignment in assignments for warning in assignment.get_warnings()),
        ]


@register_model_view(Certificate, 'delete')
class CertificateDeleteView(GuardedPostMixin, VisibleDependentsMixin, generic.ObjectDeleteView):
    queryset = Certificate.objects.all()


@register_model_view(Certificate, 'bulk_edit', path='edit', detail=False)
class CertificateBulkEditView(generic.BulkEditView):
    queryset = Certificate.objects.all()
    filterset = filtersets.CertificateFilterSet
    table = tables.CertificateTable
    form = forms.CertificateBulkEditForm


@register_model_view(Certificate, 'bulk_rename', path='rename', detail=False)
class CertificateBulkRenameView(GuardedPostMixin, generic.BulkRenameView):
    queryset = Certificate.objects.all()
    filterset = filtersets.CertificateFilterSet


@register_model_view(Certificate, 'bulk_delete', path='delete', detail=False)
class CertificateBulkDeleteView(GuardedPostMixin, generic.BulkDeleteView):
    queryset = Certificate.objects.all()
    filterset = filtersets.CertificateFilterSet
    table = tables.CertificateTable
