"""A host that has just been installed: its own root folder in a mount namespace, in which guides are followed."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dev import paths
from tests.hooks.running import TOKEN
from tests.support import programs
from tests.support.deadlines import PATIENCE

__all__ = ('FreshHost',)

# Everything else is the host's own.
SYSTEM = ('usr', 'bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32')
NAMES = ('passwd', 'group', 'hosts', 'nsswitch.conf')
ENTER = """
set -e
{mounts}
exec unshare --root="$1" /usr/local/bin/env -i PATH=/usr/local/bin HOME=/root \\
    /usr/local/bin/sh -e -c 'cd /root/downloads; eval "$1"' sh "$2"
"""

# As systemd: a timer starts its service, whose last ExecStart counts; patterns are not expanded.
SYSTEMCTL = """#!/bin/sh
case $1 in daemon-reload) exit 0 ;; enable) unit=$3 ;; *) exit 2 ;; esac
units=/etc/systemd/system
name=${unit%.timer} client=${unit#*@}
client=${client%.timer}
timer=$units/${name%%@*}@.timer
[ -f "$timer" ] || { echo "Unit file $unit does not exist." >&2; exit 1; }
service=$(sed -n 's/^Unit=//p' "$timer")
service=$units/$(printf %s "${service:-${name%%@*}@%i.service}" | sed 's/@.*/@.service/')
[ -f "$service" ] || { echo "Unit file $service does not exist." >&2; exit 1; }
overrides=$units/netbox-acme@$client.service.d
command=$(cat "$service" "$overrides/"*.conf 2>/dev/null | sed -n 's/^ExecStart=//p' | tail -n 1)
exec sh -f -c "exec $(printf %s "$command" | sed "s/%i/$client/g")"
"""


@dataclass
class Run:
    code: int
    stdout: str
    stderr: str


class FreshHost:
    """The host's root is ``root``. Its programs are those that tests may call, and ``systemctl``."""

    def __init__(self, folder: Path, url: str):
        self.root = folder / 'root'
        self.settings = f'NETBOX_URL={url}\nNETBOX_TOKEN={TOKEN}\n'
        for name in ('dev', 'proc', 'tmp', 'srv', 'root/downloads', 'etc/systemd/system', 'var/lib', 'var/spool'):
            (self.root / name).mkdir(parents=True)
        for name in NAMES:
            if (source := Path('/etc') / name).exists():
                shutil.copy(source, self.root / 'etc' / name)
        # Debian's awk is a link to a link there.
        if (alternatives := Path('/etc/alternatives')).is_dir():
            shutil.copytree(alternatives, self.root / 'etc' / 'alternatives', symlinks=True)
        (self.root / 'etc' / 'machine-id').write_text(f'{"0123456789abcdef" * 2}\n')
        self.local = folder / 'local'
        (self.local / 'bin').mkdir(parents=True)
        for link in programs.FOLDER.iterdir():
            (self.local / 'bin' / link.name).symlink_to(link.readlink())
        self.program('systemctl', SYSTEMCTL)
        self.program('logger', '#!/bin/sh\n')
        self.program('hostname', '#!/bin/sh\necho web01.example.net\n')

    def program(self, name: str, text: str):
        file = self.local / 'bin' / name
        file.unlink(missing_ok=True)
        file.write_text(text)
        file.chmod(0o755)

    def path(self, path: str) -> Path:
        """Return where a file of the host is, with its folder."""
        if path.startswith('/usr/local/'):
            file = self.local / path.removeprefix('/usr/local/')
        else:
            file = self.root / path.lstrip('/')
        file.parent.mkdir(parents=True, exist_ok=True)
        return file

    def run(self, script: str) -> Run:
        """Run this script as root of the host, in the folder of the downloads. It ends at the first error."""
        mounts = []
        for name in SYSTEM:
            source = Path('/') / name
            if source.is_symlink():
                if not (self.root / name).is_symlink():
                    (self.root / name).symlink_to(source.readlink())
            elif source.exists():
                (self.root / name).mkdir(exist_ok=True)
                mounts.append(f'mount --rbind /{name} "$1/{name}"')
        mounts += [f'mount --rbind /{name} "$1/{name}"' for name in ('dev', 'proc')]
        mounts.append(f'mount --bind "{self.local}" "$1/usr/local"')
        command = [programs.find('unshare'), '--mount', *([] if os.geteuid() == 0 else ['--map-root-user'])]
        command += [programs.find('sh'), '-c']
        command += [ENTER.format(mounts='\n'.join(mounts)), 'sh', str(self.root), script]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            cwd=paths.ROOT,
            env={'PATH': str(programs.FOLDER)},
        )
        return Run(done.returncode, done.stdout, done.stderr)
