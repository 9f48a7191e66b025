"""The job: its chain, a run with polling switched off, and announcements of moved windows."""

from datetime import timedelta
from unittest.mock import patch

import django_rq
from core.choices import JobStatusChoices
from core.models import Job
from django.test import override_settings
from django.utils import timezone
from netbox.registry import registry

from netbox_ssl.ari.polling import PollResult
from netbox_ssl.event_types import RENEWAL_WINDOW_MOVED
from netbox_ssl.jobs import ari as jobs
from netbox_ssl.jobs.ari import ARIPollJob
from netbox_ssl.jobs.sweep import RenewalSweepJob
from tests.support.announcements import CommittingTestCase
from tests.support.ari_polls import RenewalInfoTestMixin, ari_settings
from tests.support.ari_server import window

DAY = timedelta(days=1)


class JobTestCase(RenewalInfoTestMixin, CommittingTestCase):
    def run_next(self, chain=ARIPollJob):
        """Run the next job as a worker does, without forking."""
        job = chain.waiting().order_by('pk').first()
        django_rq.get_queue(job.queue_name).fetch_job(str(job.job_id)).delete()
        chain.handle(job)
        job.refresh_from_db()
        self.assertEqual(job.status, JobStatusChoices.STATUS_COMPLETED, job.error)
        return job

    def test_netbox_starts_it(self):
        self.assertEqual(registry['system_jobs'][ARIPollJob]['interval'], 1)

    def test_a_run_polls_and_schedules_one_successor(self):
        self.add()
        ARIPollJob.run_now()
        for expected in (1, 0):
            before = timezone.now()
            job = self.run_next()
            self.assertEqual(job.data['checked'], expected)
            logged = [entry['message'] for entry in job.log_entries]
            self.assertEqual(logged, ['1 certificates polled: 1 windows, 0 moved earlier'] if expected else [])
            successor = ARIPollJob.waiting().get()
            self.assertTrue(before <= successor.scheduled - timedelta(minutes=1) <= timezone.now())

    def test_it_announces_windows_that_move(self):
        certificate = self.add()
        self.make_rule('moved', RENEWAL_WINDOW_MOVED)
        ARIPollJob.run_now()
        self.run_next()
        start = timezone.now() - DAY
        self.stub.body = window(start.isoformat(), (start + DAY).isoformat())
        self.due(certificate)
        job = self.run_next()
        self.assertEqual(job.data['moved'], 1)
        self.assertEqual(len(self.deliveries('moved')), 1)

    def test_at_its_deadline_the_next_run_continues_at_once(self):
        ARIPollJob.run_now()
        with patch.object(jobs, 'poll', return_value=PollResult(complete=False)):
            self.run_next()
        self.assertEqual(ARIPollJob.waiting().get().status, JobStatusChoices.STATUS_PENDING)

    def test_an_import_starts_a_run_at_once(self):
        self.add()
        job = ARIPollJob.waiting().get()
        self.assertEqual(job.status, JobStatusChoices.STATUS_PENDING)
        self.assertEqual(self.run_next().data['checked'], 1)
        # One run is enough for many imports in a row.
        ARIPollJob.waiting().delete()
        self.add('next.example.net')
        self.assertFalse(ARIPollJob.waiting().exists())

    def test_an_import_starts_no_run_while_polling_is_switched_off(self):
        with ari_settings(ari_enabled=False):
            self.add()
        self.assertFalse(ARIPollJob.waiting().exists())

    def test_switched_off(self):
        self.add()
        ARIPollJob.run_now()
        with ari_settings(ari_enabled=False):
            self.assertIn('ari_enabled', self.run_next().data['switched_off'])
        with override_settings(ISOLATED_DEPLOYMENT=True):
            self.assertIn('ISOLATED_DEPLOYMENT', self.run_next().data['switched_off'])
        self.assertEqual(self.stub.paths, [])

    def test_errors_are_in_the_log(self):
        self.add()
        self.stub.status = 404
        ARIPollJob.run_now()
        logged = [entry['message'] for entry in self.run_next().log_entries]
        self.assertIn('1 without a response; see the certificates for the reasons', logged)

    def test_in_maintenance_mode_no_ca_is_polled(self):
        self.add()
        ARIPollJob.run_now()
        with patch.object(jobs, 'get_config') as config:
            config.return_value.MAINTENANCE_MODE = True
            job = self.run_next()
        self.assertIn('maintenance mode', job.log_entries[0]['message'])
        self.assertEqual(self.stub.paths, [])
        self.assertEqual(self.run_next().data['checked'], 1)

    def test_after_kill_9_the_successor_continues(self):
        self.add()
        ARIPollJob.run_now()
        with patch.object(jobs, 'announce_moves', side_effect=SystemExit), self.assertRaises(SystemExit):
            self.run_next()
        Job.objects.filter(status='running').update(started=timezone.now() - timedelta(minutes=3))
        self.assertEqual(self.run_next().data['checked'], 1)

    def test_a_sweep_restarts_a_chain_lost_from_the_queue(self):
        RenewalSweepJob.run_now()
        self.run_next(RenewalSweepJob)
        self.assertEqual(ARIPollJob.waiting().count(), 1)
        self.run_next(RenewalSweepJob)
        self.assertEqual(ARIPollJob.waiting().count(), 1)
