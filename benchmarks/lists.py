"""REST and UI lists of 50 rows at 100,000 certificates, compared with NetBox's list of 100,000 IP addresses."""

import requests

from benchmarks import measure, options
from dev.environment import prepared
from tests.support.api import Api
from tests.support.stack import Stack

ROWS = options.chosen(100_000, 10_000, 500)
ROUNDS = 15

FILL = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute('''
        INSERT INTO ipam_ipaddress (address, status, role, dns_name, description, comments, custom_field_data, created,
            last_updated)
        SELECT ('10.' || n / 65536 || '.' || n / 256 %% 256 || '.' || n %% 256 || '/32')::inet, 'active', '',
            'host' || n || '.example.net', '', '', '{{}}', now(), now()
        FROM generate_series(0, %s) AS n''', [{rows} - 1])
    # The state in which autovacuum leaves a table without writes.
    cursor.execute('VACUUM ANALYZE')
from datetime import timedelta
from django.utils import timezone
from benchmarks.filling import fill
from netbox_ssl.models import Certificate
now = timezone.now()
fill(
    Certificate(
        name='template', subject='CN=host', issuer="CN=R13,O=Let's Encrypt,C=US", fingerprint_sha256='AB' * 32,
        valid_from=now, valid_to=now + timedelta(days=90), key_algorithm='ECDSA', key_size=256,
        signature_algorithm='ecdsa-with-SHA256', pem='x' * 1500, chain_pem='y' * 1800, is_acme=True,
        acme_provider="Let's Encrypt",
    ),
    {rows} - 1,
    name="'host' || n || '.example.net'",
    subject="'CN=host' || n || '.example.net'",
    serial_number='upper(md5(n::text))',
    fingerprint_sha256="upper(md5(n::text) || md5('x' || n::text))",
    valid_from="now() - (n % 100) * interval '1 day'",
    valid_to="now() - (n % 100) * interval '1 day' + interval '90 days'",
    subject_alt_names="ARRAY['host' || n || '.example.net', 'www.host' || n || '.example.net']",
    lineage='md5(n::text)',
    acme_auto_renewal='n % 3 > 0',
)
print('filled')
"""


def main():
    with prepared() as environment:
        environment.databases.copy(environment.database)
        stack = Stack(environment)
        try:
            stack.start()
            assert 'filled' in stack.manage(FILL.format(rows=ROWS))
            compare(stack)
        finally:
            stack.stop()


def compare(stack):
    api = Api(stack.base_url, stack.authorization)
    browser = log_in(stack)
    page = f'{stack.base_url}/plugins/ssl/certificates/?per_page=50'
    works = {
        'REST, IP addresses': lambda _: api.get('ipam/ip-addresses/', limit=50),
        'REST, certificates': lambda _: api.get('plugins/ssl/certificates/', limit=50),
        'UI, IP addresses': lambda _: fetch(browser, f'{stack.base_url}/ipam/ip-addresses/?per_page=50'),
        'UI, certificates': lambda _: fetch(browser, page),
        'UI, certificates, renewal_status=Due': lambda _: fetch(browser, f'{page}&renewal_status=Due'),
        'UI, certificates, validity=Expiring': lambda _: fetch(browser, f'{page}&validity=Expiring'),
        'UI, certificates, sorted by validity': lambda _: fetch(browser, f'{page}&sort=validity'),
        'UI, certificates, sorted by due time': lambda _: fetch(browser, f'{page}&sort=renewal_due_at'),
        'UI, certificates, sorted by renewal status': lambda _: fetch(browser, f'{page}&sort=renewal_status'),
    }
    for work in works.values():
        work(0)
    times = {name: measure.median(each) for name, each in measure.interleaved(ROUNDS, **works).items()}
    rows = []
    for name, seconds in times.items():
        base = times[f'{name.partition(",")[0]}, IP addresses']
        rows.append((name, f'{seconds * 1000:.0f} ms', f'{seconds / base:.2f}'))
    measure.table([f'list of 50 at {ROWS:,}', 'median', '× IP addresses'], rows)


def log_in(stack) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    login = f'{stack.base_url}/login/'
    session.get(login, timeout=60)
    form = {'username': stack.username, 'password': stack.password, 'csrfmiddlewaretoken': session.cookies['csrftoken']}
    session.post(login, data=form, headers={'Referer': login}, timeout=60).raise_for_status()
    return session


def fetch(session, url):
    session.get(url, timeout=120).raise_for_status()


if __name__ == '__main__':
    main()
