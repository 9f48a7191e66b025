"""
A real CA and a real client: a certificate is issued, imported and polled; after its renewal the old one is not polled.
"""

import re
from datetime import datetime, timedelta

import pytest

from tests.support.api import Api
from tests.support.stack import Stack


@pytest.fixture(scope='module')
def polling_netbox(environment, other_queues):
    """Provide a separate NetBox that may poll a CA on this machine."""
    database = f'{environment.database}_ari'
    environment.databases.copy(database)
    config = {'netbox_ssl': {'ari_allowed_hosts': ['127.0.0.1']}}
    running = Stack(environment, database=database, plugins_config=config)
    running.variables['NETBOX_SSL_RUN_ISOLATED'] = '0'
    running.variables['NETBOX_SSL_RUN_REDIS'] = other_queues
    try:
        running.start()
        yield running
    finally:
        running.stop()


def moment(text) -> datetime:
    return datetime.fromisoformat(text)


def asked_for(acme_server, after=0) -> set[str]:
    """Return the certificate IDs requested from the CA, in its log from a position on."""
    log = (acme_server.folder / 'acme-server.log').read_text()
    return set(re.findall(r'GET /acme/renewal-info/(\S+)', log[after:]))


def wait_for_window(polling_netbox, api, pk):
    path = f'plugins/ssl/certificates/{pk}/'
    return polling_netbox.wait_for(lambda: (found := api.get(path))['has_ari'] and found, what='the window')


def test_the_window_of_a_real_ca(polling_netbox, acme_server, certbot):
    api = Api(polling_netbox.base_url, polling_netbox.authorization)
    chain = certbot.issue('www.example.com', 'example.com')
    settings = {'acme_server_url': acme_server.directory_url, 'is_acme': True, 'acme_auto_renewal': True}
    imported = api.post('plugins/ssl/certificates/import/', {'pem': chain.read_text(), **settings})['certificate']
    assert imported['ari_cert_id'] and not imported['has_ari']

    first = wait_for_window(polling_netbox, api, imported['id'])
    start, end, valid_to = (moment(first[name]) for name in ('ari_window_start', 'ari_window_end', 'valid_to'))
    assert first['renewal_due_at'] == first['ari_window_start']
    assert start < end <= valid_to
    # Two thirds of 90 days, as the server is configured.
    assert timedelta(days=29) < valid_to - start < timedelta(days=31)
    assert first['ari_error'] == ''
    wait = moment(first['ari_next_check']) - moment(first['ari_last_checked'])
    assert abs(wait - timedelta(hours=6)) < timedelta(minutes=1)
    assert asked_for(acme_server) == {first['ari_cert_id']}

    renewed = certbot.renew('www.example.com')
    seen = len((acme_server.folder / 'acme-server.log').read_text())
    answer = api.post('plugins/ssl/certificates/import/', {'pem': renewed.read_text()})
    assert (answer['action'], answer['certificate']['id']) == ('renewed', first['id'])
    assert answer['certificate']['ari_window_start'] is None

    # By the button; the background was tested above. 429: the worker was faster.
    path = f'plugins/ssl/certificates/{imported["id"]}/'
    checked = api.request('POST', f'{path}check-ari/')
    assert checked.status_code in (200, 429), checked.text
    second = api.get(path)
    assert second['has_ari'] and second['ari_cert_id'] != first['ari_cert_id']
    assert asked_for(acme_server, seen) == {second['ari_cert_id']}
    # Just polled, so not again
    again = api.request('POST', f'{path}check-ari/')
    assert again.status_code == 429, again.text
