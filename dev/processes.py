"""Child processes that never outlive us: they are stopped at the end, and by the kernel if we are killed."""

import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from dev import paths
from dev.console import Failure

PR_SET_PDEATHSIG = 1


def _libc():
    """Loaded before the fork: nothing may be imported between fork and exec."""
    return ctypes.CDLL(None, use_errno=True) if sys.platform == 'linux' else None


def _with_parent(number, libc, parent):
    """Ask the kernel for a signal when the parent dies. Also notices a parent that died just before."""
    if libc is not None:
        libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def bound(number=signal.SIGTERM):
    """preexec_fn of a child that is to end with us."""
    libc, parent = _libc(), os.getpid()
    return lambda: _with_parent(number, libc, parent)


def die_with_parent(number=signal.SIGTERM):
    """The same for this very process."""
    _with_parent(number, _libc(), os.getppid())


def identity(user):
    """Arguments of subprocess that run a program as another user (an entry of the password database)."""
    return {'user': user.pw_uid, 'group': user.pw_gid, 'extra_groups': []} if user else {}


@cache
def _reaper():
    """One for this process; see dev/reaper.py."""
    command = [sys.executable, '-m', 'dev.reaper']
    return subprocess.Popen(command, cwd=paths.ROOT, stdin=subprocess.PIPE, text=True, start_new_session=True)


def _tell_reaper(sign, process):
    # If somebody killed it, we do without.
    with suppress(BrokenPipeError):
        _reaper().stdin.write(f'{sign} {process.pid}\n')
        _reaper().stdin.flush()


def start(command, log, env=None, cwd=None, **more):
    """Start a server in a process group of its own (Ctrl-C reaches only us, and we stop it in order)."""
    process = start_untold(command, log, env=env, cwd=cwd, **more)
    _tell_reaper('+', process)
    return process


def start_untold(command, log, env=None, user=None, on_death=signal.SIGTERM, cwd=None, **more):
    """The same for a server that only the kernel is to end when we are killed, by the signal that it wants."""
    with Path(log).open('ab') as output:
        return subprocess.Popen(
            [str(word) for word in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=more.pop('stdin', subprocess.DEVNULL),
            env=env,
            cwd=cwd,
            process_group=0,
            preexec_fn=bound(on_death),
            **identity(user),
            **more,
        )


def run_along(command, seconds=20, **more):
    """Run a command in the foreground and return its exit code. If we are stopped, so is it, with time to tidy up."""
    process = subprocess.Popen([str(word) for word in command], preexec_fn=bound(), **more)
    try:
        return process.wait()
    except BaseException as stopped:
        # Ctrl-C in a terminal has reached it already.
        if stopped.args != (signal.SIGINT,):
            process.send_signal(signal.SIGINT)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise


def stop(process, number=signal.SIGTERM, seconds=15):
    """Ask, wait, then kill what is left of its family: a worker's children may not have noticed."""
    members = family(process.pid)
    if process.poll() is None:
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    kill(process, members)


def kill(process, members=()):
    """kill -9 of a process and all that it has started."""
    send({*members, *family(process.pid)}, signal.SIGKILL)
    process.wait()
    _tell_reaper('-', process)


def send(members, number):
    """Signal the processes; returns those that still exist."""
    left = set()
    for member in members:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(member, number)
            left.add(member)
    return left


def family(process):
    """The process, its group, and its descendants: RQ gives each job a session of its own."""
    parents, groups = {}, {}
    for stat in Path('/proc').glob('[0-9]*/stat'):
        with suppress(OSError):
            # After the name, which may hold anything: state, parent, process group.
            _, parent, group = stat.read_text(errors='replace').rpartition(')')[2].split()[:3]
            parents[int(stat.parent.name)], groups[int(stat.parent.name)] = int(parent), int(group)
    members = {process, *(member for member, group in groups.items() if group == process)}
    while more := {child for child, parent in parents.items() if parent in members} - members:
        members |= more
    return members


def free_port(first=None):
    """A port of this machine that nobody listens on: the first free one from `first` on, or any."""
    for port in range(first, first + 100) if first else [0]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(('127.0.0.1', port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise Failure(f'no free port between {first} and {first + 99} on 127.0.0.1.')


def wait_until(condition, process, seconds, what, log):
    """Wait for a server to be of use; say so when it ends or takes too long, with the last lines of its log."""
    deadline = time.monotonic() + seconds
    while not condition():
        ended = process.poll() is not None
        if ended or time.monotonic() > deadline:
            tail = '\n'.join(Path(log).read_text(errors='replace').splitlines()[-15:])
            sys.stderr.write(f'{tail}\n')
            raise Failure(f'{what} {"ended at once" if ended else f"was not up after {seconds} s"}; its log: {log}')
        time.sleep(0.1)


def has_apt():
    """Whether this machine lets us install what is missing."""
    return os.geteuid() == 0 and shutil.which('apt-get') is not None


def apt_install(*packages):
    """Install Debian packages; the caller made sure that we may."""
    env = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'}
    for command in (['update', '-qq'], ['install', '-y', '-qq', '--no-install-recommends', *packages]):
        done = subprocess.run(['apt-get', *command], env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode and command[0] == 'install':
            sys.stderr.write(done.stdout + done.stderr)
            raise Failure(f"'apt-get install {' '.join(packages)}' failed (its output is above).")


def password():
    return secrets.token_urlsafe(24)
