"""
Makes sure, in every process of ``netbox rqworker``, that sweeps run.

The chain of sweeps can break while workers are running: Redis was restarted and lost the schedule; the process with
RQ's scheduler was killed, which RQ notices only after ten minutes; or the clock was set back, so that the next run is
scheduled far in the future. So each worker checks every few seconds, by the monotonic clock, whether a sweep has
started recently, and otherwise enqueues one.

It is a thread, because the worker itself sleeps until there is a job. It uses only Redis, over connections of its own:
RQ forks this process for each job, and a database connection would be shared with those forks.
"""

import logging
import threading
import time
import uuid

import django_rq
from redis.exceptions import RedisError
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job, JobStatus

from netbox_ssl import settings
from netbox_ssl.netbox_internals import RQ_QUEUE_DEFAULT, RQ_QUEUE_HIGH, any_workers_for_queue

__all__ = ('Watchdog', 'newest_sweep', 'note_sweep', 'queue_name', 'start', 'waits_in_queue')

logger = logging.getLogger('netbox.plugins.netbox_ssl')

NEWEST = 'netbox_ssl:sweep:newest'
REVIVAL = 'netbox_ssl-revive-sweep'

# Short enough that even without RQ's scheduler a sweep starts at least every 75 seconds, at an interval of a minute.
# Checking too early, while all workers are busy, does no harm: the sweep that waits in the queue runs first.
CHECK_SECONDS = 5
# How late a sweep may start before it counts as missing
SLACK_SECONDS = 8
# When to enqueue another sweep: the first one may have been lost with its worker.
ASK_AGAIN_SECONDS = 20


def waits_in_queue(job: Job) -> bool:
    """
    Return whether a worker will run ``job``. Its status is not enough: if a worker is killed between taking a job and
    starting it, the job counts as queued forever but is not in any queue.
    """
    is_queued = job.get_status() == JobStatus.QUEUED
    return (
        is_queued
        and django_rq.get_queue(job.origin).get_job_position(job.id) is not None
        and any_workers_for_queue(job.origin)
    )


def queue_name() -> str:
    """
    Return the queue for sweeps: the one of high priority, so that they do not wait for webhooks to a slow receiver, or
    the default one if no worker serves it.
    """
    return RQ_QUEUE_HIGH if any_workers_for_queue(RQ_QUEUE_HIGH) else RQ_QUEUE_DEFAULT


def note_sweep() -> None:
    """Record that a sweep starts, so that the next one is expected an interval later."""
    with django_rq.get_connection(RQ_QUEUE_DEFAULT) as server:
        server.set(NEWEST, uuid.uuid4().hex)


def newest_sweep() -> str | None:
    """Return the ID of the sweep that started last; None if there is none in Redis."""
    with django_rq.get_connection(RQ_QUEUE_DEFAULT) as server:
        newest = server.get(NEWEST)
    return newest.decode() if newest else None


class Watchdog:
    """What one process knows about sweeps; times are those of ``time.monotonic()``."""

    def __init__(self):
        self.newest = None
        self.seen_at = time.monotonic()
        self.asked_at = None

    def check(self) -> bool:
        """Enqueue a sweep if none has started in time. Return whether it did."""
        now = time.monotonic()
        newest = newest_sweep()
        if newest != self.newest:
            self.newest, self.seen_at = newest, now
        # If there is none in Redis, it has lost its data.
        if newest and now - self.seen_at <= settings.sweep_interval() * 60 + SLACK_SECONDS:
            return False
        if self.asked_at is not None and now - self.asked_at < ASK_AGAIN_SECONDS:
            return False
        queue = django_rq.get_queue(queue_name())
        if _waits_already(queue.connection):
            return False
        logger.info('No sweep for changes of renewal status has started in time: enqueueing one')
        # If two workers enqueue one at the same time, the second sweep finds that the first has started.
        queue.enqueue('netbox_ssl.jobs.sweep.revive', newest, job_id=REVIVAL, result_ttl=0)
        self.asked_at = now
        return True


def _waits_already(server) -> bool:
    """Return whether the sweep that was enqueued before is still waiting for a worker."""
    try:
        return waits_in_queue(Job.fetch(REVIVAL, connection=server))
    except (NoSuchJobError, InvalidJobOperation):
        return False


def start() -> threading.Thread:
    """Start checking every few seconds, until this process ends."""
    thread = threading.Thread(target=_watch, name='netbox_ssl watchdog', daemon=True)
    thread.start()
    return thread


def _watch() -> None:
    watchdog = Watchdog()
    while True:
        time.sleep(CHECK_SECONDS)
        try:
            watchdog.check()
        except RedisError:
            # Redis will be back, or the worker itself will exit.
            logger.debug('The watchdog cannot reach the queue', exc_info=True)
        except Exception:
            logger.exception('The watchdog failed to check; it will check again')
