"""
The nightly reports of ACME clients: lists of 100 without changes over REST (one gunicorn worker); and the sweep for
sources that are expired, behind or silent, with nothing to announce, at up to 1,000,000 sources.
"""

import time

from benchmarks import certificates, measure, options
from benchmarks.imports import IMPORT, Ours
from benchmarks.netbox import emptied, run_within
from tests.support.api import Api

ROUNDS = options.rounds(8)
SIZES = options.chosen((10_000, 1_000_000), (10_000, 100_000), (500, 1_000))

# All sources have the same certificate, which makes filling fast. Half are behind, three quarters silent, a tenth
# expired; all of it is announced.
SOURCES = {
    'external_id': "'certbot:host' || {n} || ':www'",
    'reported_at': "now() - {n} % 30 * interval '1 day'",
    'issuance_since': "now() - {n} % 90 * interval '1 day'",
    'valid_to': "now() + (90 - {n} % 89 - CASE WHEN {n} % 10 = 0 THEN 90 ELSE 0 END) * interval '1 day'",
    'silent_scaled_at': "now() + (22 - {n} % 30) * interval '1 day'",
    'behind_since': "CASE WHEN {n} % 2 = 0 THEN now() - {n} % 90 * interval '1 day' END",
    'behind_scaled_at': "CASE WHEN {n} % 2 = 0 THEN now() - ({n} % 90 - 9) * interval '1 day' END",
    'is_watched': 'true',
    'expired_announced': '{n} % 10 = 0',
    'behind_announced': '{n} % 2 = 0',
    'silent_announced': '{n} % 30 > 6',
}


def main():
    environment = emptied()
    ours = Ours(environment)
    try:
        ours.start()
        rate = report(Api(ours.base_url, ours.authorization))
    finally:
        ours.stop()
    measure.table(['reports without changes, lists of 100', 'rate (median)'], [('REST', f'{rate:.0f} /s')])
    print()
    run_within(environment, 'from benchmarks.reports import run; run()')


def report(api) -> float:
    items = [
        {
            'pem': pem,
            'external_id': f'certbot:host:{number}',
            'client': 'certbot',
            'is_acme': True,
            'acme_auto_renewal': True,
        }
        for number, pem in enumerate(certificates.pems(100 * ROUNDS, 'r'))
    ]
    hundreds = [items[start : start + 100] for start in range(0, len(items), 100)]
    for hundred in hundreds:
        api.post(IMPORT, hundred)

    def again(number):
        answer = api.post(IMPORT, hundreds[number])
        assert {each['action'] for each in answer} == {'unchanged'}

    again(0)
    return 100 / measure.median(measure.interleaved(ROUNDS, again=again)['again'])


def run():
    """Run inside NetBox."""
    from benchmarks.filling import fill
    from netbox_ssl.announcements.sweep.sources import sweep_sources
    from netbox_ssl.models import CertificateSource
    from tests.support.factories import record

    certificate = record('reports.example.net')
    rows, filled = [], 0
    for size in SIZES:
        template = CertificateSource(certificate=certificate, external_id=f'certbot:template:{size}', client='certbot')
        columns = {name: sql.format(n=f'(n + {filled})') for name, sql in SOURCES.items()}
        fill(template, size - filled - 1, **columns)
        filled = size
        result = sweep_sources()
        assert result.announced == 0, result
        times = [measure.seconds(sweep_sources) for _ in range(20)]
        database = [database_seconds(sweep_sources) for _ in range(20)]
        rows.append((f'{size:,}', *(f'{measure.median(each) * 1000:.1f} ms' for each in (times, database))))
    measure.table(['sources', 'sweep with nothing to announce', 'database time'], rows)


def database_seconds(work) -> float:
    """Return the seconds that the queries of ``work`` take."""
    from django.db import connection

    spent = []

    def timed(execute, *arguments):
        start = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            spent.append(time.perf_counter() - start)

    with connection.execute_wrapper(timed):
        work()
    return sum(spent)
