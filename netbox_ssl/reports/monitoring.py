"""Whether NetBox notices and announces what happens as time passes: the sweep, and the workers that run it."""

from dataclasses import dataclass
from datetime import datetime

from redis.exceptions import RedisError

from netbox_ssl.announcements.sweep.state import SweepState, sweep_state
from netbox_ssl.netbox_internals import RQ_QUEUE_DEFAULT, RQ_QUEUE_HIGH, RQ_QUEUE_LOW, any_workers_for_queue

__all__ = ('MonitoringState', 'monitoring_state')

QUEUES = (RQ_QUEUE_HIGH, RQ_QUEUE_DEFAULT, RQ_QUEUE_LOW)


@dataclass(frozen=True)
class MonitoringState:
    sweep: SweepState
    # Queues that no worker serves; None if Redis cannot be reached
    idle_queues: tuple[str, ...] | None

    @property
    def is_fine(self) -> bool:
        return not self.sweep.is_late and self.idle_queues == ()


def monitoring_state(now: datetime) -> MonitoringState:
    """Return the state as of ``now`` (aware datetime)."""
    try:
        idle = tuple(queue for queue in QUEUES if not any_workers_for_queue(queue))
    except RedisError:
        idle = None
    return MonitoringState(sweep_state(now), idle)
