"""One run: a database server, a Redis, and the variables that NetBox is started with. All of it ends with the run."""

import json
import os
import secrets
import shutil
import sys
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from dev import locks, migrating, paths
from dev.console import Failure, say
from dev.databases import PREFIX, Databases
from dev.postgres import PrivateServer, Server
from dev.valkey import private_valkey
from hatch_build import compile_catalogues


@dataclass
class Environment:
    """The servers, databases and files of one run."""

    run: str
    folder: Path
    databases: Databases
    redis_url: str
    keep_logs: bool = False

    @property
    def database(self):
        """Return the name of the run's own database; those of its further ones begin with it."""
        return f'{PREFIX}{self.run}'

    def variables(self, database=None, plugins_config=None, testing=False, plugins=('netbox_ssl',)):
        """Return the process environment in which NetBox runs."""
        return {
            **migrating.environment(self.databases.url(database or self.database), plugins),
            'PATH': os.pathsep.join([str(Path(sys.executable).parent), os.environ.get('PATH', '')]),
            'NETBOX_SSL_RUN_REDIS': self.redis_url,
            'NETBOX_SSL_RUN_PLUGINS_CONFIG': json.dumps(plugins_config or {}),
            'NETBOX_SSL_RUN_TESTING': '1' if testing else '',
        }


def database_server():
    """Return the server that is named by the environment, or the private one."""
    url = os.environ.get('NETBOX_SSL_DATABASE_URL')
    if not url:
        return PrivateServer()
    parts = urlsplit(url)
    if parts.scheme not in ('postgresql', 'postgres') or not parts.hostname or not parts.username:
        raise Failure('NETBOX_SSL_DATABASE_URL must look like postgresql://user:password@host:5432/.')
    user, password = unquote(parts.username), unquote(parts.password or '')
    return nullcontext(Server(parts.hostname, parts.port or 5432, user, password))


def remove_abandoned_folders():
    """Remove the logs of runs that were killed or failed: they are kept until the next run."""
    for folder in paths.RUNS.glob('run_*/'):
        if not locks.is_held(paths.RUNS / f'{folder.name}.lock'):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def prepared():
    """Bring the servers up; at the end drop the databases of the run and stop the servers."""
    paths.make_private(paths.RUNS)
    for name in ('media', 'reports', 'scripts', 'static'):
        (paths.INSTANCE / name).mkdir(parents=True, exist_ok=True)
    remove_abandoned_folders()
    compile_catalogues(paths.PACKAGE)
    # Whoever finds the lock of a run free may remove what the run has left.
    run = f'run_{os.getpid()}{secrets.token_hex(3)}'
    lock = paths.RUNS / f'{run}.lock'
    with locks.exclusive(lock):
        folder = paths.make_private(paths.RUNS / run)
        redis = os.environ.get('NETBOX_SSL_REDIS_URL')
        with database_server() as server, nullcontext(redis) if redis else private_valkey(folder) as redis_url:
            environment = Environment(run, folder, connect(server), redis_url)
            try:
                yield environment
            finally:
                drop_databases(environment)
        if environment.keep_logs:
            say(f'the logs are kept until the next run: {folder}')
        else:
            shutil.rmtree(folder, ignore_errors=True)
        lock.unlink(missing_ok=True)


def connect(server):
    databases = Databases(server)
    try:
        databases.names()
    except psycopg.OperationalError as error:
        reason = str(error).splitlines()[0]
        raise Failure(f'the PostgreSQL server at {server.host}:{server.port} cannot be used: {reason}') from error
    return databases


def drop_databases(environment):
    """Drop the databases of the run; what cannot be dropped now (the server is gone), the next run drops."""
    with suppress(psycopg.Error):
        for name in environment.databases.names():
            if name.startswith(environment.database):
                environment.databases.drop(name)
