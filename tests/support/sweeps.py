"""Runs of the renewal sweep in a NetBox of the end-to-end tests."""

from datetime import datetime

from dev.processes import PATIENCE

COUNT_CHAIN = """
from netbox_ssl.jobs.sweep import RenewalSweepJob
print(RenewalSweepJob.waiting().count())
"""
COUNT_UNDELIVERED = """
import django_rq
queue = django_rq.get_queue('default')
print(len(queue) + len(queue.intermediate_queue.get_job_ids()) + queue.started_job_registry.count)
"""
FORGET_WORKERS = """
import django_rq
from rq import Worker
for worker in Worker.all(django_rq.get_connection('default')):
    worker.register_death()
"""


def start_worker(stack):
    """Start another worker, and wait until it is ready. NetBox's count of workers includes killed ones for minutes."""
    log = stack.start_worker().log
    stack.wait_for(lambda: 'Listening on' in log.read_text(), what='a worker that listens')


def forget_workers(stack):
    """Remove killed workers, which RQ counts for minutes."""
    stack.manage(FORGET_WORKERS)


def waiting(stack):
    """Return the number of scheduled runs."""
    return int(stack.manage(COUNT_CHAIN))


def wait_until_all_is_delivered(stack):
    """Wait until no webhook is queued or being sent: what has not arrived by then will not arrive."""
    stack.wait_for(lambda: int(stack.manage(COUNT_UNDELIVERED)) == 0, what='the end of the deliveries')


def sweeps(api, **filters):
    """Return the runs of the sweep, newest first."""
    return api.get('core/jobs/', name='Renewal sweep', ordering='-created', limit=20, **filters)['results']


def wait_for_sweep(stack, api, after, what):
    """
    Return the first run that started after that time (of ``time.time()``) and succeeded. The time limit only guards
    against hanging; ``make faults`` prints how long the pauses are.
    """

    def ended():
        found = [run for run in sweeps(api, status='completed') if began(run) > after]
        return found[-1] if found else None

    return stack.wait_for(ended, seconds=PATIENCE, interval=1, what=what)


def began(run):
    return datetime.fromisoformat(run['started']).timestamp()
