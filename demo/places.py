"""The places for demos of one checkout: each has a database, which is kept, and what belongs to that."""

import json
import os
from contextlib import contextmanager

import psycopg
from psycopg import sql

from dev import locks, migrating, paths
from dev.console import Failure, say, step
from dev.databases import PREFIX, netbox_template

PLACES = 20


class Place:
    """The n-th demo of this checkout: its lock, its database, and what it has to remember."""

    def __init__(self, number):
        self.number = number
        version = ''.join(filter(str.isalnum, paths.NETBOX_VERSION))
        self.lock = paths.RUNS / f'demo-{version}-{number}.lock'
        self.file = paths.STATE / f'demo-{version}-{number}.json'
        self.database = f'{PREFIX}demo_{version}_{number}'

    def read(self):
        try:
            return json.loads(self.file.read_text())
        except (FileNotFoundError, ValueError):
            return {}

    def remember(self, **values):
        paths.write_atomically(self.file, json.dumps({**self.read(), **values}))

    def make_database(self, databases):
        """Bring the database up to date; make a new one if there is none or its migrations were rewritten."""
        applied, now = applied_migrations(databases, self.database), migration_files()
        if applied == now:
            return
        if applied and applied.items() <= now.items():
            with step("applying the plugin's new migrations"):
                migrating.migrate(databases.url(self.database), ['netbox_ssl'])
        else:
            if applied is not None:
                say('the migrations that were applied have been rewritten: starting with a new database')
            self.file.unlink(missing_ok=True)
            databases.copy(self.database)
        databases.execute('COMMENT ON DATABASE {} IS {}', self.database, sql.Literal(json.dumps(now)))

    def forget(self, databases):
        """Drop the database, and what belongs to it."""
        databases.drop(self.database)
        self.file.unlink(missing_ok=True)


def migration_files():
    """Return hashes of the plugin's migrations and of NetBox's."""
    files = sorted((paths.PACKAGE / 'migrations').glob('[0-9]*.py'))
    return {'netbox': netbox_template().fingerprint, **{file.stem: paths.digest(file)[:12] for file in files}}


def applied_migrations(databases, name):
    """Return the migrations that were applied to a database, or None when there is no such database."""
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    with psycopg.connect(databases.url('postgres'), autocommit=True) as connection:
        row = connection.execute(query, [name]).fetchone()
    return None if row is None else json.loads(row[0] or '{}')


@contextmanager
def free_place():
    """Yield the first place that no running demo has."""
    for number in range(1, PLACES + 1):
        place = Place(number)
        held = locks.try_exclusive(place.lock)
        if held is not None:
            try:
                yield place
            finally:
                os.close(held)
            return
    raise Failure(f'{PLACES} demos of this checkout are running already.')
