"""The tab *History* of a certificate: its X.509 certificates over time, as a table and as a timeline."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from netbox.views import generic
from utilities.views import ViewTab, register_model_view

from netbox_ssl import filtersets, tables
from netbox_ssl.models import Certificate, Issuance
from netbox_ssl.reports.charts import timeline
from netbox_ssl.reports.history import newest_issuances, visible_issuances

from .badges import visible_count

__all__ = ('CertificateHistoryView',)


@register_model_view(Certificate, 'history')
class CertificateHistoryView(generic.ObjectChildrenView):
    queryset = Certificate.objects.all()
    child_model = Issuance
    table = tables.HistoryTable
    filterset = filtersets.IssuanceFilterSet
    template_name = 'netbox_ssl/certificate_history.html'
    # Read-only: issuances are written by imports.
    actions = ()
    tab = ViewTab(
        label=_('History'),
        badge=lambda certificate: visible_count(certificate.issuances.all()),
        permission='netbox_ssl.view_issuance',
        # A certificate without PEM has no history.
        hide_if_empty=True,
        weight=500,
    )

    def get_children(self, request, parent):
        return visible_issuances(parent, request.user)

    def get_extra_context(self, request, instance):
        # The timeline does not depend on how the table is filtered and sorted.
        newest, total = newest_issuances(instance, request.user, timeline.MOST_ROWS)
        return {'timeline': timeline.draw(instance, newest, timezone.now(), total)}
