"""A running NetBox for tests: its workers can be killed, and code can be run within it."""

import os
import signal
import sys
import time

from dev import processes, stack


class Stack(stack.Stack):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.orphaned = []

    def kill_worker(self, worker):
        """Kill a worker as a machine that goes down does: no signal handler runs, in the worker or in its children."""
        processes.kill(worker)
        self.workers.remove(worker)

    def kill_worker_alone(self, worker):
        """Kill one process only: what it has started lives on, as after an out-of-memory kill."""
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        self.orphaned.append(worker)
        self.workers.remove(worker)

    def stop_worker(self, worker):
        """Stop a worker in order: it finishes the job at hand first."""
        processes.stop(worker)
        self.workers.remove(worker)

    def stop(self):
        self.workers += self.orphaned
        super().stop()
        self.orphaned = []

    def manage(self, code):
        """Run Python code within NetBox (``netbox shell -c``); return what it printed."""
        command = [sys.executable, '-m', 'netbox', 'shell', '-v', '0', '-c', code]
        return processes.run_quietly(command, 'run code within NetBox', self.variables)

    def wait_for(self, condition, seconds=60, interval=0.25, what='the condition'):
        """Return the first true value of condition(); fail with what was waited for."""
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
