"""Code that fills a NetBox with certificates and IP addresses, to run within NetBox (``Stack.manage``)."""

__all__ = ('filled', 'recorded')

ADDRESSES = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute('''
        INSERT INTO ipam_ipaddress (address, status, role, dns_name, description, comments, custom_field_data, created,
            last_updated)
        SELECT ('10.' || n / 65536 || '.' || n / 256 %% 256 || '.' || n %% 256 || '/32')::inet, 'active', '',
            'host' || n || '.example.net', '', '', '{{}}', now(), now()
        FROM generate_series({start}, %s) AS n''', [{count} - 1])
    # The state in which autovacuum leaves a table without writes.
    cursor.execute('VACUUM ANALYZE ipam_ipaddress')
"""

CERTIFICATES = """
from datetime import timedelta
from django.db import connection
from django.utils import timezone
from benchmarks.filling import fill
from netbox_ssl.announcements.sweep.certificates import sweep
from netbox_ssl.models import Certificate
now = timezone.now()
N = '(n + {start})'
fill(
    Certificate(
        name='template', subject='CN=host', issuer="CN=R13,O=Let's Encrypt,C=US",
        fingerprint_sha256='%064X' % {start}, valid_from=now, valid_to=now + timedelta(days=90),
        key_algorithm='ECDSA', key_size=256, signature_algorithm='ecdsa-with-SHA256', pem='x' * 1500,
        chain_pem='y' * 1800, is_acme=True, acme_provider="Let's Encrypt",
    ),
    {count} - {start} - 1,
    name=f"'host' || {{N}} || '.example.net'",
    subject=f"'CN=host' || {{N}} || '.example.net'",
    serial_number=f'upper(md5({{N}}::text))',
    fingerprint_sha256=f"upper(md5({{N}}::text) || md5('x' || {{N}}::text))",
    valid_from="now() - (n % 100) * interval '1 day'",
    valid_to="now() - (n % 100) * interval '1 day' + interval '90 days'",
    subject_alt_names=f"ARRAY['host' || {{N}} || '.example.net', 'www.host' || {{N}} || '.example.net']",
    lineage=f'md5({{N}}::text)',
    acme_auto_renewal='n % 3 > 0',
)
# The first sweep writes to each row. Without VACUUM after it, no page could be read from an index alone.
sweep()
with connection.cursor() as cursor:
    cursor.execute('VACUUM ANALYZE netbox_ssl_certificate')
"""

# What NetBox has stored once all of them have been created through it: an entry in the change log for each, and what
# its search finds (netbox_ssl/search.py and ipam/search.py).
RECORDED = """
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from ipam.models import IPAddress
from netbox_ssl.models import Certificate
address, certificate = (ContentType.objects.get_for_model(model).pk for model in (IPAddress, Certificate))
OCTETS = "regexp_replace(%s, '(..)(?=.)', '\\\\1:', 'g')"
VALUES = {
    address: ('ipam_ipaddress', 'dns_name', [
        ('address', 'inet', 100, 'address::text'),
        ('dns_name', 'str', 300, 'dns_name'),
    ]),
    certificate: ('netbox_ssl_certificate', 'name', [
        ('name', 'str', 100, 'name'),
        ('serial_number', 'str', 110, 'serial_number'),
        ('serial_number', 'str', 110, OCTETS % 'serial_number'),
        ('fingerprint_sha256', 'str', 110, 'fingerprint_sha256'),
        ('fingerprint_sha256', 'str', 110, OCTETS % 'fingerprint_sha256'),
        ('subject_alt_names', 'str', 120, 'subject_alt_names::text'),
        ('subject', 'str', 300, 'subject'),
        ('issuer', 'str', 400, 'issuer'),
        ('acme_provider', 'str', 400, 'acme_provider'),
    ]),
}
with connection.cursor() as cursor:
    for content_type, (table, shown, values) in VALUES.items():
        rows = f'''
            FROM {table} AS new
            WHERE NOT EXISTS (
                SELECT FROM core_objectchange
                WHERE changed_object_type_id = {content_type} AND changed_object_id = new.id
            )'''
        for field, kind, weight, value in values:
            cursor.execute(f'''
                INSERT INTO extras_cachedvalue (id, timestamp, object_type_id, object_id, field, type, value, weight)
                SELECT gen_random_uuid(), now(), {content_type}, id, '{field}', '{kind}', {value}, {weight}
                {rows}''')
        cursor.execute(f'''
            INSERT INTO core_objectchange (time, user_name, request_id, action, changed_object_type_id,
                changed_object_id, object_repr, message)
            SELECT now() - id * interval '1 second', 'admin', gen_random_uuid(), 'create', {content_type}, id,
                {shown}, '' {rows}''')
    cursor.execute('VACUUM ANALYZE extras_cachedvalue')
    cursor.execute('VACUUM ANALYZE core_objectchange')
"""


def filled(stack, count: int, start: int = 0) -> None:
    """Add certificates and IP addresses number ``start`` to ``count``."""
    for code in (ADDRESSES, CERTIFICATES):
        stack.manage(code.format(start=start, count=count))


def recorded(stack) -> None:
    """Add what NetBox stores about those that are new: entries in the change log and in the index of its search."""
    stack.manage(RECORDED)
