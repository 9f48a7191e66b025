"""The column *Certificates* in NetBox's own lists of devices, virtual machines, services and IP addresses."""

from collections import Counter

from dcim.tables import DeviceTable
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from ipam.tables import AnnotatedIPAddressTable, IPAddressTable, ServiceTable
from utilities.tables import register_table_column
from virtualization.tables import VirtualMachineTable

from netbox_ssl.acme import renewal
from netbox_ssl.choices import RenewalStatusChoices, SourceStateChoices
from netbox_ssl.models import CertificateAssignment
from netbox_ssl.places.assignments import assignments_by_place
from netbox_ssl.places.deployment import ON_A_HOST, deployment_q, visible_sources

from .page_columns import PageColumn

__all__ = ('PlaceCertificatesColumn', 'register')

EXPIRED, DUE = RenewalStatusChoices.EXPIRED, RenewalStatusChoices.DUE
EXPIRED_ON_HOST, BEHIND_ON_HOST = 'expired_on_host', 'behind_on_host'

# Counts shown as a badge, the worst first: name, color, label
BADGES = (
    (EXPIRED, RenewalStatusChoices.colors[EXPIRED], _('Expired')),
    (EXPIRED_ON_HOST, SourceStateChoices.colors[SourceStateChoices.EXPIRED], ON_A_HOST[SourceStateChoices.EXPIRED]),
    (BEHIND_ON_HOST, SourceStateChoices.colors[SourceStateChoices.BEHIND], ON_A_HOST[SourceStateChoices.BEHIND]),
    (DUE, RenewalStatusChoices.colors[DUE], _('Due')),
)


class PlaceCertificatesColumn(PageColumn):
    """
    Number of assignments to an object, its services and its interfaces, and badges for certificates that have expired
    or are due; links to the tab that lists them. Counts the assignments that the user may view, for all rows of a page
    at once.
    """

    def __init__(self, kind: str, **kwargs):
        self.kind = kind
        super().__init__(verbose_name=_('Certificates'), orderable=False, empty_values=(), **kwargs)

    def read(self, keys, user):
        return _count(self.kind, keys, user)

    def render(self, record, table):
        counts = self.found_for(record, table)
        if not counts:
            return table.default
        shown = [(color, counts[name], label) for name, color, label in BADGES if counts[name]]
        badges = format_html_join('', ' <span class="badge text-bg-{}">{} {}</span>', shown)
        return format_html('<a href="{}certificates/">{}</a>{}', record.get_absolute_url(), counts['all'], badges)

    def value(self, record, table):
        return (self.found_for(record, table) or Counter())['all']


def _count(kind: str, places, user) -> dict[int, Counter]:
    """Return object → number of certificates, in total and by badge."""
    now, sources = timezone.now(), visible_sources(user)
    expired, due = (renewal.status_q(status, now, 'certificate__') for status in (EXPIRED, DUE))
    dead_somewhere, behind = (deployment_q(state, now, sources, 'certificate__') for state in ('expired', 'behind'))
    conditions = {
        EXPIRED: expired,
        DUE: due,
        # If the certificate itself has expired, so have its sources; count it once.
        EXPIRED_ON_HOST: dead_somewhere & Q(certificate__valid_to__gte=now),
        BEHIND_ON_HOST: behind,
    }
    counts = {name: Count('pk', filter=condition) for name, condition in conditions.items()}
    found = {}
    visible = CertificateAssignment.objects.restrict(user, 'view').order_by()
    for assignments, place in assignments_by_place(kind, visible, places):
        for row in assignments.values(place).annotate(all=Count('pk'), **counts):
            found.setdefault(row.pop(place), Counter()).update(row)
    return found


def register() -> None:
    """Add the column to NetBox's own tables. Called once, when the plugin is ready."""
    for kind, table in (
        ('device', DeviceTable),
        ('virtual_machine', VirtualMachineTable),
        ('service', ServiceTable),
        ('ip_address', IPAddressTable),
        ('ip_address', AnnotatedIPAddressTable),
    ):
        register_table_column(PlaceCertificatesColumn(kind), 'ssl_certificates', table)
