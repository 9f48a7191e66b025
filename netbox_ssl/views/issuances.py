"""The pages of issuances, which are written by imports and are read-only."""

from django.utils.translation import gettext_lazy as _
from netbox.object_actions import BulkExport
from netbox.ui import layout
from netbox.views import generic
from utilities.views import register_model_view

from netbox_ssl import filtersets, forms, tables
from netbox_ssl.models import Issuance
from netbox_ssl.ui import panels

from .visibility import VisibleChoicesMixin

__all__ = (
    'IssuanceListView',
    'IssuanceView',
)


@register_model_view(Issuance, 'list', path='', detail=False)
class IssuanceListView(VisibleChoicesMixin, generic.ObjectListView):
    queryset = Issuance.objects.select_related('certificate').with_replacement()
    filterset = filtersets.IssuanceFilterSet
    filterset_form = forms.IssuanceFilterForm
    table = tables.IssuanceTable
    template_name = 'netbox_ssl/issuance_list.html'
    actions = (BulkExport,)


@register_model_view(Issuance)
class IssuanceView(generic.ObjectView):
    queryset = Issuance.objects.select_related('certificate').with_replacement()
    actions = ()
    layout = layout.SimpleLayout(
        left_panels=[
            panels.IssuancePanel(),
        ],
        right_panels=[
            panels.X509Panel(title=_('X.509')),
            panels.EncodingPanel(),
        ],
        bottom_panels=[
            panels.ChainPanel(),
            panels.PEMPanel('pem', title=_('PEM')),
            panels.PEMPanel('chain_pem', title=_('Chain (PEM)')),
        ],
    )
