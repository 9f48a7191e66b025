"""The chain of sweeps: there is exactly one, and nothing breaks it."""

import time
from datetime import timedelta
from io import StringIO
from unittest.mock import patch

import django_rq
from core.choices import JobStatusChoices
from core.models import Job
from django.core.management import CommandError, call_command
from django.utils import timezone
from netbox.registry import registry
from rq.job import JobStatus
from rq.registry import ScheduledJobRegistry

from netbox_ssl.announcements.sweep import watchdog
from netbox_ssl.announcements.sweep.certificates import SweepResult
from netbox_ssl.announcements.sweep.state import last_sweep, sweep_is_late
from netbox_ssl.checks import LATE, check_sweep
from netbox_ssl.jobs import sweep as jobs
from netbox_ssl.jobs.ari import ARIPollJob
from netbox_ssl.jobs.sweep import RenewalSweepJob, revive
from netbox_ssl.models import Certificate
from tests.support.announcements import CommittingTestCase, make_certificate

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def scheduled_in_rq():
    return ScheduledJobRegistry(queue=django_rq.get_queue('default')).get_job_ids()


def run_next(chain):
    """Run the next job as a worker does, without forking."""
    job = chain.waiting().get()
    django_rq.get_queue(job.queue_name).fetch_job(str(job.job_id)).delete()
    chain.handle(job)
    job.refresh_from_db()
    return job


class ChainTestCase(CommittingTestCase):
    def run_next(self):
        return run_next(RenewalSweepJob)

    def test_a_starting_worker_runs_a_sweep_at_once(self):
        job = RenewalSweepJob.run_now()
        self.assertEqual(job.status, JobStatusChoices.STATUS_PENDING)
        self.assertEqual(django_rq.get_queue('default').job_ids, [str(job.job_id)])

    def test_runs_have_high_priority_where_a_worker_serves_that_queue(self):
        with patch.object(watchdog, 'any_workers_for_queue', side_effect=lambda name: name == 'high'):
            job = RenewalSweepJob.run_now()
        self.assertEqual(django_rq.get_queue('high').job_ids, [str(job.job_id)])

    def test_a_run_schedules_one_successor(self):
        RenewalSweepJob.run_now()
        for _ in range(3):
            before = timezone.now()
            job = self.run_next()
            self.assertEqual(job.status, JobStatusChoices.STATUS_COMPLETED, job.error)
            successor = RenewalSweepJob.waiting().get()
            self.assertEqual(successor.interval, 1)
            self.assertTrue(before <= successor.scheduled - MINUTE <= timezone.now())
            self.assertEqual(scheduled_in_rq(), [str(successor.job_id)])

    def test_the_successor_is_scheduled_before_anything_can_go_wrong(self):
        RenewalSweepJob.run_now()
        seen = []
        with patch.object(jobs, 'sweep', side_effect=lambda **kwargs: seen.append(scheduled_in_rq()) or SweepResult()):
            self.run_next()
        self.assertEqual(len(seen[0]), 1)

    def test_a_failing_run_schedules_one_successor(self):
        RenewalSweepJob.run_now()
        with patch.object(jobs, 'sweep', side_effect=RuntimeError):
            self.assertEqual(self.run_next().status, JobStatusChoices.STATUS_ERRORED)
        self.assertEqual(RenewalSweepJob.waiting().count(), 1)

    def test_two_runs_at_once_schedule_one_successor(self):
        RenewalSweepJob.run_now()

        def run_another(**kwargs):
            # A second worker starts while the first one sweeps.
            with patch.object(jobs, 'sweep', return_value=SweepResult()):
                RenewalSweepJob.run_now()
                self.run_next()
            return SweepResult()

        with patch.object(jobs, 'sweep', side_effect=run_another):
            self.run_next()
        self.assertEqual(RenewalSweepJob.waiting().count(), 1)
        self.assertEqual(len(scheduled_in_rq()), 1)

    def test_a_run_adds_none_to_the_run_of_a_worker_that_started_meanwhile(self):
        RenewalSweepJob.run_now()
        running = RenewalSweepJob.waiting().get()
        running.start()
        asked_for = RenewalSweepJob.run_now()
        RenewalSweepJob.handle(running)
        self.assertEqual(RenewalSweepJob.waiting().get().pk, asked_for.pk)

    def test_many_starting_workers_enqueue_one_run(self):
        first = RenewalSweepJob.run_now()
        self.assertEqual(RenewalSweepJob.run_now().pk, first.pk)
        self.assertEqual(RenewalSweepJob.waiting().count(), 1)

    def test_a_start_brings_the_scheduled_run_forward(self):
        RenewalSweepJob.run_now()
        self.run_next()
        job = RenewalSweepJob.run_now()
        self.assertEqual(RenewalSweepJob.waiting().get().pk, job.pk)
        self.assertEqual(job.status, JobStatusChoices.STATUS_PENDING)
        self.assertEqual(scheduled_in_rq(), [])

    def test_a_killed_worker_stops_nothing(self):
        RenewalSweepJob.run_now()
        killed = RenewalSweepJob.waiting().get()
        killed.start()
        job = RenewalSweepJob.run_now()
        self.assertNotEqual(job.pk, killed.pk)
        Job.objects.filter(pk=killed.pk).update(started=timezone.now() - 3 * MINUTE)
        self.run_next()
        killed.refresh_from_db()
        self.assertEqual(killed.status, JobStatusChoices.STATUS_ERRORED)
        self.assertEqual(RenewalSweepJob.waiting().count(), 1)

    def test_a_lost_queue_stops_nothing(self):
        RenewalSweepJob.run_now()
        self.run_next()
        self.clear_rq_queues()
        Job.objects.update(created=timezone.now() - MINUTE)
        lost = RenewalSweepJob.waiting().get()
        RenewalSweepJob.run_now()
        lost.refresh_from_db()
        self.assertEqual(lost.status, JobStatusChoices.STATUS_ERRORED)
        self.assertEqual(len(django_rq.get_queue('default').job_ids), 1)

    def test_a_new_interval_replaces_the_old_one(self):
        RenewalSweepJob.run_now()
        with patch('netbox_ssl.settings.sweep_interval', return_value=5):
            self.run_next()
        successor = RenewalSweepJob.waiting().get()
        self.assertEqual(successor.interval, 5)
        self.assertGreater(successor.scheduled, timezone.now() + 4 * MINUTE)

    def test_remaining_work_is_continued_at_once(self):
        RenewalSweepJob.run_now()
        with patch.object(jobs, 'sweep', return_value=SweepResult(status_changed=9, complete=False)):
            job = self.run_next()
        self.assertEqual(job.data['announced'], 9)
        self.assertIn('9 changes', job.log_entries[0]['message'])
        self.assertEqual(RenewalSweepJob.waiting().get().status, JobStatusChoices.STATUS_PENDING)

    def test_in_maintenance_mode_nothing_is_announced(self):
        RenewalSweepJob.run_now()
        with patch.object(jobs, 'get_config') as config, patch.object(jobs, 'sweep') as swept:
            config.return_value.MAINTENANCE_MODE = True
            job = self.run_next()
        swept.assert_not_called()
        self.assertEqual(job.status, JobStatusChoices.STATUS_COMPLETED)
        self.assertIn('maintenance', job.log_entries[0]['message'])
        self.assertEqual(RenewalSweepJob.waiting().count(), 1)

    def test_progress_is_in_the_log_while_it_runs(self):
        for number in range(3):
            make_certificate(DAY, name=f'{number}')
        Certificate.objects.update(announced_status='OK')
        RenewalSweepJob.run_now()
        seen = []
        report = RenewalSweepJob._report_progress

        def look(runner, result):
            report(runner, result)
            seen.extend(Job.objects.get(pk=runner.job.pk).log_entries)

        with (
            patch.object(jobs, 'LOG_EVERY_SECONDS', 0),
            patch.object(RenewalSweepJob, '_report_progress', look),
        ):
            self.run_next()
        self.assertIn('3 changes', seen[0]['message'])


class DeadJobTestCase(CommittingTestCase):
    def make(
        self, status, age=5 * MINUTE, rq_status=None, scheduled=None, queue='default', started=MINUTE, taken=False
    ):
        """
        Create a job of this age with this status in RQ (None: unknown). ``taken``: a worker took it from its queue.
        """
        now = timezone.now()
        job = RenewalSweepJob.enqueue(interval=1, queue_name=queue, schedule_at=scheduled)
        values = {'status': status, 'created': now - age}
        if status == JobStatusChoices.STATUS_RUNNING:
            values['started'] = now - age
        Job.objects.filter(pk=job.pk).update(**values)
        job.refresh_from_db()
        rq_queue = django_rq.get_queue(queue)
        rq_job = rq_queue.fetch_job(str(job.job_id))
        if rq_status is None:
            rq_job.delete()
        else:
            rq_job.set_status(rq_status)
            rq_queue.remove(rq_job.id)
            if rq_status == JobStatus.QUEUED and not taken:
                rq_queue.push_job_id(rq_job.id)
            if rq_status == JobStatus.STARTED:
                rq_job.started_at = now - started
                rq_job.save()
        return job

    def assertDead(self, dead, *args, **kwargs):
        job = self.make(*args, **kwargs)
        with patch.object(watchdog, 'any_workers_for_queue', return_value=True):
            self.assertEqual(bool(RenewalSweepJob.why_dead(job, timezone.now())), dead, (args, kwargs))

    def test_running(self):
        running = JobStatusChoices.STATUS_RUNNING
        self.assertDead(False, running, MINUTE, JobStatus.STARTED)
        self.assertDead(True, running, 3 * MINUTE, JobStatus.STARTED)

    def test_pending(self):
        pending = JobStatusChoices.STATUS_PENDING
        self.assertDead(False, pending, rq_status=JobStatus.QUEUED)
        self.assertDead(True, pending, rq_status=None)
        for age in (timedelta(seconds=1), timedelta(seconds=-1)):
            self.assertDead(False, pending, age, rq_status=None)
        self.assertDead(True, pending, -60 * MINUTE, rq_status=None)
        self.assertDead(True, pending, rq_status=JobStatus.FAILED)

    def test_taken_by_a_worker_that_was_killed_before_it_ran(self):
        for status in (JobStatusChoices.STATUS_PENDING, JobStatusChoices.STATUS_SCHEDULED):
            past = timezone.now() - MINUTE if status == JobStatusChoices.STATUS_SCHEDULED else None
            self.assertDead(True, status, rq_status=JobStatus.QUEUED, scheduled=past, taken=True)
            self.assertDead(True, status, rq_status=JobStatus.STARTED, scheduled=past)
            second = timedelta(seconds=1)
            self.assertDead(False, status, rq_status=JobStatus.STARTED, scheduled=past, started=second)
            self.assertDead(True, status, rq_status=JobStatus.STARTED, scheduled=past, started=-60 * MINUTE)

    def test_pending_without_a_worker_for_its_queue(self):
        job = self.make(JobStatusChoices.STATUS_PENDING, rq_status=JobStatus.QUEUED, queue='high')
        self.assertIn('No worker', RenewalSweepJob.why_dead(job, timezone.now()))

    def test_scheduled(self):
        scheduled, now = JobStatusChoices.STATUS_SCHEDULED, timezone.now()
        in_rq = JobStatus.SCHEDULED
        self.assertDead(False, scheduled, rq_status=in_rq, scheduled=now + MINUTE)
        self.assertDead(False, scheduled, rq_status=in_rq, scheduled=now - timedelta(seconds=10))
        self.assertDead(True, scheduled, rq_status=in_rq, scheduled=now - MINUTE)
        self.assertDead(False, scheduled, rq_status=JobStatus.QUEUED, scheduled=now - MINUTE)
        self.assertDead(True, scheduled, rq_status=None, scheduled=now + MINUTE)

    def test_a_job_not_moved_in_time_does_not_run_later(self):
        job = self.make(
            JobStatusChoices.STATUS_SCHEDULED, rq_status=JobStatus.SCHEDULED, scheduled=timezone.now() - MINUTE
        )
        RenewalSweepJob.bury_dead()
        self.assertEqual(scheduled_in_rq(), [])
        job.refresh_from_db()
        self.assertEqual(job.status, JobStatusChoices.STATUS_ERRORED)


class WatchdogTestCase(CommittingTestCase):
    def test_only_a_starting_worker_runs_the_watchdog(self):
        with patch.object(watchdog, 'start') as start:
            RenewalSweepJob.run_now()
            start.assert_not_called()
            # As `netbox rqworker` does with each system job
            job = RenewalSweepJob.enqueue_once(**registry['system_jobs'][RenewalSweepJob])
            start.assert_called_once_with()
            ARIPollJob.enqueue_once(**registry['system_jobs'][ARIPollJob])
            start.assert_called_once_with()
        self.assertEqual(RenewalSweepJob.waiting().get().pk, job.pk)

    def at(self, dog, seconds):
        """Let it check this many seconds after the start."""
        with patch.object(watchdog.time, 'monotonic', return_value=self.started + seconds):
            return dog.check()

    def make_watchdog(self):
        self.started = time.monotonic()
        with patch.object(watchdog.time, 'monotonic', return_value=self.started):
            return watchdog.Watchdog()

    def test_it_enqueues_a_sweep_if_none_has_started_in_time(self):
        watchdog.note_sweep()
        dog, other = self.make_watchdog(), self.make_watchdog()
        for seconds in (0, 68):
            self.assertFalse(self.at(dog, seconds), 'an interval and a little')
        self.at(other, 0)
        self.assertTrue(self.at(dog, 69))
        with patch.object(watchdog, 'any_workers_for_queue', return_value=True):
            self.assertFalse(self.at(other, 69), 'another worker asked just before')
        self.assertEqual(django_rq.get_queue('default').job_ids, [watchdog.REVIVAL])
        self.run_rq_jobs('default')
        self.assertEqual(Job.objects.filter(name=RenewalSweepJob.name, status='completed').count(), 1)
        self.assertFalse(self.at(dog, 70), 'one has begun')
        self.assertFalse(self.at(dog, 138))
        self.assertTrue(self.at(dog, 139), 'and no other since')

    def test_it_enqueues_a_sweep_at_once_if_redis_was_emptied(self):
        dog = self.make_watchdog()
        watchdog.note_sweep()
        self.assertFalse(self.at(dog, 0))
        with django_rq.get_connection('default') as server:
            server.flushdb()
        self.assertTrue(self.at(dog, 5))

    def test_two_watchdogs_at_the_same_time_cause_one_sweep(self):
        first, second = self.make_watchdog(), self.make_watchdog()
        with patch.object(watchdog, '_waits_already', return_value=False):
            self.assertTrue(self.at(first, 0))
            self.assertTrue(self.at(second, 0))
        self.run_rq_jobs('default')
        self.assertEqual(RenewalSweepJob.get_jobs().filter(status='completed').count(), 1)

    def test_it_does_not_enqueue_another_while_one_is_queued(self):
        dog = self.make_watchdog()
        self.assertTrue(self.at(dog, 0))
        with patch.object(watchdog, 'any_workers_for_queue', return_value=True):
            self.assertFalse(self.at(dog, 300))

    def test_it_enqueues_another_if_one_was_lost_with_its_worker(self):
        dog = self.make_watchdog()
        self.assertTrue(self.at(dog, 0))
        queue = django_rq.get_queue('default')
        queue.remove(watchdog.REVIVAL)
        with (
            patch.object(watchdog, 'any_workers_for_queue', return_value=True),
            patch.object(watchdog, 'queue_name', return_value='default'),
        ):
            self.assertFalse(self.at(dog, 19), 'it may just have been taken')
            self.assertTrue(self.at(dog, 20))
        self.assertEqual(queue.job_ids, [watchdog.REVIVAL])

    def test_an_outdated_request_for_a_sweep_does_nothing(self):
        watchdog.note_sweep()
        before = watchdog.newest_sweep()
        watchdog.note_sweep()
        revive(before)
        self.assertFalse(RenewalSweepJob.waiting().exists())
        revive(watchdog.newest_sweep())
        self.assertTrue(RenewalSweepJob.waiting().exists())

    def test_a_clock_that_was_set_back_stops_nothing(self):
        """By the new time, the next run is an hour away."""
        RenewalSweepJob.run_now()
        run_next(RenewalSweepJob)
        ahead = timezone.now() + 60 * MINUTE
        Job.objects.update(created=ahead, started=ahead, completed=ahead)
        RenewalSweepJob.waiting().update(scheduled=ahead)
        self.assertTrue(sweep_is_late(), 'a sweep recorded as ending in an hour does not count')
        revive(watchdog.newest_sweep())
        self.assertEqual(RenewalSweepJob.waiting().get().status, JobStatusChoices.STATUS_PENDING)
        run_next(RenewalSweepJob)
        self.assertLess(RenewalSweepJob.waiting().get().scheduled, timezone.now() + 2 * MINUTE)
        self.assertFalse(sweep_is_late())

    def test_after_a_clock_was_set_back_a_sweep_restarts_the_other_chains(self):
        ARIPollJob.run_now()
        run_next(ARIPollJob)
        ARIPollJob.waiting().update(scheduled=timezone.now() + 60 * MINUTE)
        RenewalSweepJob.run_now()
        run_next(RenewalSweepJob)
        self.assertEqual(ARIPollJob.waiting().get().status, JobStatusChoices.STATUS_PENDING)

    def test_it_continues_if_the_queue_is_lost(self):
        class Stop(BaseException):
            pass

        with (
            patch.object(watchdog.time, 'sleep', side_effect=[None, None, Stop]),
            patch.object(watchdog.Watchdog, 'check', side_effect=[watchdog.RedisError, RuntimeError]) as check,
            self.assertRaises(Stop),
        ):
            watchdog._watch()
        self.assertEqual(check.call_count, 2)

    def test_sweeps_run_before_webhooks_if_workers_serve_the_high_queue(self):
        self.assertEqual(watchdog.queue_name(), 'default')
        with patch.object(watchdog, 'any_workers_for_queue', return_value=True):
            self.assertEqual(watchdog.queue_name(), 'high')


class LastSweepTestCase(CommittingTestCase):
    def test_never(self):
        self.assertIsNone(last_sweep())
        self.assertTrue(sweep_is_late())

    def test_it_is_late_after_three_intervals(self):
        before = timezone.now()
        call_command('renewals_sweep', verbosity=0)
        last = last_sweep()
        self.assertTrue(before <= last <= timezone.now())
        self.assertFalse(sweep_is_late(last + 3 * MINUTE))
        self.assertTrue(sweep_is_late(last + 3 * MINUTE + timedelta(seconds=1)))

    def test_one_that_failed_does_not_count(self):
        with patch.object(jobs, 'sweep', side_effect=RuntimeError), self.assertRaises(CommandError):
            call_command('renewals_sweep', verbosity=0)
        self.assertIsNone(last_sweep())

    def test_the_check_warns(self):
        make_certificate(status='retired')
        self.assertEqual(check_sweep(databases=['default']), [])
        make_certificate(is_acme=False, acme_auto_renewal=False)
        (warning,) = check_sweep(databases=['default'])
        self.assertEqual(warning.id, LATE)
        self.assertEqual(check_sweep(), [], 'without a database')
        call_command('renewals_sweep', verbosity=0)
        self.assertEqual(check_sweep(databases=['default']), [])


class CommandTestCase(CommittingTestCase):
    def call(self, **options):
        output = StringIO()
        call_command('renewals_sweep', stdout=output, **options)
        return output.getvalue()

    def test_dry_run(self):
        certificate = make_certificate(-DAY)
        Certificate.objects.update(announced_status='Due')
        output = self.call(dry_run=True)
        self.assertIn(f'{certificate.pk}\twww.example.net\tDue -> Expired\tsince', output)
        self.assertIn('1 to announce', output)
        self.assertEqual(Certificate.objects.get().announced_status, 'Due')

    def test_it_announces_and_does_not_change_the_chain(self):
        make_certificate(10 * DAY)
        Certificate.objects.update(announced_status='OK', announced_overdue=False)
        self.assertIn('1 changes of renewal status, 1 overdue renewals', self.call())
        self.assertFalse(RenewalSweepJob.waiting().exists())

    def test_maintenance_mode(self):
        with patch('netbox_ssl.management.commands.renewals_sweep.get_config') as config:
            config.return_value.MAINTENANCE_MODE = True
            self.assertIn('maintenance', self.call())
        self.assertFalse(Job.objects.exists())
