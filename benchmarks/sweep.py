"""
The sweep at 10,000, 100,000 and 1,000,000 certificates: one that finds nothing, one that finds 1,000 changes; then, at
the largest, 20,000 changes without a rule and 3,000 with a webhook rule; and lists and counts by renewal status.

    make bench ARGS="sweep"          up to 1,000,000 (about ten minutes)
    make bench ARGS="sweep --small"  up to 100,000
"""

import subprocess
import sys

from benchmarks import measure
from dev.environment import prepared

SIZES = (10_000, 100_000, 1_000_000)

# Spread over all ages, so that some are OK, some Due, some Expired; each as it was announced.
FILL = """
    INSERT INTO netbox_ssl_certificate (name, status, subject, issuer, serial_number, fingerprint_sha256, valid_from,
        valid_to, subject_alt_names, key_algorithm, key_size, signature_algorithm, pem, chain_pem, lineage, is_acme,
        acme_provider, acme_account_email, acme_challenge_type, acme_server_url, acme_auto_renewal, acme_pinned_fields,
        announced_status, announced_overdue, description, comments, custom_field_data, created, last_updated)
    SELECT 'host' || n || '.example.net', 'active', 'CN=host' || n, 'CN=R13,O=Let''s Encrypt,C=US', upper(md5(n::text)),
        upper(md5(n::text) || md5('x' || n::text)), age, age + interval '90 days',
        ARRAY['host' || n || '.example.net'], 'ECDSA', 256, 'ecdsa-with-SHA256', repeat('x', 1500), repeat('y', 1800),
        md5(n::text), true, 'Let''s Encrypt', '', '', '', n %% 4 > 0, '{}',
        CASE WHEN age < now() - interval '90 days' THEN 'Expired' WHEN n %% 4 = 0 THEN 'Manual'
             WHEN age < now() - interval '60 days' THEN 'Due' ELSE 'OK' END,
        age < now() - interval '75 days', '', '', '{}', now(), now()
    FROM (SELECT n, now() - (n::bigint * 7919 %% 95000) * interval '90 seconds' - interval '1 hour' AS age
          FROM generate_series(%s, %s - 1) AS n) AS ages
"""

DUE = """
    UPDATE netbox_ssl_certificate SET announced_status = 'OK'
    WHERE id IN (SELECT id FROM netbox_ssl_certificate WHERE announced_status = 'Due' ORDER BY id LIMIT %s)
"""


def main():
    sizes = SIZES[:2] if '--small' in sys.argv else SIZES
    with prepared() as environment:
        environment.databases.copy(environment.database)
        code = f'from benchmarks.sweep import run; run({sizes!r})'
        command = [sys.executable, '-m', 'netbox', 'shell', '-v', '0', '-c', code]
        subprocess.run(command, env=environment.variables(testing=True), check=True)


def run(sizes):
    """Within NetBox."""
    rows = []
    filled = 0
    for size in sizes:
        execute(FILL, [filled, size])
        execute('VACUUM ANALYZE netbox_ssl_certificate')
        filled = size
        rows.append((f'{size:,}', *at_size()))
    measure.table(['certificates', 'idle sweep', 'of it database', 'sweep of 1,000 changes', 'peak memory'], rows)
    print()
    measure.table(['announcements at the largest', 'rate'], announcements())
    print()
    measure.table(['at the largest', 'median'], list(lists()))


def execute(statement, parameters=None):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def at_size():
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from netbox_ssl.sweep import sweep

    sweep()
    idle = measure.median([measure.seconds(sweep) for _ in range(7)])
    with CaptureQueriesContext(connection) as queries:
        sweep()
    database = sum(float(query['time']) for query in queries.captured_queries)
    execute(DUE, [1000])
    busy = measure.seconds(lambda: check(sweep(), 1000))
    return f'{idle * 1000:.1f} ms', f'{database * 1000:.1f} ms', f'{busy:.2f} s', peak_memory()


def check(result, expected):
    # Time passes while it is measured: a few more may have become due.
    assert result.status_changed >= expected, result


def peak_memory() -> str:
    import resource

    return f'{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB'


def announcements():
    from core.models import ObjectType
    from extras.models import EventRule, Webhook

    from netbox_ssl.models import Certificate
    from netbox_ssl.sweep import sweep

    execute(DUE, [20_000])
    yield 'no rule', f'{20_000 / measure.seconds(lambda: check(sweep(), 20_000)):.0f} /s'
    webhook = Webhook.objects.create(name='bench', payload_url='http://127.0.0.1:9/')
    rule = EventRule.objects.create(
        name='bench', event_types=['object_updated'], action_type='webhook', action_object=webhook
    )
    rule.object_types.set([ObjectType.objects.get_for_model(Certificate)])
    execute(DUE, [3000])
    yield 'one webhook rule', f'{3000 / measure.seconds(lambda: check(sweep(), 3000)):.0f} /s'
    yield 'peak memory', peak_memory()


def lists():
    from django.utils import timezone

    from netbox_ssl.acme import renewal
    from netbox_ssl.choices import RenewalStatusChoices
    from netbox_ssl.dashboard import _rows
    from netbox_ssl.models import Certificate

    def timed(name, work):
        work()
        return name, f'{measure.median([measure.seconds(work) for _ in range(5)]) * 1000:.1f} ms'

    certificates = Certificate.objects.all()
    by_serial = certificates.order_by('serial_number')
    yield timed('first page, sorted by serial number (indexed)', lambda: list(by_serial[:50]))
    for status in RenewalStatusChoices.values():
        found = certificates.filter(renewal.status_q(status, timezone.now()))
        yield timed(f'first page, {status}', lambda found=found: list(found[:50]))
        yield timed(f'count, {status}', found.count)
    yield timed('sorted by due time', lambda: list(certificates.order_by('renewal_due_at')[:50]))
    by_status = certificates.alias(rs=renewal.status_sql(timezone.now())).order_by('rs', 'name', 'pk')
    yield timed('sorted by renewal status', lambda: list(by_status[:50]))
    yield timed('dashboard widget', lambda: _rows(certificates, timezone.now()))


if __name__ == '__main__':
    main()
