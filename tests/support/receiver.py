"""A real HTTP server that stores the requests it receives: the other end of a webhook."""

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from dev.processes import PATIENCE
from tests.support.deadlines import POLL_SECONDS


@dataclass
class Delivery:
    """One request that arrived."""

    method: str
    path: str
    headers: dict
    body: bytes
    at: float = field(default_factory=time.time)

    @property
    def json(self):
        return json.loads(self.body)


class Receiver:
    """Listens on a free port of 127.0.0.1; ``answer`` is the status of its responses."""

    def __init__(self):
        self.answer = 200
        self._deliveries = []
        self._arrived = threading.Condition()
        self._server = ThreadingHTTPServer(('127.0.0.1', 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()

    def _handler(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def _receive(self):
                body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
                receiver._keep(Delivery(self.command, self.path, dict(self.headers), body))
                self.send_response(receiver.answer)
                self.send_header('Content-Length', '0')
                self.end_headers()

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _receive

            def log_message(self, *_):
                """Log nothing; tests check the deliveries."""

        return Handler

    def _keep(self, delivery):
        with self._arrived:
            self._deliveries.append(delivery)
            self._arrived.notify_all()

    @property
    def url(self):
        return f'http://127.0.0.1:{self._server.server_port}/'

    @property
    def deliveries(self):
        """Return a copy, which tests can iterate while more arrive."""
        with self._arrived:
            return list(self._deliveries)

    def clear(self):
        with self._arrived:
            self._deliveries.clear()

    def matching(self, predicate):
        return [delivery for delivery in self.deliveries if predicate(delivery)]

    def wait_for(self, predicate=lambda delivery: True, timeout=PATIENCE, count=1):
        """Return the first ``count`` deliveries for which ``predicate(delivery)`` is true."""
        with self._arrived:
            found = self._arrived.wait_for(lambda: len(self._fitting(predicate)) >= count, timeout)
            fitting = self._fitting(predicate)
        if not found:
            seen = [f'{delivery.method} {delivery.path} {delivery.body[:200]!r}' for delivery in self.deliveries]
            raise AssertionError(f'{len(fitting)} of {count} deliveries within {timeout} s; arrived: {seen}')
        return fitting[:count]

    def _fitting(self, predicate):
        return [delivery for delivery in self._deliveries if predicate(delivery)]

    def close(self):
        self._server.shutdown()
        self._server.server_close()
