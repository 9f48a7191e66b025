"""
Pages about all certificates, at 1,000,000 certificates of which nine in ten are not ACME: *Renewals*, *Overview* and
its tabs, the widgets of the dashboard, the counts of the metrics, and the series of the first 10,000 certificates.

    make bench ARGS="pages"          1,000,000 certificates
    make bench ARGS="pages --small"  100,000
"""

from benchmarks import measure, options
from benchmarks.netbox import emptied, run_within

CERTIFICATES = 1_000_000
SMALL = 100_000
ROUNDS = 9

# Ages are spread over the lifetime and a tenth of it more, so that one in eleven has expired.
LIFETIME = "CASE WHEN n % 10 = 0 THEN interval '90 days' ELSE interval '390 days' END"
VALID_TO = f'now() + ({LIFETIME}) * (1 - (n::bigint * 7919 % 110000) / 100000.0)'
# The chain of one in a hundred expires before it.
CHAIN_VALID_TO = f"{VALID_TO} + CASE WHEN n % 100 = 7 THEN interval '-10 days' ELSE interval '900 days' END"


def main():
    count = options.chosen(CERTIFICATES, SMALL, 500)
    run_within(emptied(), f'from benchmarks.pages import run; run({count})')


def run(count: int):
    """Run inside NetBox."""
    from uuid import uuid4

    from django.conf import settings
    from django.db import connection
    from django.test import Client, RequestFactory
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone
    from prometheus_client import CollectorRegistry, generate_latest
    from users.models import User

    from benchmarks.filling import fill
    from netbox_ssl.dashboard import NextDueWidget, OverdueWidget, RenewalStatusWidget
    from netbox_ssl.models import Certificate
    from netbox_ssl.reports.certificate_metrics import CertificateCollector
    from netbox_ssl.reports.metrics import RenewalCollector

    fill(
        Certificate(name='template', valid_from=timezone.now(), valid_to=timezone.now()),
        count,
        name="'host' || n || '.example.net'",
        subject_alt_names="ARRAY['host' || n || '.example.net']",
        fingerprint_sha256="upper(md5(n::text) || md5('x' || n::text))",
        serial_number='upper(md5(n::text))',
        lineage='md5(n::text)',
        issuer="'CN=CA ' || n % 20",
        is_acme='n % 10 = 0',
        acme_auto_renewal='n % 10 = 0 AND n % 40 > 0',
        acme_provider="CASE WHEN n % 10 = 0 THEN 'CA ' || n % 70 ELSE '' END",
        valid_from=f'{VALID_TO} - ({LIFETIME})',
        valid_to=VALID_TO,
        chain_valid_to=CHAIN_VALID_TO,
        pem="repeat('x', 1500)",
        chain_pem="repeat('y', 1800)",
    )
    settings.ALLOWED_HOSTS = ['*']
    user = User.objects.create_superuser('bench')
    client = Client()
    client.force_login(user)
    request = RequestFactory().get('/')
    request.user = user

    def widget(of, **config):
        return lambda: of(id=uuid4(), config=config).render(request)

    def page(path):
        def work():
            assert client.get(f'/plugins/ssl/{path}').status_code == 200

        return work

    def scrape(collector):
        registry = CollectorRegistry()
        registry.register(collector)
        return generate_latest(registry)

    works = {
        'Renewals': page('renewals/'),
        'Overview': page('overview/'),
        'Breakdown': page('overview/breakdown/'),
        'Hosts': page('overview/hosts/'),
        'the list, for comparison': page('certificates/'),
        'widget Certificates': widget(RenewalStatusWidget),
        'widget Certificates, ACME only': widget(RenewalStatusWidget, is_acme='true'),
        'widget Next Renewals': widget(NextDueWidget),
        'widget Overdue Renewals': widget(OverdueWidget),
        'metrics': lambda: scrape(RenewalCollector()),
        'metrics of the first 10,000 certificates': lambda: scrape(
            CertificateCollector(Certificate.objects.all(), timezone.now())
        ),
    }
    rows = []
    for name, work in works.items():
        work()
        times, queries = [], []
        for _ in range(options.rounds(ROUNDS)):
            with CaptureQueriesContext(connection) as captured:
                times.append(measure.seconds(work))
            queries.append(sum(float(query['time']) for query in captured))
        rows.append((name, *(f'{measure.median(each) * 1000:.0f} ms' for each in (times, queries))))
    measure.table([f'at {count:,}', 'median', 'of which queries'], rows)
    print_slow_queries(works)


def print_slow_queries(works: dict) -> None:
    """Print the queries that take longest, to see which indexes they use."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        for work in works.values():
            work()
    slowest = sorted(captured, key=lambda query: -float(query['time']))[:4]
    for query in slowest:
        print(f'\n{query["time"]} s: {query["sql"][:300]}')
        if query['sql'].startswith('SELECT'):
            with connection.cursor() as cursor:
                cursor.execute(f'EXPLAIN (ANALYZE, BUFFERS) {query["sql"]}')
                print('\n'.join(line for (line,) in cursor.fetchall()))
