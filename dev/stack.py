"""A running NetBox: a web server and workers on one database: the demo, and that of the end-to-end tests."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

from dev import paths, processes, static
from dev.console import Failure

ADMINISTRATOR = 'admin'


class Stack:
    """Start with start(), end with stop(). Everything listens on 127.0.0.1 only."""

    def __init__(self, environment, database=None, plugins_config=None, port=None):
        self.environment = environment
        self.folder = environment.folder
        self.variables = environment.variables(database, plugins_config)
        self.port = port or processes.free_port()
        self.base_url = f'http://127.0.0.1:{self.port}'
        self.username = ADMINISTRATOR
        self.password = None
        self.authorization = None
        self.web = None
        self.workers = []
        self.started = 0
        self.orphaned = []

    def start(self, password=None, authorization=None):
        """Everything at once, for each of the three takes seconds to load NetBox.

        An account that an earlier start has made is used again, which saves one of them.
        """
        static.ensure()
        self.start_web()
        self.start_worker()
        self.password, self.authorization = password, authorization
        if not (password and authorization):
            self.make_account()
        self.wait_for_web()
        if not self.is_authorized():
            self.make_account()
        self.wait_for_workers()

    def start_web(self, workers=2):
        """gunicorn; loaded once and forked, which saves memory and the second start."""
        command = [sys.executable, '-m', 'gunicorn', '--bind', f'127.0.0.1:{self.port}', '--workers', workers]
        command += [
            '--threads',
            4,
            '--preload',
            '--timeout',
            120,
            '--graceful-timeout',
            5,
            '--no-control-socket',
            '--access-logfile',
            '-',
        ]
        command += ['dev.wsgi:application']
        self.web = processes.start(command, self.folder / 'web.log', self.variables, cwd=self.folder)

    def start_worker(self, *arguments):
        """One more `netbox rqworker`, for all queues if none is named; returns its process, with its log as `log`."""
        self.started += 1
        log = self.folder / f'worker-{self.started}.log'
        command = [sys.executable, '-m', 'netbox', 'rqworker', *(arguments or ('high', 'default', 'low'))]
        worker = processes.start(command, log, self.variables, cwd=self.folder)
        worker.log = log
        self.workers.append(worker)
        return worker

    def kill_worker(self, worker):
        """As a machine that goes down would: no signal handler runs, in the worker or in its children."""
        processes.kill(worker)
        self.workers.remove(worker)

    def kill_worker_alone(self, worker):
        """kill -9 of the one process: what it had started lives on, as with an out-of-memory kill."""
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        self.orphaned.append(worker)
        self.workers.remove(worker)

    def stop_worker(self, worker):
        """In order: the job at hand is finished first."""
        processes.stop(worker)
        self.workers.remove(worker)

    def stop(self):
        everything = [*self.workers, *self.orphaned, *([self.web] if self.web else [])]
        for process in everything:
            if process.poll() is None:
                process.terminate()
        for process in everything:
            processes.stop(process)
        self.workers, self.orphaned, self.web = [], [], None

    def wait_for_web(self, seconds=90):
        log = self.folder / 'web.log'
        processes.wait_until(self.answers, self.web, seconds, 'the web server', log)

    def answers(self):
        try:
            with urllib.request.urlopen(f'{self.base_url}/login/', timeout=30) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def wait_for_workers(self, seconds=60):
        """Until NetBox counts as many workers as were started."""
        log = self.folder / 'web.log'
        processes.wait_until(self.all_workers_counted, self.web, seconds, 'the worker', log)

    def all_workers_counted(self):
        dead = [worker for worker in self.workers if worker.poll() is not None]
        if dead:
            raise Failure(f'a worker ended by itself; its log is in {self.folder}')
        return self.get('/api/status/')['rq-workers-running'] >= len(self.workers)

    def get(self, path):
        """GET of the REST API, without any library."""
        request = urllib.request.Request(self.base_url + path, headers={'Authorization': self.authorization})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def run_module(self, module, variables=None):
        """Run a module of ours with NetBox's environment; returns what it printed."""
        return self._run([sys.executable, '-m', module], {**self.variables, **(variables or {})})

    def manage(self, code):
        """Run Python code within NetBox (`netbox shell -c`); returns what it printed."""
        return self._run([sys.executable, '-m', 'netbox', 'shell', '-v', '0', '-c', code], self.variables)

    def _run(self, command, variables):
        more = {'cwd': paths.ROOT, 'capture_output': True, 'text': True, 'preexec_fn': processes.bound()}
        done = subprocess.run(command, env=variables, **more)
        if done.returncode:
            raise Failure(f'{command[2]} failed:\n{done.stdout}{done.stderr}')
        return done.stdout

    def make_account(self):
        """The administrator and an API token. Passed by the environment: arguments can be read by everybody."""
        self.password = self.password or processes.password()
        account = {'username': self.username, 'password': self.password}
        answer = self.run_module('dev.account', {'NETBOX_SSL_RUN_ACCOUNT': json.dumps(account)})
        self.authorization = json.loads(answer.splitlines()[-1])['authorization']

    def is_authorized(self):
        """Whether the token still is one (somebody may have deleted it)."""
        try:
            return bool(self.get('/api/status/'))
        except urllib.error.HTTPError:
            return False

    def wait_for(self, condition, seconds=60, interval=0.25, what='the condition'):
        """The first true value of condition(); fails with what was waited for."""
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
