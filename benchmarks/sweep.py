"""
The sweep at 10,000, 100,000 and 1,000,000 certificates: an idle sweep, and one with 1,000 changes. At the largest size
also: the query plan of an idle sweep, lists and counts by renewal status and validity, 100,000 changes without a rule
(20,000 with ``--small``) and 5,000 with a webhook rule, and the memory used compared with an idle NetBox.

    make bench ARGS="sweep"          up to 1,000,000 (about ten minutes)
    make bench ARGS="sweep --small"  up to 100,000
    make bench ARGS="sweep --mixed"  nine tenths are not ACME, and expiry marks pass instead of renewals becoming due
"""

import re
import resource
import secrets
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import measure
from dev.environment import prepared

SIZES = (10_000, 100_000, 1_000_000)

# As long and as incompressible as a leaf with an RSA key and its chain: PostgreSQL stores them in the TOAST table.
PEMS = secrets.token_hex(850), secrets.token_hex(900)

# Spread over all ages, so that some are OK, some Due and some Expired. All have been announced.
FILL = """
    INSERT INTO netbox_ssl_certificate (name, status, subject, issuer, serial_number, fingerprint_sha256, valid_from,
        valid_to, subject_alt_names, key_algorithm, key_size, signature_algorithm, pem, chain_pem, lineage, is_acme,
        acme_provider, acme_account_email, acme_challenge_type, acme_server_url, acme_auto_renewal, acme_pinned_fields,
        announced_status, announced_overdue, announced_until, default_expiry_marks, expiry_marks, renewal_instructions,
        ari_cert_id, ari_explanation_url, ari_error, ari_failures, description, comments, custom_field_data, created,
        last_updated, tenant_id)
    SELECT 'host' || n || '.example.net', 'active', 'CN=host' || n, 'CN=R13,O=Let''s Encrypt,C=US', upper(md5(n::text)),
        upper(md5(n::text) || md5('x' || n::text)), age, age + lifetime,
        ARRAY['host' || n || '.example.net'], 'ECDSA', 256, 'ecdsa-with-SHA256', %s, %s,
        md5(n::text), is_acme, CASE WHEN is_acme THEN 'Let''s Encrypt' ELSE '' END, '', '', '', is_acme AND n %% 4 > 0,
        '{}',
        CASE WHEN NOT is_acme THEN ''
             WHEN age < now() - interval '90 days' THEN 'Expired' WHEN n %% 4 = 0 THEN 'Manual'
             WHEN age < now() - interval '60 days' THEN 'Due' ELSE 'OK' END,
        is_acme AND age < now() - interval '75 days', now(), '{1,7,14,30}',
        CASE WHEN n %% 100 = 1 THEN '{20,60}'::integer[] ELSE '{}' END, '', '', '', '', 0, '', '', '{}', now(), now(),
        CASE WHEN n %% 3 = 0 THEN (SELECT min(id) FROM tenancy_tenant) END
    FROM (SELECT n, is_acme, lifetime,
              now() - (n::bigint * 7919 %% 95000) * lifetime / 86400 - interval '1 hour' AS age
          FROM (SELECT n, n %% 10 < %s AS is_acme, CASE WHEN n %% 10 < %s THEN interval '90 days'
                ELSE interval '390 days' END AS lifetime
                FROM generate_series(%s, %s - 1) AS n) AS kinds) AS ages
"""

# Tenths that are ACME, in the usual inventory and in the mixed one
ALL_ACME, FEW_ACME = 10, 1

# An expiry mark has passed, and was not announced.
MARKED = """
    UPDATE netbox_ssl_certificate SET expiry_marks = '{190}', announced_until = valid_to - interval '191 days'
    WHERE id IN (SELECT id FROM netbox_ssl_certificate WHERE NOT is_acme AND next_mark_at > now()
                 AND valid_to BETWEEN now() AND now() + interval '189 days' ORDER BY id LIMIT %s)
"""

DUE = """
    UPDATE netbox_ssl_certificate SET announced_status = 'OK'
    WHERE id IN (SELECT id FROM netbox_ssl_certificate WHERE announced_status = 'Due' ORDER BY id LIMIT %s)
"""


def main():
    sizes = SIZES[:2] if '--small' in sys.argv else SIZES
    with prepared() as environment:
        environment.databases.copy(environment.database)
        code = f'from benchmarks.sweep import run; run({sizes!r}, mixed={"--mixed" in sys.argv})'
        command = [sys.executable, '-m', 'netbox', 'shell', '-v', '0', '-c', code]
        subprocess.run(command, env=environment.variables(testing=True), check=True)


def run(sizes, mixed):
    """Run inside NetBox."""
    from tenancy.models import Tenant

    Tenant.objects.create(name='bench', slug='bench')
    idle = resident()
    rows = []
    filled = 0
    for size in sizes:
        tenths = FEW_ACME if mixed else ALL_ACME
        execute(FILL, [*PEMS, tenths, tenths, filled, size])
        execute('VACUUM ANALYZE netbox_ssl_certificate')
        filled = size
        rows.append((f'{size:,}', *at_size(MARKED if mixed else DUE)))
    measure.table(['certificates', 'idle sweep', 'database time', 'sweep of 1,000 changes'], rows)
    print()
    for line in plan():
        print(line)
    print()
    measure.table(['at the largest size', 'median'], list(lists()))
    print()
    number = 100_000 if filled > 100_000 else 20_000
    measure.table(['announcements at the largest size', 'rate'], announcements(MARKED if mixed else DUE, number))
    print(f'\nMemory: {idle} MB before the first sweep, {peak()} MB peak')


def execute(statement, parameters=None):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def at_size(changes: str):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from netbox_ssl.announcements.sweep.certificates import sweep

    sweep()
    idle = measure.median([measure.seconds(sweep) for _ in range(7)])
    with CaptureQueriesContext(connection) as queries:
        sweep()
    database = sum(float(query['time']) for query in queries.captured_queries)
    execute(changes, [1000])
    busy = measure.seconds(lambda: check(sweep(), 1000))
    return f'{idle * 1000:.1f} ms', f'{database * 1000:.1f} ms', f'{busy:.2f} s'


def check(result, expected):
    # More certificates may become due during the measurement.
    assert result.status_changed + result.expiring >= expected, result


def resident() -> int:
    """Return the current memory of this process in MB."""
    status = Path('/proc/self/status').read_text()
    return int(status.partition('VmRSS:')[2].split()[0]) // 1024


def peak() -> int:
    """Return the peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def plan() -> list[str]:
    """Return the query plan of an idle sweep, without costs."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from netbox_ssl.announcements.sweep.certificates import sweep

    with CaptureQueriesContext(connection) as queries:
        sweep()
    asked = next(query['sql'] for query in queries if 'netbox_ssl_certificate' in query['sql'])
    with connection.cursor() as cursor:
        cursor.execute(f'EXPLAIN (ANALYZE, COSTS OFF, BUFFERS) {asked}')
        return [line for (line,) in cursor.fetchall() if re.search('Scan|Time|Heap|shared', line)]


def announcements(changes: str, number: int):
    from core.models import ObjectType
    from extras.models import EventRule, Webhook

    from netbox_ssl.announcements.sweep.certificates import sweep
    from netbox_ssl.models import Certificate

    execute(changes, [number])
    yield f'no rule, {number:,}', rate(number)
    webhook = Webhook.objects.create(name='bench', payload_url='http://127.0.0.1:9/')
    rule = EventRule.objects.create(
        name='bench',
        event_types=['object_updated', 'netbox_ssl.certificate_expiring'],
        action_type='webhook',
        action_object=webhook,
    )
    rule.object_types.set([ObjectType.objects.get_for_model(Certificate)])
    # The first delivery loads data that each worker loads only once.
    execute(changes, [100])
    sweep()
    execute(changes, [5000])
    yield 'one webhook rule, 5,000', rate(5000)


def rate(changes) -> str:
    from netbox_ssl.announcements.sweep.certificates import sweep

    cpu = time.process_time()
    seconds = measure.seconds(lambda: check(sweep(), changes))
    return f'{changes / seconds:.0f} /s ({changes / (time.process_time() - cpu):.0f} per CPU second)'


def lists():
    from django.utils import timezone

    from netbox_ssl import settings
    from netbox_ssl.acme import renewal
    from netbox_ssl.choices import RenewalStatusChoices, ValidityChoices
    from netbox_ssl.dashboard import RenewalStatusWidget
    from netbox_ssl.expiry.validity import expires_within_q, validity_q
    from netbox_ssl.models import Certificate
    from netbox_ssl.reports.metrics import RenewalCollector

    def timed(name, work):
        work()
        return name, f'{measure.median([measure.seconds(work) for _ in range(5)]) * 1000:.1f} ms'

    certificates = Certificate.objects.all()
    now = timezone.now()
    # The first one uses an ordinary indexed column, for comparison.
    found = {
        'of a tenant': certificates.filter(tenant__slug='bench'),
        **{f'{status}': certificates.filter(renewal.status_q(status, now)) for status in RenewalStatusChoices.values()},
        'no renewal status': certificates.filter(renewal.status_q(None, now)),
        'overdue': certificates.filter(renewal.overdue_q(now)),
        **{
            f'validity {each}': certificates.filter(validity_q(each, now, settings.expiry_marks()))
            for each in ValidityChoices.values()
        },
        'expires within 14 days': certificates.filter(expires_within_q(14, now)),
    }
    columns = ('serial_number', 'valid_to', 'renewal_due_at', 'renewal_overdue_at')
    orders = [order for column in columns for order in (column, f'-{column}')]
    sorts = {f'sorted by {order}': certificates.order_by(order, 'pk') for order in orders}
    # In turn, so that noise affects all equally.
    pages = {name: lambda number, rows=rows: list(rows[:50]) for name, rows in {**found, **sorts}.items()}
    for name, times in measure.interleaved(25, **pages).items():
        yield f'first page, {name}', f'{measure.median(times) * 1000:.1f} ms'
    for name, rows in found.items():
        yield timed(f'count, {name}', rows.count)
    by_status = certificates.alias(rs=renewal.status_sql(timezone.now())).order_by('rs', 'name', 'pk')
    yield timed('sorted by renewal status', lambda: list(by_status[:50]))
    yield timed('dashboard widget', lambda: RenewalStatusWidget().content(certificates, timezone.now()))
    yield timed('metrics for Prometheus', lambda: list(RenewalCollector().collect()))
    yield timed('Renewals page', renewals_page())


def renewals_page():
    """Return a function that requests the page as an administrator, without middleware."""
    from django.test import RequestFactory
    from users.models import User

    from netbox_ssl.views.renewals import RenewalsView

    request = RequestFactory().get('/plugins/ssl/renewals/')
    request.user = User.objects.create(username='bench', is_superuser=True)
    request.htmx = False
    view = RenewalsView.as_view()
    return lambda: view(request)


if __name__ == '__main__':
    main()
