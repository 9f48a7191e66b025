"""python -m dev COMMAND [ARGUMENT ...], started by dev/run within the environment. The commands are those of make."""

import importlib
import os
import signal
import sys

from dev import processes
from dev.console import Failure, Stopped, say

MODULES = {
    'demo.command': 'demo demo-reset',
    'demo.screenshots': 'screenshots',
    'tests.command': 'test loaded',
    'dev.checks': 'lint docs wheel',
    'dev.commands': 'run migrations bench pins setup',
    'dev.release': 'release',
    'dev.sbom': 'sbom',
    'dev.translations': 'messages',
    'tests.support.migration_comparison': 'compare-migrations',
}
COMMANDS = {command: module for module, commands in MODULES.items() for command in commands.split()}
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stop_once(number, _frame):
    """End the run properly at the first signal; ignore further signals."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Stopped(number)


def main():
    command, *arguments = sys.argv[1:] or ['']
    if command not in COMMANDS:
        say(f'unknown command {command!r}; the commands are: {", ".join(COMMANDS)}, clean')
        return 2
    for number in SIGNALS:
        signal.signal(number, stop_once)
    if os.environ.get('MAKELEVEL'):
        # If make itself is killed, no signal arrives here.
        processes.die_with_parent()
    try:
        return getattr(importlib.import_module(COMMANDS[command]), command.replace('-', '_'))(arguments)
    except Failure as failure:
        say(failure)
        return 1
    except Stopped as stopped:
        return 128 + stopped.args[0]


if __name__ == '__main__':
    sys.exit(main())
