"""The peer, netbox-ssl 1.4.0 from PyPI, in its own virtual environment and database, for comparison."""

import json
import os
import subprocess
from pathlib import Path

from dev import paths, processes, virtual_environments
from dev.console import step
from dev.databases import netbox_template
from tests.support.stack import Stack

PEER = 'netbox-ssl==1.4.0'
VENV = paths.STATE / f'peer-{virtual_environments.PYTHON}'


class PeerStack(Stack):
    """A NetBox with the peer as its plugin. This project must not be importable: its package has the same name."""

    def __init__(self, environment):
        super().__init__(environment, database=f'{environment.database}_peer')
        self.python = _environment()
        shadow = environment.folder / 'peer'
        shadow.mkdir()
        (shadow / 'dev').symlink_to(paths.ROOT / 'dev')
        path = os.pathsep.join([str(self.python.parent), os.environ.get('PATH', '')])
        self.variables = {**self.variables, 'PYTHONPATH': str(shadow), 'PATH': path}

    def migrate(self):
        databases = self.environment.databases
        databases.copy(f'{self.environment.database}_peer', netbox_template())
        with step("applying the peer's migrations"):
            command = [self.python, '-m', 'netbox', 'migrate', '--no-input']
            subprocess.run(command, env=self.variables, cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def start(self):
        self.start_web(workers=1)
        account = self._account()
        self.password, self.authorization = account['password'], account['authorization']
        self.wait_for_web()

    def start_web(self, workers=1):
        gunicorn = [self.python, '-m', 'gunicorn', '--workers', workers, '--threads', 4, '--timeout', 600]
        self.serve([*gunicorn, '--no-control-socket', 'netbox.wsgi'])

    def _account(self):
        account = {'username': self.username, 'password': processes.password(), 'token': None}
        variables = {**self.variables, 'NETBOX_SSL_RUN_ACCOUNT': json.dumps(account)}
        command = [self.python, '-m', 'dev.account']
        done = subprocess.run(command, env=variables, cwd=self.folder, check=True, capture_output=True, text=True)
        return {**account, **json.loads(done.stdout.splitlines()[-1])}


def _environment() -> Path:
    """Return the Python of the peer's virtual environment, which is created at the first call."""
    overrides = ['--overrides', virtual_environments.OVERRIDES]
    requirements = [*overrides, f'netbox=={paths.NETBOX_VERSION}', PEER]
    return virtual_environments.ensure(VENV, paths.digest(PEER), *requirements, what=PEER) / 'python'
