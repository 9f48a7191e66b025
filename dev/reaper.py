"""Ends what a run has started when the run is over, however it ended: python -m dev.reaper

It is told of processes on standard input: "+ 123" when one is started, "- 123" when one was stopped. The input ends
with the run, even if that is killed with -9; then those that are left are ended, with all that they have started.
(That the kernel tells each child of its parent's death is not enough: a worker has children itself, and waits long for
a Redis that is gone.)
"""

import signal
import sys
import time

from dev.processes import family, send

PATIENCE = 3


def end(started):
    """Politely first; after a while without asking."""
    members = {member for process in started for member in family(process)}
    send(started, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while send(members, 0) and time.monotonic() < deadline:
        time.sleep(0.1)
    send(members, signal.SIGKILL)


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    started = set()
    for line in sys.stdin:
        sign, process = line.split()
        started.add(int(process)) if sign == '+' else started.discard(int(process))
    end(started)


if __name__ == '__main__':
    main()
