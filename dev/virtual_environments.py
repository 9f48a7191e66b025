"""Programs of the tests that must not share our environment, each installed into one of its own and kept."""

import subprocess
import sys

from dev import bootstrap, paths
from dev.console import step
from dev.locks import exclusive


def ensure(name):
    """The folder of the programs of ``requirements/{name}.txt``; made at the first call and when the pins change."""
    pins = paths.REQUIREMENTS / f'{name}.txt'
    folder = paths.STATE / f'{name}-py{sys.version_info.major}.{sys.version_info.minor}'
    stamp = folder / 'fingerprint'
    # Environments cannot be moved: the path is in it.
    wanted = paths.digest(str(folder), sys.version, pins)
    python = folder / 'bin' / 'python'
    with exclusive(paths.STATE / f'{name}.lock', waiting_for=f'installs {name}'):
        works = stamp.exists() and subprocess.run([python, '-c', ''], capture_output=True).returncode == 0
        if not works or stamp.read_text() != wanted:
            with step(f'installing {name}'):
                tool = bootstrap.uv()
                command = [*tool, 'venv', '--quiet', '--clear', '--python', sys.executable, folder]
                bootstrap.run(*command, what=f'make an environment for {name}')
                command = [*tool, 'pip', 'install', '--quiet', '--python', python, '--requirements', pins]
                bootstrap.run(*command, what=f'install {name} from the Python package index')
            paths.write_atomically(stamp, wanted)
    return folder / 'bin'
