"""
Real ACME clients order from a real ACME server on this machine, and their hooks report to a real NetBox: issue, forced
renewal, and a client that is broken on purpose, until NetBox detects it.
"""

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from dev import processes
from dev.console import Failure
from tests.support import programs

HOOKS = Path(__file__).resolve().parents[2] / 'hooks'
EMAIL = 'ops@example.net'

# A user with only the documented permissions of a hook
USER = """
from core.models import ObjectType
from django.contrib.contenttypes.models import ContentType
from users.models import ObjectPermission, Token, User
user = User.objects.create_user('hooks')
for model, actions in (('certificate', ['view', 'add', 'change']), ('certificatesource', ['add', 'change'])):
    permission = ObjectPermission.objects.create(name=f'hooks {model}', actions=actions)
    permission.object_types.set([ObjectType.objects.get(app_label='netbox_ssl', model=model)])
    permission.users.add(user)
token = Token(user=user, version=2)
token.save()
print(f'nbt_{token.key}.{token.token}')
"""
# As if this many days had passed since the renewal; then run the sweep.
AGE = """
from datetime import timedelta
from django.utils import timezone
from netbox_ssl.models import Certificate
from netbox_ssl.announcements.sweep.certificates import sweep
valid_to = timezone.now() + timedelta(days={left})
Certificate.objects.filter(pk={pk}).update(valid_from=valid_to - timedelta(days=90), valid_to=valid_to)
sweep()
"""
# As if an hour had passed since the last list: two that follow each other at once count as one.
AN_HOUR_LATER = """
from datetime import timedelta
from django.db.models import F
from netbox_ssl.models import CertificateSource
CertificateSource.objects.update(missed_since=F('missed_since') - timedelta(hours=1))
"""


@pytest.fixture(scope='session')
def token(stack):
    return stack.manage(USER).splitlines()[-1]


@pytest.fixture
def client_environment(stack, token, tmp_path):
    """Return the environment of a hook on its host."""
    configuration = tmp_path / 'netbox-acme.conf'
    configuration.write_text(
        f'NETBOX_URL={stack.base_url}\nNETBOX_TOKEN={token}\nNETBOX_ACME_SOURCE=web01\n'
        f'NETBOX_ACME_EMAIL={EMAIL}\nNETBOX_ACME_STRICT=1\nNETBOX_ACME_SPOOL={tmp_path}/spool\n'
    )
    configuration.chmod(0o600)
    return {**os.environ, 'NETBOX_ACME_CONFIG': str(configuration), 'no_proxy': '127.0.0.1', 'HOME': str(tmp_path)}


def run(client_environment, *command, codes=(0,)):
    words = [str(word) for word in command]
    done = subprocess.run(words, env=client_environment, capture_output=True, text=True, timeout=processes.PATIENCE)
    assert done.returncode in codes, f'{words[0]}: {done.stdout}{done.stderr}'
    return done


def certificate(api, name):
    (found,) = api.get('plugins/ssl/certificates/', name=name)['results']
    return found


def issuances(api, pk):
    return api.get('plugins/ssl/issuances/', certificate_id=pk)['count']


def assert_reported(api, acme_server, name, client, lineage='', **more):
    """Assert that all data of the client has arrived. Return the certificate."""
    found = certificate(api, name)
    expected = {
        'is_acme': True,
        'acme_server_url': acme_server.directory_url,
        'acme_account_email': EMAIL,
        'acme_challenge_type': 'http-01',
        'acme_auto_renewal': True,
        'renewal_status': 'OK',
        **more,
    }
    assert {field: found[field] for field in expected} == expected
    assert found['acme_last_renewed']
    (source,) = api.get('plugins/ssl/sources/', certificate_id=found['id'])['results']
    start, place, end = source['external_id'].split(':', 2)
    assert (start, source['client'], end) == (client, client, lineage or name)
    # Not the client's default directory
    assert place.startswith('web01/')
    assert source['issuance']['serial_number'] == found['serial_number']
    assert not source['is_behind']
    # Certificates have whole seconds, and the renewal must be the later one.
    time.sleep(1.1)
    return found


def assert_renewed(api, before):
    """Assert that the same certificate has a new issuance. Return it."""
    after = certificate(api, before['name'])
    assert after['id'] == before['id']
    assert after['serial_number'] != before['serial_number']
    assert after['acme_last_renewed'] >= before['acme_last_renewed']
    assert issuances(api, after['id']) == 2
    return after


def rule(api, receiver, name, event_type, object_type='netbox_ssl.certificate'):
    webhook = api.post(
        'extras/webhooks/',
        {'name': name, 'payload_url': receiver.url + name, 'http_method': 'POST', 'ssl_verification': False},
    )
    api.post(
        'extras/event-rules/',
        {
            'name': name,
            'object_types': [object_type],
            'event_types': [event_type],
            'action_type': 'webhook',
            'action_object_type': 'extras.webhook',
            'action_object_id': webhook['id'],
        },
    )


def test_certbot_until_it_breaks(
    stack, api, acme_server, certbot, receiver, client_environment, monkeypatch, empty_afterwards
):
    monkeypatch.setenv('NETBOX_ACME_CONFIG', client_environment['NETBOX_ACME_CONFIG'])
    rule(api, receiver, 'changed', 'netbox_ssl.renewal_status_changed')
    rule(api, receiver, 'overdue', 'netbox_ssl.renewal_overdue')
    name = 'certbot.example.net'
    certbot.issue(name, options=('--deploy-hook', str(HOOKS / 'certbot.sh')))
    made = assert_reported(api, acme_server, name, 'certbot')

    # Broken on purpose: nothing is reported, time passes, and NetBox detects it.
    acme_server.stop()
    try:
        with pytest.raises(Failure):
            certbot.renew(name)
    finally:
        acme_server.start()
    stack.manage(AGE.format(pk=made['id'], left=10))
    receiver.wait_for(lambda delivery: delivery.path == '/overdue')
    stack.manage(AGE.format(pk=made['id'], left=-1))
    receiver.wait_for(lambda delivery: delivery.json['data']['renewal_status'] == 'Expired')

    # Repaired: the same certificate, and the recovery
    certbot.renew(name)
    after = assert_renewed(api, made)
    assert after['renewal_status'] == 'OK'
    (recovery,) = receiver.wait_for(
        lambda delivery: delivery.path == '/changed' and delivery.json['data']['renewal_status'] == 'OK'
    )
    assert recovery.json['snapshots']['prechange']['renewal_status'] == 'Expired'

    # The nightly run finds nothing new.
    done = run(client_environment, 'sh', HOOKS / 'certbot.sh', '--sync', certbot.config)
    assert '1 reported' in done.stdout
    assert certificate(api, name)['last_updated'] == after['last_updated']


def test_lego(stack, api, acme_server, client_environment, tmp_path, empty_afterwards):
    lego = programs.find('lego')
    name = 'lego.example.net'
    hook = f'{HOOKS / "lego.sh"} {acme_server.directory_url} http-01'
    command = [lego, '--server', acme_server.directory_url, '--accept-tos', '--email', EMAIL, '--domains', name]
    command += ['--http', '--http.port', f'127.0.0.1:{processes.free_port()}', '--path', tmp_path / 'lego']
    run(client_environment, *command, 'run', '--run-hook', hook)
    made = assert_reported(api, acme_server, name, 'lego')
    run(client_environment, *command, 'renew', '--days', 400, '--no-random-sleep', '--renew-hook', hook)
    assert_renewed(api, made)
    sync = ('sh', HOOKS / 'lego.sh', '--sync', tmp_path / 'lego', acme_server.directory_url, 'http-01')
    run(client_environment, *sync)
    assert issuances(api, made['id']) == 2

    # Its files are deleted; a certificate missing from two lists in a row, an hour apart, is gone.
    for file in (tmp_path / 'lego' / 'certificates').iterdir():
        file.unlink()
    for state in ('current', 'gone'):
        # 1: nothing was found, and the hook is strict.
        run(client_environment, *sync, codes=(1,))
        (source,) = api.get('plugins/ssl/sources/', certificate_id=made['id'])['results']
        assert source['state'] == state
        stack.manage(AN_HOUR_LATER)


def test_dehydrated(api, acme_server, client_environment, tmp_path, empty_afterwards):
    dehydrated = programs.find('dehydrated')
    name = 'dehydrated.example.net'
    hook = tmp_path / 'hook'
    hook.write_text(f'#!/bin/sh\ncase $1 in deploy_cert|unchanged_cert) {HOOKS}/dehydrated.sh "$@" ;; esac\n')
    hook.chmod(0o755)
    (tmp_path / 'wellknown').mkdir()
    config = tmp_path / 'config'
    config.write_text(
        f'CA="{acme_server.directory_url}"\nBASEDIR="{tmp_path}"\nHOOK="{hook}"\nCHALLENGETYPE="http-01"\n'
        f'WELLKNOWN="{tmp_path}/wellknown"\nCONTACT_EMAIL="{EMAIL}"\nKEY_ALGO=prime256v1\n'
    )
    run(client_environment, dehydrated, '--config', config, '--register', '--accept-terms')
    order = (dehydrated, '--config', config, '--cron', '--domain', name)
    run(client_environment, *order)
    made = assert_reported(api, acme_server, name, 'dehydrated', acme_renewal_days=30)
    run(client_environment, *order, '--force')
    after = assert_renewed(api, made)
    # Unchanged: reported, but nothing changes.
    run(client_environment, *order)
    assert certificate(api, name)['last_updated'] == after['last_updated']


def test_uacme(api, acme_server, client_environment, tmp_path, empty_afterwards):
    uacme = programs.find('uacme')
    name = 'uacme.example.net'
    directory = tmp_path / 'uacme'
    command = (uacme, '--acme-url', acme_server.directory_url, '--confdir', directory, '--yes')
    run(client_environment, *command, 'new', EMAIL)
    challenge = tmp_path / 'challenge'
    challenge.write_text('#!/bin/sh\n[ "$2" = http-01 ]\n')
    challenge.chmod(0o755)
    report = ('sh', HOOKS / 'uacme.sh', name, acme_server.directory_url, 'http-01')
    client_environment = {**client_environment, 'UACME_DIR': str(directory)}
    run(client_environment, *command, '--hook', challenge, 'issue', name)
    run(client_environment, *report)
    made = assert_reported(api, acme_server, name, 'uacme')
    run(client_environment, *command, '--hook', challenge, '--force', 'issue', name)
    run(client_environment, *report)
    assert_renewed(api, made)


CADDYFILE = """{{
    admin off
    storage file_system {folder}/storage
    http_port {http_port}
    https_port {https_port}
    default_bind 127.0.0.1
    email {email}
    acme_ca {directory_url}
    skip_install_trust
}}
{name} {{
    respond "hello"
}}
"""


@contextmanager
def caddy(client_environment, folder):
    """Run Caddy until it has a certificate."""
    program = programs.find('caddy')
    command = [program, 'run', '--config', folder / 'Caddyfile', '--adapter', 'caddyfile']
    process = processes.start(command, folder / 'caddy.log', client_environment, cwd=folder)
    made = folder / 'storage' / 'certificates'
    try:
        # The metadata is written last.
        processes.wait_until(
            lambda: list(made.rglob('*.json')), process, processes.PATIENCE, 'Caddy', folder / 'caddy.log'
        )
        yield made
    finally:
        processes.stop(process)


def test_caddy(api, acme_server, client_environment, tmp_path, empty_afterwards):
    name = 'caddy.example.net'
    ports = {'http_port': processes.free_port(), 'https_port': processes.free_port()}
    more = {'name': name, 'email': EMAIL, 'directory_url': acme_server.directory_url}
    (tmp_path / 'Caddyfile').write_text(CADDYFILE.format(folder=tmp_path, **ports, **more))
    report = ('sh', HOOKS / 'caddy.sh', '--sync', tmp_path / 'storage', 'http-01')
    # 2.6 does not write the server beside the certificate.
    client_environment = {**client_environment, 'NETBOX_ACME_SERVER': acme_server.directory_url}
    with caddy(client_environment, tmp_path) as certificates:
        run(client_environment, *report)
    issuer = f'127.0.0.1-{acme_server.port}-directory'
    made = assert_reported(api, acme_server, name, 'caddy', lineage=f'{issuer}/{name}')
    # Caddy has no command that forces a renewal, but orders a missing certificate again.
    shutil.rmtree(certificates)
    with caddy(client_environment, tmp_path):
        run(client_environment, *report)
    assert_renewed(api, made)
