"""NetBox's static files, collected once for each environment and state of the plugin's own files."""

import sys

from dev import locks, migrating, paths, processes
from dev.console import step


def ensure():
    """Collect the files unless that was done for exactly this."""
    stamp = paths.INSTANCE / 'static.fingerprint'
    wanted = paths.digest((paths.VENV / 'fingerprint').read_text(), paths.PACKAGE / 'static')
    with locks.exclusive(paths.STATE / 'static.lock', waiting_for='collects the static files'):
        if stamp.exists() and stamp.read_text() == wanted:
            return
        with step('collecting static files'):
            # It needs no database: NetBox only requires an address.
            environment = migrating.environment('postgresql://nobody@127.0.0.1:1/none', ['netbox_ssl'])
            command = [sys.executable, '-m', 'netbox', 'collectstatic', '--no-input', '-v', '0']
            processes.run_quietly(command, 'collect the static files', environment)
        paths.write_atomically(stamp, wanted)
