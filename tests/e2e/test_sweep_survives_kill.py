"""kill -9 during a sweep: sweeps continue within two minutes, and every change is announced."""

import time
from collections import Counter

import psycopg
import pytest

from tests.support.sweeps import began, start_worker, wait_for_sweep, waiting

pytestmark = pytest.mark.waits
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
DELETE_EXPIRED = """
from netbox_ssl.models import Certificate
Certificate.objects.filter(name__startswith='expired-').delete()
"""


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
    """Return how many expired ones are recorded as announced, fast enough to kill the worker during a sweep."""
    with psycopg.connect(stack.variables['NETBOX_SSL_RUN_DATABASE']) as connection:
        condition = "name like 'expired-%' and announced_status = 'Expired'"
        return connection.execute(f'select count(*) from netbox_ssl_certificate where {condition}').fetchone()[0]


def test_kill_while_it_announces(one_worker, api, receiver, rule):
    stack = one_worker
    stack.manage(MAKE_EXPIRED)
    stack.wait_for(lambda: announced(stack), interval=0.05, what='the first announcement')
    stack.kill_worker(stack.workers[0])
    killed = time.time()
    assert announced(stack) < CERTIFICATES, 'killed during the announcements'

    # RQ's scheduler was killed with the worker's group. RQ does not start another one for ten minutes.
    start_worker(stack)
    first = wait_for_sweep(stack, api, killed, 'a sweep after the kill')
    wait_for_sweep(stack, api, began(first) + 1, 'a second sweep after the kill')
    assert announced(stack) == CERTIFICATES
    assert waiting(stack) == 1

    stack.wait_for(
        lambda: len({delivery.json['data']['id'] for delivery in receiver.deliveries}) == CERTIFICATES,
        seconds=DELIVERED_WITHIN,
        interval=1,
        what='an announcement of each certificate',
    )
    delivered = Counter(
        (delivery.json['data']['id'], delivery.json['data']['announcement']['id']) for delivery in receiver.deliveries
    )
    assert len(delivered) == CERTIFICATES, 'a repeat has the same ID'
    assert delivered.total() - len(delivered) <= BATCH, 'at most one batch is repeated'
    stack.manage(DELETE_EXPIRED)
