"""Right after an import (RFC 9773, section 4.3), instead of at the next minute."""

from django.core.cache import cache
from django.db import transaction

from netbox_ssl.ari.eligibility import why_switched_off

__all__ = ('ask_soon',)

ASKED = 'netbox_ssl:ari:soon'
# Many imports one after another are one request; what came later is found by the run of the next minute.
AT_MOST_EVERY = 20


def ask_soon() -> None:
    """After the commit, let a poll begin as soon as a worker is free."""
    transaction.on_commit(_enqueue, robust=True)


def _enqueue() -> None:
    if why_switched_off() or not cache.add(ASKED, 1, AT_MOST_EVERY):
        return
    from .ari import ARIPollJob

    ARIPollJob.run_now()
