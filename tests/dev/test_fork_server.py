"""Processes that are forked from one that has loaded what they need behave as if they had been started."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from dev import processes
from dev.console import Failure
from tests.support.fork_server import ForkServer

MODULES = {
    'said': "import os, sys; print(os.getcwd(), *sys.argv[1:], os.environ['SAID'], flush=True); sys.exit(7)",
    'asked': 'import sys; print(sys.stdin.readline().upper(), end="", flush=True)',
    'passed': 'import os, sys; os.write(int(sys.argv[1]), b"here")',
    'stays': 'import time; time.sleep(600)',
    'broken': 'raise ValueError("not today")',
}
# A run that has started a server and a process, and ends when its input does
RUN = """
import os, sys
from tests.support.fork_server import ForkServer
folder = sys.argv[1]
server = ForkServer((), folder + '/log', os.environ, folder)
print(server.process.pid, server.start('stays').pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def server(tmp_path):
    for name, code in MODULES.items():
        (tmp_path / f'{name}.py').write_text(code)
    path = os.pathsep.join([str(tmp_path), os.environ['PYTHONPATH']])
    made = ForkServer((), tmp_path / 'log', {**os.environ, 'PYTHONPATH': path, 'SAID': 'well'}, tmp_path)
    yield made
    made.stop()


def test_module_runs_with_its_arguments_log_and_exit_code(server, tmp_path):
    log = tmp_path / 'said.log'
    process = server.start('said', ['one', 2], log)
    assert process.wait(processes.PATIENCE) == 7
    assert log.read_text() == f'{tmp_path} one 2 well\n'


def test_process_has_the_given_streams(server):
    (theirs_in, ours_in), (ours_out, theirs_out) = os.pipe(), os.pipe()
    process = server.start('asked', stdin=theirs_in, stdout=theirs_out)
    for theirs in (theirs_in, theirs_out):
        os.close(theirs)
    with os.fdopen(ours_in, 'w') as asked:
        asked.write('hello\n')
    with os.fdopen(ours_out) as answer:
        # Its end is seen, too: nobody else holds the pipe.
        assert answer.read() == 'HELLO\n'
    assert process.wait(processes.PATIENCE) == 0


def test_descriptors_keep_their_numbers(server):
    ours, theirs = os.pipe()
    process = server.start('passed', [theirs], pass_fds=[theirs])
    os.close(theirs)
    with os.fdopen(ours) as answer:
        assert answer.read() == 'here'
    assert process.wait(processes.PATIENCE) == 0


def test_killed_process(server):
    process = server.start('stays')
    assert os.getpgid(process.pid) == process.pid
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0)
    process.terminate()
    assert process.wait(processes.PATIENCE) == -signal.SIGTERM
    # It is gone, and its number may be another's.
    process.terminate()


def test_error_of_a_module_is_in_its_log(server, tmp_path):
    log = tmp_path / 'broken.log'
    assert server.start('broken', log=log).wait(processes.PATIENCE) == 1
    assert log.read_text().endswith('ValueError: not today\n')


def test_log_is_shown_when_the_server_cannot_load(tmp_path):
    server = ForkServer(['no_such_module'], tmp_path / 'log', os.environ, tmp_path)
    with pytest.raises(Failure, match='no_such_module'):
        server.start('said')
    server.stop()


def test_all_end_with_the_run(server, tmp_path):
    command = [sys.executable, '-c', RUN, tmp_path]
    variables = {**os.environ, 'PYTHONPATH': os.pathsep.join([str(tmp_path), os.environ['PYTHONPATH']])}
    pipes = {'stdin': subprocess.PIPE, 'stdout': subprocess.PIPE, 'text': True}
    with subprocess.Popen(command, env=variables, **pipes) as run:
        started = [psutil.Process(int(pid)) for pid in run.stdout.readline().split()]
        assert len(started) == 2
        run.kill()
    assert psutil.wait_procs(started, timeout=processes.PATIENCE)[1] == []
