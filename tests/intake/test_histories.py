"""Random histories of reports by several hosts: the inventory always shows what each of them has."""

from datetime import timedelta

from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from tenancy.models import Tenant

from netbox_ssl.models import Certificate, CertificateSource, Issuance
from tests.support.certificate_factory import issue
from tests.support.factories import DAY, LIFETIME, in_house_ca, lets_encrypt
from tests.support.reporting import report, source_of

HOSTS = 3
NAMES = ('www.example.net', ['www.example.net', 'shop.example.net'], 'other.example.com')
hosts = st.integers(0, HOSTS - 1)

STEPS = st.one_of(
    # Orders a certificate: names, start in days from now (some have expired), CA
    st.tuples(
        st.just('order'), hosts, st.sampled_from(NAMES), st.sampled_from((-95, -60, -30, -30, -1, 0)), st.booleans()
    ),
    # Gets the certificate of another host
    st.tuples(st.just('copy'), hosts, hosts),
    # Is restored from a backup, with an earlier certificate
    st.tuples(st.just('restore'), hosts, st.integers(1, 3)),
    # Reports an earlier certificate again, late
    st.tuples(st.just('late'), hosts, st.integers(1, 3)),
    # Reports its certificate, as every night
    st.tuples(st.just('report'), hosts),
    # Reports with a wrong clock
    st.tuples(st.just('clock'), hosts, st.sampled_from((-3000, -400, 0))),
)


class World:
    """Hosts, their previous certificates, and their last reports."""

    def __init__(self, kinds, tenants):
        self.kinds, self.tenants = kinds, tenants
        self.had = [[] for _host in range(HOSTS)]
        self.said = [None] * HOSTS
        self.repeated = [False] * HOSTS

    def order(self, host, names, days, in_house):
        start = timezone.now().replace(microsecond=0) + days * DAY
        ca = in_house_ca() if in_house else lets_encrypt()
        self.had[host].append(issue(names, ca, start, start + LIFETIME))
        self.report(host)

    def copy(self, host, other):
        if self.had[other]:
            self.had[host].append(self.had[other][-1])
            self.report(host)

    def restore(self, host, back):
        if len(self.had[host]) > back:
            self.had[host].append(self.had[host][-1 - back])
            self.report(host)

    def late(self, host, back):
        if len(self.had[host]) > back:
            self._send(host, self.had[host][-1 - back])

    def report(self, host, **attributes):
        if self.had[host]:
            self._send(host, self.had[host][-1], **attributes)

    def clock(self, host, days):
        moment = max(timezone.now() + days * DAY, timezone.now().replace(year=2015, month=6, day=1))
        self.report(host, acme_last_renewed=moment, is_acme=True)

    def _send(self, host, issued, **attributes):
        if tenant := self.tenants[host]:
            attributes['tenant'] = tenant
        report(f'web{host}', issued, self.kinds[host], **attributes)
        self.repeated[host] = self.said[host] == issued.pem
        self.said[host] = issued.pem


class HistoriesTestCase(TestCase):
    @settings(
        max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], database=None
    )
    @given(
        st.lists(STEPS, min_size=3, max_size=14),
        st.tuples(*[st.sampled_from(('client', 'client', 'copy', 'served'))] * HOSTS),
        st.tuples(*[st.sampled_from((None, 0, 1))] * HOSTS),
    )
    def test_any_history(self, steps, kinds, tenant_numbers):
        tenants = [Tenant.objects.create(name=f'tenant{number}', slug=f'tenant{number}') for number in range(2)]
        world = World(kinds, [None if number is None else tenants[number] for number in tenant_numbers])
        owned = {}
        for name, *arguments in steps:
            getattr(world, name)(*arguments)
            self.check_sources(world)
            self.check_certificates()
            self.check_tenants(owned)
        for host in range(HOSTS):
            # Two nights without changes
            world.report(host)
            world.report(host)
        self.check_sources(world)
        self.check_certificates()
        self.check_lone_clients(world)

    def check_sources(self, world):
        """Check that the last report of a host is shown as its certificate, also if it has expired."""
        for host, said in enumerate(world.said):
            if said is not None:
                self.assertEqual(source_of(f'web{host}', world.kinds[host]).issuance.pem, said)

    def check_certificates(self):
        """Check that no X.509 certificate belongs to two certificates, and the current one is in the history."""
        for certificate in Certificate.objects.all():
            issuance = Issuance.objects.get(fingerprint_sha256=certificate.fingerprint_sha256)
            self.assertEqual(issuance.certificate, certificate)
            self.assertEqual(certificate.issuances.filter(fingerprint_sha256=certificate.fingerprint_sha256).count(), 1)

    def check_tenants(self, owned):
        """Check that no certificate moves to another tenant."""
        for pk, tenant in Certificate.objects.exclude(tenant=None).values_list('pk', 'tenant'):
            self.assertEqual(owned.setdefault(pk, tenant), tenant)

    def check_lone_clients(self, world):
        """Check that a certificate with a single client is up to date, unless the client fell back to an older one."""
        for source in CertificateSource.objects.filter(kind='client').select_related('certificate', 'issuance'):
            certificate, issuance = source.certificate, source.issuance
            alone = certificate.sources.count() == 1
            if not alone or issuance.certificate_id != certificate.pk or issuance.valid_to < timezone.now():
                continue
            if issuance.valid_from >= certificate.valid_from - timedelta(hours=23):
                self.assertEqual(certificate.pem, issuance.pem)
