"""
A private PostgreSQL server for this checkout, from the programs of the machine. Standard library only.

One server serves all runs of a checkout side by side. Each run holds a shared lock on USERS while it lives. The last
run stops the server; when that was killed, its reaper does (dev/reaper.py).
"""

import os
import pwd
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dev import debian, locks, paths, processes
from dev.console import Failure, say, step

USERS = paths.STATE / 'postgres.users'
CONTROL = paths.STATE / 'postgres.control'
NEEDED = ('initdb', 'postgres', 'pg_ctl', 'pg_dump', 'psql')
OLDEST = 15
USER = 'netbox'
# Nothing here is worth keeping over a power cut: PostgreSQL need not wait for the disk.
SETTINGS = """
listen_addresses=127.0.0.1 unix_socket_directories= fsync=off synchronous_commit=off full_page_writes=off
wal_level=minimal max_wal_senders=0 max_connections=200 checkpoint_timeout=30min max_wal_size=2GB timezone=UTC
log_timezone=UTC
"""
MOST_BUFFERS_MB = 2048


@dataclass(frozen=True)
class Server:
    """The address of a PostgreSQL server."""

    host: str
    port: int
    user: str
    password: str


def shared_buffers():
    """
    Return PostgreSQL's own memory as a setting: an eighth of the machine's. Its default, 128 MB, suits no server: the
    indexes of a million certificates have ten times as much.
    """
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') // 1024**2
    return f'shared_buffers={min(memory // 8, MOST_BUFFERS_MB)}MB'


def find_programs():
    """Return the newest PostgreSQL of this machine that NetBox runs on: (folder, major version), or None."""
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
    """Return what find_programs() finds, installing them where that is possible."""
    if not find_programs() and debian.can_install():
        with step('installing PostgreSQL (apt-get install postgresql)'):
            debian.install('postgresql')
    if found := find_programs():
        return found
    raise Failure(
        f'PostgreSQL {OLDEST} or later is needed: install its server programs (Debian, Ubuntu: '
        "'apt-get install postgresql'), or name a running server: NETBOX_SSL_DATABASE_URL."
    )


def server_account():
    """Return the user that the server runs as when we are root, which PostgreSQL refuses to run as."""
    users = {user.pw_name: user for user in pwd.getpwall()} if os.geteuid() == 0 else {}
    account = users.get('postgres') or users.get('nobody')
    if users and not account:
        raise Failure("run as root, PostgreSQL needs a user 'postgres' or 'nobody' on this machine.")
    return account


def cluster_folder(name):
    """Return the folder of a cluster: in .state, unless the server's own user cannot enter that."""
    if os.geteuid() or all(folder.stat().st_mode & 0o001 for folder in (paths.STATE, *paths.STATE.parents)):
        return paths.STATE / name
    return Path('/var/tmp') / f'netbox-ssl-{paths.CHECKOUT}{name.removeprefix("postgres")}'


def read(file):
    return file.read_text().strip() if file.exists() else None


def boot_id():
    """Return what changes with every start of the machine; nothing where the kernel does not say."""
    return read(Path('/proc/sys/kernel/random/boot_id')) or ''


class Cluster:
    """The data folder of the private server."""

    def __init__(self, name='postgres'):
        self.folder = cluster_folder(name)
        self.data = self.folder / 'data'
        self.log = self.folder / 'log'
        # The major version, written when the cluster is complete; and the boot in which it was started last.
        self.complete = self.folder / 'complete'
        self.boot = self.folder / 'boot'
        self.account = server_account()

    @cached_property
    def programs(self):
        return programs()

    def call(self, name, *arguments):
        """Run one of PostgreSQL's programs as the server's user, out of sight of the reaper."""
        command = [str(word) for word in (self.programs[0] / name, *arguments)]
        env = {name: value for name, value in os.environ.items() if name != processes.MARK}
        more = {'capture_output': True, 'text': True, 'cwd': '/', 'env': env, 'preexec_fn': processes.bound()}
        if self.account:
            more |= {'user': self.account.pw_uid, 'group': self.account.pw_gid, 'extra_groups': []}
        return subprocess.run(command, **more)

    def is_running(self):
        if not self.complete.exists() or read(self.boot) != boot_id():
            return False
        return self.call('pg_ctl', 'status', '-D', self.data).returncode == 0

    def remove(self):
        """Delete the folder, but only if it was created here: every user can create folders in /var/tmp."""
        if self.folder.is_symlink() or self.folder.exists():
            owners = {os.geteuid(), self.account.pw_uid if self.account else os.geteuid()}
            if self.folder.is_symlink() or self.folder.stat().st_uid not in owners:
                raise Failure(f'{self.folder} was not made by this project: remove it.')
            shutil.rmtree(self.folder)

    def create(self):
        """Make a new, empty cluster with a password: every local user can reach a port of 127.0.0.1."""
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
            raise Failure('PostgreSQL could not make a database cluster (see its output above).')
        self.complete.write_text(str(self.programs[1]))

    def is_usable(self):
        """Return whether the server can be started on this folder, whatever the last run has left."""
        if self.complete.exists() and read(self.complete) != str(self.programs[1]):
            say('PostgreSQL has a new major version: starting with an empty cluster')
            return False
        if (self.data / 'postmaster.pid').exists() and read(self.boot) != boot_id():
            # Without fsync the files of a machine that went down cannot be trusted.
            say('the machine went down while PostgreSQL ran: starting with an empty cluster')
            return False
        return self.complete.exists()

    def start(self):
        """Start the server; return whether it is up. Another program may take the free port first: then try again."""
        self.boot.write_text(boot_id())
        for _attempt in range(3):
            settings = (f'port={processes.free_port()}', shared_buffers(), *SETTINGS.split())
            options = ' '.join(f'-c {setting}' for setting in settings)
            done = self.call('pg_ctl', 'start', '-w', '-t', '60', '-D', self.data, '-l', self.log, '-o', options)
            if done.returncode == 0:
                return True
        sys.stderr.write(done.stdout + done.stderr)
        return False

    def ensure_running(self):
        """Use the server that runs, or start one: on a new cluster if the old one does not come up."""
        if self.is_running() or (self.is_usable() and self.start()):
            return
        self.create()
        if not self.start():
            raise Failure(f'PostgreSQL does not start; its log: {self.log}')

    def stop(self):
        """Stop the server without waiting for its clients; after 30 seconds, without asking."""
        for mode in ('fast', 'immediate'):
            if self.is_running():
                self.call('pg_ctl', 'stop', '-w', '-t', '30', '-D', self.data, '-m', mode)

    def server(self):
        # The fourth line is the port, as documented of this file.
        port = (self.data / 'postmaster.pid').read_text().splitlines()[3]
        return Server('127.0.0.1', int(port), USER, (self.folder / 'password').read_text())


class PrivateServer:
    """Use the private server for as long as the context lasts."""

    def __enter__(self):
        processes.guard()
        cluster = Cluster()
        with locks.exclusive(CONTROL, waiting_for='starts or stops PostgreSQL'):
            self.users = locks.shared(USERS)
            cluster.ensure_running()
        return cluster.server()

    def __exit__(self, *_):
        os.close(self.users)
        stop_if_unused()


def stop_if_unused():
    """Stop the server if no run uses it. None can begin meanwhile: that needs CONTROL as well."""
    with locks.exclusive(CONTROL):
        if not locks.is_held(USERS):
            Cluster().stop()
