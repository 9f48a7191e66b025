"""
Write the constraints for each supported version of NetBox: `make pins`.

What is pinned: everything that NetBox, this project with its extras, and the tooling install, for every Python that is
supported. psycopg gets the version that this NetBox names, whatever is newest.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
VERSIONS = ('4.7.0', '4.7.3')


def compile_pins(requirements, constraints=(), overrides=''):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (('in', requirements), ('overrides', overrides)):
            (Path(folder) / name).write_text(text, encoding='utf-8')
        command = [sys.executable, '-m', 'uv', 'pip', 'compile', '--quiet', '--universal', '--python-version', '3.12']
        command += ['--no-header', '--no-annotate', '--no-emit-index-url', '--overrides', f'{folder}/overrides']
        command += [f'{folder}/in', *constraints]
        command += ['--all-extras'] if constraints else []
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=FOLDER.parent).stdout


def main():
    for version in VERSIONS:
        netbox_alone = compile_pins(f'netbox=={version}\n')
        psycopg = re.search(r'^psycopg==(\S+)', netbox_alone, re.MULTILINE)[1]
        pins = compile_pins(
            f'netbox=={version}\n',
            ['requirements/tools.in', 'pyproject.toml'],
            f'psycopg[binary,pool]=={psycopg}\n',
        )
        (FOLDER / f'constraints-{version}.txt').write_text(pins, encoding='utf-8')
        print(f'NetBox {version}: {len(pins.splitlines())} pins')


if __name__ == '__main__':
    main()
