"""
System jobs whose next run is always scheduled.

NetBox schedules the next run of a system job when a run ends. If a worker is killed, its run does not end, and its job
counts as running forever. Therefore each run first schedules its successor, and jobs that can no longer run are marked
as errored. There is one chain of runs for each class, however many workers there are: code that adds to it holds the
advisory lock that NetBox itself takes for its schedules.
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

# A job that is still running after this time has lost its worker: runs stop well before (RUN_SECONDS of the jobs).
RUN_IS_DEAD_AFTER = timedelta(minutes=2)

# RQ's scheduler moves jobs to their queue every second.
SCHEDULER_IS_DEAD_AFTER = timedelta(seconds=30)

# Time from the start of a job in RQ until NetBox counts it as started
STARTING_TAKES = timedelta(seconds=20)

# Time until a job is in the queue: NetBox stores it first.
QUEUEING_TAKES = timedelta(seconds=10)

# How far back to look for jobs. No interval is longer than a day; a large installation has many jobs, indexed by
# creation.
CHAIN_REACHES_BACK = timedelta(days=2)


class ChainedJob(JobRunner):
    """A system job whose next run is always scheduled. Call ``continue_chain()`` first in ``run()``."""

    @classmethod
    def chain_interval(cls) -> int:
        """Return the minutes between two runs."""
        return settings.sweep_interval()

    @classmethod
    def chain_queue(cls) -> str:
        """Return the queue for its runs."""
        return watchdog.queue_name()

    def continue_chain(self) -> None:
        """Schedule the next run, if this one belongs to the chain."""
        if self.job.interval:
            # The setting may have changed since this run was scheduled. NetBox also uses the interval to find a
            # successor.
            self.job.interval = self.chain_interval()
            self.schedule_successor()

    @classmethod
    def waiting(cls):
        """Return the next run of the chain, or none if the chain is broken."""
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
        """Start the chain. ``netbox rqworker`` calls this when it starts. The chain has its own interval."""
        return cls.run_now()

    @classmethod
    def run_now(cls) -> Job:
        """Schedule the next run of the chain for now; it then schedules the following one."""
        with advisory_lock(SCHEDULES_LOCK):
            cls.bury_dead()
            job = cls.waiting().filter(status=JobStatusChoices.STATUS_PENDING).first()
            if job is None:
                for scheduled in cls.waiting():
                    scheduled.delete()  # also removes it from RQ's schedule
                job = cls.enqueue(interval=cls.chain_interval())
        return job

    @classmethod
    def revive_if_broken(cls) -> None:
        """Restart the chain if no run is scheduled soon: the queue may have lost it, or the clock was set back."""
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
        """Return why ``job`` can no longer run or end, in a sentence; empty if it may still do so."""
        if job.status == JobStatusChoices.STATUS_RUNNING:
            return 'Its worker died.' if job.started and job.started < now - RUN_IS_DEAD_AFTER else ''
        # A job from the future was created before the clock was set back.
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
                reason = '' if watchdog.waits_in_queue(rq_job) else 'No worker will run it.'
            case JobStatus.STARTED:
                # A run first marks itself as running.
                late = not rq_job.started_at or abs(rq_job.started_at - now) > STARTING_TAKES
                reason = 'Its worker died.' if late else ''
            case _:
                reason = 'It is no longer in the queue.'
        return reason
