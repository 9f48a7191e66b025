"""A CA on 127.0.0.1 whose responses a test determines, including invalid ones."""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.deadlines import PATIENCE, POLL_SECONDS

__all__ = ('Stub', 'window')


def window(start='2027-01-01T00:00:00Z', end='2027-01-02T00:00:00Z', **more) -> bytes:
    return json.dumps({'suggestedWindow': {'start': start, 'end': end}, **more}).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    # Otherwise each response waits for the acknowledgement of its head.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        stub = self.server.stub
        stub.note(self.path, dict(self.headers))
        if self.path == '/directory':
            body = json.dumps(stub.directory).encode() if isinstance(stub.directory, dict) else stub.directory
            self.answer(stub.directory_status, body, stub.directory_headers)
        elif stub.script is not None:
            try:
                stub.script(self)
            except OSError:
                stub.hung_up.set()
            self.close_connection = True
        else:
            self.answer(stub.status, stub.body, stub.headers)

    def answer(self, status, body=b'', headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def raw(self, *parts, every=0.0):
        """Send octets as they are, with a pause after each part."""
        for part in parts:
            self.wfile.write(part)
            self.wfile.flush()
            time.sleep(every)

    def drip(self, head, every=0.05):
        """Send one octet at a time, until the client disconnects."""
        self.raw(head)
        for _ in range(int(PATIENCE / every)):
            self.raw(b'x', every=every)

    def silence(self):
        """Send nothing, until the client disconnects."""
        self.connection.settimeout(PATIENCE)
        try:
            if not self.connection.recv(1):
                self.server.stub.hung_up.set()
        except TimeoutError:
            """The client would have waited forever."""

    def log_message(self, *_):
        """Log nothing; tests check the paths."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Ignore clients that disconnect, which tests provoke."""


class Stub:
    """
    ``status``, ``body`` and ``headers`` of its renewal information; or ``script``, called with the handler instead.
    ``paths``: the requested paths. ``hung_up`` is set when a client disconnects before the script ends.
    """

    def __init__(self):
        self._server = _Server(('127.0.0.1', 0), _Handler)
        self._server.stub = self
        self.base_url = f'http://127.0.0.1:{self._server.server_port}'
        self.directory_url = f'{self.base_url}/directory'
        self.directory = {'renewalInfo': f'{self.base_url}/ari'}
        self.directory_status, self.directory_headers = 200, {}
        self.status, self.body, self.headers = 200, window(), {'Retry-After': '21600'}
        self.script = None
        self.hung_up = threading.Event()
        self._lock = threading.Lock()
        self.requests = []
        threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()

    def note(self, path, headers):
        with self._lock:
            self.requests.append((path, headers))

    @property
    def paths(self):
        with self._lock:
            return [path for path, _ in self.requests]

    @property
    def cert_ids(self):
        """Return the certificate IDs that were requested."""
        return [path.removeprefix('/ari/') for path in self.paths if path.startswith('/ari/')]

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def closed_port() -> int:
    """Return a port of 127.0.0.1 that refuses connections."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]
