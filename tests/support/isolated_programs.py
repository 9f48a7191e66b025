"""
Programs of the Python package index that tests run, each in an environment of its own, which is not that of the plugin.
``requirements/{name}.txt`` has their versions.
"""

from dev import paths, virtual_environments

NAMES = ('acme-server', 'ansible', 'certbot')
ENVIRONMENTS = {name: paths.STATE / f'{name}-{virtual_environments.PYTHON}' for name in NAMES}


def missing():
    return [name for name, folder in ENVIRONMENTS.items() if not folder.exists()]


def install(names=NAMES):
    """Install or update the programs of ``requirements/{name}.txt``. Return the folder of the last one."""
    for name in names:
        pins = paths.REQUIREMENTS / f'{name}.txt'
        folder = virtual_environments.ensure(ENVIRONMENTS[name], paths.digest(pins), '--requirements', pins, what=name)
    return folder
