"""The NetBox that benchmarks measure. Its servers are started, and its code is loaded, once for all of a run."""

import sys
from contextlib import ExitStack
from functools import cache

import redis

from dev.environment import Environment, prepared
from tests.support.fork_server import loaded_netbox

__all__ = ('emptied', 'run_within', 'stop')

_started = ExitStack()


@cache
def _environment() -> Environment:
    return _started.enter_context(prepared())


def stop() -> None:
    """Stop what was started."""
    _started.close()


def emptied() -> Environment:
    """Return the environment, with a new database and empty queues and caches."""
    environment = _environment()
    environment.databases.copy(environment.database)
    base, _, first = environment.redis_url.rpartition('/')
    # Queues and cache (dev/configuration.py)
    for number in (0, 1):
        with redis.Redis.from_url(f'{base}/{int(first or 0) + number}') as database:
            database.flushdb()
    return environment


def run_within(environment: Environment, code: str, variables: dict | None = None) -> None:
    """
    Run code within NetBox, as ``netbox shell`` does, in a process of its own. It prints here.

    Args:
        variables: of NetBox; those of tests by default
    """
    server = loaded_netbox(variables or environment.variables(testing=True), environment.folder)
    streams = {'stdout': sys.stdout.fileno(), 'stderr': sys.stderr.fileno()}
    sys.stdout.flush()
    if failed := server.start('netbox', ['shell', '-v', '0', '-c', code], **streams).wait():
        raise SystemExit(failed)
