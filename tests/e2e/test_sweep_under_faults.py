"""
Certificates expire, and expiry marks pass, while the workers that sweep are killed, and Valkey and PostgreSQL are
restarted.

A short run is part of the suite; ``make faults`` runs it with 10,000 certificates for three minutes and prints figures.

The promise is that each change reaches RQ's queue at least once. So the workers that are killed here serve only the
queue of the sweeps, and Valkey keeps its data on a restart, as with its default settings. NetBox and RQ are responsible
for webhooks in the queue: one that is lost with a queue without persistence, or with the worker that was sending it, is
not sent again (docs/explanation/change-detection.md).
"""

import os
import random
import signal
import time
from collections import Counter
from datetime import datetime

import psycopg
import pytest

from dev.processes import PATIENCE
from tests.support import valkey
from tests.support.api import Api
from tests.support.crashable_postgres import copy_on_own_server
from tests.support.stack import Stack

pytestmark = pytest.mark.waits

CERTIFICATES = int(os.environ.get('NETBOX_SSL_FAULT_CERTIFICATES', '600'))
# They expire one after the other within this time, while the workers are killed.
SECONDS = int(os.environ.get('NETBOX_SSL_FAULT_SECONDS', '30'))
KILL_EVERY = 4
# Shares of the time after which the servers are restarted
VALKEY_AT, POSTGRESQL_AT = 0.4, 0.7
# netbox_ssl.announcements.batches.BATCH, which cannot be imported without a NetBox
BATCH = 100

# A mixture of kinds, each with one change to be announced: certificates with and without auto-renewal, and some that
# are not ACME, expire; an expiry mark passes for others with auto-renewal, for others that are not ACME, and for some
# whose chain expires before them.
MAKE = f"""
from datetime import timedelta
from django.utils import timezone
from netbox_ssl.models import Certificate
now = timezone.now()
day = timedelta(days=1)
automatic = dict(is_acme=True, acme_auto_renewal=True, announced_status='Due', announced_overdue=True)
marked = dict(expiry_marks=[1])
def kinds(end):
    return (
        dict(valid_to=end, **automatic),
        dict(valid_to=end, is_acme=True, announced_status='Manual'),
        dict(valid_to=end, announced_status=''),
        dict(valid_to=end + day, announced_status='', **marked),
        dict(valid_to=end + day, **automatic, **marked),
        dict(valid_to=end + 90 * day, chain_valid_to=end + day, announced_status='', **marked),
    )
Certificate.objects.bulk_create((
    Certificate(
        name=f'fault-{{number}}', announced_until=now, valid_from=now - 90 * day,
        **kinds(now + timedelta(seconds=number * {SECONDS} / {CERTIFICATES}))[number % 6],
    )
    for number in range({CERTIFICATES})
), batch_size=1000)
"""


def connect(stack, **options):
    return psycopg.connect(stack.variables['NETBOX_SSL_RUN_DATABASE'], **options)


@pytest.fixture
def database(environment):
    """Provide the URL of a database, on a separate server that can be crashed if PostgreSQL was started here."""
    if 'NETBOX_SSL_DATABASE_URL' not in os.environ:
        with copy_on_own_server(environment) as url:
            yield url
    else:
        name = f'{environment.database}_faults'
        environment.databases.copy(name)
        yield environment.databases.url(name)


@pytest.fixture
def sweepers(environment, database, other_queues):
    """Provide a separate NetBox whose two workers only sweep."""
    running = Stack(environment)
    running.variables |= {'NETBOX_SSL_RUN_DATABASE': database, 'NETBOX_SSL_RUN_REDIS': other_queues}
    try:
        running.start_web()
        for _ in range(2):
            running.start_worker('high')
        running.make_account()
        running.wait_for_web()
        wait_until_one_listens(running)
        yield running
    finally:
        running.stop()


@pytest.fixture
def rule(sweepers, receiver):
    api = Api(sweepers.base_url, sweepers.authorization)
    webhook = {'name': 'fault', 'payload_url': receiver.url, 'http_method': 'POST', 'ssl_verification': False}
    made = {
        'name': 'fault',
        'object_types': ['netbox_ssl.certificate'],
        # The first two happen at the same time.
        'event_types': [
            'netbox_ssl.renewal_status_changed',
            'netbox_ssl.certificate_expired',
            'netbox_ssl.certificate_expiring',
        ],
        'action_type': 'webhook',
        'action_object_type': 'extras.webhook',
        'action_object_id': api.post('extras/webhooks/', webhook)['id'],
    }
    return api.post('extras/event-rules/', made)


def listens(worker):
    return worker.poll() is None and 'Listening on' in worker.log.read_text()


def wait_until_one_listens(stack):
    stack.wait_for(lambda: any(map(listens, stack.workers)), what='a worker that listens')


def announced(stack):
    with connect(stack) as connection:
        condition = (
            "name like 'fault-%' and case when expiry_marks = '{}' then announced_until > valid_to"
            ' else next_mark_at is null end'
        )
        return connection.execute(f'select count(*) from netbox_ssl_certificate where {condition}').fetchone()[0]


def crash_postgresql(stack):
    """
    Kill one of its processes, so that it ends all others and recovers from its log. If PostgreSQL was not started here,
    end all sessions, which looks like a restart to clients.
    """
    with connect(stack, autocommit=True) as connection:
        if 'NETBOX_SSL_DATABASE_URL' not in os.environ:
            os.kill(connection.info.backend_pid, signal.SIGKILL)
        else:
            connection.execute(
                'select pg_terminate_backend(pid) from pg_stat_activity'
                ' where datname = current_database() and pid <> pg_backend_pid()'
            )


def restart_valkey(stack):
    if 'NETBOX_SSL_REDIS_URL' not in os.environ:
        valkey.restart(stack.variables['NETBOX_SSL_RUN_REDIS'], stack.folder)


def replace_a_worker(stack):
    """
    Kill a listening worker, with its children, as systemd does, or without them, as the kernel does when memory runs
    out, and start a new one.
    """
    ready = [worker for worker in stack.workers if listens(worker)]
    if ready:
        kill = random.choice([stack.kill_worker, stack.kill_worker_alone])
        kill(random.choice(ready))
    restart_workers(stack)
    return bool(ready)


def restart_workers(stack):
    """Do what systemd does for workers that end, such as those that start while PostgreSQL is away."""
    for worker in [worker for worker in stack.workers if worker.poll() is not None]:
        stack.workers.remove(worker)
    while len(stack.workers) < 2:
        stack.start_worker('high')


def all_announced(stack):
    restart_workers(stack)
    return announced(stack) == CERTIFICATES


def run_faults(stack):
    """Cause the faults. Return when each was caused, by ``time.time()``."""
    faults, begun = [], time.time()
    restarts = [(VALKEY_AT, 'Valkey', restart_valkey), (POSTGRESQL_AT, 'PostgreSQL', crash_postgresql)]
    while (passed := time.time() - begun) < SECONDS:
        if restarts and passed > restarts[0][0] * SECONDS:
            _, name, restart = restarts.pop(0)
            restart(stack)
            faults.append((time.time(), name))
        elif replace_a_worker(stack):
            faults.append((time.time(), 'kill'))
        time.sleep(KILL_EVERY)
    return faults


def deliver(stack, receiver):
    """Deliver the queue with workers that do not fork for each delivery, because 10,000 forks take long."""
    number = 1 if CERTIFICATES < 2000 else 2
    workers = [stack.start_worker('default', '--burst', '--worker-class', 'rq.SimpleWorker') for _ in range(number)]
    stack.wait_for(
        lambda: all(worker.poll() is not None for worker in workers),
        seconds=PATIENCE + CERTIFICATES / 20,
        interval=1,
        what='the end of the deliveries',
    )
    for worker in workers:
        stack.workers.remove(worker)
    return Counter(
        (each['id'], each['announcement']['id']) for each in (delivery.json['data'] for delivery in receiver.deliveries)
    )


def sweeps_began(stack):
    with connect(stack) as connection:
        rows = connection.execute("select started from core_job where name = 'Renewal sweep' and started is not null")
        return sorted(datetime.timestamp(started) for (started,) in rows)


def test_every_change_is_announced(sweepers, receiver, rule, record_property):
    stack = sweepers
    stack.manage(MAKE)
    begun = time.time()
    faults = run_faults(stack)
    stack.wait_for(
        lambda: all_announced(stack),
        seconds=2 * PATIENCE,
        interval=1,
        what='that every change is announced',
    )
    took = time.time() - begun
    # The sweep that announced the last one may have begun before the last fault.
    last_fault = max(when for when, _ in faults)
    stack.wait_for(
        lambda: restart_workers(stack) or sweeps_began(stack)[-1] > last_fault,
        seconds=2 * PATIENCE,
        interval=1,
        what='a sweep after the last fault',
    )

    began = sweeps_began(stack)
    pauses = [min(at for at in began if at > when) for when, _ in faults]
    assert {'kill', 'Valkey', 'PostgreSQL'} <= {name for _, name in faults}

    delivered = deliver(stack, receiver)
    assert len({pk for pk, _ in delivered}) == CERTIFICATES, 'every change is announced'
    assert len(delivered) == CERTIFICATES, 'a repeat has the same ID'
    repeats = delivered.total() - len(delivered)
    assert repeats <= BATCH * len(faults), 'a fault repeats one batch at most'
    figures = {
        'faults': dict(Counter(name for _, name in faults)),
        'repeats': repeats,
        'all announced after': f'{took:.0f} s',
        'longest pause': f'{max(at - when for (when, _), at in zip(faults, pauses, strict=True)):.0f} s',
        'delivered after': f'{time.time() - begun:.0f} s',
    }
    record_property('figures', figures)
    print(figures)
