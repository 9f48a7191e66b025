"""Whether renewals are being watched: when the last sweep ended, and whether the next one is missing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from netbox_ssl import settings
from netbox_ssl.jobs.sweep import last_sweep, sweep_is_late

__all__ = ('SweepState', 'sweep_state')


@dataclass(frozen=True)
class SweepState:
    # When it ended; None: none is on record.
    last_sweep: datetime | None
    # Between two sweeps.
    interval: timedelta
    is_late: bool


def sweep_state(now: datetime | None = None) -> SweepState:
    """As of ``now`` (aware datetime; this moment by default)."""
    return SweepState(last_sweep(), timedelta(minutes=settings.sweep_interval()), sweep_is_late(now))
