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


def database_url(server, name):
    user = f'{quote(server.user, safe="")}:{quote(server.password, safe="")}'
    return f'postgresql://{user}@{server.host}:{server.port}/{name}'


def netbox_migrations():
    """The migration files of NetBox's apps and of the Django apps that it uses, in a stable order."""
    # By depth, which is much faster than to look through everything: django/contrib/auth/migrations is deepest.
    folders = ('*/migrations', '*/*/migrations', '*/*/*/migrations')
    found = [file for folder in folders for file in SITE_PACKAGES.glob(f'{folder}/[0-9]*.py')]
    return sorted(file for file in found if 'tests' not in file.parts and not NEIGHBOURS & set(file.parts))


def netbox_fingerprint(version):
    return paths.digest(version, *netbox_migrations())


def count_of_netbox():
    """About how many migrations there are to apply (some apps in the folder are not installed ones)."""
    return len(netbox_migrations())


def environment(url, plugins):
    """What `netbox migrate` needs. It uses no Redis, but NetBox does not start without an address."""
    return {
        **os.environ,
        'NETBOX_CONFIGURATION': 'dev.configuration',
        'NETBOX_ROOT': str(paths.INSTANCE),
        'NETBOX_SSL_RUN_DATABASE': url,
        'NETBOX_SSL_RUN_REDIS': 'redis://127.0.0.1:1/0',
        'NETBOX_SSL_RUN_PLUGINS': json.dumps(plugins),
        'PYTHONPATH': str(paths.ROOT),
        'PYTHONUNBUFFERED': '1',
    }


def migrate(url, plugins, total=None):
    """Apply all migrations; every ten seconds say how far it is."""
    command = [sys.executable, '-m', 'netbox', 'migrate', '--no-input', '--no-color']
    last_lines, applied, said = deque(maxlen=40), 0, time.monotonic()
    output = {'stdout': subprocess.PIPE, 'stderr': subprocess.STDOUT, 'text': True}
    with subprocess.Popen(command, env=environment(url, plugins), preexec_fn=processes.bound(), **output) as process:
        for line in process.stdout:
            last_lines.append(line)
            applied += line.strip().startswith('Applying')
            if time.monotonic() - said > 10:
                said = time.monotonic()
                say(f'  {applied}{f" of about {total}" if total else ""} migrations applied')
    if process.returncode:
        sys.stderr.writelines(last_lines)
        raise Failure('the migrations could not be applied (the output above says why).')
