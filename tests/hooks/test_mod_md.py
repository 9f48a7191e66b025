"""The reports of the hook for Apache's mod_md from its store."""

import json

import pytest

from tests.hooks import lineages
from tests.hooks.lineages import DIRECTORY, RENEWED_TEXT
from tests.hooks.reported import ISSUED, external_id, is_now, sent

NAME = 'www.example.net'
# As Apache 2.4.71 wrote it with a server on this machine
MD = {
    'name': NAME,
    'domains': [NAME],
    'contacts': ['mailto:ops@example.net'],
    'transitive': 1,
    'ca': {
        'account': 'ACME-acme-v02.api.letsencrypt.org-0000',
        'proto': 'ACME',
        'url': DIRECTORY,
        'urls': [DIRECTORY],
        'agreement': 'accepted',
    },
    'state': 2,
    'renew-mode': 1,
    'renew-window': '33%',
    'warn-window': '10%',
    'must-staple': False,
    'proto': {'acme-tls/1': []},
    'stapling': False,
    'profile-mandatory': False,
    'ari-renewals': True,
}


@pytest.fixture
def store(tmp_path):
    return make_store(tmp_path / 'md')


def make_store(folder, **changed):
    domain = folder / 'domains' / NAME
    lineages.written(folder / 'md_store.json', '{"version": 3.0}')
    lineages.written(domain / 'pubcert.pem', ISSUED.fullchain_pem)
    lineages.written(domain / 'privkey.pem', ISSUED.key_pem)
    # What Apache serves until it has a certificate
    lineages.written(domain / 'fallback-pubcert.pem', ISSUED.pem)
    lineages.written(domain / 'md.json', json.dumps({**MD, **changed}))
    return folder


def test_sync(host, netbox, store):
    run = host.run('mod-md.sh', '--sync', store)
    assert run.lines == []
    assert sent(netbox) == {
        'external_id': external_id('mod_md', store, NAME),
        'client': 'mod_md',
        'is_acme': True,
        'acme_server_url': DIRECTORY,
        'acme_account_email': 'ops@example.net',
        'acme_auto_renewal': True,
        'acme_renewal_days': 29,
        'acme_last_renewed': RENEWED_TEXT,
    }
    assert netbox.listed['external_ids'] == [external_id('mod_md', store, NAME)]


def test_the_event(host, netbox, store):
    run = host.run('mod-md.sh', 'installed', NAME, MD_STORE_DIR=store)
    assert (run.code, run.stdout, run.lines) == (0, '', [])
    assert is_now(sent(netbox)['acme_last_renewed'])
    assert netbox.syncs == []


@pytest.mark.parametrize('event', ['renewed', 'renewing', 'expiring', 'errored', 'challenge-setup:dns-01', ''])
def test_other_events(host, netbox, store, event):
    run = host.run('mod-md.sh', event, NAME, MD_STORE_DIR=store)
    assert (run.code, run.stdout, run.stderr, netbox.reports) == (0, '', '', [])


@pytest.mark.parametrize(
    ('changed', 'expected'),
    [
        ({'renew-window': '30d'}, {'acme_renewal_days': 30}),
        ({'renew-window': '10h'}, {'acme_renewal_days': None}),
        ({'renew-window': None}, {'acme_renewal_days': None}),
        ({'renew-mode': 0}, {'acme_auto_renewal': False}),
        ({'contacts': []}, {'acme_account_email': None}),
        ({'ca': {'urls': [DIRECTORY, 'https://other.example/']}}, {'acme_server_url': DIRECTORY}),
        ({'ca': {'url': DIRECTORY, 'challenges': ['dns-01']}}, {'acme_challenge_type': 'dns-01'}),
        ({'ca': {'url': DIRECTORY, 'challenges': ['dns-01', 'http-01']}}, {'acme_challenge_type': None}),
    ],
)
def test_settings_of_the_domain(host, netbox, tmp_path, changed, expected):
    host.run('mod-md.sh', '--sync', make_store(tmp_path / 'md', **changed))
    item = sent(netbox)
    assert {name: item.get(name) for name in expected} == expected


@pytest.mark.parametrize('missing', ['jq', 'md.json'])
def test_without_metadata_the_certificate_is_reported(host, netbox, store, missing):
    if missing == 'jq':
        host.without('jq')
    else:
        (store / 'domains' / NAME / 'md.json').write_text('{"name":')
    assert host.run('mod-md.sh', '--sync', store).lines == []
    assert 'acme_server_url' not in sent(netbox)


def test_keys_of_several_types_are_several_certificates(host, netbox, store):
    lineages.written(store / 'domains' / NAME / 'pubcert.secp384r1.pem', ISSUED.fullchain_pem)
    host.run('mod-md.sh', '--sync', store)
    names = [item['external_id'].rpartition(':')[2] for item in netbox.items]
    assert names == [NAME, f'{NAME}/secp384r1']


def test_a_store_elsewhere_that_is_not_set(host, netbox, store):
    run = host.run('mod-md.sh', 'installed', NAME, MD_STORE_DIR=store / 'nothing')
    assert 'set MD_STORE_DIR to the MDStoreDir of Apache' in run.lines[0]
    assert run.code == 0


def test_an_empty_store_is_listed_as_empty(host, netbox, store):
    for file in (store / 'domains' / NAME).iterdir():
        file.unlink()
    host.run('mod-md.sh', '--sync', store)
    assert netbox.listed['external_ids'] == []
