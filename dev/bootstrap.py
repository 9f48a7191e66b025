"""From a bare Python 3.12 to a virtual environment with NetBox, this project and its tools; then hand over to it.

Standard library only. When nothing changed since the last time this takes a moment.
"""

import os
import shutil
import subprocess
import sys

from dev import paths, processes
from dev.console import Failure, say, step
from dev.locks import exclusive

UV_VENV = paths.STATE / f'uv-py{sys.version_info.major}.{sys.version_info.minor}'
OVERRIDES = paths.REQUIREMENTS / 'overrides.txt'
TOOLS = paths.REQUIREMENTS / 'tools.in'


def constraints():
    """The pins for this version of NetBox, or None when there are none."""
    pins = paths.REQUIREMENTS / f'constraints-{paths.NETBOX_VERSION}.txt'
    return pins if pins.exists() else None


def run(*command, what):
    """Run quietly; show the output only when it fails."""
    command = [str(word) for word in command]
    output = {'stdout': subprocess.PIPE, 'stderr': subprocess.STDOUT, 'text': True}
    done = subprocess.run(command, cwd=paths.ROOT, preexec_fn=processes.bound(), **output)
    if done.returncode:
        sys.stderr.write(done.stdout)
        raise Failure(f'could not {what} (the output above says why).')


def uv():
    """uv, installed into an environment of its own."""
    python = UV_VENV / 'bin' / 'python'
    installed = UV_VENV / 'installed'
    if not installed.exists() or subprocess.run([python, '-c', ''], capture_output=True).returncode:
        shutil.rmtree(UV_VENV, ignore_errors=True)
        with step('installing uv'):
            created = subprocess.run([sys.executable, '-m', 'venv', UV_VENV], capture_output=True, text=True)
            if created.returncode:
                version = f'{sys.version_info.major}.{sys.version_info.minor}'
                raise Failure(
                    f'{sys.executable} cannot make virtual environments: install its venv module '
                    f"(Debian, Ubuntu: 'apt-get install python{version}-venv')."
                )
            pins = ['--constraint', constraints()] if constraints() else []
            pip = [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
            run(*pip, *pins, 'uv', what='install uv from the Python package index')
            installed.touch()
    return [python, '-m', 'uv']


def fingerprint():
    """Changes whenever the environment has to be made anew. The path is in it, for environments cannot be moved."""
    sources = [paths.ROOT / 'pyproject.toml', OVERRIDES, TOOLS, *([constraints()] if constraints() else [])]
    return paths.digest(str(paths.ROOT), sys.version, sys.prefix, paths.NETBOX_VERSION, *sources)


def install():
    """Fill the environment. A run that was killed in here leaves its mark, and the next one starts anew."""
    unfinished = paths.VENV.with_name(f'{paths.VENV.name}.unfinished')
    if not constraints():
        say(f'no pins for NetBox {paths.NETBOX_VERSION} in requirements/: installing the newest versions that fit')
    tool = uv()
    with step(f'installing NetBox {paths.NETBOX_VERSION}, this project and its tools into {paths.VENV.name}'):
        clear = '--clear' if unfinished.exists() else '--allow-existing'
        unfinished.touch()
        run(*tool, 'venv', '--quiet', clear, '--python', sys.executable, paths.VENV, what='make an environment')
        command = [*tool, 'pip', 'install', '--quiet', '--python', paths.VENV / 'bin' / 'python']
        command += ['--overrides', OVERRIDES, '--requirements', TOOLS]
        command += ['--constraints', constraints()] if constraints() else []
        command += [f'netbox=={paths.NETBOX_VERSION}', '--editable', '.[test,docs,lint]']
        run(*command, what='install NetBox and this project from the Python package index')
        unfinished.unlink()


def ensure():
    """Make or renew the environment if something it is made from has changed."""
    paths.STATE.mkdir(exist_ok=True)
    stamp = paths.VENV / 'fingerprint'
    wanted = fingerprint()
    with exclusive(paths.STATE / 'setup.lock', waiting_for='installs the environment'):
        if not stamp.exists() or stamp.read_text() != wanted:
            install()
            paths.write_atomically(stamp, wanted)


def main():
    arguments = sys.argv[1:]
    try:
        if arguments == ['clean']:
            from dev.clean import clean

            return clean()
        ensure()
    except Failure as failure:
        say(failure)
        return 1
    python = str(paths.VENV / 'bin' / 'python')
    os.execve(python, [python, '-m', 'dev', *arguments], {**os.environ, 'VIRTUAL_ENV': str(paths.VENV)})


if __name__ == '__main__':
    sys.exit(main())
