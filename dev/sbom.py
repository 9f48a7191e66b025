"""`make sbom`: the software bill of materials of the built wheel, in CycloneDX."""

import json

from dev import paths, processes, virtual_environments
from dev.console import Failure, say

TARGET = paths.ROOT / 'dist-sbom'
TOOLS = paths.REQUIREMENTS / 'release.txt'


def sbom(_arguments):
    """Install the wheel alone, without NetBox, and list what is there. The same wheel makes the same list."""
    wheels = list((paths.ROOT / 'dist').glob('*.whl'))
    if len(wheels) != 1:
        raise Failure('dist has no wheel, or several: run `make wheel` first.')
    (wheel,) = wheels
    python = virtual_environments.ensure(
        paths.STATE / 'sbom', paths.digest(wheel), *virtual_environments.constraints(), wheel, what=wheel.name
    )
    TARGET.mkdir(exist_ok=True)
    target = TARGET / f'{wheel.stem}.cdx.json'
    options = ['--output-reproducible', '--of', 'JSON', '--pyproject', paths.ROOT / 'pyproject.toml', '-o', target]
    program = install_tools() / 'cyclonedx-py'
    processes.run_quietly([program, 'environment', *options, python / 'python'], 'list what is installed')
    listed = json.loads(target.read_text(encoding='utf-8'))
    say(f'{target.name}: {len(listed["components"])} components')
    return 0


def install_tools():
    """Return the folder of the programs that only releases need."""
    pins = ['--requirements', TOOLS]
    return virtual_environments.ensure(paths.STATE / 'release-tools', paths.digest(TOOLS), *pins, what='release tools')
