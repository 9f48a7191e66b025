"""Long lists as a job: the response comes at once, NetBox's job contains the result."""

import pytest

from tests.support.certificate_factory import issue, make_ca

IMPORT = 'plugins/ssl/certificates/import/'
pytestmark = pytest.mark.usefixtures('empty_afterwards')


def test_a_list_in_the_background(stack, api):
    ca = make_ca("Let's Encrypt", 'R13')
    entries = [{'pem': issue([f'background{number}.example.net'], ca).pem} for number in range(120)]
    entries.append({'pem': 'nothing'})
    answer = api.request('POST', f'{IMPORT}?background=true&on_error=skip', json=entries)
    assert answer.status_code == 202, answer.text
    job = stack.wait_for(lambda: finished(api, answer.json()['job']['id']), what='the job')
    assert job['status']['value'] == 'completed', job
    result = job['data']['data']
    assert len(result['results']) == 120
    assert [error['index'] for error in result['errors']] == [120]
    assert api.get('plugins/ssl/certificates/', name__isw='background', limit=1)['count'] == 120


def finished(api, pk):
    job = api.get(f'core/jobs/{pk}/')
    return job if job['completed'] else None
