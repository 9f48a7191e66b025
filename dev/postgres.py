"""A private PostgreSQL server for this checkout, from the programs of the machine. Standard library only.

One server serves all runs of a checkout side by side. Every run holds a shared lock on USERS as long as it lives; a
small keeper process (dev/keeper.py) owns the server and stops it when nobody holds the lock any more, so the server
goes away even when all runs are killed with -9.
"""

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dev import locks, paths, processes
from dev.console import Failure, say, step

USERS = paths.STATE / 'postgres.users'
CONTROL = paths.STATE / 'postgres.control'
ADDRESS = paths.STATE / 'postgres.json'
NEEDED = ('initdb', 'postgres', 'pg_ctl', 'pg_dump', 'pg_restore')
OLDEST = 15
USER = 'netbox'


@dataclass(frozen=True)
class Server:
    """Where a PostgreSQL server is reached."""

    host: str
    port: int
    user: str
    password: str


def find_programs():
    """The newest PostgreSQL of this machine that NetBox can run on: (folder, major version), or None."""
    folders = [Path(folder) for folder in os.environ.get('PATH', '').split(os.pathsep) if folder]
    for pattern in ('usr/lib/postgresql/*/bin', 'usr/pgsql-*/bin', 'opt/homebrew/opt/postgresql*/bin'):
        folders += Path('/').glob(pattern)
    found = []
    for folder in folders:
        if all((folder / name).exists() for name in NEEDED):
            answer = subprocess.run([folder / 'postgres', '--version'], capture_output=True, text=True).stdout
            if match := re.search(r'\) (\d+)', answer):
                found.append((int(match[1]), folder))
    major, folder = max(found, default=(0, None))
    return (folder, major) if major >= OLDEST else None


def programs():
    """Like find_programs(), but install them where we may, and say what to do where we may not."""
    found = find_programs()
    if not found and processes.has_apt():
        with step('installing PostgreSQL (apt-get install postgresql)'):
            processes.apt_install('postgresql')
        found = find_programs()
    if not found:
        raise Failure(
            f'PostgreSQL {OLDEST} or later is needed: install its server programs (Debian, Ubuntu: '
            "'apt-get install postgresql'), or name a running server: NETBOX_SSL_DATABASE_URL."
        )
    return found


def server_account():
    """PostgreSQL refuses to run as root: then it runs as this user instead."""
    if os.geteuid():
        return None
    for name in ('postgres', 'nobody'):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Failure("run as root, PostgreSQL needs a user 'postgres' or 'nobody' on this machine.")


def cluster_folder():
    """Beside everything else, unless the server's own user cannot get there (a checkout below a closed folder)."""
    if os.geteuid() or all(folder.stat().st_mode & 0o001 for folder in (paths.STATE, *paths.STATE.parents)):
        return paths.STATE / 'postgres'
    return Path('/var/tmp') / f'netbox-ssl-{paths.CHECKOUT}'


def boot_id():
    """Changes with every start of the machine."""
    file = Path('/proc/sys/kernel/random/boot_id')
    return file.read_text().strip() if file.exists() else ''


class Cluster:
    """The data folder of the private server and the process that serves it."""

    def __init__(self):
        self.folder = cluster_folder()
        self.data = self.folder / 'data'
        self.log = self.folder / 'log'
        self.complete = self.folder / 'complete'
        self.account = server_account()

    @cached_property
    def programs(self):
        return programs()

    def call(self, name, *arguments, **more):
        """Run one of PostgreSQL's programs as the server's user."""
        identity = processes.identity(self.account)
        command = [str(word) for word in (self.programs[0] / name, *arguments)]
        more = {'capture_output': True, 'text': True, 'cwd': '/', **more}
        return subprocess.run(command, **identity, **more)

    def address(self):
        """What the last start wrote down."""
        try:
            return json.loads(ADDRESS.read_text())
        except (FileNotFoundError, ValueError):
            return {}

    def is_ready(self, port):
        return self.call('pg_isready', '-q', '-h', '127.0.0.1', '-p', port, '-t', 3).returncode == 0

    def is_running(self):
        """Whether a server serves this folder (pg_ctl looks at the process, not only at the file)."""
        return self.complete.exists() and self.call('pg_ctl', 'status', '-D', self.data).returncode == 0

    def remove(self):
        """Delete the folder. Only one that we made: anybody can make folders in /var/tmp."""
        if self.folder.is_symlink():
            raise Failure(f'{self.folder} is a symbolic link that this project did not make: remove it.')
        if self.folder.exists():
            owners = {os.geteuid(), self.account.pw_uid if self.account else os.geteuid()}
            if self.folder.stat().st_uid not in owners:
                raise Failure(f'{self.folder} belongs to somebody else: remove it.')
            shutil.rmtree(self.folder)

    def create(self):
        """A new, empty cluster with a password (every local user can reach a port of 127.0.0.1)."""
        self.remove()
        paths.make_private(self.folder)
        password = self.folder / 'password'
        paths.write_atomically(password, processes.password())
        if self.account:
            for path in (self.folder, password):
                os.chown(path, self.account.pw_uid, self.account.pw_gid)
        options = ['-A', 'scram-sha-256', '--pwfile', password, '-E', 'UTF8', '--locale=C', '--no-sync']
        done = self.call('initdb', '-U', USER, '-D', self.data, *options)
        if done.returncode:
            sys.stderr.write(done.stdout + done.stderr)
            raise Failure('PostgreSQL could not make a database cluster (its output is above).')
        self.complete.write_text(str(self.programs[1]))

    def heal(self):
        """Make the folder fit to be started, whatever the last run left behind."""
        if not self.complete.exists():
            return self.create()
        if self.complete.read_text() != str(self.programs[1]):
            say('PostgreSQL has a new major version: starting with an empty cluster')
            return self.create()
        if self.is_running():
            # Its keeper was killed; it is on its way out, or is helped to be.
            self.call('pg_ctl', 'stop', '-D', self.data, '-m', 'fast', '-w', '-t', '30')
        if (self.data / 'postmaster.pid').exists() and self.address().get('boot') != boot_id():
            # Without fsync (see keeper.py) the files of a machine that went down cannot be trusted.
            say('the machine went down while PostgreSQL ran: starting with an empty cluster')
            return self.create()

    def start(self):
        """Start the keeper, and with it the server."""
        port = processes.free_port()
        command = [sys.executable, '-m', 'dev.keeper', self.programs[0] / 'postgres', self.data, port]
        keeper_log = paths.STATE / 'keeper.log'
        with keeper_log.open('ab') as output:
            # In a session of its own and not tied to us: it outlives this run when another one still needs the server.
            keeper = subprocess.Popen(
                [str(word) for word in command],
                cwd=paths.ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        processes.wait_until(lambda: self.is_ready(port), keeper, 60, 'PostgreSQL', self.log)
        address = {'port': port, 'keeper': keeper.pid, 'boot': boot_id()}
        paths.write_atomically(ADDRESS, json.dumps(address))

    def ensure_running(self):
        """Reuse the server that runs, or start one; start over with a new cluster if the old one does not come up."""
        address = self.address()
        if address and self.is_running() and self.is_ready(address['port']) and is_keeper(address['keeper']):
            return
        self.heal()
        try:
            self.start()
        except Failure:
            say('the cluster does not start: making a new one (the databases are prepared again)')
            self.create()
            self.start()

    def server(self):
        password = (self.folder / 'password').read_text()
        return Server('127.0.0.1', self.address()['port'], USER, password)


def is_keeper(pid):
    """Whether the process is a keeper (numbers are used again)."""
    if Path('/proc/self/cmdline').exists():
        command = Path(f'/proc/{pid}/cmdline')
        return command.exists() and b'dev.keeper' in command.read_bytes()
    return 'dev.keeper' in subprocess.run(['ps', '-o', 'args=', '-p', str(pid)], capture_output=True, text=True).stdout


class PrivateServer:
    """Use the private server for as long as the context lasts."""

    def __enter__(self):
        self.cluster = Cluster()
        with locks.exclusive(CONTROL, waiting_for='starts or stops PostgreSQL'):
            self.users = locks.shared(USERS)
            self.cluster.ensure_running()
        return self.cluster.server()

    def __exit__(self, *_):
        os.close(self.users)
        stop_if_unused(self.cluster)


def stop_if_unused(cluster):
    """Stop the server at once when this was its last user, and wait for it to be gone."""
    with locks.exclusive(CONTROL):
        last = locks.try_exclusive(USERS)
        if last is None:
            return
        os.close(last)
        keeper = cluster.address().get('keeper')
        if keeper and is_keeper(keeper):
            os.kill(keeper, signal.SIGTERM)
            deadline = time.monotonic() + 40
            while is_keeper(keeper) and time.monotonic() < deadline:
                # Our own child when this run started it: collect it, or it stays a zombie.
                _reap(keeper)
                time.sleep(0.05)


def _reap(pid):
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
