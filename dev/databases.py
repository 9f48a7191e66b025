"""
Migrated databases, kept as templates, and copies of them, which take less than a second.

A template can be a copy of another one with more migrations applied, as NetBox with this plugin is of NetBox. All names
begin with PREFIX, and nothing else on the server is ever touched.
"""

import contextlib
import re
from dataclasses import dataclass
from importlib import metadata

import psycopg
from psycopg import sql

from dev import dumps, locks, migrating, paths
from dev.console import Failure, say, step

PREFIX = f'nbssl_{paths.CHECKOUT}_'
LOCK = paths.STATE / 'templates.lock'


@dataclass(frozen=True)
class Template:
    """A migrated database: its kind, what it is a copy of, and what is applied to that."""

    kind: str
    fingerprint: str
    what: str
    plugins: tuple = ()
    base: 'Template | None' = None

    @property
    def family(self):
        """Return the prefix of the names of this kind, also of those with earlier migrations, which are dropped."""
        return f'{PREFIX}{self.kind}_{re.sub(r"[^0-9a-z]", "", paths.NETBOX_VERSION)}_'

    @property
    def name(self):
        return f'{self.family}{self.fingerprint}'


def netbox_template():
    version = metadata.version('netbox')
    fingerprint = paths.digest(version, *migrating.netbox_migrations())[:8]
    return Template('netbox', fingerprint, f'NetBox {version}')


def plugin_template():
    base = netbox_template()
    fingerprint = paths.digest(base.fingerprint, paths.PACKAGE / 'migrations')[:12]
    return Template('plugin', fingerprint, 'NetBox SSL', ('netbox_ssl',), base)


class Databases:
    """The databases of this checkout on one server."""

    def __init__(self, server):
        self.server = server

    def url(self, name):
        return migrating.database_url(self.server, name)

    def execute(self, statement, *parts):
        """Run a statement outside a transaction; a part that is a string is quoted as a name."""
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
            raise ValueError(f'{name} is not one of ours')
        self.execute('DROP DATABASE IF EXISTS {} WITH (FORCE)', name)

    def copy(self, name, template=None):
        """Make a database, replacing one of that name: with NetBox and this plugin, or a copy of another template."""
        with locks.exclusive(LOCK, waiting_for='prepares the database'):
            made = self.ensure_template(template)
            self.drop(name)
            self.create(name, made)

    def ensure_template(self, template=None):
        """Return the name of a template, after making it and those below it if they are missing. Needs LOCK."""
        template = template or plugin_template()
        existing = self.names()
        self.drop_abandoned(existing)
        if template.name not in existing:
            base = self.ensure_template(template.base) if template.base else 'template0'
            self.make(template, base)
            for name in existing:
                if name.startswith(template.family):
                    self.drop(name)
        return template.name

    def make(self, template, base):
        """Fill a database under another name first: a template is either complete or not there."""
        unfinished = f'{template.name}_new'
        try:
            dump = None if template.base else dumps.Dump(self.server, template.fingerprint)
            if not (dump and dump.exists() and self.restore(dump, unfinished)):
                self.migrate(template, base, unfinished)
                if dump:
                    dump.save(unfinished)
        except BaseException:
            with contextlib.suppress(psycopg.Error):
                self.drop(unfinished)
            raise
        self.execute('ALTER DATABASE {} RENAME TO {}', unfinished, template.name)
        # A database that is connected to cannot be copied.
        self.execute('ALTER DATABASE {} WITH ALLOW_CONNECTIONS false', template.name)

    def restore(self, dump, name):
        self.drop(name)
        self.create(name)
        with step("restoring NetBox's migrated database from the cache"):
            if dump.restore(name):
                return True
        say('the cached database cannot be used: creating it again')
        return False

    def migrate(self, template, base, name):
        """Apply the migrations by the quick method, and by the original one if that fails."""
        for how, remark in ((migrating.QUICK, ''), (migrating.ORIGINAL, ' by `netbox migrate`, which takes minutes')):
            self.drop(name)
            self.create(name, base)
            try:
                with step(f'applying the migrations of {template.what}{remark}'):
                    return migrating.migrate(self.url(name), template.plugins, how)
            except Failure as failure:
                if how is migrating.ORIGINAL:
                    raise
                say(f'{failure} Starting again without dev/quick_migrate.py.')

    def drop_abandoned(self, existing):
        """Drop what runs that were killed have left: their lock is free."""
        for name in existing:
            run = re.match(rf'{PREFIX}(run_[0-9a-z]+)', name)
            if run and not locks.is_held(paths.RUNS / f'{run[1]}.lock'):
                self.drop(name)
                (paths.RUNS / f'{run[1]}.lock').unlink(missing_ok=True)
