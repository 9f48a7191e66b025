"""
The certificates that the sweep reads: range conditions on partial indexes of Certificate, in the order of an index.

Each branch has its own ORDER BY and LIMIT; without them PostgreSQL reads every matching row. For all combinations of
announced and true status or validity, ``tests/announcements/sweep/test_passes.py`` shows that the branches find exactly
those that differ.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Q, Value

from netbox_ssl import settings
from netbox_ssl.announcements.clocks import BACKWARDS_MARGIN
from netbox_ssl.choices import RenewalStatusChoices
from netbox_ssl.event_types import RENEWAL_OVERDUE, RENEWAL_STATUS_CHANGED
from netbox_ssl.models import Certificate
from netbox_ssl.models.mixins.announced_validity import (
    ANNOUNCED_END,
    MARKED,
    MARKED_BY_SETTING,
    UNANNOUNCED_END,
    UNANNOUNCED_START,
)
from netbox_ssl.models.mixins.announcements import (
    AUTOMATIC,
    CONTRADICTORY,
    ELIGIBLE,
    UNANNOUNCED_OVERDUE,
    WITHOUT_BASELINE,
)

from .paging import in_order, together

__all__ = (
    'BASELINE',
    'CLAIM_LASTS',
    'MARKS',
    'PASSES',
    'PREPARED',
    'Pass',
    'passes_with_work',
    'unclaimed',
    'unclaimed_q',
)

# A request that changed the status announces it when it ends, and may take this long (bulk edits, and NetBox's
# background jobs, which RQ ends after 300 s by default). After that it is considered dead.
CLAIM_LASTS = timedelta(minutes=5)

OK, DUE, EXPIRED, MANUAL = (
    RenewalStatusChoices.OK,
    RenewalStatusChoices.DUE,
    RenewalStatusChoices.EXPIRED,
    RenewalStatusChoices.MANUAL,
)


def unclaimed(certificate: Certificate, now) -> bool:
    """
    Return whether no request is about to announce a change of ``certificate``. SQL twin: ``unclaimed_q``. A claim from
    the future was made before the clock was set back.
    """
    claim = certificate.announcing_since
    return claim is None or not now - CLAIM_LASTS <= claim <= now + CLAIM_LASTS


def unclaimed_q(now) -> Q:
    dead = Q(announcing_since__lt=now - CLAIM_LASTS) | Q(announcing_since__gt=now + CLAIM_LASTS)
    return Q(announcing_since__isnull=True) | dead


@dataclass(frozen=True)
class Pass:
    """
    Certificates that are read in one go. ``branches(now)`` returns pairs of a condition and the column that orders
    the matches; all of these columns have values of one type.
    """

    branches: callable
    event_type: str = RENEWAL_STATUS_CHANGED

    def page(self, now, after: tuple | None, size: int) -> list[tuple]:
        """
        Return up to ``size`` pairs (ordering value, pk) that follow ``after``, the last pair of the previous page.
        """
        return _ask(together([self._rows(q, key, now, after)[:size] for q, key in self.branches(now)])[:size])

    def first(self, now) -> list:
        """Return a queryset of at most one row for each branch."""
        return [self._rows(q, key, now)[:1] for q, key in self.branches(now)]

    def _rows(self, q: Q, key: str, now, after: tuple | None = None):
        return in_order(Certificate.objects.filter(q).filter(unclaimed_q(now)), key, after)


def _ask(queryset) -> list:
    with transaction.atomic(), connection.cursor() as cursor:
        # Compiling the query takes longer than it runs.
        cursor.execute('SET LOCAL jit = off')
        return list(queryset)


def _brought_by_time(now) -> list[tuple[Q, str]]:
    """Return the branches for changes caused by time, oldest first: the column is the start of the new status."""
    expired = [
        (ELIGIBLE & Q(announced_status=announced, valid_to__lt=now), 'valid_to') for announced in (OK, DUE, MANUAL)
    ]
    due = AUTOMATIC & Q(announced_status=OK, renewal_due_at__lte=now, valid_to__gte=now)
    return [
        *expired,
        (due, 'renewal_due_at'),
        (MARKED & Q(next_mark_at__lte=now), 'next_mark_at'),
        (UNANNOUNCED_END & Q(valid_to__lt=now), 'valid_to'),
        (UNANNOUNCED_START & Q(valid_from__lte=now), 'valid_from'),
    ]


def _no_longer_due(now) -> list[tuple[Q, str]]:
    later = now + BACKWARDS_MARGIN
    return [(AUTOMATIC & Q(announced_status=DUE, renewal_due_at__gte=later, valid_to__gte=now), 'renewal_due_at')]


def _no_longer_expired(now) -> list[tuple[Q, str]]:
    later = now + BACKWARDS_MARGIN
    return [
        (ELIGIBLE & Q(announced_status=EXPIRED, valid_to__gte=later), 'valid_to'),
        (ANNOUNCED_END & Q(valid_to__gte=later), 'valid_to'),
    ]


def _contradictory(now) -> list[tuple[Q, str]]:
    return [(CONTRADICTORY, 'pk')]


def _without_baseline(now) -> list[tuple[Q, str]]:
    return [(WITHOUT_BASELINE, 'pk')]


def _overdue(now) -> list[tuple[Q, str]]:
    return [(UNANNOUNCED_OVERDUE & Q(renewal_overdue_at__lte=now, valid_to__gte=now), 'renewal_overdue_at')]


def _outdated_marks(now) -> list[tuple[Q, str]]:
    marks = list(settings.expiry_marks())
    key = 'default_expiry_marks'
    return [(MARKED_BY_SETTING & Q((f'{key}__{lookup}', marks)), key) for lookup in ('lt', 'gt')]


BASELINE = Pass(_without_baseline)
MARKS = Pass(_outdated_marks)
TIME = Pass(_brought_by_time)
OVERDUE = Pass(_overdue, RENEWAL_OVERDUE)
# Those from _no_longer_due to _contradictory are rare: writes without Certificate.save(), requests that died, clocks
# set back.
PASSES = (
    BASELINE,
    MARKS,
    TIME,
    Pass(_no_longer_due),
    Pass(_no_longer_expired),
    Pass(_contradictory),
    OVERDUE,
)
# Certificates that are prepared, not announced
PREPARED = (BASELINE, MARKS)


def passes_with_work(now) -> list[Pass]:
    """Return the passes that find certificates, with a single query, the only one of an idle sweep."""
    probes = [probe.values_list(Value(number)) for number, one in enumerate(PASSES) for probe in one.first(now)]
    found = {number for (number,) in _ask(probes[0].union(*probes[1:], all=True).order_by())}
    # A certificate just announced as Due may also be overdue, and one that contradicts its settings may be Due.
    if found:
        found.add(PASSES.index(OVERDUE))
    return [one for number, one in enumerate(PASSES) if number in found]
