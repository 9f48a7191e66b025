"""
The sweep at 10,000, 100,000 and 1,000,000 certificates: an idle sweep, and one with 1,000 changes. At the largest size
also: the query plan of an idle sweep, lists and counts by renewal status and validity, 100,000 changes without a rule
(20,000 with ``--small``), a twentieth of them with a webhook rule, and the memory used compared with an idle NetBox.

    make bench ARGS="sweep"          up to 1,000,000 (about ten minutes)
    make bench ARGS="sweep --small"  up to 100,000
    make bench ARGS="sweep --mixed"  nine tenths are not ACME, and expiry marks pass instead of renewals becoming due
"""

import re
import resource
import secrets
import sys
import time
from datetime import timedelta
from pathlib import Path

from benchmarks import measure, options
from benchmarks.netbox import emptied, run_within

SIZES = (10_000, 100_000, 1_000_000)

# As long and as incompressible as a leaf with an RSA key and its chain: PostgreSQL stores them in the TOAST table.
PEMS = secrets.token_hex(850), secrets.token_hex(900)

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
    sizes = options.chosen(SIZES, SIZES[:2], (6_000, 8_000))
    run_within(emptied(), f'from benchmarks.sweep import run; run({sizes!r}, mixed={"--mixed" in sys.argv})')


def fill_up(filled: int, size: int, tenths: int) -> None:
    """
    Add certificates until there are ``size``, spread over all ages, so that some are OK, some Due and some Expired. All
    have been announced. A hundredth has expiry marks of its own.
    """
    from django.utils import timezone
    from tenancy.models import Tenant

    from benchmarks.filling import fill
    from netbox_ssl import settings
    from netbox_ssl.models import Certificate

    number = f'(n + {filled})'
    is_acme = f'({number} % 10 < {tenths})'
    lifetime = f"CASE WHEN {is_acme} THEN interval '90 days' ELSE interval '390 days' END"
    age = f"(now() - ({number}::bigint * 7919 % 95000) * ({lifetime}) / 86400 - interval '1 hour')"
    now = timezone.now()
    template = Certificate(
        name='template',
        valid_from=now,
        valid_to=now + timedelta(days=90),
        fingerprint_sha256=secrets.token_hex(32).upper(),
        pem=PEMS[0],
        chain_pem=PEMS[1],
        is_acme=True,
    )
    fill(
        template,
        size - filled - 1,
        name=f"'host' || {number} || '.example.net'",
        subject=f"'CN=host' || {number}",
        subject_alt_names=f"ARRAY['host' || {number} || '.example.net']",
        serial_number=f'upper(md5({number}::text))',
        fingerprint_sha256=f"upper(md5({number}::text) || md5('x' || {number}::text))",
        lineage=f'md5({number}::text)',
        valid_from=age,
        valid_to=f'{age} + {lifetime}',
        is_acme=is_acme,
        acme_provider=f"CASE WHEN {is_acme} THEN 'Let''s Encrypt' ELSE '' END",
        acme_auto_renewal=f'{is_acme} AND {number} % 4 > 0',
        announced_status=f"""
            CASE WHEN NOT {is_acme} THEN ''
                 WHEN {age} < now() - interval '90 days' THEN 'Expired' WHEN {number} % 4 = 0 THEN 'Manual'
                 WHEN {age} < now() - interval '60 days' THEN 'Due' ELSE 'OK' END""",
        announced_overdue=f"{is_acme} AND {age} < now() - interval '75 days'",
        announced_until='now()',
        default_expiry_marks=f"'{{{','.join(map(str, settings.expiry_marks()))}}}'::integer[]",
        expiry_marks=f"CASE WHEN {number} % 100 = 1 THEN '{{20,60}}' ELSE '{{}}' END::integer[]",
        tenant_id=f'CASE WHEN {number} % 3 = 0 THEN {Tenant.objects.get().pk} END',
    )


def run(sizes, mixed):
    """Run inside NetBox."""
    from tenancy.models import Tenant

    Tenant.objects.create(name='bench', slug='bench')
    idle = resident()
    rows = []
    filled = 0
    for size in sizes:
        fill_up(filled, size, FEW_ACME if mixed else ALL_ACME)
        filled = size
        rows.append((f'{size:,}', *at_size(MARKED if mixed else DUE)))
    measure.table(['certificates', 'idle sweep', 'database time', 'sweep of 1,000 changes'], rows)
    print()
    for line in plan():
        print(line)
    print()
    measure.table(['at the largest size', 'median'], list(lists()))
    print()
    number = 1_000 if options.tiny() else 100_000 if filled > 100_000 else 20_000
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
    delivered = number // 20
    execute(changes, [delivered])
    yield f'one webhook rule, {delivered:,}', rate(delivered)


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
    from netbox_ssl.views.renewals import RenewalsView

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
    columns = ('serial_number', 'valid_to', 'expires_at', 'renewal_due_at', 'renewal_overdue_at')
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
    request = request_as_administrator()
    yield timed('dashboard widget', lambda: RenewalStatusWidget().render(request))
    yield timed('metrics for Prometheus', lambda: list(RenewalCollector().collect()))
    view = RenewalsView.as_view()
    yield timed('Renewals page', lambda: view(request))


def request_as_administrator():
    """Return a request for the Renewals page, without what middleware adds."""
    from django.test import RequestFactory
    from users.models import User

    request = RequestFactory().get('/plugins/ssl/renewals/')
    request.user = User.objects.create(username='bench', is_superuser=True)
    request.htmx = False
    return request
