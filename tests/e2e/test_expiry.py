"""The promise: a certificate expires without any request, and the subscriber is notified once."""

import re
import time
from datetime import UTC, datetime, timedelta

from playwright.sync_api import TimeoutError

from tests.support.certificate_factory import issue, make_ca

CONDITIONS = '{"attr": "renewal_status", "value": "%s"}'
# Of certificate factory's, as of any other CA: whole seconds.
LIFETIME = timedelta(seconds=20)
# The sweep comes every minute at the latest; a worker takes its time on a busy machine.
PATIENCE = 90


def make_rule(page, api, receiver, name, status, event_type):
    """A webhook, and a rule made in NetBox's own form, as a person does."""
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
    page.click('button[name=_create]')
    page.wait_for_url(re.compile(r'/extras/event-rules/\d+/$'))
    return webhook


def choose(page, field, label):
    """Search for an option of one of NetBox's selects by its text, as typed by a person, and take it."""
    widget = page.locator(f'#{field}-ts-control')
    option = page.locator(f'#{field}-ts-dropdown .option', has_text=re.compile(label)).first
    for attempt in range(4):
        widget.click()
        widget.fill('')
        widget.press_sequentially(label, delay=20)
        try:
            option.wait_for(state='attached', timeout=10_000)
            break
        except TimeoutError:
            # The answer to what was typed came before the widget listened.
            assert attempt < 3, f'{label} is not offered'
    # The list is redrawn with each answer of the server: a click may hit nothing, and a list that is closed opens again
    # while the field has the focus, over the next field.
    take = """([field, value]) => {
        const select = document.getElementById(field).tomselect;
        select.addItem(value);
        select.blur();
        select.close();
    }"""
    page.evaluate(take, [field, option.get_attribute('data-value')])
    page.locator(f'#{field}-ts-dropdown').wait_for(state='hidden')


def test_expiry_and_recovery_reach_the_receiver_once(page, api, receiver, empty_afterwards):
    make_rule(page, api, receiver, 'expired', 'Expired', 'Object updated')
    make_rule(page, api, receiver, 'recovered', 'OK', 'Renewal status changed')
    ca = make_ca("Let's Encrypt", 'R13')
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=2)
    old = issue(['expiring.example.net'], ca, valid_from=start, valid_to=start + LIFETIME)

    created = api.post('plugins/ssl/certificates/import/', {'pem': old.fullchain_pem, 'acme_auto_renewal': True})
    assert created['action'] == 'created'
    assert created['detection']['is_acme']
    pk = created['certificate']['id']

    (expired,) = receiver.wait_for(
        lambda delivery: is_about(delivery, pk, 'Expired'), timeout=LIFETIME.seconds + PATIENCE
    )
    assert expired.at - (start + LIFETIME).timestamp() < PATIENCE
    assert expired.json['snapshots']['postchange']['renewal_status'] == 'Expired'
    assert api.get(f'plugins/ssl/certificates/{pk}/')['renewal_status'] == 'Expired'

    new = issue(['expiring.example.net'], ca)
    renewed = api.post('plugins/ssl/certificates/import/', {'pem': new.fullchain_pem})
    assert (renewed['action'], renewed['certificate']['id']) == ('renewed', pk)
    assert renewed['certificate']['acme_auto_renewal'], 'a renewal keeps the settings'
    assert renewed['certificate']['acme_last_renewed']

    (recovery,) = receiver.wait_for(lambda delivery: is_about(delivery, pk, 'OK'))
    assert recovery.json['snapshots']['prechange']['renewal_status'] == 'Expired'
    # A whole interval more: nothing may come twice.
    time.sleep(65)
    statuses = [delivery.json['data']['renewal_status'] for delivery in receiver.deliveries]
    assert statuses == ['Expired', 'OK']


def is_about(delivery, pk, status):
    data = delivery.json['data']
    return data['id'] == pk and data['renewal_status'] == status
