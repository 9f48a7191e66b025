"""The system job that polls CAs for renewal information. It keeps its chain running (``chain.py``)."""

from dataclasses import asdict

from django.core.cache import cache
from django.db import transaction
from netbox.jobs import system_job

from netbox_ssl.ari.eligibility import why_switched_off
from netbox_ssl.ari.polling import PollResult, poll
from netbox_ssl.ari.window_moves import announce_moves
from netbox_ssl.netbox_internals import RQ_QUEUE_DEFAULT, RQ_QUEUE_LOW, any_workers_for_queue, get_config

from .chain import ChainedJob

__all__ = ('ARIPollJob', 'poll_after_import')

# Short, so that sweeps, which are more urgent, do not wait long for a single worker. The next run follows at once.
RUN_SECONDS = 20
INTERVAL = 1

POLLED = 'netbox_ssl:ari:soon'
# Several imports in a row cause one run; the run of the next minute finds later ones.
AT_MOST_EVERY = 20


@system_job(interval=INTERVAL)
class ARIPollJob(ChainedJob):
    """Poll CAs for renewal information (RFC 9773)."""

    class Meta:
        name = 'ARI polling'

    @classmethod
    def chain_interval(cls) -> int:
        return INTERVAL

    @classmethod
    def chain_queue(cls) -> str:
        return RQ_QUEUE_LOW if any_workers_for_queue(RQ_QUEUE_LOW) else RQ_QUEUE_DEFAULT

    def run(self, *args, **kwargs):
        self.continue_chain()
        if get_config().MAINTENANCE_MODE:
            self.logger.warning('NetBox is in maintenance mode: CAs are not polled until it ends')
            return
        # Moves that an earlier run did not announce
        announce_moves()
        if reason := why_switched_off():
            self.job.data = {'switched_off': reason}
            return
        result = poll(seconds=RUN_SECONDS if self.job.interval else None, after_batch=self._after_batch)
        self.job.data = asdict(result)
        if result.checked or result.failed:
            self._log(result)
        if not result.complete:
            self.logger.info('Time is up; the next run continues')
            self.run_now()

    @staticmethod
    def _after_batch(result: PollResult, moved: list[int]) -> None:
        if moved:
            announce_moves(moved)

    def _log(self, result: PollResult) -> None:
        message = f'{result.checked} certificates polled: {result.windows} windows, {result.moved} moved earlier'
        self.logger.info(message)
        if result.failed:
            self.logger.warning(f'{result.failed} without a response; see the certificates for the reasons')  # noqa: G004


def poll_after_import(sender, **kwargs) -> None:
    """
    Receive ``intake.signals.issued`` and start a poll as soon as a worker is free: right after issuance (RFC 9773,
    section 4.3) instead of in the next minute. Connected in ``NetBoxSSLConfig.ready()``.
    """
    transaction.on_commit(_enqueue, robust=True)


def _enqueue() -> None:
    if not why_switched_off() and cache.add(POLLED, 1, AT_MOST_EVERY):
        ARIPollJob.enqueue_once()
