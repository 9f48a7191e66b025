"""
Follow docs/how-to/netbox-docker.md without Docker: make run CMD="python .ci/netbox_docker.py"

The steps of its Dockerfile run in a folder with the layout of the image: /opt/netbox/venv with NetBox, manage.py, and
/etc/netbox/config. What is installed is the built wheel. Then that NetBox migrates and answers.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from uv import find_uv_bin
from wheel import BareStack

from dev import paths, virtual_environments
from dev.console import Failure, say, step
from dev.databases import netbox_template
from dev.environment import prepared

PAGE = paths.ROOT / 'docs' / 'how-to' / 'netbox-docker.md'
MANAGE = 'import sys\nfrom netbox.cli import main\n\nsys.exit(main())\n'
# Like the configuration of the image: each file in the folder adds its settings.
LOADER = """
from pathlib import Path

for file in sorted(Path(__file__).parent.joinpath('etc/netbox/config').glob('*.py')):
    exec(file.read_text(), globals())
"""


def file_on_page(name):
    """Return the content of a file that the page shows."""
    found = re.search(rf'^`{re.escape(name)}`:\n\n```\w+\n(.*?)^```', PAGE.read_text(), re.MULTILINE | re.DOTALL)
    if not found:
        raise Failure(f'{PAGE.name} does not show {name}')
    return found[1]


class Layout:
    """The folder that stands for the root of the image."""

    def __init__(self, root):
        self.root = root
        self.context = root / 'context'
        self.venv = root / 'opt' / 'netbox' / 'venv'
        for folder in ('context/configuration', 'opt/netbox/netbox', 'etc/netbox/config', 'usr/local/bin'):
            (root / folder).mkdir(parents=True)

    def fill(self):
        """Put into it what the official image has."""
        pins = virtual_environments.constraints()
        requirements = ['--overrides', virtual_environments.OVERRIDES, *pins, f'netbox=={paths.NETBOX_VERSION}']
        virtual_environments.ensure(self.venv, paths.digest(*requirements), *requirements, what='NetBox')
        (self.root / 'opt/netbox/netbox/manage.py').write_text(MANAGE)
        uv = self.root / 'usr/local/bin/uv'
        # Not `python -m uv`, which installs next to that Python
        uv.write_text(f'#!/bin/sh\nexport VIRTUAL_ENV="{self.venv}"\nexec "{find_uv_bin()}" "$@"\n')
        uv.chmod(0o755)
        (self.root / 'loaded_configuration.py').write_text(LOADER)

    def build(self, variables):
        """Run the steps of the Dockerfile."""
        for line in file_on_page('Dockerfile-Plugins').splitlines():
            word, _, rest = line.partition(' ')
            if word == 'COPY':
                source, target = rest.split()
                target = self.root / target.removeprefix('/')
                shutil.copy(self.context / source, target / source if target.is_dir() else target)
            elif word == 'RUN':
                say(line)
                command = re.sub(r'(?<![\w.])/(opt|etc|usr/local)/', rf'{self.root}/\1/', rest)
                subprocess.run(['sh', '-ec', command], env=variables, cwd=self.root, check=True)
            elif word not in ('', 'FROM'):
                raise Failure(f'this step of the Dockerfile is not known here: {line}')


def main():
    (wheel,) = (paths.ROOT / 'dist').glob('*.whl')
    with prepared() as environment, tempfile.TemporaryDirectory() as name:
        layout = Layout(Path(name))
        layout.fill()
        (layout.context / 'plugin_requirements.txt').write_text(
            file_on_page('plugin_requirements.txt').replace('netbox-ssl-inventory', str(wheel))
        )
        (layout.context / 'configuration/plugins.py').write_text(file_on_page('configuration/plugins.py'))
        stack = BareStack(environment, layout.venv / 'bin' / 'python', layout.root)
        configuration = (layout.root / 'configuration.py').read_text().replace("PLUGINS = ['netbox_ssl']\n", '')
        (layout.root / 'etc/netbox/config/configuration.py').write_text(configuration)
        stack.variables['NETBOX_CONFIGURATION'] = 'loaded_configuration'
        # With what this machine says about its package index
        layout.build({**os.environ, **stack.variables, 'PATH': os.environ['PATH']})
        static = list(layout.root.rglob('static/netbox_ssl/smart_paste.js'))
        if not static:
            raise Failure('collectstatic did not collect the files of the plugin')
        environment.databases.copy(environment.database, netbox_template())
        with step('manage.py migrate'):
            stack.netbox('migrate', '--no-input', '-v', '0')
        try:
            stack.start_web()
            stack.make_account()
            stack.get('/api/plugins/ssl/certificates/')
        finally:
            stack.stop()
    say('the image of docs/how-to/netbox-docker.md works')
    return 0


if __name__ == '__main__':
    sys.exit(main())
