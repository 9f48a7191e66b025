"""kill -9, a lost queue, a scheduler that is gone: sweeps go on within two minutes, and every change is announced."""

import time
from collections import Counter
from datetime import datetime

import psycopg
import pytest

RESUMES_WITHIN = 120
# netbox_ssl.announcements.batches.BATCH, which cannot be imported without a NetBox
BATCH = 100
CERTIFICATES = 1000
# The worker forks for each webhook.
DELIVERED_WITHIN = 300

MAKE_EXPIRED = f"""
from datetime import timedelta
from django.utils import timezone
from netbox_ssl.models import Certificate
now = timezone.now()
Certificate.objects.bulk_create(
    Certificate(
        name=f'expired-{{number}}', is_acme=True, acme_auto_renewal=True, announced_status='Due',
        valid_from=now - timedelta(days=91), valid_to=now - timedelta(seconds=number),
    )
    for number in range({CERTIFICATES})
)
"""
COUNT_CHAIN = """
from netbox_ssl.jobs.sweep import RenewalSweepJob
print(RenewalSweepJob.waiting().count())
"""
DELETE_EXPIRED = """
from netbox_ssl.models import Certificate
Certificate.objects.filter(name__startswith='expired-').delete()
"""
LOSE_QUEUE = """
import django_rq
django_rq.get_connection('default').flushdb()
"""


@pytest.fixture
def one_worker(stack):
    """Leaves one running worker behind, and no process of those that were killed."""
    yield stack
    for worker in list(stack.workers):
        stack.kill_worker(worker)
    start_worker(stack)


def start_worker(stack):
    """One more worker, ready for jobs. NetBox's count of workers will not do: it includes killed ones for minutes."""
    stack.start_worker()
    log = stack.folder / f'worker-{stack.started}.log'
    stack.wait_for(lambda: 'Listening on' in log.read_text(), seconds=180, what='a worker that listens')


@pytest.fixture
def rule(api, receiver):
    webhook = api.post(
        'extras/webhooks/',
        {'name': 'kill', 'payload_url': receiver.url, 'http_method': 'POST', 'ssl_verification': False},
    )
    made = api.post(
        'extras/event-rules/',
        {
            'name': 'kill',
            'object_types': ['netbox_ssl.certificate'],
            'event_types': ['netbox_ssl.renewal_status_changed'],
            'action_type': 'webhook',
            'action_object_type': 'extras.webhook',
            'action_object_id': webhook['id'],
        },
    )
    yield made
    api.delete(f'extras/event-rules/{made["id"]}/')
    api.delete(f'extras/webhooks/{webhook["id"]}/')


def announced(stack):
    """How many of the expired ones are recorded as announced; quick enough to kill in the midst."""
    with psycopg.connect(stack.variables['NETBOX_SSL_RUN_DATABASE']) as connection:
        condition = "name like 'expired-%' and announced_status = 'Expired'"
        return connection.execute(f'select count(*) from netbox_ssl_certificate where {condition}').fetchone()[0]


def sweeps(api, **filters):
    """Runs of the sweep, newest first."""
    return api.get('core/jobs/', name='Renewal sweep', ordering='-created', limit=20, **filters)['results']


def wait_for_sweep(stack, api, after, what):
    """The first run that began after that time (of time.time()) and ended well; fails after two minutes."""

    def ended():
        found = [run for run in sweeps(api, status='completed') if began(run) > after]
        return found[-1] if found else None

    return stack.wait_for(ended, seconds=after + RESUMES_WITHIN - time.time(), interval=1, what=what)


def began(run):
    return datetime.fromisoformat(run['started']).timestamp()


def test_kill_while_it_announces(one_worker, api, receiver, rule):
    stack = one_worker
    stack.manage(MAKE_EXPIRED)
    stack.wait_for(lambda: announced(stack), seconds=RESUMES_WITHIN, interval=0.05, what='the first announcement')
    stack.kill_worker(stack.workers[0])
    killed = time.time()
    assert announced(stack) < CERTIFICATES, 'killed while it announced'

    # With the worker's group RQ's scheduler was killed. RQ starts no other for ten minutes.
    stack.start_worker()
    first = wait_for_sweep(stack, api, killed, 'a sweep after the kill')
    wait_for_sweep(stack, api, began(first) + 1, 'a second sweep after the kill')
    assert announced(stack) == CERTIFICATES
    assert int(stack.manage(COUNT_CHAIN)) == 1

    stack.wait_for(
        lambda: len({delivery.json['data']['id'] for delivery in receiver.deliveries}) == CERTIFICATES,
        seconds=DELIVERED_WITHIN,
        interval=1,
        what='an announcement of each certificate',
    )
    told = Counter(
        (delivery.json['data']['id'], delivery.json['data']['announcement']['id']) for delivery in receiver.deliveries
    )
    assert len(told) == CERTIFICATES, 'a repeat carries the same id'
    assert told.total() - len(told) <= BATCH, 'at most one batch is repeated'
    stack.manage(DELETE_EXPIRED)


def test_the_queue_is_lost_while_the_worker_lives_on(one_worker, api):
    stack = one_worker
    stack.manage(LOSE_QUEUE)
    wait_for_sweep(stack, api, time.time(), 'a sweep after the queue was lost')
    assert int(stack.manage(COUNT_CHAIN)) <= 1


def test_another_worker_lives_on(one_worker, api):
    stack = one_worker
    start_worker(stack)
    # The first one has RQ's scheduler, and all that it started is gone with it.
    stack.kill_worker(stack.workers[0])
    first = wait_for_sweep(stack, api, time.time(), 'a sweep by the worker that is left')
    wait_for_sweep(stack, api, began(first) + 1, 'another sweep by the worker that is left')
    assert int(stack.manage(COUNT_CHAIN)) <= 1
