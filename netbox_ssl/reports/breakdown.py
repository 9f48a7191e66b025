"""
What the active certificates are like: by CA, key, signature, lifetime, tenant, site and client, and by findings.

Each row has the filters of the list that show the same certificates. The facts are counted in one query, grouped by all
of them and summed up here: few combinations occur.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from dcim.models import Site
from django.db.models import Case, Count, F, Q, QuerySet, SmallIntegerField, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from tenancy.models import Tenant

from netbox_ssl.choices import CertificateStatusChoices, FindingChoices
from netbox_ssl.expiry.marks import DAY
from netbox_ssl.findings import finding_q
from netbox_ssl.imports.clients import CLIENTS
from netbox_ssl.models import CertificateAssignment
from netbox_ssl.places.deployment import visible_sources
from netbox_ssl.x509 import common_name_in, visible

__all__ = ('Breakdown', 'Part', 'Row', 'break_down')

ACTIVE = ('status', CertificateStatusChoices.STATUS_ACTIVE)
# Rows of each part
MOST_ROWS = 10
# Longest lifetimes in days; 398, 200, 100 and 47 are those of the CA/Browser Forum.
LIFETIMES = (10, 47, 100, 200, 398)

FACTS = ('issuer', 'key_algorithm', 'key_size', 'signature_algorithm', 'lifetime', 'tenant', 'tenant__name')

# Paths from an assignment to the site where its object is (places/assignments.py)
SITES = (
    'device__site',
    'virtual_machine__site',
    'service__device__site',
    'service__virtual_machine__site',
    'ip_address__interface__device__site',
    'ip_address__vminterface__virtual_machine__site',
)

Filters = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Row:
    label: str | Promise
    count: int
    # Filters of the list, which find exactly these certificates; empty if there are none
    filters: Filters
    color: str = 'blue'
    description: str | Promise = ''


@dataclass(frozen=True)
class Part:
    key: str
    title: str | Promise
    rows: list[Row]
    # Shown if there are no rows
    empty: str | Promise = ''
    # Number of values that are not shown
    omitted: int = 0

    @property
    def most(self) -> int:
        return max((row.count for row in self.rows), default=0)


@dataclass(frozen=True)
class Breakdown:
    total: int
    # Server certificates, and how many of them an ACME client renews
    servers: int
    automatic: int
    not_automatic_filters: Filters
    findings: Part
    parts: list[Part] = field(default_factory=list)


def break_down(certificates: QuerySet, user, sources_visible: bool, sites: Iterable[str] = ()) -> Breakdown:
    """
    Return the breakdown of the active ones of ``certificates`` (a queryset without an order).

    Args:
        user: only sites, sources and assignments that this user may view are counted
        sources_visible: whether the user may view sources at all
        sites: IDs of the sites to which the certificates are limited already; empty: all
    """
    active = certificates.filter(status=CertificateStatusChoices.STATUS_ACTIVE)
    facts = list(active.annotate(lifetime=_lifetime_sql()).values(*FACTS).annotate(number=Count('pk')).order_by())
    counted = _count_findings(active, user)
    servers, not_automatic = counted.pop('servers'), counted.pop('not_automatic_servers')
    parts = [
        _part('issuer', gettext_lazy('CA'), facts, lambda row: row['issuer'], _by_issuer),
        _part('key', gettext_lazy('Key'), facts, lambda row: (row['key_algorithm'], row['key_size']), _by_key),
        _part('signature', gettext_lazy('Signature'), facts, lambda row: row['signature_algorithm'], _by_signature),
        _lifetimes(facts),
        _tenants(facts, user),
        _sites(active, user, {str(each) for each in sites}),
    ]
    if sources_visible:
        parts.append(_clients(active, user))
    return Breakdown(
        total=sum(row['number'] for row in facts),
        servers=servers,
        automatic=servers - not_automatic,
        not_automatic_filters=(('finding', FindingChoices.NOT_AUTOMATIC), ('is_ca', 'false'), ACTIVE),
        findings=_findings(counted),
        parts=parts,
    )


#
# The facts
#


def _lifetime_sql() -> Case:
    """Return the position in ``LIFETIMES`` of the first that is not exceeded, or the number of all."""
    span = F('valid_from')
    whens = [When(valid_to__lte=span + days * DAY, then=Value(place)) for place, days in enumerate(LIFETIMES)]
    return Case(*whens, default=Value(len(LIFETIMES)), output_field=SmallIntegerField())


def _part(key: str, title, facts: list[dict], value: Callable, row: Callable) -> Part:
    numbers = Counter()
    for each in facts:
        numbers[value(each)] += each['number']
    return _ranked(key, title, [row(value, number) for value, number in numbers.items()])


def _ranked(key: str, title, rows: list[Row], empty='') -> Part:
    rows = sorted(rows, key=lambda row: (-row.count, str(row.label)))
    return Part(key, title, rows[:MOST_ROWS], empty, omitted=max(0, len(rows) - MOST_ROWS))


def _by_issuer(issuer: str, number: int) -> Row:
    if not issuer:
        return Row(_('Unknown'), number, ())
    return Row(visible(common_name_in(issuer) or issuer), number, (('issuer', issuer), ACTIVE), description=issuer)


def _by_key(key: tuple[str, int | None], number: int) -> Row:
    algorithm, size = key
    if not algorithm or size is None:
        return Row(algorithm or _('Unknown'), number, ())
    return Row(f'{algorithm} {size}', number, (('key_algorithm', algorithm), ('key_size', str(size)), ACTIVE))


def _by_signature(algorithm: str, number: int) -> Row:
    if not algorithm:
        return Row(_('Unknown'), number, ())
    return Row(algorithm, number, (('signature_algorithm', algorithm), ACTIVE))


def _tenants(facts: list[dict], user) -> Part:
    """Return the tenants; only those that the user may view can be filtered by."""
    visible_ones = set(Tenant.objects.restrict(user, 'view').order_by().values_list('pk', flat=True))

    def row(tenant: tuple[int | None, str | None], number: int) -> Row:
        pk, name = tenant
        if pk is None:
            return Row(_('No tenant'), number, (('tenant_id', 'null'), ACTIVE))
        return Row(name, number, (('tenant_id', str(pk)), ACTIVE) if pk in visible_ones else ())

    return _part('tenant', gettext_lazy('Tenant'), facts, lambda fact: (fact['tenant'], fact['tenant__name']), row)


def _lifetimes(facts: list[dict]) -> Part:
    """Return the lifetimes from short to long: this order says more than that of the numbers."""
    numbers = Counter()
    for each in facts:
        numbers[each['lifetime']] += each['number']
    return Part(
        'lifetime', gettext_lazy('Lifetime'), [_by_lifetime(place, numbers[place]) for place in sorted(numbers)]
    )


def _by_lifetime(place: int, number: int) -> Row:
    above = LIFETIMES[place - 1] if place else None
    if place == len(LIFETIMES):
        label, filters = _('More than {days} days').format(days=above), (('lifetime_days__gt', str(above)), ACTIVE)
    elif above is None:
        label = _('Up to {days} days').format(days=LIFETIMES[0])
        filters = ('lifetime_days__lte', str(LIFETIMES[0])), ACTIVE
    else:
        label = _('{above} to {days} days').format(above=above, days=LIFETIMES[place])
        filters = ('lifetime_days__gt', str(above)), ('lifetime_days__lte', str(LIFETIMES[place])), ACTIVE
    return Row(label, number, filters)


#
# Where they are
#


def _sites(active: QuerySet, user, only: set[str]) -> Part:
    """Count the certificates of each site once, however many hosts there have them."""
    assignments = CertificateAssignment.objects.restrict(user, 'view').filter(certificate__in=active.values('pk'))
    visible_ones = Site.objects.restrict(user, 'view').order_by()
    pairs = [
        assignments.filter(**{f'{path}__in': visible_ones.values('pk')}).order_by().values_list(path, 'certificate')
        for path in SITES
    ]
    first, *others = pairs
    numbers = Counter(site for site, _certificate in first.union(*others).order_by())
    names = dict(visible_ones.filter(pk__in=numbers).values_list('pk', 'name'))
    rows = [
        Row(names[pk], number, (('site_id', str(pk)), ACTIVE))
        for pk, number in numbers.items()
        if pk in names and (not only or str(pk) in only)
    ]
    empty = gettext_lazy('No certificate is assigned to an object at a site that you may view.')
    return _ranked('site', gettext_lazy('Site'), rows, empty)


def _clients(active: QuerySet, user) -> Part:
    sources = visible_sources(user).filter(gone_since=None, certificate__in=active.values('pk')).exclude(client='')
    numbers = sources.order_by().values('client').annotate(number=Count('certificate', distinct=True))
    # As the page to connect them names them; others may report, too.
    labels = {client.name: client.label for client in CLIENTS}
    rows = [
        Row(labels.get(each['client'], each['client']), each['number'], (('source_client', each['client']), ACTIVE))
        for each in numbers
    ]
    return _ranked('client', gettext_lazy('Client'), rows, gettext_lazy('No client reports any of them.'))


#
# Findings
#


def _count_findings(active: QuerySet, user) -> dict[str, int]:
    """Return finding → number, and the numbers of server certificates, in one query."""
    conditions = {finding: finding_q(finding, user) for finding in FindingChoices.values()}
    server = Q(is_ca=False)
    conditions |= {'servers': server, 'not_automatic_servers': server & conditions[FindingChoices.NOT_AUTOMATIC]}
    return active.aggregate(**{name: Count('pk', filter=condition) for name, condition in conditions.items()})


def _findings(counted: dict[str, int]) -> Part:
    return Part('finding', gettext_lazy('Findings'), list(_finding_rows(counted)))


def _finding_rows(counted: dict[str, int]) -> Iterator[Row]:
    """Return a row for each finding, also for those that no certificate has: zero is good to know."""
    for choice in FindingChoices.CHOICES:
        yield Row(
            choice.label,
            counted[choice.value],
            (('finding', choice.value), ACTIVE),
            FindingChoices.colors[choice.value] if counted[choice.value] else 'secondary',
            choice.description,
        )
