"""NetBox's static files, collected once per environment and state of the plugin's own."""

import subprocess
import sys

from dev import locks, migrating, paths, processes
from dev.console import Failure, step


def ensure():
    """Collect the files unless that was done for exactly this."""
    stamp = paths.INSTANCE / 'static.fingerprint'
    wanted = paths.digest((paths.VENV / 'fingerprint').read_text(), paths.PACKAGE / 'static')
    with locks.exclusive(paths.STATE / 'static.lock', waiting_for='collects the static files'):
        if stamp.exists() and stamp.read_text() == wanted:
            return
        with step('collecting static files'):
            collect()
        paths.write_atomically(stamp, wanted)


def collect():
    """Needs no database: NetBox only wants to see an address."""
    environment = migrating.environment('postgresql://nobody@127.0.0.1:1/none', ['netbox_ssl'])
    command = [sys.executable, '-m', 'netbox', 'collectstatic', '--no-input', '-v', '0']
    output = {'stdout': subprocess.PIPE, 'stderr': subprocess.STDOUT, 'text': True}
    done = subprocess.run(command, env=environment, preexec_fn=processes.bound(), **output)
    if done.returncode:
        sys.stderr.write(done.stdout)
        raise Failure('the static files could not be collected (the output above says why).')
