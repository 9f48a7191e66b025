"""Ports are reserved when they are chosen; processes of a killed run end with it; what runs beside is printed whole."""

import signal
import subprocess
import sys

import psutil
import pytest

from dev import processes
from dev.console import Failure

# A run that starts a server with a child in its own session, like a job of RQ, prints both, and waits.
RUN = """
import subprocess, sys, time
from dev import processes
child = "import subprocess, sys; print(subprocess.Popen(['sleep', '600'], start_new_session=True).pid, flush=True);"
server = processes.start([sys.executable, '-c', child + "import time; time.sleep(600)"], sys.argv[1])
print(server.pid, flush=True)
time.sleep(600)
"""


def test_a_port_that_is_taken_is_passed_over():
    with processes.listen() as first:
        port = first.getsockname()[1]
        with processes.listen(port, 100) as second:
            assert port < second.getsockname()[1] < port + 100
        with pytest.raises(Failure, match=f'from {port} to {port} is free'):
            processes.listen(port)


def test_a_killed_run_leaves_no_processes(tmp_path):
    log = tmp_path / 'log'
    with subprocess.Popen([sys.executable, '-c', RUN, log], stdout=subprocess.PIPE, text=True) as run:
        server = psutil.Process(int(run.stdout.readline()))
        while not log.read_text().endswith('\n'):
            assert server.is_running()
        child = psutil.Process(int(log.read_text()))
        run.send_signal(signal.SIGKILL)
    assert psutil.wait_procs([server, child], timeout=60)[1] == []


def beside(code, log):
    return processes.run_beside([sys.executable, '-c', code], log)


def test_the_whole_output_of_what_runs_beside_is_printed(tmp_path, capfdbinary):
    code = "import sys; print('early', flush=True); sys.stdin.read(); print('late'); sys.exit('reason')"
    with beside(code, tmp_path / 'log') as process:
        assert processes.print_until_end(process, tmp_path / 'log') == 1
    assert capfdbinary.readouterr().out.split() == [b'early', b'late', b'reason']


def test_what_runs_beside_ends_in_order_with_the_run(tmp_path):
    log = tmp_path / 'log'
    code = """
import time
try:
    print('started', flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    print('tidied up')
"""
    with pytest.raises(Failure), beside(code, log) as process:
        while not log.read_text():
            assert process.poll() is None
        raise Failure('a reason to stop')
    assert (process.returncode, log.read_text().split('\n')[:2]) == (0, ['started', 'tidied up'])
