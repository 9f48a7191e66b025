"""A certificate that is not ACME passes an expiry mark and its end without any request, and is renewed."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.certificate_factory import issue, make_ca
from tests.support.sweeps import wait_for_sweep, wait_until_all_is_delivered

# From the change to its arrival: the interval of the sweep, and some time for a busy machine
WITHIN = timedelta(seconds=90)
MARK = timedelta(days=1)


def make_rule(api, receiver, name, *event_types, conditions=None):
    webhook = {'name': name, 'payload_url': receiver.url, 'http_method': 'POST', 'ssl_verification': False}
    rule = {
        'name': name,
        'object_types': ['netbox_ssl.certificate'],
        'event_types': list(event_types),
        'conditions': conditions,
        'action_type': 'webhook',
        'action_object_type': 'extras.webhook',
        'action_object_id': api.post('extras/webhooks/', webhook)['id'],
    }
    api.post('extras/event-rules/', rule)


@pytest.mark.waits
def test_a_mark_the_expiry_and_the_recovery_reach_the_receiver_once(stack, api, receiver, empty_afterwards):
    make_rule(api, receiver, 'expiring', 'netbox_ssl.certificate_expiring')
    # Each change once, although it subscribes to both
    make_rule(
        api,
        receiver,
        'expired',
        'netbox_ssl.certificate_expired',
        'object_updated',
        conditions={
            'and': [
                {'attr': 'validity', 'op': 'changed'},
                {
                    'or': [
                        {'attr': 'validity', 'value': 'Expired'},
                        {'attr': 'snapshots.prechange.validity', 'value': 'Expired'},
                    ]
                },
            ]
        },
    )
    ca = make_ca('Example Corp', 'Example Issuing CA')
    # Whole seconds, as for every CA
    start = datetime.now(UTC).replace(microsecond=0)
    mark_at, end = start + timedelta(seconds=20), start + timedelta(seconds=25)
    bought = issue(['bought.example.net'], ca, valid_from=start - timedelta(days=300), valid_to=mark_at + MARK)
    other = issue(['other.example.net'], ca, valid_from=start - timedelta(days=300), valid_to=end)

    def added(issued, **settings):
        answer = api.post('plugins/ssl/certificates/import/', {'pem': issued.fullchain_pem, **settings})
        assert (answer['action'], answer['certificate']['is_acme']) == ('created', False)
        return answer['certificate']

    expiring = added(bought, expiry_marks=[1], renewal_instructions='Order it from **Example Corp**.')
    assert (expiring['validity'], expiring['days_left'], expiring['renewal_status']) == ('Valid', 1, None)
    # Its marks passed before it was added.
    expires = added(other)
    assert expires['validity'] == 'Expiring'

    (mark,) = receiver.wait_for(lambda delivery: is_about(delivery, expiring['id']))
    announcement = mark.json['data']['announcement']
    assert (announcement['mark'], announcement['validity']) == (1, 'Expiring')
    assert announcement['renewal_instructions'] == 'Order it from **Example Corp**.'
    assert mark_at <= datetime.fromisoformat(mark.json['timestamp']) < mark_at + WITHIN
    (expired,) = receiver.wait_for(lambda delivery: is_about(delivery, expires['id']))
    assert expired.json['data']['validity'] == 'Expired'
    assert end <= datetime.fromisoformat(expired.json['timestamp']) < end + WITHIN

    new = issue(['other.example.net'], ca)
    renewed = api.post('plugins/ssl/certificates/import/', {'pem': new.fullchain_pem})
    assert (renewed['action'], renewed['certificate']['id']) == ('renewed', expires['id'])
    assert renewed['certificate']['validity'] == 'Valid'
    receiver.wait_for(lambda delivery: is_about(delivery, expires['id'], validity='Valid'))

    # One more complete sweep: nothing may arrive twice.
    wait_for_sweep(stack, api, time.time(), 'a sweep after the recovery')
    wait_until_all_is_delivered(stack)
    arrived = [(each.json['data']['id'], each.json['data']['validity']) for each in receiver.deliveries]
    assert sorted(arrived) == sorted(
        [(expiring['id'], 'Expiring'), (expires['id'], 'Expired'), (expires['id'], 'Valid')]
    )


def is_about(delivery, pk, **values):
    data = delivery.json['data']
    return data['id'] == pk and all(data[name] == value for name, value in values.items())
