"""Runs of the renewal sweep in a NetBox of the end-to-end tests."""

from datetime import datetime

RESUMES_WITHIN = 120
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
    """One more worker, ready for jobs. NetBox's count of workers will not do: it includes killed ones for minutes."""
    stack.start_worker()
    log = stack.folder / f'worker-{stack.started}.log'
    stack.wait_for(lambda: 'Listening on' in log.read_text(), what='a worker that listens')


def forget_workers(stack):
    """RQ counts workers that were killed for minutes."""
    stack.manage(FORGET_WORKERS)


def waiting(stack):
    """How many runs are to come."""
    return int(stack.manage(COUNT_CHAIN))


def wait_until_all_is_delivered(stack):
    """Until no webhook is in the queue, or on its way: what has not come by then does not come."""
    stack.wait_for(lambda: int(stack.manage(COUNT_UNDELIVERED)) == 0, what='the end of the deliveries')


def sweeps(api, **filters):
    """Runs of the sweep, newest first."""
    return api.get('core/jobs/', name='Renewal sweep', ordering='-created', limit=20, **filters)['results']


def wait_for_sweep(stack, api, after, what):
    """
    The first run that began after that time (of time.time()) and ended well. Fails after two minutes, which count from
    the call: what was started before, and how long a busy machine takes for that, is no part of them.
    """

    def ended():
        found = [run for run in sweeps(api, status='completed') if began(run) > after]
        return found[-1] if found else None

    return stack.wait_for(ended, seconds=RESUMES_WITHIN, interval=1, what=what)


def began(run):
    return datetime.fromisoformat(run['started']).timestamp()
