"""A running NetBox: a web server and workers on one database, for the demo and for the end-to-end tests."""

import json
import sys
import urllib.error
import urllib.request

from dev import processes, static
from dev.console import Failure

ADMINISTRATOR = 'admin'
GUNICORN = '--threads 4 --preload --timeout 300 --graceful-timeout 5 --no-control-socket --access-logfile -'


class Stack:
    """
    A NetBox between start() and stop(). Everything listens on 127.0.0.1 only.

    Args:
        environment: of the run, see ``dev/environment.py``
        database: name of the database; that of the run by default
        plugins_config: NetBox's PLUGINS_CONFIG
        first_port: the web server takes the first free port from here on; any port by default
    """

    def __init__(self, environment, database=None, plugins_config=None, first_port=None):
        self.environment = environment
        self.folder = environment.folder
        self.variables = environment.variables(database, plugins_config)
        self.listener = processes.listen(first_port, 100) if first_port else processes.listen()
        self.port = self.listener.getsockname()[1]
        self.base_url = f'http://127.0.0.1:{self.port}'
        self.username = ADMINISTRATOR
        self.password = None
        self.authorization = None
        self.web = None
        self.workers = []
        self.started = 0

    def start(self, password=None, authorization=None):
        """
        Start everything at once, for each of the three takes seconds to load NetBox.

        An account that an earlier start has made is used again, which saves one of them.
        """
        self.collect_static()
        self.start_web()
        self.start_worker()
        self.password, self.authorization = password, authorization
        if not (password and authorization):
            self.make_account()
        self.wait_for_web()
        if not self.is_authorized():
            self.make_account()
        self.wait_for_workers()

    def collect_static(self):
        static.ensure()

    def start_web(self, workers=2):
        """Start gunicorn; it loads NetBox once and forks, which saves memory and the second start."""
        self.serve([sys.executable, '-m', 'gunicorn', '--workers', workers, *GUNICORN.split(), 'dev.wsgi:application'])

    def serve(self, command):
        """Start gunicorn on the socket that listens already, and leave that to it."""
        with self.listener as listener:
            command = [*command, '--bind', f'fd://{listener.fileno()}']
            self.web = self.launch(command, self.folder / 'web.log', pass_fds=[listener.fileno()])

    def start_worker(self, *arguments):
        """Start one more ``netbox rqworker``, for all queues by default; return its process, with ``log``."""
        self.started += 1
        # Several NetBoxes of a run have the same folder.
        log = self.folder / f'worker-{self.port}-{self.started}.log'
        command = [sys.executable, '-m', 'netbox', 'rqworker', *(arguments or ('high', 'default', 'low'))]
        worker = self.launch(command, log)
        worker.log = log
        self.workers.append(worker)
        return worker

    def launch(self, command, log, **more):
        """Start a server of this NetBox."""
        return processes.start(command, log, self.variables, cwd=self.folder, **more)

    def stop(self):
        everything = [*self.workers, *([self.web] if self.web else [])]
        for process in everything:
            if process.poll() is None:
                process.terminate()
        for process in everything:
            processes.stop(process)
        self.workers, self.web = [], None
        self.listener.close()

    def wait_for_web(self, seconds=processes.PATIENCE):
        log = self.folder / 'web.log'
        processes.wait_until(self.answers, self.web, seconds, 'the web server', log)

    def answers(self):
        try:
            with urllib.request.urlopen(f'{self.base_url}/login/', timeout=30) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def wait_for_workers(self, seconds=processes.PATIENCE):
        """Wait until NetBox counts as many workers as were started."""
        log = self.folder / 'web.log'
        processes.wait_until(self.all_workers_counted, self.web, seconds, 'the worker', log)

    def all_workers_counted(self):
        if any(worker.poll() is not None for worker in self.workers):
            raise Failure(f'a worker ended unexpectedly; its log is in {self.folder}')
        return self.get('/api/status/')['rq-workers-running'] >= len(self.workers)

    def get(self, path):
        """GET of the REST API, without any library."""
        request = urllib.request.Request(self.base_url + path, headers={'Authorization': self.authorization})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def is_authorized(self):
        """Return whether the token is still valid: it may have been deleted."""
        try:
            return bool(self.get('/api/status/'))
        except urllib.error.HTTPError:
            return False

    def run_module(self, module, variables=None):
        """Run a module of ours with NetBox's environment; return what it printed."""
        command = [sys.executable, '-m', module]
        return processes.run_quietly(command, f'run {module}', {**self.variables, **(variables or {})})

    def make_account(self):
        """Make the administrator and an API token. Passed by the environment: all users can read arguments."""
        self.password = self.password or processes.password()
        account = {'username': self.username, 'password': self.password}
        answer = self.run_module('dev.account', {'NETBOX_SSL_RUN_ACCOUNT': json.dumps(account)})
        self.authorization = json.loads(answer.splitlines()[-1])['authorization']
