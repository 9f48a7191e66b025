"""Whether renewals are being watched: when the last sweep ended, and whether the next one is missing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.choices import JobStatusChoices
from core.models import Job
from django.utils import timezone

from netbox_ssl import settings

__all__ = ('SWEEP_JOB', 'SweepState', 'last_sweep', 'sweep_is_late', 'sweep_state')

# The name under which NetBox keeps the jobs that sweep (jobs/sweep.py).
SWEEP_JOB = 'Renewal sweep'

# Clocks of two machines
CLOCKS_DIFFER_BY = timedelta(minutes=1)


@dataclass(frozen=True)
class SweepState:
    """When the last sweep ended (None: none is on record), the time between two sweeps, and whether one is missing."""

    last_sweep: datetime | None
    interval: timedelta
    is_late: bool


def sweep_state(now: datetime | None = None) -> SweepState:
    """Return the state as of ``now`` (aware datetime; this moment by default)."""
    return SweepState(last_sweep(), timedelta(minutes=settings.sweep_interval()), sweep_is_late(now))


def last_sweep() -> datetime | None:
    """Return when the last successful sweep ended (aware datetime), or None if none is on record."""
    # Those from the future are from before the clock was set back.
    finished = Job.objects.filter(
        name=SWEEP_JOB,
        status=JobStatusChoices.STATUS_COMPLETED,
        created__lte=timezone.now() + CLOCKS_DIFFER_BY,
    )
    # By creation, for which there is an index: the newest job or so is ours.
    return finished.order_by('-created').values_list('completed', flat=True).first()


def sweep_is_late(now: datetime | None = None) -> bool:
    """Return whether no sweep has ended within three intervals before ``now`` (aware; this moment by default)."""
    last = last_sweep()
    return last is None or last < (now or timezone.now()) - 3 * timedelta(minutes=settings.sweep_interval())
