"""Runs the hooks as their clients do, with several shells, and records their commands."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support import programs
from tests.support.deadlines import PATIENCE

__all__ = ('CLUSTER', 'HOOKS', 'MACHINE', 'SHELLS', 'TOKEN', 'Host', 'Run', 'deploy', 'owner_only')

HOOKS = Path(__file__).resolve().parents[2] / 'hooks'
# The sh of Debian, and the sh of Alpine, OpenWrt and containers with its own tools
SHELLS = ('dash', 'busybox')
# In the format of NetBox's tokens, but not a real one
TOKEN = 'nbt_ABCDEFGHIJKL.0123456789abcdefghijklmnopqrstuvwxyzABCD'

# Distinguishes the machine from others with its name
MACHINE = '9a1c' * 16
# The UID of the namespace kube-system
CLUSTER = '2f1e6f6c-3c1e-4b62-9b0a-000000000001'

# What Debian's minimal image has
COREUTILS = """sh awk base64 basename cat chmod cksum cp cut date dirname find grep head hostname id ln ls mkdir mktemp
mv readlink rm rmdir sed sleep sort tail tr uname"""

# Records its command line and runs the real program.
RECORDER = """#!/bin/sh
printf '%s\\n' "{name} $*" >>"{log}"
{then}
"""


# Paths in the hooks that are the same on every machine
PATHS = {
    'machine_id': '</etc/machine-id',
    'certbot': 'DEFAULT=/etc/letsencrypt',
}


@dataclass
class Run:
    code: int
    stdout: str
    stderr: str

    @property
    def lines(self) -> list[str]:
        return self.stderr.splitlines()


class Host:
    """
    A machine with an ACME client: a home below ``folder``, a spool, and its own PATH, with programs that record the
    command lines of curl, logger and others; after ``record()``, of all.
    """

    def __init__(self, folder: Path, shell: str, url: str):
        self.folder = folder
        self.shell = programs.find(shell)
        self.is_busybox = shell == 'busybox'
        self.bin = folder / 'bin'
        self.bin.mkdir()
        self.log = folder / 'command-lines'
        self.is_recording = False
        self.spool = folder / 'spool'
        self.environment = {
            'PATH': str(self.bin),
            'HOME': str(folder),
            'TMPDIR': str(folder / 'tmp'),
            'NETBOX_URL': url,
            'NETBOX_TOKEN': TOKEN,
            'NETBOX_ACME_SOURCE': 'web01.example.net',
            'NETBOX_ACME_MACHINE_ID': MACHINE,
            'NETBOX_ACME_SPOOL': str(self.spool),
            'NETBOX_ACME_CONFIG': str(folder / 'none.conf'),
            'NETBOX_ACME_TIMEOUT': str(PATIENCE),
        }
        (folder / 'tmp').mkdir()
        self._fill_path()

    def _fill_path(self):
        if self.is_busybox:
            applets = subprocess.run([self.shell, '--list'], capture_output=True, text=True, check=True).stdout.split()
            for applet in applets:
                (self.bin / applet).symlink_to(self.shell)
        else:
            for name in COREUTILS.split():
                (self.bin / name).symlink_to(programs.find(name))
        for name in ('curl', 'jq', 'openssl'):
            self.pass_on(name)
        self.program('logger', '')

    def record(self):
        """Let all programs record their command lines, each of which then takes another process."""
        self.is_recording = True
        if not self.is_busybox:
            for name in COREUTILS.split():
                self.pass_on(name)

    def pass_on(self, name: str):
        self.program(name, f'exec "{programs.find(name)}" "$@"')

    def program(self, name: str, then: str):
        """Create a program of this name that records its command line and then runs this shell code."""
        file = self.bin / name
        file.unlink(missing_ok=True)
        # Its interpreter must not be a recording one.
        file.write_text(RECORDER.format(name=name, log=self.log, then=then).replace('#!/bin/sh', '#!/bin/dash', 1))
        file.chmod(0o755)

    def kubectl(self, objects: dict, issuers: dict):
        """Create a kubectl that prints these objects."""
        for name, answer in (('objects', objects), ('issuers', issuers)):
            (self.folder / name).write_text(json.dumps(answer))
        self.program(
            'kubectl',
            f'case "$*" in *clusterissuers*) cat "{self.folder}/issuers" ;; *namespace*) printf {CLUSTER} ;; '
            f'*) cat "{self.folder}/objects" ;; esac',
        )

    def hooks_with(self, **replaced) -> Path:
        """Return a folder with a copy of the hooks in which these paths (by name, see ``PATHS``) are replaced."""
        folder = self.folder / 'hooks'
        folder.mkdir(exist_ok=True)
        for file in HOOKS.glob('*.sh'):
            text = file.read_text()
            for name, path in replaced.items():
                text = text.replace(PATHS[name], re.sub('/.*', str(path), PATHS[name]))
            (folder / file.name).write_text(text)
        return folder

    def without(self, name: str):
        (self.bin / name).unlink()

    def run(self, hook: Path | str, *arguments, **environment) -> Run:
        file = HOOKS / hook
        command = [self.shell, *(['sh'] if self.is_busybox else []), str(file), *map(str, arguments)]
        variables = {**self.environment, **environment}
        variables = {name: str(value) for name, value in variables.items() if value is not None}
        done = subprocess.run(command, env=variables, capture_output=True, timeout=2 * PATIENCE, cwd=self.folder)
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    @property
    def command_lines(self) -> str:
        assert self.is_recording, 'only some command lines are recorded without record()'
        return self._recorded

    @property
    def syslog(self) -> list[str]:
        return [line for line in self._recorded.splitlines() if line.startswith('logger ')]

    @property
    def _recorded(self) -> str:
        return self.log.read_text(errors='replace') if self.log.exists() else ''

    @property
    def waiting(self) -> list[Path]:
        """Return the reports in the spool."""
        if not self.spool.exists():
            return []
        return sorted(file for file in self.spool.iterdir() if file.is_file() and not file.name.startswith('.'))

    @property
    def bad(self) -> list[Path]:
        return sorted((self.spool / 'bad').iterdir())

    def everything_kept(self) -> bytes:
        """Return all that is on the disk after a run: the spool, temporary files."""
        files = [file for root in (self.spool, self.folder / 'tmp') for file in root.rglob('*') if file.is_file()]
        return b'\n'.join(file.read_bytes() for file in files)


def owner_only(file: Path, text: str) -> Path:
    file.write_text(text)
    file.chmod(0o600)
    return file


def deploy(host: Host, renewed: Path, **environment) -> Run:
    """Run certbot's hook as certbot does when it has renewed this lineage."""
    return host.run('certbot.sh', RENEWED_LINEAGE=renewed, RENEWED_DOMAINS='www.example.net', **environment)
