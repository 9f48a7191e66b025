"""
Suggested assignments: the background job on 100,000 certificates, 100,000 IP addresses, every second one of which has
the name of a certificate, and 100,000 devices without a matching name. Measures its peak memory compared with an idle
NetBox, the list, and the query for the page of one certificate.

    make bench ARGS="suggestions"          100,000 each (about two minutes)
    make bench ARGS="suggestions --small"  10,000
"""

import resource

from benchmarks import measure, options
from benchmarks.netbox import emptied, run_within

ROWS = 100_000
SMALL = 10_000


def main():
    count = options.chosen(ROWS, SMALL, 100)
    environment = emptied()
    for step in ('prepare', 'run'):
        # A separate process, so that the memory used to prepare the data does not count.
        run_within(environment, f'from benchmarks.suggestions import {step}; {step}({count})')


def prepare(count: int):
    """Run inside NetBox."""
    from dcim.models import Device, DeviceRole, DeviceType, Manufacturer, Site
    from django.utils import timezone
    from ipam.models import IPAddress
    from users.models import User

    from benchmarks.filling import fill
    from netbox_ssl.models import Certificate

    User.objects.create_superuser('bench')
    fill(
        Certificate(name='template', valid_from=timezone.now(), valid_to=timezone.now(), is_acme=True),
        count,
        name="'host' || n || '.example.net'",
        subject_alt_names="ARRAY['host' || n || '.example.net', 'www.host' || n || '.example.net']",
        fingerprint_sha256="upper(md5(n::text) || md5('x' || n::text))",
        pem="repeat('x', 1500)",
        chain_pem="repeat('y', 1800)",
    )
    fill(
        IPAddress(address='192.0.2.1/32'),
        count,
        address="('10.' || n / 65536 || '.' || n / 256 % 256 || '.' || n % 256 || '/32')::inet",
        dns_name="CASE WHEN n % 2 = 0 THEN 'host' || n || '.example.net' ELSE 'other' || n || '.example.net' END",
    )
    role = DeviceRole.objects.create(name='Role', slug='role')
    manufacturer = Manufacturer.objects.create(name='Manufacturer', slug='manufacturer')
    device_type = DeviceType.objects.create(manufacturer=manufacturer, model='Model', slug='model')
    site = Site.objects.create(name='Site', slug='site')
    template = Device(name='template', role=role, device_type=device_type, site=site)
    fill(template, count, name="'device' || n")


def run(count: int):
    """Run inside NetBox."""
    from django.test import Client
    from users.models import User

    from netbox_ssl.jobs.suggestions import SuggestionJob
    from netbox_ssl.models import AssignmentSuggestion, Certificate
    from netbox_ssl.places.suggestions import matches_of

    user = User.objects.get(username='bench')
    client = Client()
    client.force_login(user)
    client.get('/')
    before = peak_memory()
    rows = []
    for title in ('the job, first run', 'the job, second run'):
        seconds = measure.seconds(lambda: SuggestionJob.enqueue(user=user, immediate=True))
        found = AssignmentSuggestion.objects.count()
        assert found == count // 2, found
        rows.append((title, f'{seconds:.1f} s', f'{found:,} suggestions', f'{before} → {peak_memory()} MB'))
    certificate = Certificate.objects.get(name='host2.example.net')
    for title, work in (
        ('the list, 50 rows', lambda: client.get('/plugins/ssl/suggestions/?per_page=50')),
        ('suggestions for one certificate', lambda: matches_of([certificate], user, 50)),
    ):
        work()
        seconds = measure.median([measure.seconds(work) for _ in range(5)])
        rows.append((title, f'{seconds * 1000:.0f} ms', '', ''))
    objects = f'{count:,} certificates, addresses and devices each'
    measure.table([objects, 'time', 'found', 'peak memory before → after'], rows)


def peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
