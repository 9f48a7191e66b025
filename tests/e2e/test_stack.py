"""The stack that the other end-to-end tests use."""

import re

import requests
from playwright.sync_api import expect


def test_login_page_has_its_static_files(stack):
    page = requests.get(f'{stack.base_url}/login/', timeout=60)
    assert page.status_code == 200
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    assert files
    for file in files:
        assert requests.get(stack.base_url + file, timeout=60).status_code == 200, file


def test_one_worker_is_counted(api):
    status = api.get('status/')
    assert status['rq-workers-running'] == 1
    assert 'netbox_ssl' in status['plugins']


def test_code_runs_within_netbox(stack):
    assert stack.manage('from django.conf import settings; print(settings.ISOLATED_DEPLOYMENT)').strip() == 'True'


def test_administrator_has_a_session(stack, admin_session):
    page = admin_session.get(f'{stack.base_url}/user/profile/', timeout=60)
    assert page.status_code == 200
    assert page.url.endswith('/user/profile/')


def test_webhooks_reach_this_machine(api, receiver):
    hook = api.post(
        'extras/webhooks/',
        {'name': 'stack', 'payload_url': receiver.url, 'http_method': 'POST', 'ssl_verification': False},
    )
    rule = api.post(
        'extras/event-rules/',
        {
            'name': 'stack',
            'object_types': ['dcim.manufacturer'],
            'event_types': ['object_created'],
            'action_type': 'webhook',
            'action_object_type': 'extras.webhook',
            'action_object_id': hook['id'],
        },
    )
    maker = api.post('dcim/manufacturers/', {'name': 'Stack', 'slug': 'stack'})
    (delivery,) = receiver.wait_for(lambda delivery: delivery.json['data']['slug'] == 'stack')
    assert delivery.json['event'] == 'created'
    for path in (
        f'dcim/manufacturers/{maker["id"]}/',
        f'extras/event-rules/{rule["id"]}/',
        f'extras/webhooks/{hook["id"]}/',
    ):
        api.delete(path)


def test_worker_can_be_killed_and_replaced(stack, api):
    stack.kill_worker(stack.workers[0])
    assert not stack.workers
    worker = stack.start_worker()
    stack.wait_for(lambda: api.get('status/')['rq-workers-running'] >= 1, what='a worker')
    assert stack.is_alive(worker.pid)


def test_browser_is_logged_in(page):
    page.goto('/user/profile/')
    assert page.url.endswith('/user/profile/')
    expect(page.locator('aside.navbar-vertical')).to_be_visible()
