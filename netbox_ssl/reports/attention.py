"""
The certificates that somebody may have to act on, in short lists of the overview: overdue, expiring soon, and over ACME
but renewed by hand. To add a list, add it to ``attention_lists()``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from netbox_ssl.acme.renewal import overdue_q, status_q
from netbox_ssl.choices import CertificateStatusChoices, FindingChoices, RenewalStatusChoices
from netbox_ssl.expiry.validity import chain_ended_q, expires_within_q
from netbox_ssl.findings import finding_q
from netbox_ssl.models import Certificate

from .first_rows import first_rows, first_to_end, with_shown_columns
from .first_to_expire import first_to_expire

__all__ = ('SHOWN', 'Attention', 'attention_lists')

# Rows of each list
SHOWN = 5
SOON = 14
ACTIVE = CertificateStatusChoices.STATUS_ACTIVE


@dataclass(frozen=True)
class Attention:
    # For programs and tests
    key: str
    title: str | Promise
    color: str
    # Filters of the list of all of them
    filters: tuple[tuple[str, str], ...]
    # ``rows``, ``count`` and ``more``, as returned by first_rows()
    part: dict


def attention_lists(certificates: QuerySet, now: datetime, tiles: dict) -> Iterator[Attention]:
    """
    Yield the lists that are not empty, of ``certificates`` (a queryset without an order).

    Args:
        tiles: the tiles of these certificates (``tiles.py``), by key, which have counted some of them
    """
    if overdue := tiles['overdue'].count:
        part = first_rows(certificates.filter(overdue_q(now)), ('renewal_overdue_at',), SHOWN, overdue)
        filters = (('renewal_overdue', 'true'), ('sort', 'renewal_overdue_at'))
        yield Attention('overdue', _('Overdue'), 'orange', filters, part)
    soon = tiles[f'within{SOON}']
    if soon.count:
        part = {'rows': _soon(certificates, now), 'count': soon.count, 'more': soon.count > SHOWN}
        title = _('Expiring within {days} days').format(days=SOON)
        yield Attention('soon', title, soon.color, (*soon.filters, ('sort', 'validity')), part)
    manual = certificates.filter(status_q(RenewalStatusChoices.MANUAL, now))
    if (part := first_to_end(manual, SHOWN))['rows']:
        color = RenewalStatusChoices.colors[RenewalStatusChoices.MANUAL]
        filters = (('renewal_status', RenewalStatusChoices.MANUAL), ('sort', 'validity'))
        yield Attention('manual', _('ACME without auto-renewal'), color, filters, part)


def _soon(certificates: QuerySet, now: datetime) -> list[Certificate]:
    """Return the first that expire soon; what a working client will renew in time is last."""
    soon = with_shown_columns(certificates.filter(expires_within_q(SOON, now), status=ACTIVE))
    alarming = Q(finding_q(FindingChoices.NOT_AUTOMATIC)) | overdue_q(now) | chain_ended_q(now)
    # Apart, each in the order of an index: most certificates are under control.
    rows = first_to_expire(soon.filter(alarming), SHOWN)
    return rows if len(rows) == SHOWN else [*rows, *first_to_expire(soon.exclude(alarming), SHOWN - len(rows))]
