"""
Polling CAs (RFC 9773): requests per second of one worker to a stub that responds immediately, memory, and database time
at up to 1,000,000 certificates.

    make bench ARGS="ari"          up to 1,000,000 certificates (about ten minutes)
    make bench ARGS="ari --small"  up to 100,000
"""

import json
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks import measure, options
from benchmarks.netbox import emptied, run_within
from benchmarks.sweep import ALL_ACME, execute, fill_up, peak, resident
from dev import paths, processes

SIZES = (100_000, 1_000_000)
ASKED = (2_000, 10_000)
# The interval that most CAs request, in seconds
RETRY_AFTER = 21_600


def main():
    sizes = options.chosen(SIZES, SIZES[:1], (1_000,))
    environment = emptied()
    port = processes.free_port()
    stub = [sys.executable, '-m', 'benchmarks.ari', str(port)]
    server = processes.start(stub, environment.folder / 'stub.log', cwd=paths.ROOT)
    config = {'netbox_ssl': {'ari_allowed_hosts': ['127.0.0.1'], 'ari_requests_per_second': 10_000}}
    variables = {**environment.variables(plugins_config=config, testing=True), 'NETBOX_SSL_RUN_ISOLATED': '0'}
    asked = options.chosen(ASKED, ASKED, (20, 50))
    try:
        run_within(environment, f'from benchmarks.ari import run; run({sizes!r}, {asked!r}, {port})', variables)
    finally:
        processes.stop(server)


#
# The CA
#


class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.path == '/directory':
            body = {'renewalInfo': f'http://127.0.0.1:{self.server.server_port}/ari'}
        else:
            body = {'suggestedWindow': {'start': '2027-01-01T00:00:00Z', 'end': '2027-01-02T00:00:00Z'}}
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(text)))
        self.send_header('Retry-After', str(RETRY_AFTER))
        self.end_headers()
        self.wfile.write(text)
        self.wfile.flush()

    def log_message(self, *_):
        """Do not log."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def serve(port: int):
    _Server(('127.0.0.1', port), _Handler).serve_forever()


#
# Inside NetBox
#


def run(sizes, asked, port):
    from tenancy.models import Tenant

    Tenant.objects.create(name='bench', slug='bench')
    rows, plans = [], {}
    filled = 0
    for size in sizes:
        fill_up(filled, size, ALL_ACME)
        execute(
            "UPDATE netbox_ssl_certificate SET acme_server_url = %s, ari_cert_id = 'AAAA.' || id, "
            "ari_next_check = now() + id %% 20000 * interval '1 second' + interval '1 hour' WHERE ari_cert_id = ''",
            [f'http://127.0.0.1:{port}/directory'],
        )
        execute('VACUUM ANALYZE netbox_ssl_certificate')
        filled = size
        rows.append((f'{size:,}', *at_size(size, asked)))
        plans[size] = plan(asked[-1])
    memory = [f'MB before, after {", ".join(f"{count:,}" for count in asked)}', 'MB peak']
    rates = [f'{count:,} requests' for count in asked]
    measure.table(['certificates', 'idle poll', *rates, 'database share', *memory, 'requests/s needed'], rows)
    for size, lines in plans.items():
        print(f'\nChoosing the next {CLAIM} of {size:,}:\n')
        print(*lines, sep='\n')


# Batch size of polling
CLAIM = 200


def at_size(size, asked):
    from netbox_ssl.ari.polling import poll

    poll()
    yield f'{measure.median([measure.seconds(poll) for _ in range(7)]) * 1000:.1f} ms'
    held = [resident()]
    for count in asked:
        make_due(count)
        spent = DatabaseTime()
        start = time.perf_counter()
        with spent:
            result = poll()
        took = time.perf_counter() - start
        assert (result.checked, result.windows) == (count, count), result
        held.append(resident())
        yield f'{count / took:.0f} /s'
    yield f'{spent.seconds / took:.0%}, {spent.seconds / count * 1000:.2f} ms each'
    yield ', '.join(map(str, held))
    yield peak()
    yield f'{size / RETRY_AFTER:.1f}'


def plan(due: int) -> list[str]:
    """Return the query plan, without costs, for choosing the next certificates among many that are due."""
    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from netbox_ssl.ari.polling import claim

    make_due(due)
    with transaction.atomic():
        with CaptureQueriesContext(connection) as queries:
            claim(timezone.now(), CLAIM)
        asked = next(query['sql'] for query in queries if 'SKIP LOCKED' in query['sql'])
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute(f'EXPLAIN (ANALYZE, COSTS OFF, BUFFERS) {asked}')
        return [line for (line,) in cursor.fetchall() if re.search('Scan|Time|Limit|shared', line)]


def make_due(count):
    execute(
        'UPDATE netbox_ssl_certificate SET ari_next_check = now() WHERE id IN (SELECT id FROM netbox_ssl_certificate '
        'WHERE valid_to > now() ORDER BY random() LIMIT %s)',
        [count],
    )


class DatabaseTime:
    """Context manager that measures the seconds that SQL statements take, as seen by the client."""

    def __init__(self):
        self.seconds = 0.0

    def __enter__(self):
        from django.db import connection

        self._wrapper = connection.execute_wrapper(self._timed)
        self._wrapper.__enter__()
        return self

    def __exit__(self, *error):
        self._wrapper.__exit__(*error)

    def _timed(self, execute, *arguments):
        start = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            self.seconds += time.perf_counter() - start


if __name__ == '__main__':
    serve(int(sys.argv[1]))
