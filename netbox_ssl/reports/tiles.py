"""
The numbers at the top of the overview: how many active certificates need attention, and why.

Each tile has the filters of the list that show the same certificates. To add a tile, add it to ``tiles()``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet, Value
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from netbox_ssl.acme.renewal import overdue_q
from netbox_ssl.choices import CertificateStatusChoices, FindingChoices, SourceStateChoices, ValidityChoices
from netbox_ssl.expiry.validity import chain_ended_q, expires_within_q, later
from netbox_ssl.findings import finding_q
from netbox_ssl.models import Endpoint
from netbox_ssl.models.mixins.endpoint_states import bad_endpoint_q
from netbox_ssl.places.deployment import bad_deployments
from netbox_ssl.places.endpoints import certificates_at

__all__ = ('Tile', 'tiles')

ACTIVE = ('status', CertificateStatusChoices.STATUS_ACTIVE)
NOT_AUTOMATIC = ('finding', FindingChoices.NOT_AUTOMATIC)

# Days → color if somebody has to act
WITHIN = {7: 'orange', 14: 'yellow', 30: 'yellow'}
# Zero; and certificates that their clients renew in time
NOTHING, UNDER_CONTROL = 'secondary', 'blue'


@dataclass(frozen=True)
class Tile:
    """A number of certificates, or of endpoints."""

    # For programs and tests
    key: str
    label: str | Promise
    count: int
    # A color of NetBox's theme
    color: str
    # Filters of the list, which find exactly these certificates
    filters: tuple[tuple[str, str], ...]
    # The list, by the name of its URL
    list_name: str = 'certificate_list'
    # How many of them no client renews, and the filters that find these; None: not told apart
    not_automatic: int | None = None
    not_automatic_filters: tuple[tuple[str, str], ...] = ()


def tiles(certificates: QuerySet, now: datetime, user, is_limited: bool = False) -> list[Tile]:
    """
    Return the tiles for ``certificates`` (a queryset without an order), the worst first. Without permission to view
    sources or endpoints, their tiles are omitted, because a zero would be wrong.

    Args:
        user: only sources and endpoints that this user may view count
        is_limited: whether these are some of the certificates only; then endpoints of others do not count
    """
    counts = _count_ends(certificates, now)
    overdue = certificates.filter(overdue_q(now)).count()
    bad = {}
    if user.has_perm('netbox_ssl.view_certificatesource'):
        bad = {each['state']: each['count'] for each in bad_deployments(certificates, now, user)}
    return [
        _tile('expired', _('Expired'), counts['expired'], 'red', ('validity', ValidityChoices.EXPIRED), ACTIVE),
        *_ending(counts),
        _tile('overdue', _('Overdue'), overdue, 'orange', ('renewal_overdue', 'true')),
        *_behind(bad),
        *_endpoints(certificates if is_limited else None, now, user),
        *_silent(bad),
    ]


def _tile(key: str, label, count: int, color: str, *filters: tuple[str, str], **more) -> Tile:
    return Tile(key, label, count, color if count else NOTHING, filters, **more)


def _count_ends(certificates: QuerySet, now: datetime) -> dict[str, int]:
    """
    Count those that have expired and those that soon will, in one query, on the index ``netbox_ssl_cert_soon`` alone:
    it has all columns of the conditions.
    """
    not_automatic = finding_q(FindingChoices.NOT_AUTOMATIC)
    last = later(now, max(WITHIN))
    conditions = {'expired': Q(valid_to__lt=now)}
    for days in WITHIN:
        soon = expires_within_q(days, now)
        conditions |= {
            f'within{days}': soon,
            f'manual{days}': soon & not_automatic,
            # A client should have renewed these by now, or else clients refuse them already.
            f'alarming{days}': soon & (not_automatic | Q(renewal_overdue_at__lte=now) | chain_ended_q(now)),
        }
    # The index is by the earlier end of certificate and chain.
    ending = certificates.filter(status=CertificateStatusChoices.STATUS_ACTIVE, expires_at__lte=last)
    return ending.aggregate(**{name: Count(Value(1), filter=condition) for name, condition in conditions.items()})


def _ending(counts: dict[str, int]) -> Iterator[Tile]:
    for days, color in WITHIN.items():
        filters = ('expires_within', str(days)), ACTIVE
        yield _tile(
            f'within{days}',
            _('Within {days} days').format(days=days),
            counts[f'within{days}'],
            color if counts[f'alarming{days}'] else UNDER_CONTROL,
            *filters,
            not_automatic=counts[f'manual{days}'],
            not_automatic_filters=(*filters, NOT_AUTOMATIC),
        )


def _behind(bad: dict[str, int]) -> Iterator[Tile]:
    if not bad:
        return
    expired, behind = SourceStateChoices.EXPIRED, SourceStateChoices.BEHIND
    # An expired certificate on a host is a renewal that did not reach it, too.
    yield _tile(
        'behind',
        _('Behind on a host'),
        bad[expired] + bad[behind],
        'red' if bad[expired] else 'orange',
        ('deployment_state', expired),
        ('deployment_state', behind),
    )


def _silent(bad: dict[str, int]) -> Iterator[Tile]:
    if bad:
        state = SourceStateChoices.SILENT
        yield _tile('silent', _('Silent'), bad[state], 'yellow', ('deployment_state', state))


def _endpoints(certificates: QuerySet | None, now: datetime, user) -> Iterator[Tile]:
    """Count the endpoints with a problem or, given ``certificates``, those of them that have such an endpoint."""
    if not user.has_perm('netbox_ssl.view_endpoint'):
        return
    bad = Endpoint.objects.restrict(user, 'view').filter(bad_endpoint_q(now))
    if certificates is None:
        # Some are refused or time out, so that no certificate was ever seen.
        count, filters, list_name = bad.count(), ('problem', 'true'), 'endpoint_list'
    else:
        count, filters = certificates.filter(certificates_at(bad)).count(), ('endpoint_problem', 'true')
        list_name = 'certificate_list'
    yield _tile('endpoints', _('Endpoint problems'), count, 'red', filters, list_name=list_name)
