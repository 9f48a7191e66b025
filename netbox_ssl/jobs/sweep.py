"""
The background job that sweeps, and what keeps it alive.

NetBox schedules the next run of a system job when a run ends: a worker that is killed ends none, and its job counts as
running for ever. Therefore each run schedules its successor first, jobs that can no longer run are marked as such, and
every ``netbox rqworker`` watches that sweeps begin (watchdog.py). There is one chain of runs however many workers there
are: whoever adds to it holds the advisory lock that NetBox itself takes for its schedules.
"""

import time
from dataclasses import asdict
from datetime import timedelta

import django_rq
from core.choices import JobStatusChoices
from core.models import Job
from django.utils import timezone
from django_pg_utils import advisory_lock
from netbox.config import get_config
from netbox.constants import ADVISORY_LOCK_KEYS
from netbox.jobs import JobRunner, system_job
from netbox.registry import registry
from rq.exceptions import InvalidJobOperation
from rq.job import JobStatus

from netbox_ssl import settings
from netbox_ssl.announcements.sweep import watchdog
from netbox_ssl.announcements.sweep.certificates import SweepResult, sweep
from netbox_ssl.announcements.sweep.sources import SourceSweepResult, sweep_sources

__all__ = ('ChainedJob', 'RenewalSweepJob', 'last_sweep', 'revive', 'sweep_is_late')

SCHEDULES = ADVISORY_LOCK_KEYS['job-schedules']

# A run takes no new batch after this; the next run goes on. So a worker is never kept from other jobs for long, RQ's
# limit (300 s by default) is far away, and a job that still runs after two minutes has lost its worker.
RUN_SECONDS = 50
SOURCES_SECONDS = 20
RUN_IS_DEAD_AFTER = timedelta(minutes=2)

# RQ's scheduler moves jobs to their queue every second.
SCHEDULER_IS_DEAD_AFTER = timedelta(seconds=30)

# From when RQ counts a job as started until NetBox does; the process has loaded everything by then.
STARTING_TAKES = timedelta(seconds=20)

# NetBox stores a job before it puts it into the queue.
QUEUEING_TAKES = timedelta(seconds=10)

# Clocks of two machines
CLOCKS_DIFFER_BY = timedelta(minutes=1)

# No interval is longer than a day. Jobs have an index by creation, and a large installation has many of them.
CHAIN_REACHES_BACK = timedelta(days=2)

# Keeps the log of a long run up to date without writing it after each batch.
LOG_EVERY_SECONDS = 5


class ChainedJob(JobRunner):
    """A system job of which there is always one run to come. Call :meth:`continue_chain` first in ``run()``."""

    @classmethod
    def chain_interval(cls) -> int:
        """Minutes between two runs."""
        return settings.sweep_interval()

    @classmethod
    def chain_queue(cls) -> str:
        """The queue for its runs."""
        return watchdog.queue_name()

    def continue_chain(self) -> None:
        """Schedule the next run, if this one is of the chain."""
        if self.job.interval:
            # The setting may have changed since this run was scheduled; NetBox, too, looks for a successor by it.
            self.job.interval = self.chain_interval()
            self.schedule_successor()

    @classmethod
    def waiting(cls):
        """The next run of the chain: one, or none when the chain is broken."""
        return cls.get_jobs().filter(
            created__gt=timezone.now() - CHAIN_REACHES_BACK,
            interval__isnull=False,
            status__in=(JobStatusChoices.STATUS_PENDING, JobStatusChoices.STATUS_SCHEDULED),
        )

    @classmethod
    def enqueue(cls, *args, **kwargs):
        if 'queue_name' not in kwargs and not kwargs.get('immediate'):
            kwargs['queue_name'] = cls.chain_queue()
        return super().enqueue(*args, **kwargs)

    def schedule_successor(self) -> None:
        with advisory_lock(SCHEDULES):
            self.bury_dead(created_after=timezone.now() - CHAIN_REACHES_BACK)
            if not self.waiting().exists():
                after = timezone.now() + timedelta(minutes=self.job.interval)
                self.enqueue(schedule_at=after, interval=self.job.interval)

    @classmethod
    def enqueue_once(cls, instance=None, schedule_at=None, interval=None, *args, watch=False, **kwargs):
        """
        Let it run now, as the next of the chain; it schedules the following one. NetBox calls it when a worker starts.

        Args:
            interval: ignored; that of the chain counts
            watch: also watch, for as long as this process lives, that sweeps begin
        """
        with advisory_lock(SCHEDULES):
            cls.bury_dead()
            job = cls.waiting().filter(status=JobStatusChoices.STATUS_PENDING).first()
            if job is None:
                for scheduled in cls.waiting():
                    scheduled.delete()  # takes it out of RQ's schedule, too
                job = cls.enqueue(interval=cls.chain_interval())
        if watch:
            watchdog.start()
        return job

    @classmethod
    def revive_if_broken(cls) -> None:
        """
        Begin the chain again, if no run is to come soon: the queue may have forgotten it, or the clock was set back.
        """
        with advisory_lock(SCHEDULES):
            cls.bury_dead(created_after=timezone.now() - CHAIN_REACHES_BACK)
        far_off = timezone.now() + 2 * timedelta(minutes=cls.chain_interval())
        if not cls.waiting().exclude(scheduled__gt=far_off).exists():
            cls.enqueue_once()

    @classmethod
    def bury_dead(cls, now=None, created_after=None) -> None:
        """Mark jobs as errored that can no longer run or end. Call it with the advisory lock held."""
        now = now or timezone.now()
        jobs = cls.get_jobs().filter(status__in=JobStatusChoices.ENQUEUED_STATE_CHOICES)
        if created_after:
            jobs = jobs.filter(created__gt=created_after)
        for job in jobs:
            if reason := cls.why_dead(job, now):
                cls.get_jobs().filter(pk=job.pk, status=job.status).update(
                    status=JobStatusChoices.STATUS_ERRORED, completed=now, error=reason
                )

    @staticmethod
    def why_dead(job: Job, now) -> str:
        """Why ``job`` can no longer run or end, in a sentence; empty if it can, or if it is too early to tell."""
        if job.status == JobStatusChoices.STATUS_RUNNING:
            return 'Its worker died.' if job.started and job.started < now - RUN_IS_DEAD_AFTER else ''
        # One from the future was made before the clock was set back.
        if abs(job.created - now) < QUEUEING_TAKES:
            return ''
        rq_job = django_rq.get_queue(job.queue_name).fetch_job(str(job.job_id))
        try:
            status = rq_job.get_status() if rq_job else None
        except InvalidJobOperation:
            status = None
        match status:
            case JobStatus.SCHEDULED:
                late = job.scheduled and job.scheduled < now - SCHEDULER_IS_DEAD_AFTER
                reason = 'No worker moved it from the schedule to its queue in time.' if late else ''
                if late:
                    rq_job.cancel()
            case JobStatus.QUEUED:
                reason = '' if watchdog.waits_in_queue(rq_job) else 'No worker will get to it.'
            case JobStatus.STARTED:
                # Its first act is to count as running.
                late = not rq_job.started_at or abs(rq_job.started_at - now) > STARTING_TAKES
                reason = 'Its worker died.' if late else ''
            case _:
                reason = 'It is no longer in the queue.'
        return reason


@system_job(interval=settings.sweep_interval())
class RenewalSweepJob(ChainedJob):
    """Announces changes of renewal status that time made."""

    class Meta:
        name = 'Renewal sweep'

    def run(self, *args, **kwargs):
        self.continue_chain()
        watchdog.note_sweep()
        # The watchdog looks after sweeps, and each sweep after the other chains.
        for chain in ChainedJob.__subclasses__():
            if chain is not RenewalSweepJob and self.job.interval:
                chain.revive_if_broken()
        if get_config().MAINTENANCE_MODE:
            self.logger.warning('NetBox is in maintenance mode: nothing is announced until it has ended')
            return
        self._logged = time.monotonic()
        result = sweep(seconds=RUN_SECONDS if self.job.interval else None, after_batch=self._report_progress)
        sources = sweep_sources(seconds=SOURCES_SECONDS if self.job.interval else None)
        self.job.data = {**asdict(result), 'announced': result.announced, 'sources': asdict(sources)}
        if result.announced or result.failed or result.baseline:
            self._log(result)
        self._log_sources(sources)
        if not (result.complete and sources.complete):
            self.logger.info('Time is up; the next run goes on')
            self.enqueue_once()

    def _log(self, result: SweepResult) -> None:
        # Put together here: the log of a NetBox job holds messages without their arguments.
        if result.baseline:
            message = f'{result.baseline} certificates that came in by other means were given their baseline'
            self.logger.info(message)
        message = f'Announced: {result.status_changed} changes of renewal status, {result.overdue} overdue renewals'
        self.logger.info(message)
        if result.failed:
            message = f'{result.failed} certificates could not be announced; the log of the worker says why'
            self.logger.error(message)

    def _log_sources(self, result: SourceSweepResult) -> None:
        if result.behind or result.silent:
            message = f'Announced: {result.behind} sources behind, {result.silent} sources silent'
            self.logger.info(message)
        if result.failed:
            message = f'{result.failed} sources could not be announced; the log of the worker says why'
            self.logger.error(message)

    def _report_progress(self, result: SweepResult) -> None:
        if time.monotonic() - self._logged >= LOG_EVERY_SECONDS:
            self._logged = time.monotonic()
            self._log(result)
            Job.objects.filter(pk=self.job.pk).update(log_entries=self.job.log_entries)


# Passed on by `netbox rqworker`, and by it alone: the process that serves the queues shall watch.
registry['system_jobs'][RenewalSweepJob]['watch'] = True


def revive(newest: str | None) -> None:
    """What the watchdog puts into the queue when no sweep has begun in time since the one named ``newest``."""
    if watchdog.newest_sweep() == newest:
        RenewalSweepJob.enqueue_once()


#
# When it ran
#


def last_sweep():
    """When the last sweep ended that ended well (aware datetime); None if none is on record."""
    # Those from the future are from before the clock was set back.
    finished = RenewalSweepJob.get_jobs().filter(
        status=JobStatusChoices.STATUS_COMPLETED, created__lte=timezone.now() + CLOCKS_DIFFER_BY
    )
    # By creation, for which there is an index: the newest job or so is ours.
    return finished.order_by('-created').values_list('completed', flat=True).first()


def sweep_is_late(now=None) -> bool:
    """Whether no sweep has ended within three intervals."""
    last = last_sweep()
    return last is None or last < (now or timezone.now()) - 3 * timedelta(minutes=settings.sweep_interval())
