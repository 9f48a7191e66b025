"""
A PostgreSQL server for a single NetBox: if one of its processes is killed, it ends the sessions of all databases.
"""

import os
import subprocess
from contextlib import contextmanager

import psycopg

from dev import locks, paths, processes
from dev.databases import PREFIX, Databases
from dev.postgres import SETTINGS, USER, Cluster, Server, cluster_folder

COPY = f'{PREFIX}copy'
# A line of each dump, and what it becomes
NO_SEARCH_PATH = "SELECT pg_catalog.set_config('search_path', '', false);"
WITH_SEARCH_PATH = "SELECT pg_catalog.set_config('search_path', 'public', false);"


@contextmanager
def copy_on_own_server(environment):
    """Return the URL of a copy of the run's database, on a server that lives as long as the context."""
    remove_abandoned()
    cluster = Cluster(f'postgres-{environment.run}')
    cluster.create()
    try:
        with running(cluster) as server:
            databases = Databases(server)
            databases.create(COPY)
            copy(cluster, environment.databases.server, environment.database, server)
            yield databases.url(COPY)
    finally:
        cluster.remove()


@contextmanager
def running(cluster):
    """Start the server as a child of this process, so that both end together. Stop it after the context."""
    port = processes.free_port()
    settings = [word for setting in (f'port={port}', *SETTINGS.split()) for word in ('-c', setting)]
    command = [cluster.programs[0] / 'postgres', '-D', cluster.data, *settings]
    account = cluster.account
    user = {'user': account.pw_uid, 'group': account.pw_gid, 'extra_groups': []} if account else {}
    process = processes.start(command, cluster.log, cwd='/', **user)
    server = Server('127.0.0.1', port, USER, (cluster.folder / 'password').read_text())
    try:
        processes.wait_until(lambda: answers(server), process, processes.PATIENCE, 'PostgreSQL', cluster.log)
        yield server
    finally:
        processes.stop(process)


def answers(server):
    try:
        Databases(server).names()
    except psycopg.OperationalError:
        return False
    return True


def remove_abandoned():
    """Remove the files of killed runs, whose lock is free."""
    pattern = cluster_folder('postgres-run_*')
    for folder in pattern.parent.glob(pattern.name):
        run = f'run_{folder.name.rpartition("run_")[2]}'
        if not locks.is_held(paths.RUNS / f'{run}.lock'):
            Cluster(f'postgres-{run}').remove()


def copy(cluster, server, name, own):
    """Copy a database with ``pg_dump`` and ``psql``."""
    dump = cluster.folder / 'dump.sql'
    folder = cluster.programs[0]
    call(server, folder / 'pg_dump', '--no-owner', '-f', dump, name)
    # Triggers of NetBox 4.7.0 cannot be created without a search path: they compare with IS DISTINCT FROM, which cannot
    # name the schema of the operator.
    dump.write_text(dump.read_text().replace(NO_SEARCH_PATH, WITH_SEARCH_PATH, 1))
    call(own, folder / 'psql', '-q', '-X', '-v', 'ON_ERROR_STOP=1', '-d', COPY, '-f', dump)


def call(server, program, *arguments):
    variables = {**os.environ, 'PGPASSWORD': server.password}
    command = [str(word) for word in (program, '-h', server.host, '-p', server.port, '-U', server.user, *arguments)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, preexec_fn=processes.bound())
    assert done.returncode == 0, done.stderr
