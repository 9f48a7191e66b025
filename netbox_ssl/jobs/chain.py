"""
System jobs of which there is always one run to come.

NetBox schedules the next run of a system job when a run ends: a worker that is killed ends none, and its job counts as
running for ever. Therefore each run schedules its successor first, and jobs that can no longer run are marked as such.
There is one chain of runs for each class, however many workers there are: whoever adds to it holds the advisory lock
that NetBox itself takes for its schedules.
"""

from datetime import timedelta

import django_rq
from core.choices import JobStatusChoices
from core.models import Job
from django.utils import timezone
from django_pg_utils import advisory_lock
from netbox.jobs import JobRunner
from rq.exceptions import InvalidJobOperation
from rq.job import JobStatus

from netbox_ssl import settings
from netbox_ssl.announcements.sweep import watchdog
from netbox_ssl.netbox_internals import SCHEDULES_LOCK

__all__ = ('ChainedJob',)

# A job that still runs after this time has lost its worker: each run stops well before (RUN_SECONDS of the jobs).
RUN_IS_DEAD_AFTER = timedelta(minutes=2)

# RQ's scheduler moves jobs to their queue every second.
SCHEDULER_IS_DEAD_AFTER = timedelta(seconds=30)

# From when RQ counts a job as started until NetBox does; the process has loaded everything by then.
STARTING_TAKES = timedelta(seconds=20)

# NetBox stores a job before it puts it into the queue.
QUEUEING_TAKES = timedelta(seconds=10)

# No interval is longer than a day. Jobs have an index by creation, and a large installation has many of them.
CHAIN_REACHES_BACK = timedelta(days=2)


class ChainedJob(JobRunner):
    """A system job of which there is always one run to come. Call :meth:`continue_chain` first in ``run()``."""

    @classmethod
    def chain_interval(cls) -> int:
        """Return the minutes between two runs."""
        return settings.sweep_interval()

    @classmethod
    def chain_queue(cls) -> str:
        """Return the queue for its runs."""
        return watchdog.queue_name()

    def continue_chain(self) -> None:
        """Schedule the next run, if this one is of the chain."""
        if self.job.interval:
            # The setting may have changed since this run was scheduled; NetBox, too, looks for a successor by it.
            self.job.interval = self.chain_interval()
            self.schedule_successor()

    @classmethod
    def waiting(cls):
        """Return the next run of the chain: one, or none when the chain is broken."""
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
        """Schedule the next run, unless there is one."""
        with advisory_lock(SCHEDULES_LOCK):
            self.bury_dead(created_after=timezone.now() - CHAIN_REACHES_BACK)
            if not self.waiting().exists():
                after = timezone.now() + timedelta(minutes=self.job.interval)
                self.enqueue(schedule_at=after, interval=self.job.interval)

    @classmethod
    def enqueue_once(cls, *args, **kwargs):
        """Begin the chain: ``netbox rqworker`` calls this when it starts. The chain has an interval of its own."""
        return cls.run_now()

    @classmethod
    def run_now(cls) -> Job:
        """Let it run as soon as a worker is free, as the next of the chain; that run schedules the following one."""
        with advisory_lock(SCHEDULES_LOCK):
            cls.bury_dead()
            job = cls.waiting().filter(status=JobStatusChoices.STATUS_PENDING).first()
            if job is None:
                for scheduled in cls.waiting():
                    scheduled.delete()  # takes it out of RQ's schedule, too
                job = cls.enqueue(interval=cls.chain_interval())
        return job

    @classmethod
    def revive_if_broken(cls) -> None:
        """Begin the chain again if no run comes soon: the queue may have lost it, or the clock was set back."""
        with advisory_lock(SCHEDULES_LOCK):
            cls.bury_dead(created_after=timezone.now() - CHAIN_REACHES_BACK)
        far_off = timezone.now() + 2 * timedelta(minutes=cls.chain_interval())
        if not cls.waiting().exclude(scheduled__gt=far_off).exists():
            cls.run_now()

    @classmethod
    def bury_dead(cls, now=None, created_after=None) -> None:
        """Mark jobs that can no longer run or end as errored. Call it with the advisory lock held."""
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
        """Return why ``job`` can no longer run or end, in a sentence; empty if it can, or may still."""
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
