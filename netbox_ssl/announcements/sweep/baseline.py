"""
The baseline of certificates: what counts as announced, without having been announced.

``Certificate.save()`` and imports write it for each new certificate. For rows that were inserted by other means (SQL,
``bulk_create``) the next sweep writes it, in batches, because a million rows do not fit into one transaction. After a
change of the setting ``expiry_marks`` it does so for the marks that have passed.
"""

import time
from collections.abc import Callable

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Greatest, Least

from netbox_ssl import settings
from netbox_ssl.acme import renewal
from netbox_ssl.models import Certificate
from netbox_ssl.models.mixins.announced_validity import outdated_marks_q, pending_validity_q
from netbox_ssl.models.mixins.announcements import WITHOUT_BASELINE, baseline_moment

from .passes import unclaimed_q

__all__ = ('BATCH', 'write_baseline')

BATCH = 1000


def write_baseline(
    now, *, batch_size: int = BATCH, until: float | None = None, after_batch: Callable[[int], None] | None = None
) -> bool:
    """
    Write the baseline of every certificate without one, and of those with outdated marks, as of ``now`` (aware
    datetime). Several sweeps that run at the same time share the work.

    Args:
        batch_size: certificates per transaction
        until: no batch starts after this time of ``time.monotonic()``
        after_batch: called with the number of certificates in each batch

    Returns:
        False if it stopped at ``until``.
    """
    while until is None or time.monotonic() < until:
        if not (number := _write_batch(now, batch_size)):
            return True
        if after_batch is not None:
            after_batch(number)
    return False


def _write_batch(now, size: int) -> int:
    return _update(WITHOUT_BASELINE, now, size, **_renewal_baseline(now), **_validity_baseline(now)) or _update(
        outdated_marks_q(list(settings.expiry_marks())), now, size, **_marks_baseline(now)
    )


def _update(condition: Q, now, size: int, **columns) -> int:
    outdated = Certificate.objects.filter(condition).filter(unclaimed_q(now)).order_by('pk')
    with transaction.atomic():
        pks = list(outdated.select_for_update(skip_locked=True, no_key=True).values_list('pk', flat=True)[:size])
        # Without save(), because the certificate does not change and needs no entry in the change log
        return Certificate.objects.filter(pk__in=pks).update(**columns)


def _renewal_baseline(now) -> dict:
    moment = baseline_moment(now)
    overdue = Case(When(renewal.overdue_q(moment), then=Value(True)), default=Value(False))
    without = Q(announced_status__isnull=True)
    return {
        'announced_status': Coalesce(F('announced_status'), renewal.status_sql(moment), Value('')),
        'announced_overdue': Case(When(without, then=overdue), default=F('announced_overdue')),
    }


def _validity_baseline(now) -> dict:
    """Return the columns that ``Certificate.set_announced()`` writes, in SQL."""
    until = Least(Value(now), F('valid_from'), F('valid_to')) if settings.announce_past() else Value(now)
    return {
        'announced_until': Coalesce(F('announced_until'), until),
        'default_expiry_marks': list(settings.expiry_marks()),
    }


def _marks_baseline(now) -> dict:
    """Return the columns that a save writes when marks have changed, in SQL: what was pending remains so."""
    columns = {'default_expiry_marks': list(settings.expiry_marks())}
    if not settings.announce_past():
        pending = When(pending_validity_q(now), then=F('announced_until'))
        columns['announced_until'] = Case(pending, default=Greatest(F('announced_until'), Value(now)))
    return columns
