"""
``covers``: find the certificates that cover a name, among 1,000,000 names on 500,000 certificates, of which one in
fifty has a wildcard. Measures the first page of the list (sorted, 50 rows), the verdict of *By Name* and a whole REST
request, and prints the query plan.

    make bench ARGS="names"          1,000,000 names (about two minutes)
    make bench ARGS="names --small"  100,000
"""

import time

from benchmarks import measure, options
from benchmarks.netbox import emptied, run_within

CERTIFICATES = 500_000
SMALL = 50_000
NAMES_OF_EACH = 2

NAMES = """
    CASE WHEN n % 50 = 0 THEN ARRAY['zone' || n || '.example.net', '*.zone' || n || '.example.net']
         ELSE ARRAY['host' || n || '.example.net', 'www.host' || n || '.example.net'] END
"""
ASKED = {
    'the name itself': 'www.host7.example.net',
    'a wildcard': 'api.zone50.example.net',
    'nothing': 'www.example.org',
}


def main():
    count = options.chosen(CERTIFICATES, SMALL, 500)
    run_within(emptied(), f'from benchmarks.names import run; run({count})')


def run(count: int):
    """Run inside NetBox."""
    from django.conf import settings
    from django.test import Client
    from django.utils import timezone
    from users.models import Token, User

    from benchmarks.filling import fill
    from netbox_ssl.models import Certificate
    from netbox_ssl.models.name_lookups import covering_q
    from netbox_ssl.reports.by_name import answer

    fill(
        Certificate(name='template', valid_from=timezone.now(), valid_to=timezone.now(), is_acme=True),
        count,
        name="'host' || n || '.example.net'",
        subject_alt_names=NAMES,
        fingerprint_sha256="upper(md5(n::text) || md5('x' || n::text))",
        serial_number='upper(md5(n::text))',
        lineage='md5(n::text)',
        valid_from="now() - n % 85 * interval '1 day'",
        valid_to="now() + (90 - n % 85) * interval '1 day'",
        pem="repeat('x', 1500)",
        chain_pem="repeat('y', 1800)",
    )
    settings.ALLOWED_HOSTS = ['*']
    user = User.objects.create_superuser('bench')
    token = Token(user=user, version=1)
    token.save()
    client = Client(headers={'authorization': f'Token {token.plaintext}'})

    def covering(name):
        return Certificate.objects.filter(covering_q(Certificate, [name]))

    def rest(name):
        response = client.get('/api/plugins/ssl/certificates/', {'covers': name})
        assert response.status_code == 200, response.content
        return response

    rows = []
    for title, name in ASKED.items():
        assert covering(name).count() == (title != 'nothing')
        works = {
            'list': lambda name=name: list(covering(name)[:50]),
            'answer': lambda name=name: answer(covering(name), timezone.now()),
            'REST': lambda name=name: rest(name),
        }
        for work in works.values():
            work()
        times = [measure.median([measure.seconds(work) for _ in range(15)]) for work in works.values()]
        cpu = measure.median([processor_seconds(works['REST']) for _ in range(15)])
        rows.append((title, *(f'{each * 1000:.1f} ms' for each in (*times, cpu))))
    title = f'among {count * NAMES_OF_EACH:,} names, covered by'
    measure.table([title, 'first page of the list', 'By Name', 'REST request', 'CPU time of the request'], rows)
    print('\nPlan of the first page:\n')
    print(covering(ASKED['a wildcard'])[:50].explain(analyze=True))


def processor_seconds(work) -> float:
    """Return the CPU seconds of this process, which do not depend on the load of the machine."""
    start = time.process_time()
    work()
    return time.process_time() - start
