"""The dump of NetBox's migrated database in the user's cache, so that the next checkout need not migrate."""

import os
import subprocess

from dev import paths, processes
from dev.postgres import find_programs


class Dump:
    """Keyed by the migrations and by the major version of PostgreSQL's programs: older ones cannot read it."""

    def __init__(self, server, fingerprint):
        self.server = server
        self.folder, major = find_programs() or (None, 0)
        self.file = paths.cache_folder() / f'netbox-{paths.NETBOX_VERSION}-{fingerprint}-pg{major}.dump'

    def exists(self):
        return bool(self.folder) and self.file.exists()

    def call(self, name, *arguments):
        """Run one of PostgreSQL's programs; return whether it succeeded."""
        connection = ['-h', self.server.host, '-p', str(self.server.port), '-U', self.server.user]
        more = {'env': {**os.environ, 'PGPASSWORD': self.server.password}, 'preexec_fn': processes.bound()}
        return (
            subprocess.run([self.folder / name, *connection, *arguments], capture_output=True, **more).returncode == 0
        )

    def restore(self, name):
        """Return whether the whole dump could be restored: its data are compressed, with a checksum."""
        return self.call('pg_restore', '-d', name, '--no-owner', '--exit-on-error', '-j', '2', self.file)

    def save(self, name):
        """Save if possible: without the dump everything works, only slower the next time."""
        if self.folder:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            unfinished = self.file.with_suffix(f'.{os.getpid()}.new')
            if self.call('pg_dump', '-Fc', '-Z', '6', '--no-owner', '-f', unfinished, name):
                unfinished.replace(self.file)
            unfinished.unlink(missing_ok=True)
