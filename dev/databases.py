"""Migrated databases, kept as templates, and copies of them.

NetBox's own migrations take minutes, so their result is kept twice: as a database to copy from, and as a dump in the
user's cache for the next checkout. The plugin's migrations are applied on top of a copy, which is kept as well. A copy
takes less than a second. All names begin with PREFIX, and nothing else on the server is ever touched.
"""

import contextlib
import json
import re
from importlib import metadata

import psycopg
from psycopg import sql

from dev import dumps, locks, migrating, paths
from dev.console import say, step

PREFIX = f'nbssl_{paths.CHECKOUT}_'
# Of the order: netbox-branching has to be the last.
WITH_NEIGHBOURS = ('netbox_ssl', 'netbox_custom_objects', 'netbox_branching')
NEIGHBOUR_PACKAGES = ('netboxlabs-netbox-custom-objects', 'netboxlabs-netbox-branching')
LOCK = paths.STATE / 'templates.lock'


class Databases:
    """The databases of this checkout on one server."""

    def __init__(self, server):
        self.server = server
        version = metadata.version('netbox')
        self.netbox_hash = migrating.netbox_fingerprint(version)[:8]
        self.plugin_hash = paths.digest(self.netbox_hash, paths.PACKAGE / 'migrations')[:12]
        short = re.sub(r'[^0-9a-z]', '', version.lower())
        self.netbox_templates = f'{PREFIX}netbox_{short}_'
        self.netbox_template = f'{self.netbox_templates}{self.netbox_hash}'
        self.plugin_templates = f'{PREFIX}plugin_{short}_'
        self.neighbour_templates = f'{PREFIX}neighbours_{short}_'
        self.plugin_template = f'{self.plugin_templates}{self.plugin_hash}'

    def url(self, name):
        return migrating.database_url(self.server, name)

    def execute(self, statement, *parts):
        """Run a statement outside a transaction; what is a string is quoted as a name."""
        query = sql.SQL(statement).format(*(sql.Identifier(part) if isinstance(part, str) else part for part in parts))
        with psycopg.connect(self.url('postgres'), autocommit=True) as connection:
            connection.execute(query)

    def names(self):
        with psycopg.connect(self.url('postgres'), autocommit=True) as connection:
            rows = connection.execute('SELECT datname FROM pg_database WHERE starts_with(datname, %s)', [PREFIX])
            return {name for (name,) in rows}

    def create(self, name, template='template0'):
        self.execute('CREATE DATABASE {} TEMPLATE {}', name, template)

    def drop(self, name):
        if not name.startswith(PREFIX):
            raise ValueError(f'{name} is not ours')
        self.execute('DROP DATABASE IF EXISTS {} WITH (FORCE)', name)

    def drop_all(self, names):
        for name in names:
            self.drop(name)

    def copy(self, name):
        """A new database with NetBox and the plugin, migrated."""
        with locks.exclusive(LOCK, waiting_for='prepares the database'):
            self.ensure_templates()
            self.drop(name)
            self.create(name, self.plugin_template)

    def copy_with_neighbours(self, name):
        """As :meth:`copy`, with the plugins of NetBox Labs besides."""
        with locks.exclusive(LOCK, waiting_for='prepares the database'):
            self.ensure_templates()
            versions = [metadata.version(package) for package in NEIGHBOUR_PACKAGES]
            template = f'{self.neighbour_templates}{paths.digest(self.plugin_hash, *versions)[:12]}'
            existing = self.names()
            if template not in existing:
                with step('applying the migrations of netbox-branching and netbox-custom-objects'):
                    self.keep_as(template, self.plugin_template, self.fill_with_neighbours)
                self.drop_all(one for one in existing if one.startswith(self.neighbour_templates))
            self.drop(name)
            self.create(name, template)

    def keep_or_copy(self, name):
        """Bring an older copy up to date; make a new one if there is none or its migrations were rewritten. Needs LOCK.

        Returns whether it is new.
        """
        self.ensure_templates()
        applied = self.remembered(name)
        now = self.migration_files()
        if applied == now:
            return False
        if applied and applied.items() <= now.items():
            with step("applying the plugin's new migrations"):
                self.fill_with_plugin(name)
        else:
            if applied is not None:
                say('the migrations that were applied have been rewritten: starting with a new database')
            self.drop(name)
            self.create(name, self.plugin_template)
        self.execute('COMMENT ON DATABASE {} IS {}', name, sql.Literal(json.dumps(now)))
        return not (applied and applied.items() <= now.items())

    def migration_files(self):
        """Hashes of the plugin's migrations and of NetBox's."""
        files = sorted((paths.PACKAGE / 'migrations').glob('[0-9]*.py'))
        return {'netbox': self.netbox_hash, **{file.stem: paths.digest(file)[:12] for file in files}}

    def remembered(self, name):
        """What was applied to a database, or None when there is no such database."""
        query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
        with psycopg.connect(self.url('postgres'), autocommit=True) as connection:
            row = connection.execute(query, [name]).fetchone()
        return None if row is None else json.loads(row[0] or '{}')

    def ensure_templates(self):
        """Make the templates that are missing, drop those of earlier migrations. Needs LOCK."""
        existing = self.names()
        self.drop_abandoned(existing)
        if self.netbox_template not in existing:
            self.keep_as(self.netbox_template, 'template0', self.fill_with_netbox)
            self.drop_all(name for name in existing if name.startswith(self.netbox_templates))
        if self.plugin_template not in existing:
            with step("applying the plugin's migrations"):
                self.keep_as(self.plugin_template, self.netbox_template, self.fill_with_plugin)
            self.drop_all(name for name in existing if name.startswith(self.plugin_templates))

    def keep_as(self, name, template, fill):
        """Fill a database under another name first: a template is either whole or not there."""
        unfinished = f'{name}_new'
        self.drop(unfinished)
        self.create(unfinished, template)
        try:
            fill(unfinished)
        except BaseException:
            with contextlib.suppress(psycopg.Error):
                self.drop(unfinished)
            raise
        self.execute('ALTER DATABASE {} RENAME TO {}', unfinished, name)
        # A database that is connected to cannot be copied.
        self.execute('ALTER DATABASE {} WITH ALLOW_CONNECTIONS false', name)

    def fill_with_netbox(self, name):
        """From the cached dump where there is one that works, else by migrating."""
        dump = dumps.Dump(self.server, self.netbox_hash, self.url(name))
        if dump.exists():
            with step("restoring NetBox's migrated database from the cache"):
                if dump.restore(name):
                    return
            say('the cached database cannot be used: making it anew')
            dump.remove()
            self.drop(name)
            self.create(name)
        with step("applying NetBox's own migrations (about 5 minutes, once)"):
            migrating.migrate(self.url(name), plugins=[], total=migrating.count_of_netbox())
        dump.save(name)

    def fill_with_plugin(self, name):
        migrating.migrate(self.url(name), plugins=['netbox_ssl'])

    def fill_with_neighbours(self, name):
        migrating.migrate(self.url(name), plugins=WITH_NEIGHBOURS)

    def drop_abandoned(self, existing):
        """Drop what runs that were killed have left: their lock is free."""
        for name in existing:
            run = re.match(rf'{PREFIX}(run_[0-9a-z]+)', name)
            if run and not locks.is_held(paths.RUNS / f'{run[1]}.lock'):
                self.drop(name)
                (paths.RUNS / f'{run[1]}.lock').unlink(missing_ok=True)
