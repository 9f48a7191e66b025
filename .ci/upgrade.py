"""
Install the wheel of the last release with data, upgrade to the built wheel, and compare the data; then see a downgrade
refused: make run CMD="python .ci/upgrade.py [WHEEL OR REQUIREMENT]"

Without an argument, the last release is the one that CHANGELOG.md names before that of the checkout; if there is none,
the built wheel is used instead.
"""

import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from wheel import BareStack, installed

from dev import paths, processes
from dev.console import Failure, say, step
from dev.databases import netbox_template
from dev.environment import prepared
from dev.release import previous_release
from tests.support.api import Api
from tests.support.certificate_factory import issue, make_ca

LISTS = ('certificates', 'issuances', 'sources', 'certificate-assignments', 'endpoints')
NEWER = '9999_from_a_newer_version'
# Computed from the time of the request
MOVING = {'days_left', 'last_updated'}


def last_release(wheel):
    """Return the requirement for the last release."""
    if version := previous_release(paths.ROOT):
        return f'netbox-ssl-inventory=={version}'
    say('no other version has been released yet: the built wheel is used as the last release')
    return wheel


def fill(api):
    """Record something of every kind."""
    ca = make_ca("Let's Encrypt", 'R13')
    now = datetime.now(UTC).replace(microsecond=0)
    first = issue(['www.example.com'], ca, now - timedelta(days=70), now + timedelta(days=20))
    again = issue(['www.example.com'], ca, now - timedelta(days=1), now + timedelta(days=89))
    report = {'external_id': 'certbot:web01:www.example.com', 'acme_auto_renewal': True, 'acme_renewal_days': 25}
    for issued in (first, again):
        made = api.post('plugins/ssl/certificates/import/', {'pem': issued.fullchain_pem, **report})
    site = api.post('dcim/sites/', {'name': 'Site', 'slug': 'site'})
    machine = api.post('virtualization/virtual-machines/', {'name': 'vm01', 'site': site['id']})
    target = {'assigned_object_type': 'virtualization.virtualmachine', 'assigned_object_id': machine['id']}
    api.post(
        'plugins/ssl/certificate-assignments/', {'certificate': made['certificate']['id'], **target, 'note': 'nginx'}
    )
    api.post('plugins/ssl/endpoints/', {'address': 'www.example.com', 'port': 443, 'monitor': 'web01'})
    typed = {'name': 'typed.example.com', 'valid_from': first.certificate.not_valid_before_utc.isoformat()}
    typed['valid_to'] = again.certificate.not_valid_after_utc.isoformat()
    api.post('plugins/ssl/certificates/', {**typed, 'comments': 'Typed', 'expiry_marks': [40, 7]})


def read(stack):
    """Return all objects of the plugin, as its REST API shows them."""
    stack.start_web()
    try:
        stack.wait_for_web()
        api = Api(stack.base_url, stack.authorization)
        return {
            name: {each['id']: each for each in api.get(f'plugins/ssl/{name}/', limit=0)['results']} for name in LISTS
        }
    finally:
        stop(stack)


def stop(stack):
    stack.stop()
    stack.listener = processes.listen()
    stack.port = stack.listener.getsockname()[1]
    stack.base_url = f'http://127.0.0.1:{stack.port}'


def compare(before, after):
    """Raise Failure if an object or a field is gone or different. New fields are what upgrades are for."""
    for name, objects in before.items():
        if objects.keys() != after[name].keys():
            raise Failure(f'{name}: {len(objects)} before, {len(after[name])} after the upgrade')
        for pk, fields in objects.items():
            found = after[name][pk]
            different = [key for key, value in plain(fields).items() if plain(found).get(key, ...) != value]
            if different:
                raise Failure(f'{name} {pk}: different after the upgrade: {", ".join(different)}')
    say(f'{", ".join(f"{len(objects)} {name}" for name, objects in before.items())}: the same after the upgrade')


def plain(value):
    """Return a JSON value without addresses, which have the port of the server, and without what time changes."""
    if isinstance(value, dict):
        return {
            key: plain(each)
            for key, each in value.items()
            if key not in MOVING and not (isinstance(each, str) and each.startswith('http://127.0.0.1'))
        }
    return [plain(each) for each in value] if isinstance(value, list) else value


def refuse_downgrade(stack):
    """Make the database that of a newer version; neither commands nor the web server may start on it."""
    with psycopg.connect(stack.environment.databases.url(stack.environment.database), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('netbox_ssl', %s, now())", [NEWER]
        )
    for command in (
        ['-m', 'netbox', 'migrate', '--no-input'],
        ['-m', 'netbox', 'rqworker'],
        ['-c', 'import netbox.wsgi'],
    ):
        done = subprocess.run(
            [stack.python, *command], env=stack.variables, cwd=stack.folder, capture_output=True, text=True, timeout=300
        )
        if not done.returncode or NEWER not in done.stderr:
            raise Failure(f'python {" ".join(command)}: not refused after a downgrade:\n{done.stdout}{done.stderr}')
    say('after a downgrade, migrate, the worker and the web server refuse to start')


def main():
    (wheel,) = (paths.ROOT / 'dist').glob('*.whl')
    before = sys.argv[1] if len(sys.argv) > 1 else last_release(wheel)
    with prepared() as environment, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment.databases.copy(environment.database, netbox_template())
        stack = BareStack(environment, installed(folder, before), folder)
        with step(f'netbox migrate with {getattr(before, "name", before)}'):
            stack.netbox('migrate', '--no-input', '-v', '0')
        stack.collect_static()
        stack.start_web()
        stack.make_account()
        fill(Api(stack.base_url, stack.authorization))
        stop(stack)
        recorded = read(stack)
        installed(folder, wheel)
        with step(f'netbox migrate with {wheel.name}'):
            stack.netbox('migrate', '--no-input', '-v', '0')
        stack.collect_static()
        compare(recorded, read(stack))
        stack.netbox('renewals_sweep')
        refuse_downgrade(stack)
    say('upgrade and downgrade: as documented')
    return 0


if __name__ == '__main__':
    sys.exit(main())
