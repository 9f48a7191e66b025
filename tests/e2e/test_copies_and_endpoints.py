"""A renewed certificate that has not reached a file and an endpoint yet, as the real hooks report them to NetBox."""

import pytest

from tests.hooks.lineages import certbot
from tests.support.acme_issuances import DAY, issue_acme, successor
from tests.support.nginx import Nginx

NAME = 'shop.example.net'


@pytest.fixture
def serve(tmp_path):
    """Return a function that lets an nginx serve a certificate."""
    started = []

    def start(issued):
        folder = tmp_path / 'nginx'
        folder.mkdir()
        started.append(Nginx(folder, {NAME: issued}))
        return started[0]

    yield start
    for nginx in started:
        nginx.stop()


def sources(api, certificate):
    """Return kind → source."""
    found = api.get('plugins/ssl/sources/', certificate_id=certificate['id'])['results']
    return {source['kind']: source for source in found}


def test_renewed_but_not_reloaded(api, report, serve, tmp_path, empty_afterwards):
    old = issue_acme(NAME, 20 * DAY)
    new = successor(old)
    certbot(tmp_path / 'letsencrypt', NAME, old)
    copy = tmp_path / 'haproxy' / 'shop.pem'
    copy.parent.mkdir()
    copy.write_text(old.fullchain_pem + old.key_pem)
    nginx = serve(old)
    endpoints = tmp_path / 'endpoints'
    endpoints.write_text(f'127.0.0.1:{nginx.port} sni={NAME}\n')
    report('certbot.sh', tmp_path / 'letsencrypt')
    report('files.sh', f'{copy.parent}/*.pem')
    assert 'untrusted' in report('served.sh', endpoints)
    (certificate,) = api.get('plugins/ssl/certificates/', name=NAME)['results']
    found = sources(api, certificate)
    assert {kind: source['external_id'] for kind, source in found.items()} == {
        'client': f'certbot:web01{tmp_path}/letsencrypt:{NAME}',
        'copy': f'files:web01{copy.parent}:shop.pem',
        'served': f'served:web01:127.0.0.1:{nginx.port}/{NAME}',
    }
    assert {source['state'] for source in found.values()} == {'current'}
    (endpoint,) = api.get('plugins/ssl/endpoints/', monitor='web01')['results']
    assert (endpoint['state'], endpoint['external_id']) == ('untrusted', found['served']['external_id'])
    assert (endpoint['certificate']['id'], endpoint['valid_to']) == (certificate['id'], found['served']['valid_to'])

    # The client renews, and replaces the files of nginx, which does not reload. The copy still is the old one.
    chain = tmp_path / 'letsencrypt' / 'archive' / NAME / 'fullchain2.pem'
    chain.write_text(new.fullchain_pem)
    nginx.replace(NAME, new)
    report('certbot.sh', tmp_path / 'letsencrypt')
    report('files.sh', f'{copy.parent}/*.pem')
    report('served.sh', endpoints)
    (after,) = api.get('plugins/ssl/certificates/', name=NAME)['results']
    assert (after['id'], after['pem'].strip()) == (certificate['id'], new.pem.strip())
    assert after['acme_server_url'] == certificate['acme_server_url'] != ''
    found = sources(api, after)
    assert {kind for kind, source in found.items() if source['behind_since']} == {'copy', 'served'}
    (endpoint,) = api.get('plugins/ssl/endpoints/', certificate_id=after['id'])['results']
    assert endpoint['valid_to'] < after['valid_to']

    # Both follow.
    copy.write_text(new.fullchain_pem + new.key_pem)
    nginx.reload(NAME)
    report('files.sh', f'{copy.parent}/*.pem')
    report('served.sh', endpoints)
    found = sources(api, after)
    assert {kind: source['behind_since'] for kind, source in found.items()} == dict.fromkeys(found)
    assert len(found) == 3
    assert api.get('plugins/ssl/certificates/', name=NAME)['count'] == 1
