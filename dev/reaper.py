"""
End what a run has left behind, however the run ended: python -m dev.reaper MARK

Standard input ends with the run, even when that is killed with -9. Then every process with the mark in its environment
is ended, wherever it is in the process tree, and PostgreSQL if no other run of the checkout uses it. (That the kernel
tells a child of its parent's death is not enough: a worker has children, and waits long for a Redis that is gone.)
"""

import signal
import sys
import time
from contextlib import suppress

import psutil

from dev import paths, postgres
from dev.processes import MARK

PATIENCE = 3


def marked(mark):
    """Return the processes that the run has started, and those that they have started."""
    found = []
    for process in psutil.process_iter():
        # Some end meanwhile, or belong to another user.
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark:
                found.append(process)
    return found


def signal_all(processes, number):
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(number)


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.read()
    left = marked(sys.argv[1])
    signal_all(left, signal.SIGTERM)
    psutil.wait_procs(left, PATIENCE)
    signal_all(marked(sys.argv[1]), signal.SIGKILL)
    # A server that was just about to start shows itself within this second.
    time.sleep(1)
    if paths.STATE.exists():
        postgres.stop_if_unused()


if __name__ == '__main__':
    main()
