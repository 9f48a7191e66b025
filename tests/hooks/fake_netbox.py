"""A real HTTP server that responds like NetBox, including errors."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.support.deadlines import POLL_SECONDS

__all__ = ('Answer', 'FakeNetBox', 'Report')

IMPORT = '/api/plugins/ssl/certificates/import/'
SYNC = '/api/plugins/ssl/sources/sync/'
ENDPOINTS = '/api/plugins/ssl/endpoints/'


@dataclass
class Answer:
    status: int = 200
    body: object = field(default_factory=list)
    headers: dict = field(default_factory=dict)
    # Until the client disconnects or the test ends
    never: bool = False


@dataclass
class Report:
    """One request that arrived."""

    path: str
    headers: dict
    body: bytes

    @property
    def items(self) -> list[dict] | dict:
        return json.loads(self.body)


class FakeNetBox:
    """
    Listens on a free port of 127.0.0.1. ``answer`` is its response to every report, or a function of the report;
    ``sync_answer`` is its response to a list of everything that a client has. Reports are in ``reports``, the lists in
    ``syncs``.

    ``endpoints`` has the endpoints of a monitor or a tag, by ``monitor=NAME`` or ``tag=SLUG``, of which a response
    contains ``page_size`` at most. ``endpoints_answer`` is the response instead; the queries are in ``queries``.
    """

    def __init__(self):
        self.answer = Answer()
        self.sync_answer = Answer()
        self.reports: list[Report] = []
        self.syncs: list[Report] = []
        self.endpoints: dict[str, list[dict]] = {}
        self.endpoints_answer: Answer | None = None
        self.page_size = 1000
        self.queries: list[dict] = []
        self.closed = threading.Event()
        self._server = ThreadingHTTPServer(('127.0.0.1', 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()

    def _handler(self):
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                url = urlsplit(self.path)
                if url.path == ENDPOINTS:
                    query = {name: values[-1] for name, values in parse_qs(url.query).items()}
                    fake.queries.append(query)
                    self._respond(fake.endpoints_answer or fake.page(query))
                else:
                    self.do_POST()

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
                report = Report(self.path, dict(self.headers), body)
                is_sync = report.path == SYNC
                (fake.syncs if is_sync else fake.reports).append(report)
                answer = fake.sync_answer if is_sync else fake.answer
                self._respond(answer(report) if callable(answer) else answer)

            def _respond(self, answer):
                if answer.never:
                    fake.closed.wait()
                text = json.dumps(answer.body).encode()
                try:
                    self.send_response(answer.status)
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    self.send_header('Content-Length', str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                except (BrokenPipeError, ConnectionResetError):
                    # The client did not wait that long.
                    self.close_connection = True

            def log_message(self, *_):
                """Log nothing; tests check the reports."""

        return Handler

    def page(self, query: dict) -> Answer:
        """Return a page of the endpoints for this query, as NetBox does."""
        key = next(f'{name}={query[name]}' for name in ('monitor', 'tag') if name in query)
        found = self.endpoints.get(key, [])
        start = int(query['offset'])
        shown = found[start : start + min(int(query['limit']), self.page_size)]
        fields = query['fields'].split(',')
        results = [{field: each[field] for field in fields} for each in shown]
        return Answer(body={'count': len(found), 'next': None, 'previous': None, 'results': results})

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self._server.server_port}'

    @property
    def listed(self) -> dict:
        """Return the only list of everything that a client has."""
        (sync,) = self.syncs
        return sync.items

    @property
    def items(self) -> list[dict]:
        """Return everything that was reported, in order."""
        return [item for report in self.reports for item in report.items]

    def close(self) -> None:
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()
