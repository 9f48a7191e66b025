"""NetBox's /metrics from several gunicorn processes, with and without a shared folder."""

import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.stack import Stack


def scrape(base_url) -> dict[tuple, float]:
    with urllib.request.urlopen(f'{base_url}/metrics', timeout=60) as answer:
        families = text_string_to_metric_families(answer.read().decode())
        return {
            (each.name, *sorted(each.labels.values())): each.value for family in families for each in family.samples
        }


@pytest.mark.parametrize('shared', [False, True], ids=['each its own', 'shared folder'])
def test_every_process_serves_the_same_figures(stack, api, environment, empty_afterwards, tmp_path, shared):
    metered = Stack(environment)
    metered.variables['NETBOX_SSL_RUN_METRICS'] = '1'
    if shared:
        metered.variables['PROMETHEUS_MULTIPROC_DIR'] = str(tmp_path)
    record = {
        'valid_from': '2020-01-01T00:00:00Z',
        'is_acme': True,
        'acme_provider': 'Metered CA',
        'acme_auto_renewal': True,
    }
    key = ('netbox_ssl_acme_certificates', 'Expired', 'Metered CA')
    try:
        metered.start_web(workers=2)
        metered.wait_for_web()
        for number in (1, 2):
            name = f'{number}.example.net'
            api.post('plugins/ssl/certificates/', {**record, 'name': name, 'valid_to': '2020-03-01T00:00:00Z'})
            # More requests than processes and threads, so that each responds
            scrapes = [scrape(metered.base_url) for _ in range(10)]
            assert {each[key] for each in scrapes} == {number}
        assert scrapes[0]['netbox_ssl_last_sweep_timestamp_seconds',] > 0
        # NetBox's own metrics are still there.
        assert any(name.startswith('django_http_requests') for name, *_ in scrapes[0])
    finally:
        metered.stop()
