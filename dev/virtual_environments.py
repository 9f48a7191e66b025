"""Virtual environments in .state, renewed when what they are made from has changed. Standard library only."""

import shutil
import subprocess
import sys

from dev import locks, paths, processes
from dev.console import Failure, step

PYTHON = f'py{sys.version_info.major}.{sys.version_info.minor}'
OVERRIDES = paths.REQUIREMENTS / 'overrides.txt'


def constraints():
    """Return the options that pin the versions of this NetBox; none when it has no pins."""
    pins = paths.REQUIREMENTS / f'constraints-{paths.NETBOX_VERSION}.txt'
    return ['--constraint', pins] if pins.exists() else []


def make(home):
    """Make an empty environment, or leave what is in it; only in ours is pip, to install uv."""
    options = [] if home == paths.VENV else ['--without-pip']
    if subprocess.run([sys.executable, '-m', 'venv', *options, home], capture_output=True).returncode:
        raise Failure(
            f'{sys.executable} cannot make virtual environments: install its venv module '
            f"(Debian, Ubuntu: 'apt-get install {PYTHON.replace('py', 'python')}-venv')."
        )
    if home == paths.VENV:
        pip = [home / 'bin' / 'python', '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
        processes.run_quietly([*pip, *constraints(), 'uv'], 'install uv from the Python package index')


def ensure(home, fingerprint, *requirements, what):
    """
    Make or renew a virtual environment, and return the folder of its programs.

    Args:
        home: the environment's folder
        fingerprint: changes whenever the environment has to be renewed
        requirements: arguments of ``uv pip install``
        what: names the environment's content in messages
    """
    stamp = home / 'fingerprint'
    unfinished = home.with_name(f'{home.name}.unfinished')
    # Environments cannot be moved: the path is part of it.
    wanted = paths.digest(str(home), sys.version, sys.prefix, fingerprint)
    with locks.exclusive(home.with_name(f'{home.name}.lock'), waiting_for=f'installs {what}'):
        if not stamp.exists() or stamp.read_text() != wanted:
            with step(f'installing {what} into {home.name}'):
                # An installation that was killed has left its mark: start with an empty environment.
                if unfinished.exists():
                    shutil.rmtree(home, ignore_errors=True)
                unfinished.touch()
                make(home)
                uv = [paths.VENV / 'bin' / 'python', '-m', 'uv', 'pip', 'install', '--quiet']
                command = [*uv, '--python', home / 'bin' / 'python', *requirements]
                processes.run_quietly(command, f'install {what} from the Python package index')
                unfinished.unlink()
            paths.write_atomically(stamp, wanted)
    return home / 'bin'
