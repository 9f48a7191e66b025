"""A certificate expires without any request, and the subscriber is notified once."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import choose, follow
from tests.support.certificate_factory import issue, make_ca
from tests.support.sweeps import sweeps, wait_for_sweep, wait_until_all_is_delivered

CONDITIONS = '{"attr": "renewal_status", "value": "%s"}'
# Whole seconds, as for every CA
LIFETIME = timedelta(seconds=20)


def make_rule(page, api, receiver, name, status, event_type):
    """Create a webhook, and a rule in NetBox's form."""
    webhook = api.post(
        'extras/webhooks/',
        {'name': name, 'payload_url': receiver.url, 'http_method': 'POST', 'ssl_verification': False},
    )
    page.goto('/extras/event-rules/add/')
    page.fill('#id_name', name)
    choose(page, 'id_object_types', 'Certificate')
    choose(page, 'id_event_types', event_type)
    page.fill('#id_conditions', CONDITIONS % status)
    choose(page, 'id_action_choice', name)
    follow(page.locator('button[name=_create]'))
    expect(page).to_have_url(re.compile(r'/extras/event-rules/\d+/$'))
    return webhook


@pytest.mark.waits
def test_expiry_and_recovery_reach_the_receiver_once(page, stack, api, receiver, empty_afterwards):
    make_rule(page, api, receiver, 'expired', 'Expired', 'Object updated')
    make_rule(page, api, receiver, 'recovered', 'OK', 'Renewal status changed')
    ca = make_ca("Let's Encrypt", 'R13')
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=2)
    old = issue(['expiring.example.net'], ca, valid_from=start, valid_to=start + LIFETIME)

    created = api.post('plugins/ssl/certificates/import/', {'pem': old.fullchain_pem, 'acme_auto_renewal': True})
    assert created['action'] == 'created'
    assert created['detection']['is_acme']
    pk = created['certificate']['id']

    (expired,) = receiver.wait_for(lambda delivery: is_about(delivery, pk, 'Expired'))
    announced = datetime.fromisoformat(expired.json['timestamp'])
    between = [run for run in sweeps(api) if run['started'] and start + LIFETIME < moment(run) < announced]
    assert len(between) <= 1, 'the first sweep after it announces it'
    assert expired.json['snapshots']['postchange']['renewal_status'] == 'Expired'
    assert api.get(f'plugins/ssl/certificates/{pk}/')['renewal_status'] == 'Expired'

    new = issue(['expiring.example.net'], ca)
    renewed = api.post('plugins/ssl/certificates/import/', {'pem': new.fullchain_pem})
    assert (renewed['action'], renewed['certificate']['id']) == ('renewed', pk)
    assert renewed['certificate']['acme_auto_renewal'], 'a renewal keeps the settings'
    assert renewed['certificate']['acme_last_renewed']

    (recovery,) = receiver.wait_for(lambda delivery: is_about(delivery, pk, 'OK'))
    assert recovery.json['snapshots']['prechange']['renewal_status'] == 'Expired'
    # One more complete sweep: nothing may arrive twice.
    following = wait_for_sweep(stack, api, time.time(), 'a sweep after the recovery')
    assert following['interval'] == 1, 'minutes'
    wait_until_all_is_delivered(stack)
    statuses = [delivery.json['data']['renewal_status'] for delivery in receiver.deliveries]
    assert statuses == ['Expired', 'OK']


def moment(run):
    return datetime.fromisoformat(run['started'])


def is_about(delivery, pk, status):
    data = delivery.json['data']
    return data['id'] == pk and data['renewal_status'] == status
