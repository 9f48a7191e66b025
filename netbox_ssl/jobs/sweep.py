"""
The system job that runs the sweep. It keeps its chain running (``chain.py``). Every ``netbox rqworker`` makes sure that
sweeps start (``announcements/sweep/watchdog.py``), and each sweep makes sure that the other chains continue.
"""

import time
from dataclasses import asdict

from core.models import Job
from netbox.jobs import system_job

from netbox_ssl import settings
from netbox_ssl.announcements.sweep import watchdog
from netbox_ssl.announcements.sweep.certificates import SweepResult, sweep
from netbox_ssl.announcements.sweep.endpoints import EndpointSweepResult, sweep_endpoints
from netbox_ssl.announcements.sweep.sources import SourceSweepResult, sweep_sources
from netbox_ssl.announcements.sweep.state import SWEEP_JOB
from netbox_ssl.netbox_internals import get_config

from .chain import ChainedJob

__all__ = ('RenewalSweepJob', 'revive')

# A run starts no batch after this time; the next run continues. So a worker is soon free for other jobs, RQ's limit
# (300 s by default) is not reached, and a job that is still running after two minutes has lost its worker.
RUN_SECONDS = 50
SOURCES_SECONDS = 20
ENDPOINTS_SECONDS = 10

# Keeps the log of a long run up to date without writing it after each batch.
LOG_EVERY_SECONDS = 5


@system_job(interval=settings.sweep_interval())
class RenewalSweepJob(ChainedJob):
    """Announce changes of certificates and sources that are caused by time, and the results of endpoints."""

    class Meta:
        name = SWEEP_JOB

    @classmethod
    def enqueue_once(cls, *args, **kwargs):
        """Start the chain, and the watchdog in the ``netbox rqworker`` that calls this."""
        watchdog.start()
        return super().enqueue_once()

    def run(self, *args, **kwargs):
        self.continue_chain()
        watchdog.note_sweep()
        # The watchdog monitors sweeps, and each sweep monitors the other chains.
        for chain in ChainedJob.__subclasses__():
            if chain is not RenewalSweepJob and self.job.interval:
                chain.revive_if_broken()
        if get_config().MAINTENANCE_MODE:
            self.logger.warning('NetBox is in maintenance mode: nothing is announced until it ends')
            return
        self._logged = time.monotonic()
        result = sweep(seconds=RUN_SECONDS if self.job.interval else None, after_batch=self._report_progress)
        sources = sweep_sources(seconds=SOURCES_SECONDS if self.job.interval else None)
        endpoints = sweep_endpoints(seconds=ENDPOINTS_SECONDS if self.job.interval else None)
        self.job.data = {
            **asdict(result),
            'announced': result.announced,
            'summary': result.summary(),
            'sources': asdict(sources),
            'endpoints': asdict(endpoints),
        }
        if result.announced or result.failed or result.baseline:
            self._log(result)
        self._log_sources(sources)
        self._log_endpoints(endpoints)
        if not (result.complete and sources.complete and endpoints.complete):
            self.logger.info('Time is up; the next run continues')
            self.run_now()

    def _log(self, result: SweepResult) -> None:
        # Formatted here, because the log of a NetBox job stores messages without their arguments.
        if result.baseline:
            message = f'{result.baseline} certificates that were created by other means got their baseline'
            self.logger.info(message)
        message = f'Announced: {result.summary()}'
        self.logger.info(message)
        if result.failed:
            message = f'{result.failed} certificates could not be announced; see the log of the worker'
            self.logger.error(message)

    def _log_sources(self, result: SourceSweepResult) -> None:
        if result.announced:
            message = (
                f'Announced: {result.expired} sources expired, {result.behind} sources behind, '
                f'{result.silent} sources silent'
            )
            self.logger.info(message)
        if result.failed:
            message = f'{result.failed} sources could not be announced; see the log of the worker'
            self.logger.error(message)

    def _log_endpoints(self, result: EndpointSweepResult) -> None:
        if result.announced:
            message = f'Announced: {result.problems} endpoints with a problem, {result.recovered} endpoints recovered'
            self.logger.info(message)
        if result.failed:
            message = f'{result.failed} endpoints could not be announced; see the log of the worker'
            self.logger.error(message)

    def _report_progress(self, result: SweepResult) -> None:
        if time.monotonic() - self._logged >= LOG_EVERY_SECONDS:
            self._logged = time.monotonic()
            self._log(result)
            Job.objects.filter(pk=self.job.pk).update(log_entries=self.job.log_entries)


def revive(newest: str | None) -> None:
    """Run a sweep (RQ job); the watchdog enqueues it if no sweep has started in time since the one named ``newest``."""
    if watchdog.newest_sweep() == newest:
        RenewalSweepJob.run_now()
