"""The dump of NetBox's migrated database in the user's cache, so that the next checkout need not migrate."""

import os
import subprocess

from dev import paths, processes
from dev.postgres import find_programs

# What pg_dump sets, and what it has to be: IS DISTINCT FROM, as in conditions of triggers, cannot name its schema.
NO_SCHEMA = "set_config('search_path', '', false)"
PUBLIC_SCHEMA = "set_config('search_path', 'public', false)"
END = '-- PostgreSQL database dump complete'


class Dump:
    """Keyed by the migrations and by the major version of PostgreSQL's programs: older ones cannot read it."""

    def __init__(self, server, fingerprint):
        self.server = server
        self.folder, major = find_programs() or (None, 0)
        self.file = paths.cache_folder() / f'netbox-{paths.NETBOX_VERSION}-{fingerprint}-pg{major}.sql'

    def exists(self):
        return bool(self.folder) and self.file.exists()

    def call(self, name, *arguments):
        """Run one of PostgreSQL's programs; return its output, or None when it fails."""
        connection = ['-h', self.server.host, '-p', str(self.server.port), '-U', self.server.user]
        more = {'env': {**os.environ, 'PGPASSWORD': self.server.password}, 'preexec_fn': processes.bound()}
        done = subprocess.run([self.folder / name, *connection, *arguments], capture_output=True, text=True, **more)
        return done.stdout if done.returncode == 0 else None

    def restore(self, name):
        """Return whether the whole dump could be restored."""
        options = ['-X', '-q', '-1', '-v', 'ON_ERROR_STOP=1']
        return END in self.file.read_text() and self.call('psql', '-d', name, *options, '-f', self.file) is not None

    def save(self, name):
        """Save if possible: without the dump everything works, only slower the next time."""
        if self.folder and (dump := self.call('pg_dump', '--no-owner', name)):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            paths.write_atomically(self.file, dump.replace(NO_SCHEMA, PUBLIC_SCHEMA))
