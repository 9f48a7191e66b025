"""The column *Certificates* in NetBox's own lists of devices, virtual machines, services and IP addresses."""

from collections import Counter

import django_tables2 as tables
from dcim.tables import DeviceTable
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from ipam.tables import AnnotatedIPAddressTable, IPAddressTable, ServiceTable
from utilities.tables import register_table_column
from virtualization.tables import VirtualMachineTable

from netbox_ssl.acme import renewal
from netbox_ssl.choices import RenewalStatusChoices
from netbox_ssl.models import CertificateAssignment
from netbox_ssl.places.assignments import assignments_by_place

__all__ = ('PlaceCertificatesColumn', 'register')

LABELS = dict(RenewalStatusChoices)
# Statuses with a badge of their own, the worst first
BADGES = (RenewalStatusChoices.EXPIRED, RenewalStatusChoices.DUE)


class PlaceCertificatesColumn(tables.Column):
    """
    Number of assignments to an object, its services and its interfaces, and how many of them are of certificates that
    have expired or are due; links to the tab that lists them. Counted for all rows of a page at once, as far as the
    user may view them.
    """

    def __init__(self, kind: str, **kwargs):
        self.kind = kind
        # The counts of this table (NetBox gives each table a copy of the column), and the rows counted; None: all
        self._counts, self._counted = {}, set()
        super().__init__(verbose_name=_('Certificates'), orderable=False, empty_values=(), **kwargs)

    def render(self, record, table):
        counts = self._counts_of(record, table)
        if not counts['all']:
            return table.default
        found = [
            (RenewalStatusChoices.colors[status], counts[status], LABELS[status]) for status in BADGES if counts[status]
        ]
        badges = format_html_join('', ' <span class="badge text-bg-{}">{} {}</span>', found)
        return format_html('<a href="{}certificates/">{}</a>{}', record.get_absolute_url(), counts['all'], badges)

    def value(self, record, table):
        return self._counts_of(record, table)['all']

    def _counts_of(self, record, table) -> Counter:
        # Lists of the addresses of a prefix have rows for the free space between them.
        pk = getattr(record, 'pk', None)
        if pk and self._counted is not None and pk not in self._counted:
            self._count_with(pk, table)
        return self._counts.get(pk, Counter())

    def _count_with(self, pk: int, table) -> None:
        """Count for the page that contains this row, or for all rows if an export goes through them."""
        page = getattr(table, 'page', None)
        rows = _keys(page.object_list.data) if page else []
        self._counted = set(rows) if pk in rows else None
        if self._counted is None:
            data = table.data.data
            rows = data.order_by().values('pk') if isinstance(data, QuerySet) else _keys(data)
        self._counts = _count(self.kind, rows, table.request.user)


def _keys(rows) -> list[int]:
    return [row.pk for row in rows if getattr(row, 'pk', None)]


def _count(kind: str, places, user) -> dict[int, Counter]:
    """Return object → number of certificates, in total and by status."""
    now = timezone.now()
    counts = {status: Count('pk', filter=renewal.status_q(status, now, 'certificate__')) for status in BADGES}
    found = {}
    visible = CertificateAssignment.objects.restrict(user, 'view').order_by()
    for assignments, place in assignments_by_place(kind, visible, places):
        for row in assignments.values(place).annotate(all=Count('pk'), **counts):
            found.setdefault(row.pop(place), Counter()).update(row)
    return found


def register() -> None:
    """Give NetBox's own tables the column. Called once, when the plugin is ready."""
    for kind, table in (
        ('device', DeviceTable),
        ('virtual_machine', VirtualMachineTable),
        ('service', ServiceTable),
        ('ip_address', IPAddressTable),
        ('ip_address', AnnotatedIPAddressTable),
    ):
        register_table_column(PlaceCertificatesColumn(kind), 'ssl_certificates', table)
