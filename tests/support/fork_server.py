"""
Processes of NetBox that are forked from one that has loaded it, because loading takes most of the time of their start.

As with Python's own fork server, one starts for each set of environment variables, before there is any connection or
thread. It ends with its standard input, over which it is asked to fork, and what it has forked ends with it.
"""

import fcntl
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from dev import processes
from dev.console import Failure

__all__ = ('ForkServer', 'ForkedProcess', 'loaded_netbox')

# It sets Django up, loads all pages, and leaves no connection open.
NETBOX = ('dev.wsgi',)
STREAMS = (0, 1, 2)
# Above all descriptors that a forked process is to have
HIGH = 500
LONGEST = 65536
POLL_SECONDS = 0.02


class ForkServer:
    """
    A process that has loaded modules and forks.

    Args:
        modules: names of the modules to load
        log: path of the log
        variables: environment of all processes
        cwd: working directory of all processes
    """

    def __init__(self, modules, log, variables, cwd):
        self.log = Path(log)
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, '-m', 'tests.support.fork_server', *modules]
        with theirs:
            self.process = processes.start(command, self.log, variables, stdin=theirs, cwd=cwd)

    def start(self, module, arguments=(), log=None, stdin=None, stdout=None, stderr=None, pass_fds=()):
        """
        Run a module as ``python -m`` does, in a process group of its own; return its ``ForkedProcess``.

        Args:
            log: file to which the output is appended; that of the server by default
            stdin, stdout, stderr: descriptors to use instead of no input and of the log
            pass_fds: descriptors that the process has with the same numbers
        """
        with Path(os.devnull).open('rb') as nothing, Path(log or self.log).open('ab') as output:
            usual = (nothing.fileno(), output.fileno(), output.fileno())
            given = (stdin, stdout, stderr)
            streams = [mine if other is None else other for mine, other in zip(usual, given, strict=True)]
            request = {'run': [module, *map(str, arguments)], 'descriptors': [*STREAMS, *pass_fds]}
            return ForkedProcess(self, self.ask(request, [*streams, *pass_fds]))

    def ask(self, request, descriptors=()):
        """
        Return the answer of the server.

        Raises:
            Failure: it has ended.
        """
        try:
            socket.send_fds(self.socket, [json.dumps(request).encode()], descriptors)
            answer = self.socket.recv(LONGEST)
        except ConnectionError:
            answer = b''
        if not answer:
            tail = '\n'.join(self.log.read_text(errors='replace').splitlines()[-15:])
            raise Failure(f'the process that loads NetBox ended by itself; its log, {self.log}:\n{tail}')
        return json.loads(answer)

    def stop(self):
        self.socket.close()
        processes.stop(self.process)


class ForkedProcess:
    """A forked process, with what is used of ``subprocess.Popen``. Its parent is the server, which is asked."""

    def __init__(self, server, pid):
        self.server = server
        self.pid = pid
        self.returncode = None

    def poll(self):
        if self.returncode is None:
            self.returncode = self.server.ask({'poll': self.pid})
        return self.returncode

    def wait(self, timeout=None):
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(POLL_SECONDS)
        return self.returncode

    def send_signal(self, number):
        # Its ID is not given to another process before it was polled.
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)


_loaded = {}


def loaded_netbox(variables, folder):
    """Return the server that has loaded NetBox with these variables. It is started once, and ends with this process."""
    key = tuple(sorted(variables.items()))
    if key not in _loaded:
        _loaded[key] = ForkServer(NETBOX, folder / 'fork-server.log', variables, folder)
    return _loaded[key]


def load(modules):
    """Load modules, which must leave no connection open, and keep the garbage collector away from what they share."""
    for module in modules:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()


def serve(asked):
    """Answer requests until their end. Return, in each forked process, the words of its command; None in the server."""
    while True:
        data, descriptors, *_ = socket.recv_fds(asked, LONGEST, 16)
        if not data:
            return None
        request = json.loads(data)
        if 'poll' in request:
            answer = exit_code(request['poll'])
        else:
            bound = processes.bound()
            answer = os.fork()
            if answer == 0:
                bound()
                os.setpgid(0, 0)
                # Closes the copy of the socket, which is the standard input.
                asked.detach()
                arrange(dict(zip(request['descriptors'], descriptors, strict=True)))
                return request['run']
            # Whoever asked may look at it before the child has done the same.
            os.setpgid(answer, answer)
            for descriptor in descriptors:
                os.close(descriptor)
        asked.send(json.dumps(answer).encode())


def exit_code(pid):
    """Return the exit code of a child, negative for a signal; None while it runs."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def arrange(descriptors):
    """Give descriptors their wanted numbers, {wanted: present}, through higher ones, so that none is overwritten."""
    high = {wanted: fcntl.fcntl(present, fcntl.F_DUPFD, HIGH) for wanted, present in descriptors.items()}
    for present in descriptors.values():
        os.close(present)
    for wanted, present in high.items():
        os.dup2(present, wanted)
        os.close(present)


def main(modules):
    load(modules)
    command = serve(socket.socket(fileno=0))
    if command:
        # In the forked process: as `python -m` does
        sys.argv = command
        runpy.run_module(command[0], run_name='__main__', alter_sys=True)


if __name__ == '__main__':
    main(sys.argv[1:])
