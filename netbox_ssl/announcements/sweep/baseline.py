"""
The baseline of certificates that were never announced: the status that counts as announced.

``Certificate.save()`` and imports write it for each new certificate. For rows that were inserted by other means (SQL,
``bulk_create``) the next sweep writes it, in batches, because a million rows do not fit into one transaction.
"""

import time
from collections.abc import Callable

from django.db import transaction
from django.db.models import Case, Value, When
from django.db.models.functions import Coalesce

from netbox_ssl.acme import renewal
from netbox_ssl.models import Certificate
from netbox_ssl.models.mixins.announcements import WITHOUT_BASELINE, baseline_moment

from .passes import unclaimed_q

__all__ = ('BATCH', 'write_baseline')

BATCH = 1000


def write_baseline(
    now, *, batch_size: int = BATCH, until: float | None = None, after_batch: Callable[[int], None] | None = None
) -> bool:
    """
    Write the baseline of every certificate without one, as of ``now`` (aware datetime). Several sweeps that run at the
    same time share the work.

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
    moment = baseline_moment(now)
    without = Certificate.objects.filter(WITHOUT_BASELINE).filter(unclaimed_q(now)).order_by('pk')
    with transaction.atomic():
        pks = list(without.select_for_update(skip_locked=True, no_key=True).values_list('pk', flat=True)[:size])
        # Without save(), because the certificate does not change and needs no entry in the change log
        return Certificate.objects.filter(pk__in=pks).update(
            announced_status=Coalesce(renewal.status_sql(moment), Value('')),
            announced_overdue=Case(When(renewal.overdue_q(moment), then=Value(True)), default=Value(False)),
        )
