"""python -m dev COMMAND [ARGUMENT ...], started by dev/run within the environment. The commands are those of make."""

import importlib
import os
import signal
import sys

from dev import processes
from dev.console import Failure, Stopped, say

COMMANDS = {
    'demo': ('demo.command', 'demo'),
    'demo-reset': ('demo.command', 'reset'),
    'test': ('dev.testing', 'test'),
    'lint': ('dev.checks', 'lint'),
    'docs': ('dev.checks', 'docs'),
    'wheel': ('dev.wheel', 'wheel'),
    'run': ('dev.commands', 'run'),
    'migrations': ('dev.commands', 'migrations'),
    'bench': ('dev.commands', 'bench'),
    'pins': ('dev.commands', 'pins'),
    'setup': ('dev.commands', 'setup'),
}


def stop_once(number, _frame):
    """The first signal ends the run in order; further ones do not disturb that."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise Stopped(number)


def main():
    command, *arguments = sys.argv[1:] or ['']
    if command not in COMMANDS:
        say(f'unknown command {command!r}; there are: {", ".join(COMMANDS)}, clean')
        return 2
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop_once)
    if os.environ.get('MAKELEVEL'):
        # If make itself is killed there is nobody left to stop us.
        processes.die_with_parent()
    module, function = COMMANDS[command]
    try:
        return getattr(importlib.import_module(module), function)(arguments)
    except Failure as failure:
        say(failure)
        return 1
    except Stopped as stopped:
        return 128 + stopped.args[0]


if __name__ == '__main__':
    sys.exit(main())
