"""Applying migrations to a database, with signs of life."""

import json
import os
import subprocess
import sys
import sysconfig
import time
from collections import deque
from pathlib import Path
from urllib.parse import quote

from dev import paths, processes
from dev.console import Failure, say

# Plugins that are installed for the tests with them: no part of NetBox.
NEIGHBOURS = {'netbox_branching', 'netbox_custom_objects'}
SITE_PACKAGES = Path(sysconfig.get_path('purelib'))
ORIGINAL = ('netbox', 'migrate', '--no-input', '--no-color')
QUICK = ('dev.quick_migrate',)


def database_url(server, name):
    user = f'{quote(server.user, safe="")}:{quote(server.password, safe="")}'
    return f'postgresql://{user}@{server.host}:{server.port}/{name}'


def netbox_migrations():
    """Return the migration files of NetBox's apps and of the Django apps that it uses, in a stable order."""
    # By depth, which is much faster than to look through everything: django/contrib/auth/migrations is deepest.
    folders = ('*/migrations', '*/*/migrations', '*/*/*/migrations')
    found = [file for folder in folders for file in SITE_PACKAGES.glob(f'{folder}/[0-9]*.py')]
    return sorted(file for file in found if 'tests' not in file.parts and not NEIGHBOURS & set(file.parts))


def environment(url, plugins=()):
    """Return the variables of NetBox. Its commands use no Redis, but NetBox does not start without an address."""
    return {
        **os.environ,
        'DJANGO_SETTINGS_MODULE': 'netbox.settings',
        'NETBOX_CONFIGURATION': 'dev.configuration',
        'NETBOX_ROOT': str(paths.INSTANCE),
        'NETBOX_SSL_RUN_DATABASE': url,
        'NETBOX_SSL_RUN_REDIS': 'redis://127.0.0.1:1/0',
        'NETBOX_SSL_RUN_PLUGINS': json.dumps(plugins),
        'PYTHONPATH': str(paths.ROOT),
        'PYTHONUNBUFFERED': '1',
    }


class Progress:
    """Says every ten seconds how far a migration is."""

    def __init__(self):
        self.said = time.monotonic()
        self.shares = {}
        self.applied = []

    def read(self, line):
        """Take note of a line of output."""
        match line.split():
            case ['planned', name, share]:
                self.shares[name] = int(share)
            case ['Applying', name, *_]:
                self.applied.append(name.removesuffix('...'))
        if self.applied and time.monotonic() - self.said > 10:
            self.said = time.monotonic()
            say(f'  {self.text()}')

    def text(self):
        if not self.shares:
            return f'{len(self.applied)} migrations applied'
        return f'{sum(self.shares.get(name, 0) for name in self.applied) / sum(self.shares.values()):.0%}'


def migrate(url, plugins, how=ORIGINAL):
    """
    Apply all migrations, with progress.

    Raises:
        Failure: a migration could not be applied; the end of the output has been printed.
    """
    progress, last_lines = Progress(), deque(maxlen=40)
    output = {'stdout': subprocess.PIPE, 'stderr': subprocess.STDOUT, 'text': True}
    command = [sys.executable, '-m', *how]
    with subprocess.Popen(command, env=environment(url, plugins), preexec_fn=processes.bound(), **output) as process:
        for line in process.stdout:
            last_lines.append(line)
            progress.read(line)
    if process.returncode:
        sys.stderr.writelines(last_lines)
        raise Failure('the migrations could not be applied (see the output above).')
