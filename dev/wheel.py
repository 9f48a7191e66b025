"""`make wheel`: build the package and check that it holds what it must, and nothing else."""

import shutil
import sys
import zipfile

from dev import paths, processes
from dev.console import Failure, say

FOLDER = paths.ROOT / 'dist'


def source_files():
    """Everything in the package's folder, but no traces of running it; the documentation and the hooks come along."""
    package = {
        str(file.relative_to(paths.ROOT))
        for file in paths.PACKAGE.rglob('*')
        if file.is_file() and '__pycache__' not in file.parts and file.suffix != '.pyc' and file.name != '.DS_Store'
    }
    beside = {
        f'{paths.PACKAGE.name}/{file.relative_to(paths.ROOT).as_posix()}'
        for folder in ('docs', 'hooks')
        for file in (paths.ROOT / folder).rglob('*')
        if file.is_file()
    }
    return package | beside


def problems(names):
    """What is wrong with a wheel that holds files of these names."""
    packaged = {name for name in names if '.dist-info/' not in name}
    wrong = [f'{name} is missing' for name in sorted(source_files() - packaged)]
    wrong += [f'{name} does not belong in it' for name in sorted(packaged - source_files())]
    wrong += [] if any(name.endswith('.dist-info/licenses/LICENSE') for name in names) else ['LICENSE is missing']
    for kind, part in (('templates', '/templates/'), ('migrations', '/migrations/0'), ('data files', '/data/')):
        wrong += [] if any(part in name for name in packaged) else [f'there are no {kind} in it']
    return wrong


def build():
    shutil.rmtree(FOLDER, ignore_errors=True)
    # With the pinned build tool of the environment: nothing is fetched.
    command = [sys.executable, '-m', 'hatchling', 'build']
    if processes.run_along(command, cwd=paths.ROOT):
        raise Failure('the package could not be built (see above).')
    (wheel,) = FOLDER.glob('*.whl')
    return wheel


def wheel(_arguments):
    made = build()
    with zipfile.ZipFile(made) as archive:
        names = archive.namelist()
    if wrong := problems(names):
        for line in wrong:
            say(line)
        raise Failure(f'{made.name} is not as it should be.')
    say(f'{made.name}: {len(names)} files, all as they should be')
    return 0
