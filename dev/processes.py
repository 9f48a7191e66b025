"""Child processes that never outlive a run: it stops them; when it is killed, the kernel and dev/reaper.py do."""

import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from dev import paths
from dev.console import Failure

PR_SET_PDEATHSIG = 1
# In the environment of all that a run starts: by this, the reaper finds what the run has left.
MARK = 'NETBOX_SSL_STARTED_BY'
# Seconds that a busy machine may take until something is up; waiting ends when it is.
PATIENCE = 300


def _libc():
    """Load the C library before the fork: nothing may be imported between fork and exec."""
    return ctypes.CDLL(None, use_errno=True) if sys.platform == 'linux' else None


def _with_parent(number, libc, parent):
    """Ask the kernel for a signal when the parent dies, and exit if it has died already."""
    if libc is not None:
        libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def bound(number=signal.SIGTERM):
    """Return a ``preexec_fn`` that makes a child end with this process."""
    libc, parent = _libc(), os.getpid()
    return lambda: _with_parent(number, libc, parent)


def die_with_parent(number=signal.SIGTERM):
    """End this process with its parent."""
    _with_parent(number, _libc(), os.getppid())


@cache
def guard():
    """Start the reaper of this process, once; from then on all children carry its mark."""
    unmarked = {name: value for name, value in os.environ.items() if name != MARK}
    mark = os.environ[MARK] = secrets.token_hex(8)
    command = [sys.executable, '-m', 'dev.reaper', mark]
    pipe = {'stdin': subprocess.PIPE, 'start_new_session': True}
    return subprocess.Popen(command, cwd=paths.ROOT, env=unmarked, **pipe)


def start(command, log, env=None, stdin=subprocess.DEVNULL, **more):
    """Start a server in a process group of its own, so that Ctrl-C reaches only us, and we stop it in order."""
    guard()
    env = {**(os.environ if env is None else env), MARK: os.environ[MARK]}
    more = {'process_group': 0, 'preexec_fn': bound(), **more}
    with Path(log).open('ab') as output:
        streams = {'stdin': stdin, 'stdout': output, 'stderr': subprocess.STDOUT}
        return subprocess.Popen([str(word) for word in command], env=env, **streams, **more)


@contextmanager
def ended_in_order(process, seconds=20):
    """Give the process time to tidy up when we are stopped within the context."""
    try:
        yield process
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


def run_along(command, **more):
    """Run a command in the foreground and return its exit code."""
    with ended_in_order(subprocess.Popen([str(word) for word in command], preexec_fn=bound(), **more)) as process:
        return process.wait()


@contextmanager
def run_beside(command, log, **more):
    """Run a command beside the context, with its output in ``log`` (see ``print_until_end()``)."""
    with Path(log).open('wb') as output:
        more |= {'stdin': subprocess.DEVNULL, 'stdout': output, 'stderr': subprocess.STDOUT}
        process = subprocess.Popen([str(word) for word in command], preexec_fn=bound(), **more)
    with ended_in_order(process):
        yield process


def print_until_end(process, log):
    """Print what a process has written to its log and what it still writes; return its exit code."""
    with Path(log).open('rb') as written:
        has_ended = False
        while not has_ended:
            # In this order: what was written until the end is still printed.
            has_ended = process.poll() is not None
            sys.stdout.buffer.write(written.read())
            sys.stdout.flush()
            if not has_ended:
                time.sleep(0.2)
    return process.returncode


def run_quietly(command, what, env=None, cwd=paths.ROOT):
    """
    Run a command and return its standard output.

    Raises:
        Failure: the command failed; its output has been printed.
    """
    command = [str(word) for word in command]
    more = {'capture_output': True, 'text': True, 'stdin': subprocess.DEVNULL, 'preexec_fn': bound()}
    done = subprocess.run(command, cwd=cwd, env=env, **more)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise Failure(f'could not {what} (see the output above).')
    return done.stdout


def stop(process, seconds=15):
    """Ask a process to end, wait, then kill the rest of its family: a worker's children may not have noticed."""
    members = family(process.pid)
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    kill(process, members)


def kill(process, members=()):
    """Send SIGKILL to a process and to everything it has started."""
    for member in {*members, *family(process.pid)}:
        with suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)
    process.wait()


def family(pid):
    """Return the IDs of a process, its group, and its descendants: RQ gives each job a session of its own."""
    import psutil

    members = {pid}
    with suppress(psutil.NoSuchProcess):
        members |= {child.pid for child in psutil.Process(pid).children(recursive=True)}
    for other in psutil.pids():
        with suppress(ProcessLookupError):
            if os.getpgid(other) == pid:
                members.add(other)
    return members


def listen(port=0, attempts=1):
    """
    Return a socket that listens on 127.0.0.1: on the first port that is free from ``port`` on, or on any (0).

    No other program can take the port between its choice and its use.
    """
    for number in range(port, port + attempts):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(('127.0.0.1', number))
            listener.listen(128)
            return listener
        except OSError:
            listener.close()
    raise Failure(f'no port of 127.0.0.1 from {port} to {port + attempts - 1} is free.')


def free_port():
    """Return a port of 127.0.0.1 that is currently free."""
    with listen() as listener:
        return listener.getsockname()[1]


def wait_until(condition, process, seconds, what, log):
    """
    Wait for a server to be of use.

    Raises:
        Failure: the server ended or took too long; the last lines of its log have been printed.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        ended = process.poll() is not None
        if ended or time.monotonic() > deadline:
            tail = '\n'.join(Path(log).read_text(errors='replace').splitlines()[-15:])
            sys.stderr.write(f'{tail}\n')
            raise Failure(f'{what} {"ended at once" if ended else f"was not up after {seconds} s"}; its log: {log}')
        time.sleep(0.1)


def password():
    return secrets.token_urlsafe(24)
