"""Code that fills a NetBox with certificates and IP addresses, to run within NetBox (``Stack.manage``)."""

__all__ = ('filled',)

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
from django.utils import timezone
from benchmarks.filling import fill
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
"""


def filled(stack, count: int, start: int = 0) -> None:
    """Add certificates and IP addresses number ``start`` to ``count``."""
    for code in (ADDRESSES, CERTIFICATES):
        stack.manage(code.format(start=start, count=count))
