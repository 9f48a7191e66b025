"""The small commands: run, migrations, bench, pins, setup."""

import os
import shlex
import sys

from dev import locks, migrating, paths, processes
from dev.console import Failure
from dev.databases import LOCK
from dev.environment import database_server, prepared

# What is installed in the environment is run by it, without scripts whose first line cannot have a space in it.
MODULES = {'netbox': ['netbox'], 'manage.py': ['netbox'], 'pytest': ['pytest'], 'ruff': ['ruff'], 'mkdocs': ['mkdocs']}


def setup(_arguments):
    """Everything that is slow, done beforehand."""
    with prepared() as environment, locks.exclusive(LOCK, waiting_for='prepares the database'):
        environment.databases.ensure_templates()
    return 0


def command_line(words):
    """The words as a command: Python's modules through this Python."""
    if not words:
        raise Failure('nothing to run: make run CMD="netbox shell"')
    first, *rest = words
    if first in ('python', 'python3'):
        return [sys.executable, *rest]
    if first in MODULES:
        return [sys.executable, '-m', *MODULES[first], *rest]
    return words


def run(arguments):
    """Run a command on the demo's database, beside a demo that is up or without one."""
    from demo.command import demo_environment

    words = arguments or shlex.split(os.environ.get('CMD', ''))
    with demo_environment() as variables:
        return processes.run_along(command_line(words), env=variables)


def makemigrations(*options):
    """On an empty database: Django asks the server what it can do (for generated columns), but reads no table."""
    with database_server() as server:
        environment = migrating.environment(migrating.database_url(server, 'postgres'), ['netbox_ssl'])
        return processes.run_along([sys.executable, '-m', 'netbox', 'makemigrations', *options], env=environment)


def migrations(arguments):
    return makemigrations('netbox_ssl', *(arguments or shlex.split(os.environ.get('ARGS', ''))))


def bench(arguments):
    if not (paths.ROOT / 'benchmarks').exists():
        raise Failure('there are no benchmarks in this checkout.')
    arguments = arguments or shlex.split(os.environ.get('ARGS', ''))
    with prepared() as environment:
        environment.databases.copy(environment.database)
        command = [sys.executable, '-m', 'benchmarks', *arguments]
        return processes.run_along(command, cwd=paths.ROOT, env=environment.variables())


def pins(_arguments):
    return processes.run_along([sys.executable, paths.REQUIREMENTS / 'compile.py'], cwd=paths.ROOT)
