"""
`make test`: the unit tests in two processes on copies of a migrated database, and beside them the end-to-end tests.

Each process of the end-to-end tests has its own NetBox. `make loaded`: the browser tests repeatedly on a busy machine.
"""

import os
import re
import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from dev import locks, paths, processes
from dev.console import say
from dev.databases import LOCK
from dev.environment import prepared
from tests.support import programs

END_TO_END = 'tests/e2e'
NOTHING_COLLECTED = 5
WORKERS = 2
# More than the number of cores, because they mostly wait for the next sweep.
END_TO_END_WORKERS = 3
# Of the unit tests, while the end-to-end tests run
NICENESS = 5
# The tests of a file stay together, and files keep their order (tests/e2e/conftest.py).
BY_FILE = ('--dist', 'loadfile', '--no-loadscope-reorder')
# A process that has finished takes over tests of another: some take a hundred times as long as most.
STOLEN = ('--dist', 'worksteal')
BUSY = 'while True: pass'


def is_path(argument):
    return not argument.startswith('-') and Path(paths.ROOT, argument.split('::')[0]).exists()


def split(arguments):
    """Return the arguments for the two parts, (unit, end to end); None for a part without a given path."""
    options = [argument for argument in arguments if not is_path(argument)]
    given = [argument for argument in arguments if is_path(argument)]
    if not given:
        given = ['tests']
    if given == ['tests'] and Path(paths.ROOT, END_TO_END).exists():
        given.append(END_TO_END)
    slow = [path for path in given if Path(path.split('::')[0]).is_relative_to(END_TO_END)]
    unit = [path for path in given if path not in slow]
    return ([*options, *unit, f'--ignore={END_TO_END}'] if unit else None), ([*options, *slow] if slow else None)


def workers(arguments, usual=WORKERS):
    """
    Return how many processes pytest-xdist starts: as requested, else none for single files and ``usual`` for all tests.
    """
    match = re.search(r'(?:^|\s)(?:-n|--numprocesses)[= ]?(\S+)', ' '.join(arguments))
    if match:
        return int(match[1]) if match[1].isdigit() else os.cpu_count()
    return 0 if any(is_path(argument) for argument in arguments) else usual


def database_names(environment, count):
    """Return a database name for each worker, as pytest-django expects it."""
    test = f'{environment.database}_test'
    return [f'{test}_gw{number}' for number in range(count)] or [test]


def copy_databases(environment, names):
    """Create the databases here, because their progress would not be shown within pytest."""
    with locks.exclusive(LOCK, waiting_for='prepares the database'):
        template = environment.databases.ensure_template()
        for name in names:
            environment.databases.create(name, template)
            # Compiling queries takes longer than running them on so few rows.
            environment.databases.execute('ALTER DATABASE {} SET jit = off', name)


def command_line(arguments):
    """Return the command of pytest, after printing it."""
    say(shlex.join(['pytest', *arguments]))
    return [sys.executable, '-m', 'pytest', *arguments]


def pytest(arguments, variables):
    return processes.run_along(command_line(arguments), cwd=paths.ROOT, env=variables)


def variables_of(environment):
    """Return the environment variables of pytest. PATH contains only the listed programs."""
    return {**environment.variables(testing=True), 'PATH': programs.path()}


def without_netbox(variables):
    """Return the variables of the end-to-end tests, which use NetBox over HTTP: pytest itself need not load it."""
    return {**variables, 'DJANGO_SETTINGS_MODULE': ''}


def both(unit, end_to_end, variables, log):
    """
    Run the end-to-end tests beside the unit tests, and print their output afterwards. Return both exit codes.

    The end-to-end tests mostly wait, and take longest: the unit tests use the time that they leave.
    """
    # Each part would overwrite the other's list of failed tests, for --lf.
    end_to_end = [*end_to_end, '-o', f'cache_dir={paths.ROOT / ".pytest_cache" / "e2e"}']
    if sys.stdout.isatty():
        end_to_end.append('--color=yes')
    with processes.run_beside(command_line(end_to_end), log, cwd=paths.ROOT, env=without_netbox(variables)) as other:
        os.nice(NICENESS)
        code = pytest(unit, variables)
        say('the end-to-end tests, which have run meanwhile:')
        return [code, processes.print_until_end(other, log)]


def test(arguments):
    arguments = arguments or shlex.split(os.environ.get('ARGS', ''))
    unit, end_to_end = split(arguments)
    with prepared() as environment:
        count = workers(arguments)
        fetch_and_copy(environment, database_names(environment, count) if unit is not None else [])
        variables = variables_of(environment)
        unit = unit and ['-n', str(count), *STOLEN, *unit]
        end_to_end = end_to_end and [*side_by_side(arguments), *end_to_end]
        # One process can be used to debug, and a Redis that is shared has too few databases.
        if unit and end_to_end and count and not os.environ.get('NETBOX_SSL_REDIS_URL'):
            return verdict(both(unit, end_to_end, variables, environment.folder / 'end-to-end.log'))
        codes = [pytest(unit, variables)] if unit else []
        codes += [pytest(end_to_end, without_netbox(variables))] if end_to_end else []
    return verdict(codes)


def fetch_and_copy(environment, names):
    """Fetch the programs for the tests while the databases are prepared."""
    with ThreadPoolExecutor() as background:
        fetching = background.submit(programs.fetch)
        copy_databases(environment, names)
        fetching.result()


def side_by_side(arguments):
    """Return the options for the end-to-end tests."""
    return ['-n', str(workers(arguments, END_TO_END_WORKERS)), *BY_FILE]


def loaded(arguments):
    """Run the browser tests ten times, or until one fails, while other processes keep every core busy."""
    arguments = arguments or shlex.split(os.environ.get('ARGS', ''))
    times = int(os.environ.get('TIMES') or 10)
    with prepared() as environment:
        fetch_and_copy(environment, [])
        command = [*side_by_side(arguments), '-m', 'browser', END_TO_END, *arguments]
        with busy_machine(environment.folder):
            for number in range(1, times + 1):
                say(f'run {number} of {times}, while {os.cpu_count()} other processes keep the machine busy')
                if code := pytest(command, without_netbox(variables_of(environment))):
                    return code
    return 0


@contextmanager
def busy_machine(folder):
    """Keep every core busy for as long as the context lasts."""
    started = []
    try:
        for _ in range(os.cpu_count()):
            started.append(processes.start([sys.executable, '-c', BUSY], folder / 'busy.log'))
        yield
    finally:
        for process in started:
            processes.stop(process)


def verdict(codes):
    """Return the exit code of both parts. A part without selected tests does not fail if the other part has some."""
    failed = [code for code in codes if code not in (0, NOTHING_COLLECTED)]
    return failed[0] if failed else min(codes)
