"""
`make test`: the unit tests side by side on copies of a migrated database, then the end-to-end tests side by side.

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


def pytest(arguments, variables):
    command = [sys.executable, '-m', 'pytest', *arguments]
    say(shlex.join(['pytest', *arguments]))
    return processes.run_along(command, cwd=paths.ROOT, env=variables)


def variables_of(environment):
    """Return the environment variables of pytest. PATH contains only the listed programs."""
    return {**environment.variables(testing=True), 'PATH': programs.path()}


def test(arguments):
    arguments = arguments or shlex.split(os.environ.get('ARGS', ''))
    unit, end_to_end = split(arguments)
    codes = []
    with prepared() as environment:
        count = workers(arguments)
        fetch_and_copy(environment, database_names(environment, count) if unit is not None else [])
        variables = variables_of(environment)
        if unit is not None:
            codes.append(pytest(['-n', str(count), *STOLEN, '--reuse-db', *unit], variables))
        if end_to_end is not None:
            codes.append(pytest([*side_by_side(arguments), *end_to_end], variables))
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
                if code := pytest(command, variables_of(environment)):
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
