"""The playbooks of the documentation, run by Ansible against a running NetBox."""

import os
import subprocess

import pytest

from dev import paths, processes
from tests.support.acme_issuances import DAY, issue_acme
from tests.support.deadlines import PATIENCE
from tests.support.isolated_programs import install

PLAYBOOKS = paths.ROOT / 'docs' / 'how-to' / 'ansible'
INVENTORY = '{name} ansible_connection=local ansible_python_interpreter="{{{{ ansible_playbook_python }}}}"\n'


@pytest.fixture
def playbook(stack, tmp_path):
    """Provide a function that runs a playbook of the documentation, and returns its exit code and output."""
    inventory = tmp_path / 'inventory'
    inventory.write_text(INVENTORY.format(name='web01'))
    environment = {
        'PATH': os.environ['PATH'],
        # Ansible needs UTF-8, and keeps files in its home.
        'LC_ALL': 'C.UTF-8',
        'HOME': str(tmp_path),
        'ANSIBLE_HOME': str(tmp_path / 'ansible'),
        'ANSIBLE_NOCOLOR': '1',
        'NETBOX_URL': stack.base_url,
        'NETBOX_TOKEN': stack.authorization.removeprefix('Bearer '),
        'no_proxy': '127.0.0.1',
    }

    def run(name, *options):
        program = install(['ansible']) / 'ansible-playbook'
        command = [str(part) for part in (program, '-i', inventory, PLAYBOOKS / name, *options)]
        more = {'capture_output': True, 'text': True, 'timeout': 4 * PATIENCE, 'preexec_fn': processes.bound()}
        done = subprocess.run(command, env=environment, cwd=tmp_path, **more)
        return done.returncode, done.stdout + done.stderr

    return run


def test_certificates_are_imported_and_what_expires_is_read(playbook, api, tmp_path, empty_afterwards):
    live = tmp_path / 'live'
    for name, left in (('good', 80 * DAY), ('soon', 3 * DAY)):
        (live / f'{name}.example.net').mkdir(parents=True)
        file = tmp_path / f'{name}.pem'
        file.write_text(issue_acme(f'{name}.example.net', left).fullchain_pem)
        # As certbot does
        (live / f'{name}.example.net' / 'fullchain.pem').symlink_to(file)
    given = ('-e', f'{{"certificate_paths": ["{live}"], "certificate_settings": {{"acme_auto_renewal": true}}}}')

    code, output = playbook('import-certificates.yml', *given)
    assert code == 0, output
    assert 'changed=1' in output
    sources = {each['external_id']: each for each in api.get('plugins/ssl/sources/')['results']}
    soon = sources[f'ansible:web01:{live}/soon.example.net/fullchain.pem']
    assert (soon['kind'], soon['client']) == ('copy', 'ansible')
    assert api.get(f'plugins/ssl/certificates/{soon["certificate"]["id"]}/')['acme_auto_renewal'] is True

    code, output = playbook('import-certificates.yml', *given)
    assert (code, 'changed=0' in output) == (0, True), output

    only = ('-e', 'certificate_filter=validity=Expiring&name__iew=.example.net')
    code, output = playbook('expiring-certificates.yml', *only)
    assert code == 2, output
    assert 'soon.example.net: 2 days left' in output
    assert 'good.example.net' not in output
    assert '1 certificates expire soon' in output
