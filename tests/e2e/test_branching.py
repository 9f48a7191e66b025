"""
With netbox-branching and netbox-custom-objects installed: a certificate is imported and renewed in a branch, which is
merged; only changes in main are announced.
"""

from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.test_person import R13
from tests.support import neighbours
from tests.support.api import Api
from tests.support.certificate_factory import issue, make_ca
from tests.support.receiver import Receiver
from tests.support.stack import Stack
from tests.support.sweeps import wait_until_all_is_delivered

# More would only use connections and processes.
CONFIG = {'netbox_branching': {'provision_workers': 1}}
IMPORT = 'plugins/ssl/certificates/import/'
EXTERNAL_ID = 'certbot:web01.example.net:www.example.net'


@pytest.fixture(scope='module')
def branching_stack(environment, other_queues):
    """Provide a separate NetBox with the other plugins."""
    database = f'{environment.database}_branching'
    environment.databases.copy(database, neighbours.template())
    running = Stack(environment)
    running.variables = environment.variables(database, plugins_config=CONFIG, plugins=neighbours.PLUGINS)
    running.variables['NETBOX_SSL_RUN_REDIS'] = other_queues
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def main(branching_stack):
    return Api(branching_stack.base_url, branching_stack.authorization)


def in_branch(stack, branch) -> Api:
    api = Api(stack.base_url, stack.authorization)
    api.session.headers['X-NetBox-Branch'] = branch['schema_id']
    return api


def make_branch(stack, main, name) -> dict:
    made = main.post('plugins/branching/branches/', {'name': name})
    path = f'plugins/branching/branches/{made["id"]}/'
    return stack.wait_for(lambda: (branch := main.get(path))['status']['value'] == 'ready' and branch)


def merge(stack, main, branch) -> None:
    job = main.post(f'plugins/branching/branches/{branch["id"]}/merge/', {'commit': True})
    ended = stack.wait_for(lambda: (found := main.get(f'core/jobs/{job["id"]}/'))['completed'] and found)
    assert ended['status']['value'] == 'completed', ended
    assert main.get(f'plugins/branching/branches/{branch["id"]}/')['status']['value'] == 'merged'


def make_rule(main, receiver) -> None:
    webhook = main.post('extras/webhooks/', {'name': 'announced', 'payload_url': receiver.url})
    rule = {
        'name': 'announced',
        'object_types': ['netbox_ssl.certificate'],
        'event_types': ['netbox_ssl.renewal_status_changed'],
        'action_type': 'webhook',
        'action_object_type': 'extras.webhook',
        'action_object_id': webhook['id'],
    }
    main.post('extras/event-rules/', rule)


def issued(days_ago: int, names=('www.example.net',)):
    """Return a certificate that Let's Encrypt issued this long ago, for 90 days."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=days_ago)
    ca = make_ca("Let's Encrypt", 'R13', key_id=R13)
    return issue(list(names), ca, valid_from=start, valid_to=start + timedelta(days=90))


def certificates(api) -> dict[str, str]:
    """Return name → renewal status."""
    return {each['name']: each['renewal_status'] for each in api.get('plugins/ssl/certificates/')['results']}


def test_import_and_renewal_in_a_branch(branching_stack, main):
    stack = branching_stack
    receiver = Receiver()
    try:
        make_rule(main, receiver)
        # Long due in main, renewed once in the branch
        due = main.post(IMPORT, {'pem': issued(70, ['due.example.net']).fullchain_pem, 'acme_auto_renewal': True})
        assert certificates(main) == {'due.example.net': 'Due'}

        branch = make_branch(stack, main, 'certificates')
        inside = in_branch(stack, branch)
        old, new = issued(95), issued(1)
        values = {'external_id': EXTERNAL_ID, 'acme_auto_renewal': True}
        made = inside.post(IMPORT, {'pem': old.fullchain_pem, **values})
        assert made['action'] == 'created'
        renewed = inside.post(IMPORT, {'pem': new.fullchain_pem, **values})
        assert (renewed['action'], renewed['certificate']['id']) == ('renewed', made['certificate']['id'])
        assert inside.post(IMPORT, {'pem': new.fullchain_pem, **values})['action'] == 'unchanged'
        fresh = issued(0, ['due.example.net'])
        renewal = inside.post(IMPORT, {'pem': fresh.fullchain_pem})
        assert (renewal['action'], renewal['certificate']['id']) == ('renewed', due['certificate']['id'])
        older = {'pem': issued(85, ['due.example.net']).fullchain_pem}
        assert inside.post(IMPORT, older)['action'] == 'history'
        # A list, which is written one at a time in a branch
        more = [{'pem': issued(5, [f'{name}.example.net']).fullchain_pem} for name in ('a', 'b')]
        assert [each['action'] for each in inside.post(IMPORT, more)] == ['created', 'created']

        # The branch has everything including the history; main has nothing of it, and nothing was announced.
        assert certificates(inside) == {
            'due.example.net': 'OK',
            'www.example.net': 'OK',
            'a.example.net': 'Manual',
            'b.example.net': 'Manual',
        }
        assert inside.get('plugins/ssl/issuances/', certificate_id=made['certificate']['id'])['count'] == 2
        assert certificates(main) == {'due.example.net': 'Due'}
        assert main.get('plugins/ssl/issuances/')['count'] == 1
        assert main.get('plugins/ssl/sources/')['count'] == 0
        assert sweep(stack) == 0
        assert not receiver.deliveries, 'changes in a branch are not announced'

        merge(stack, main, branch)

        assert certificates(main) == {
            'due.example.net': 'OK',
            'www.example.net': 'OK',
            'a.example.net': 'Manual',
            'b.example.net': 'Manual',
        }
        history = main.get('plugins/ssl/issuances/', certificate_id=made['certificate']['id'])['results']
        assert [each['fingerprint_sha256'] for each in history] == [fingerprint(new), fingerprint(old)]
        # What only joined a history is not part of the merge, and can be imported again.
        assert main.get('plugins/ssl/issuances/', certificate_id=due['certificate']['id'])['count'] == 2
        assert main.post(IMPORT, older)['action'] == 'history'
        (source,) = main.get('plugins/ssl/sources/')['results']
        assert source['external_id'] == EXTERNAL_ID
        # The next report of the host finds the certificate from the branch.
        assert main.post(IMPORT, {'pem': new.fullchain_pem, **values})['action'] == 'unchanged'

        # The merge replays what the branch did: a creation is not a change, and both renewals are announced once.
        receiver.wait_for(count=2)
        assert sweep(stack) == 0
        wait_until_all_is_delivered(stack)
        assert sorted(announced(receiver.deliveries)) == [('due.example.net', 'OK'), ('www.example.net', 'OK')]
    finally:
        receiver.close()


def test_a_change_in_main_reaches_a_branch(branching_stack, main):
    stack = branching_stack
    branch = make_branch(stack, main, 'synchronised')
    inside = in_branch(stack, branch)
    old = issued(70, ['sync.example.net'])
    made = main.post(IMPORT, {'pem': old.fullchain_pem, 'acme_auto_renewal': True})
    main.post(IMPORT, {'pem': issued(1, ['sync.example.net']).fullchain_pem})
    assert 'sync.example.net' not in certificates(inside)
    job = main.post(f'plugins/branching/branches/{branch["id"]}/sync/', {'commit': True})
    ended = stack.wait_for(lambda: (found := main.get(f'core/jobs/{job["id"]}/'))['completed'] and found)
    assert ended['status']['value'] == 'completed', ended
    assert certificates(inside)['sync.example.net'] == 'OK'
    for api in (main, inside):
        assert api.get('plugins/ssl/issuances/', certificate_id=made['certificate']['id'])['count'] == 2


def test_parting_and_merging_in_a_branch(branching_stack, main):
    """Certificates are separated and merged in a branch, and by its merge in main."""
    stack = branching_stack

    def report(api, name, certificate):
        return api.post(IMPORT, {'pem': certificate.fullchain_pem, 'external_id': name})

    shared, stored = issued(80, ['shared.example.net']), issued(80, ['storage.example.net'])
    first = report(main, 'certbot:a:shared', shared)['certificate']
    assert report(main, 'certbot:b:shared', shared)['certificate']['id'] == first['id']
    home = report(main, 'certbot:issuer:storage', stored)['certificate']
    assert report(main, 'files:web:storage', stored)['certificate']['id'] == home['id']

    branch = make_branch(stack, main, 'separate')
    inside = in_branch(stack, branch)
    renewed, own = issued(3, ['shared.example.net']), issued(2, ['shared.example.net'])
    assert report(inside, 'certbot:a:shared', renewed)['action'] == 'renewed'
    parted = report(inside, 'certbot:b:shared', own)
    assert (parted['action'], parted['certificate']['id'] != first['id']) == ('created', True), parted
    # The copy is ahead of its client.
    ahead = issued(1, ['storage.example.net'])
    early = report(inside, 'files:web:storage', ahead)
    assert early['action'] == 'created'
    merged = report(inside, 'certbot:issuer:storage', ahead)
    assert (merged['action'], merged['certificate']['id']) == ('renewed', home['id'])

    expected = {
        'shared.example.net': [[fingerprint(renewed), fingerprint(shared)], [fingerprint(own)]],
        'storage.example.net': [[fingerprint(ahead), fingerprint(stored)]],
    }
    before = {
        'shared.example.net': [[fingerprint(shared)]],
        'storage.example.net': [[fingerprint(stored)]],
    }
    for name in expected:
        assert (histories(inside, name), histories(main, name)) == (expected[name], before[name])

    merge(stack, main, branch)

    for name in expected:
        assert histories(main, name) == expected[name]
    # In the next night, each host has what it has, and nothing else is separated or merged.
    reports = {'certbot:a:shared': renewed, 'certbot:b:shared': own, 'certbot:issuer:storage': ahead}
    for name, certificate in {**reports, 'files:web:storage': ahead}.items():
        assert report(main, name, certificate)['action'] == 'unchanged'
    states = {each['external_id']: each['state'] for each in main.get('plugins/ssl/sources/')['results']}
    assert {states[name] for name in (*reports, 'files:web:storage')} == {'current'}, states
    for name in expected:
        assert histories(main, name) == expected[name]


def test_with_custom_objects(branching_stack, main):
    """A custom object type with a reference to certificates."""
    kind = main.post('plugins/custom-objects/custom-object-types/', {'name': 'listener', 'slug': 'listeners'})
    field = {
        'custom_object_type': kind['id'],
        'name': 'certificate',
        'type': 'object',
        'app_label': 'netbox_ssl',
        'model': 'certificate',
        'related_object_type': 'netbox_ssl.certificate',
    }
    main.post('plugins/custom-objects/custom-object-type-fields/', field)
    made = main.post(IMPORT, {'pem': issued(1, ['custom.example.net']).fullchain_pem})
    pk = made['certificate']['id']
    listener = main.post('plugins/custom-objects/listeners/', {'certificate': pk})
    assert listener['certificate']['id'] == pk
    assert main.get(f'plugins/ssl/certificates/{pk}/')['name'] == 'custom.example.net'


def fingerprint(issued) -> str:
    from cryptography.hazmat.primitives.hashes import SHA256

    return issued.certificate.fingerprint(SHA256()).hex().upper()


def histories(api, name) -> list[list[str]]:
    """Return the fingerprints of each certificate with this name, newest first."""
    found = api.get('plugins/ssl/certificates/', name=name, ordering='id')['results']
    issuances = (api.get('plugins/ssl/issuances/', certificate_id=each['id'])['results'] for each in found)
    return [[each['fingerprint_sha256'] for each in history] for history in issuances]


def announced(deliveries) -> list[tuple[str, str]]:
    return [(each.json['data']['name'], each.json['data']['renewal_status']) for each in deliveries]


def sweep(stack) -> int:
    """Return the number of changes of renewal status that a sweep announces."""
    code = 'from netbox_ssl.announcements.sweep.certificates import sweep; print("announced", sweep().status_changed)'
    return int(stack.manage(code).rpartition('announced ')[2].split()[0])
