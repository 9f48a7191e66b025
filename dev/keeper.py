"""The process that owns the private PostgreSQL server: python -m dev.keeper POSTGRES DATA PORT

It stops the server when it is told to (SIGTERM) or when no run uses it any more, and the kernel stops the server if
this process is killed. See dev/postgres.py.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time

from dev import locks, processes
from dev.postgres import CONTROL, USERS, Cluster

# Nothing here is worth keeping over a power cut: PostgreSQL need not wait for the disk.
SETTINGS = {
    'listen_addresses': '127.0.0.1',
    'unix_socket_directories': '',
    'fsync': 'off',
    'synchronous_commit': 'off',
    'full_page_writes': 'off',
    'wal_level': 'minimal',
    'max_wal_senders': '0',
    'max_connections': '200',
    'checkpoint_timeout': '30min',
    'max_wal_size': '2GB',
    'timezone': 'UTC',
    'log_timezone': 'UTC',
}


def is_unused():
    """Whether no run holds the lock. Nobody can start one meanwhile: that needs CONTROL as well."""
    control = locks.try_exclusive(CONTROL)
    if control is None:
        return False, None
    users = locks.try_exclusive(USERS)
    if users is None:
        os.close(control)
        return False, None
    return True, (control, users)


def stop(server):
    """SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for clients. SIGQUIT is the one without farewell."""
    for number, seconds in ((signal.SIGINT, 30), (signal.SIGQUIT, 5)):
        if server.poll() is None:
            server.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return server.wait(seconds)
    server.kill()


def main():
    postgres, data, port = sys.argv[1:]
    told = []
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cluster = Cluster()
    cluster.log.unlink(missing_ok=True)
    settings = [word for name, value in SETTINGS.items() for word in ('-c', f'{name}={value}')]
    server = processes.start_untold(
        [postgres, '-D', data, '-p', port, *settings],
        cluster.log,
        user=cluster.account,
        on_death=signal.SIGINT,
        cwd='/',
    )
    # The run that started us holds its lock already, so "unused" does mean that it is over.
    while server.poll() is None and not told:
        time.sleep(0.5)
        unused, held = is_unused()
        if unused:
            break
    stop(server)


if __name__ == '__main__':
    main()
