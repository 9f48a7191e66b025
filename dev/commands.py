"""The small commands: run, migrations, bench, pins, setup."""

import os
import shlex
import sys

from dev import locks, migrating, paths, processes
from dev.console import Failure
from dev.databases import LOCK
from dev.environment import database_server, prepared

# Programs of the environment, as Python modules: the first line of their scripts cannot have a space in its path.
MODULES = {'netbox': 'netbox', 'manage.py': 'netbox', 'pytest': 'pytest', 'ruff': 'ruff', 'mkdocs': 'mkdocs'}


def words_of(arguments, variable='ARGS'):
    return arguments or shlex.split(os.environ.get(variable, ''))


def setup(_arguments):
    """Prepare everything that is slow, and stop."""
    with prepared() as environment, locks.exclusive(LOCK, waiting_for='prepares the database'):
        environment.databases.ensure_template()
    return 0


def run(arguments):
    """Run a command on the demo's database, beside a running demo or without one."""
    from demo.command import demo_environment

    first, *rest = words_of(arguments, 'CMD') or ['']
    if not first:
        raise Failure('nothing to run: make run CMD="netbox shell"')
    if first in ('python', 'python3'):
        first = sys.executable
    command = [sys.executable, '-m', MODULES[first], *rest] if first in MODULES else [first, *rest]
    with demo_environment() as variables:
        return processes.run_along(command, env=variables)


def makemigrations(*options):
    """Run on an empty database: Django asks the server what it can do (for generated columns), but reads no table."""
    with database_server() as server:
        environment = migrating.environment(migrating.database_url(server, 'postgres'), ['netbox_ssl'])
        return processes.run_along([sys.executable, '-m', 'netbox', 'makemigrations', *options], env=environment)


def migrations(arguments):
    return makemigrations('netbox_ssl', *words_of(arguments))


def bench(arguments):
    """NetBox needs the address of a database to be imported; the benchmarks have their own."""
    variables = migrating.environment('postgresql://nobody@127.0.0.1:1/none', ['netbox_ssl'])
    command = [sys.executable, '-m', 'benchmarks', *words_of(arguments)]
    return processes.run_along(command, cwd=paths.ROOT, env=variables)


def pins(_arguments):
    return processes.run_along([sys.executable, paths.REQUIREMENTS / 'compile.py'], cwd=paths.ROOT)
