"""A running NetBox for tests: its workers can be killed, and code can be run within it."""

import json
import os
import signal
import sys
import time

from dev import processes, stack
from dev.console import Failure
from tests.support.fork_server import loaded_netbox


class Stack(stack.Stack):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.orphaned = []
        self.shell = None

    def launch(self, command, log, **more):
        python, option, module, *arguments = command
        if (python, option) != (sys.executable, '-m'):
            # Another NetBox, such as that of the peer
            return super().launch(command, log, **more)
        return loaded_netbox(self.variables, self.folder).start(module, arguments, log, **more)

    def kill_worker(self, worker):
        """Kill a worker and its children, as a power failure does: no signal handler runs."""
        processes.kill(worker)
        self.workers.remove(worker)

    def kill_worker_alone(self, worker):
        """Kill one process only, so that its children continue, as after an out-of-memory kill."""
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        self.orphaned.append(worker)
        self.workers.remove(worker)

    def stop_worker(self, worker):
        """Stop a worker properly: it finishes the current job first."""
        processes.stop(worker)
        self.workers.remove(worker)

    def stop(self):
        self.stop_shell()
        self.workers += self.orphaned
        super().stop()
        self.orphaned = []

    def manage(self, code):
        """Run Python code within NetBox, as ``netbox shell -c`` does; return what it printed."""
        if self.shell is None:
            self.start_shell()
        self.shell.stdin.write(json.dumps(code) + '\n')
        self.shell.stdin.flush()
        answer = self.shell.stdout.readline()
        if not answer:
            raise Failure(f'the shell ended by itself; its log: {self.folder / "shell.log"}')
        printed, failure = json.loads(answer)
        if failure:
            raise Failure(f'code within NetBox failed:\n{printed}{failure}')
        return printed

    def make_account(self):
        """Make the account within the shell, which is needed anyway."""
        self.password = self.password or processes.password()
        code = f'from dev.account import make_account; print(make_account({self.username!r}, {self.password!r}))'
        self.authorization = self.manage(code).split('\n')[-2]

    def start_shell(self):
        """Start one process for all code. It ends with its input (shell.py)."""
        (theirs_in, ours_in), (ours_out, theirs_out) = os.pipe(), os.pipe()
        server, log = loaded_netbox(self.variables, self.folder), self.folder / 'shell.log'
        self.shell = server.start('tests.support.shell', log=log, stdin=theirs_in, stdout=theirs_out)
        self.shell.stdin, self.shell.stdout = os.fdopen(ours_in, 'w'), os.fdopen(ours_out)
        os.close(theirs_in)
        os.close(theirs_out)

    def stop_shell(self):
        if self.shell:
            self.shell.stdin.close()
            processes.stop(self.shell)
            self.shell.stdout.close()
            self.shell = None

    def wait_for(self, condition, seconds=processes.PATIENCE, interval=0.1, what='the condition'):
        """Return the first true value of condition(); fail with a description of it."""
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            if time.monotonic() > deadline:
                raise AssertionError(f'{what} did not come true within {seconds} s')
            time.sleep(interval)
        return value

    def is_alive(self, pid):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True
