"""Clients that report at the same moment, against several web server processes: the result is the same in any order."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.api import Api
from tests.support.certificate_factory import issue, make_ca

IMPORT = 'plugins/ssl/certificates/import/'
pytestmark = pytest.mark.usefixtures('empty_afterwards')


@pytest.fixture(scope='module')
def ca():
    return make_ca("Let's Encrypt", 'R13')


def at_once(stack, bodies, clients=10):
    """POST all bodies, as many at a time as there are clients. Return (status, JSON) of each."""

    def post(body):
        answer = Api(stack.base_url, stack.authorization).request('POST', IMPORT, json=body)
        return answer.status_code, answer.json()

    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(post, bodies))


def only(api, name):
    found = api.get('plugins/ssl/certificates/', name=name)['results']
    assert len(found) == 1, f'{len(found)} certificates named {name}'
    return found[0]


def issuances(api, certificate):
    return api.get('plugins/ssl/issuances/', certificate_id=certificate['id'])['count']


def test_the_same_fifty_times_at_once(stack, api, ca):
    pem = issue(['fifty.example.net'], ca).fullchain_pem
    answers = at_once(stack, [{'pem': pem}] * 50)
    actions = [answer['action'] for _, answer in answers]
    assert sorted(actions) == ['created'] + ['unchanged'] * 49
    certificate = only(api, 'fifty.example.net')
    assert issuances(api, certificate) == 1


def test_old_and_new_at_the_same_time(stack, api, ca):
    for number in range(5):
        name = f'moment{number}.example.net'
        old = issue([name], ca, valid_from=ca.certificate.not_valid_before_utc)
        new = issue([name], ca)
        pair = [{'pem': old.pem}, {'pem': new.pem}]
        answers = at_once(stack, pair if number % 2 else pair[::-1], clients=2)
        assert {status for status, _ in answers} <= {200, 201}
        certificate = only(api, name)
        assert certificate['valid_to'] == new.certificate.not_valid_after_utc.isoformat().replace('+00:00', 'Z')
        assert issuances(api, certificate) == 2


def test_lists_that_overlap(stack, api, ca):
    pems = [issue([f'overlap{number}.example.net'], ca).pem for number in range(40)]
    lists = [[{'pem': pem} for pem in pems[start : start + 20]] for start in (0, 10, 20, 5)]
    answers = at_once(stack, lists, clients=4)
    assert {status for status, _ in answers} <= {200, 201}
    assert api.get('plugins/ssl/certificates/', name__isw='overlap')['count'] == 40
    assert api.get('plugins/ssl/issuances/', q='overlap', limit=1)['count'] == 40


def test_sources_that_report_at_once(stack, api, ca):
    pem = issue(['*.copied.example.net'], ca).pem
    bodies = [{'pem': pem, 'external_id': f'certbot:host{number % 10}:copied'} for number in range(30)]
    answers = at_once(stack, bodies)
    assert {status for status, _ in answers} <= {200, 201}
    certificate = only(api, '*.copied.example.net')
    assert api.get('plugins/ssl/sources/', certificate_id=certificate['id'])['count'] == 10
