"""
``make compare-migrations``: migrate by ``dev/quick_migrate.py`` and by ``netbox migrate``, and compare the results.

Schema and rows have to be the same. Then the compared versions are recorded in ``compared_migrations.json``, which
``tests/dev/test_quick_migrate.py`` compares with the installed ones.
"""

import ast
import difflib
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import psycopg
from psycopg import sql

from dev import migrating, paths, processes
from dev.console import Failure, say, step
from dev.databases import netbox_template, plugin_template
from dev.environment import prepared
from dev.postgres import programs
from tests.support import neighbours

RECORD = Path(__file__).with_name('compared_migrations.json')
SHOWN = 60
METHODS = (migrating.QUICK, migrating.ORIGINAL)
TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname"
# Times of the migration itself differ.
COLUMNS = """
    SELECT array_agg(attname::text) FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND atttypid = 'timestamptz'::regtype
"""
ROWS = "SELECT (to_jsonb(t) - coalesce(%s, '{{}}'::text[]))::text FROM {} t"
SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY sequencename"


def method():
    """Return a hash of the code of the quick method, whatever its comments and docstrings say."""
    tree = ast.parse((paths.ROOT / 'dev' / 'quick_migrate.py').read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef):
            node.body = [each for each in node.body if not is_text(each)]
    return paths.digest(ast.unparse(tree))[:8]


def is_text(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def versions():
    """Return the versions that the result of the quick migrations depends on, apart from the plugin's migrations."""
    packages = ('django', *neighbours.PACKAGES)
    return {
        'migrations': netbox_template().fingerprint,
        'method': method(),
        **{package: metadata.version(package) for package in packages},
    }


def recorded():
    """Return the compared versions by version of NetBox."""
    return json.loads(RECORD.read_text())


def schema(server, name):
    """Return the lines of the schema, without the tokens that are different in each dump."""
    command = [programs()[0] / 'pg_dump', '--schema-only', '--no-owner', '-h', server.host, '-p', server.port]
    environment = {**os.environ, 'PGPASSWORD': server.password}
    dump = processes.run_quietly([*command, '-U', server.user, name], 'dump the schema', environment)
    return [line for line in dump.splitlines() if not line.startswith(('\\restrict', '\\unrestrict'))]


def rows(url):
    """Return all rows of all tables and the state of the sequences, as sorted lines."""
    with psycopg.connect(url) as connection:
        lines = [f'{name}: {value}' for name, value in connection.execute(SEQUENCES)]
        for (table,) in connection.execute(TABLES).fetchall():
            (moments,) = connection.execute(COLUMNS, [f'"{table}"']).fetchone()
            found = connection.execute(sql.SQL(ROWS).format(sql.Identifier(table)), [moments])
            lines += sorted(f'{table}: {row}' for (row,) in found)
    return lines


def compare(what, quick, original):
    """Raise Failure, after printing what is different, unless the lines are the same."""
    different = list(difflib.unified_diff(original, quick, 'netbox migrate', 'dev.quick_migrate', lineterm='', n=1))
    if different:
        print('\n'.join(different[:SHOWN]), file=sys.stderr)
        raise Failure(f'the {what} of the quick migrations differs: do not use them with these versions.')


def compare_migrations(_arguments):
    with prepared() as environment, ThreadPoolExecutor() as side_by_side:
        databases = environment.databases
        names = {how: f'{environment.database}_{number}' for number, how in enumerate(METHODS)}
        for name in names.values():
            databases.create(name)
        for template in (netbox_template(), plugin_template(), neighbours.template()):
            with step(f'applying the migrations of {template.what} in both ways'):
                urls = [databases.url(name) for name in names.values()]
                list(side_by_side.map(migrating.migrate, urls, [template.plugins] * 2, names))
            schemas = [schema(environment.databases.server, name) for name in names.values()]
            compare('schema', *schemas)
            contents = [rows(databases.url(name)) for name in names.values()]
            compare('content', *contents)
            say(f'{template.what}: {len(schemas[0])} lines of schema and {len(contents[0])} of content are the same')
    RECORD.write_text(json.dumps({**recorded(), paths.NETBOX_VERSION: versions()}, indent=2, sort_keys=True) + '\n')
    return 0
