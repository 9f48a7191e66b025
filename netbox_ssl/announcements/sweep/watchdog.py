"""
Makes sure, in every process of ``netbox rqworker``, that sweeps begin.

The chain of sweeps can break while workers live on: Redis was restarted and forgot the schedule; the one process that
ran RQ's scheduler was killed, which RQ notices only after ten minutes; or the clock was set back, so that the next run
is scheduled for a time far off. So each worker checks every few seconds, by the monotonic clock, whether a sweep has
begun recently, and otherwise enqueues one.

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

# Short enough that even without RQ's scheduler a sweep begins at least every 75 seconds, at an interval of a minute. To
# ask too early, because all workers are busy, costs nothing: the sweep that waits in the queue comes first.
CHECK_SECONDS = 5
# How much later than due a sweep may begin before it counts as missing.
SLACK_SECONDS = 8
# The sweep that was enqueued may have been lost with its worker.
ASK_AGAIN_SECONDS = 20


def waits_in_queue(job: Job) -> bool:
    """
    Return whether a worker will get to ``job``. Its status alone does not say so: a worker that is killed between
    taking a job and starting it leaves behind one that counts as queued for ever and is in no queue.
    """
    is_queued = job.get_status() == JobStatus.QUEUED
    return (
        is_queued
        and django_rq.get_queue(job.origin).get_job_position(job.id) is not None
        and any_workers_for_queue(job.origin)
    )


def queue_name() -> str:
    """
    Return the queue for sweeps: the one of high priority, so that they do not wait behind webhooks to a slow receiver,
    or the default one if no worker listens to that.
    """
    return RQ_QUEUE_HIGH if any_workers_for_queue(RQ_QUEUE_HIGH) else RQ_QUEUE_DEFAULT


def note_sweep() -> None:
    """Note that a sweep begins: another is expected an interval later."""
    with django_rq.get_connection(RQ_QUEUE_DEFAULT) as server:
        server.set(NEWEST, uuid.uuid4().hex)


def newest_sweep() -> str | None:
    """Return what identifies the sweep that began last; None if Redis knows of none."""
    with django_rq.get_connection(RQ_QUEUE_DEFAULT) as server:
        newest = server.get(NEWEST)
    return newest.decode() if newest else None


class Watchdog:
    """What one process knows of sweeps; times are those of ``time.monotonic()``."""

    def __init__(self):
        self.newest = None
        self.seen_at = time.monotonic()
        self.asked_at = None

    def check(self) -> bool:
        """Enqueue a sweep if none has begun in time. Returns whether it did."""
        now = time.monotonic()
        newest = newest_sweep()
        if newest != self.newest:
            self.newest, self.seen_at = newest, now
        # Where Redis knows of none, it has lost its data.
        if newest and now - self.seen_at <= settings.sweep_interval() * 60 + SLACK_SECONDS:
            return False
        if self.asked_at is not None and now - self.asked_at < ASK_AGAIN_SECONDS:
            return False
        queue = django_rq.get_queue(queue_name())
        if _waits_already(queue.connection):
            return False
        logger.info('No sweep for changes of renewal status has begun in time: enqueueing one')
        # If two workers do so at the same moment, the second sweep sees that the first has begun.
        queue.enqueue('netbox_ssl.jobs.sweep.revive', newest, job_id=REVIVAL, result_ttl=0)
        self.asked_at = now
        return True


def _waits_already(server) -> bool:
    """Return whether the sweep that was enqueued before still waits for a worker."""
    try:
        return waits_in_queue(Job.fetch(REVIVAL, connection=server))
    except (NoSuchJobError, InvalidJobOperation):
        return False


def start() -> threading.Thread:
    """Start to check every few seconds, until this process ends."""
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
            # Redis comes back, or the worker itself gives up.
            logger.debug('The watchdog cannot reach the queue', exc_info=True)
        except Exception:
            logger.exception('The watchdog failed to check; it goes on')
