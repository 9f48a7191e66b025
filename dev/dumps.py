"""The dump of NetBox's migrated database in the user's cache, so that the next checkout need not migrate."""

import json
import os
import subprocess
import time

import psycopg

from dev import paths, processes
from dev.postgres import find_programs

# Only what the migrations made: PostgreSQL's own tables differ between a restored and a migrated database.
COUNTS = """
    SELECT (SELECT count(*) FROM django_migrations),
           (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i', 'S')),
           (SELECT count(*) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n')
"""


class Dump:
    """Keyed by the migrations and by PostgreSQL's major version: an older server cannot read a newer one's dump."""

    def __init__(self, server, fingerprint, url):
        self.url = url
        with psycopg.connect(url) as connection:
            major = connection.info.server_version // 10000
        found = find_programs()
        # A server somewhere else may be newer than the programs here: then there is no dump.
        self.programs = found[0] if found and found[1] >= major else None
        self.environment = {**os.environ, 'PGPASSWORD': server.password}
        self.connection = ['-h', server.host, '-p', str(server.port), '-U', server.user]
        stem = f'netbox-{paths.NETBOX_VERSION}-{fingerprint}-pg{major}'
        self.file = paths.cache_folder() / f'{stem}.dump'
        self.facts = paths.cache_folder() / f'{stem}.json'

    def exists(self):
        return bool(self.programs) and self.file.exists() and self.facts.exists()

    def remove(self):
        for file in (self.file, self.facts):
            file.unlink(missing_ok=True)

    def call(self, name, *arguments):
        command = [self.programs / name, *self.connection, *arguments]
        more = {'env': self.environment, 'capture_output': True, 'preexec_fn': processes.bound()}
        return subprocess.run(command, **more).returncode == 0

    def counts(self):
        with psycopg.connect(self.url) as connection:
            return list(connection.execute(COUNTS).fetchone())

    def is_whole(self):
        try:
            facts = json.loads(self.facts.read_text())
        except ValueError:
            return False
        return facts if facts.get('sha256') == paths.digest(self.file) else False

    def restore(self, name):
        """Whether the dump is whole and the database has what the dumped one had."""
        facts = self.is_whole()
        if not facts:
            return False
        if not self.call('pg_restore', '-d', name, '--no-owner', '--exit-on-error', '-j', '2', str(self.file)):
            return False
        return self.counts() == facts['counts']

    def save(self, name):
        """Best effort: without the dump everything works, only slower the next time."""
        if not self.programs:
            return
        folder = self.file.parent
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f'{self.file.name}.{os.getpid()}.new'
        if self.call('pg_dump', '-Fc', '-Z', '6', '--no-owner', '-f', str(unfinished), name):
            unfinished.replace(self.file)
            facts = {'sha256': paths.digest(self.file), 'counts': self.counts(), 'made': time.strftime('%F')}
            paths.write_atomically(self.facts, json.dumps(facts))
        else:
            unfinished.unlink(missing_ok=True)
