"""Whether renewals are monitored: when the last sweep ended, and whether the next one is late."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.choices import JobStatusChoices
from core.models import Job
from django.utils import timezone

from netbox_ssl import settings

__all__ = ('SWEEP_JOB', 'SweepState', 'last_sweep', 'sweep_is_late', 'sweep_state')

# Name of the sweep jobs in NetBox (jobs/sweep.py)
SWEEP_JOB = 'Renewal sweep'

# Difference between the clocks of two machines
CLOCKS_DIFFER_BY = timedelta(minutes=1)


@dataclass(frozen=True)
class SweepState:
    """When the last sweep ended (None if none is recorded), the time between two sweeps, and whether one is missing."""

    last_sweep: datetime | None
    interval: timedelta
    is_late: bool


def sweep_state(now: datetime | None = None) -> SweepState:
    """Return the state as of ``now`` (aware datetime; now by default)."""
    return SweepState(last_sweep(), timedelta(minutes=settings.sweep_interval()), sweep_is_late(now))


def last_sweep() -> datetime | None:
    """Return when the last successful sweep ended (aware datetime), or None if none is recorded."""
    # Jobs from the future were recorded before the clock was set back.
    finished = Job.objects.filter(
        name=SWEEP_JOB,
        status=JobStatusChoices.STATUS_COMPLETED,
        created__lte=timezone.now() + CLOCKS_DIFFER_BY,
    )
    # Sorted by creation, which has an index; one of the newest jobs is a sweep.
    return finished.order_by('-created').values_list('completed', flat=True).first()


def sweep_is_late(now: datetime | None = None) -> bool:
    """Return whether no sweep has ended within three intervals before ``now`` (aware datetime; now by default)."""
    last = last_sweep()
    return last is None or last < (now or timezone.now()) - 3 * timedelta(minutes=settings.sweep_interval())
