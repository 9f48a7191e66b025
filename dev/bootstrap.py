"""
From a bare Python 3.12 to a virtual environment with NetBox, this project and its tools; then hand over to it.

Standard library only. When nothing has changed since the last time, this takes a moment.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from dev import debian, paths, postgres, virtual_environments
from dev.console import Failure, say

TOOLS = paths.REQUIREMENTS / 'tools.in'
WITHOUT_DATABASE = {'docs', 'wheel', 'pins', 'release', 'sbom'}


def install_postgres(arguments):
    """Install PostgreSQL if it is missing and will be needed."""
    needed = not (WITHOUT_DATABASE & set(arguments) or os.environ.get('NETBOX_SSL_DATABASE_URL'))
    if needed and debian.can_install() and not postgres.find_programs():
        say('installing PostgreSQL (apt-get install postgresql) meanwhile')
        postgres.programs()


def ensure_environment():
    """Create or update the environment that everything else runs in."""
    pins = virtual_environments.constraints()
    if not pins:
        say(f'no pins for NetBox {paths.NETBOX_VERSION} in requirements/: installing the newest versions that fit')
    sources = [paths.ROOT / 'pyproject.toml', virtual_environments.OVERRIDES, TOOLS, *pins[1:]]
    requirements = ['--overrides', virtual_environments.OVERRIDES, '--requirements', TOOLS, *pins]
    requirements += [f'netbox=={paths.NETBOX_VERSION}', '--editable', '.[test,docs,lint]']
    what = f'NetBox {paths.NETBOX_VERSION}, this project and its tools'
    virtual_environments.ensure(paths.VENV, paths.digest(*sources), *requirements, what=what)


def variables():
    """Return the process environment of all that follows.

    A run starts NetBox dozens of times, which takes half as long when compiled files are kept. They are kept apart,
    even if Python is set not to write them next to the sources.
    """
    kept = {name: value for name, value in os.environ.items() if name != 'PYTHONDONTWRITEBYTECODE'}
    return {**kept, 'PYTHONPYCACHEPREFIX': str(paths.STATE / 'bytecode'), 'VIRTUAL_ENV': str(paths.VENV)}


def main():
    arguments = sys.argv[1:]
    try:
        if arguments == ['clean']:
            from dev.clean import clean

            return clean()
        paths.STATE.mkdir(exist_ok=True)
        with ThreadPoolExecutor() as background:
            installation = background.submit(install_postgres, arguments)
            ensure_environment()
            installation.result()
    except Failure as failure:
        say(failure)
        return 1
    python = str(paths.VENV / 'bin' / 'python')
    os.execve(python, [python, '-m', 'dev', *arguments], variables())


if __name__ == '__main__':
    sys.exit(main())
