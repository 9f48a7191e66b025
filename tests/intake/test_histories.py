"""Random histories of reports by several hosts: the inventory always shows what each of them has."""

from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from tenancy.models import Tenant

from netbox_ssl.intake.sync import sync_sources
from netbox_ssl.models import Certificate, CertificateSource, Issuance
from netbox_ssl.places.deployment import read_deployments
from tests.support.certificate_factory import issue, self_signed
from tests.support.factories import DAY, LIFETIME, in_house_ca, lets_encrypt, superuser
from tests.support.histories import examples
from tests.support.identity import staging
from tests.support.reporting import CLIENTS, external_id, report, source_of

HOSTS = 3
NAMES = ('www.example.net', ['www.example.net', 'shop.example.net'], 'other.example.com')
hosts = st.integers(0, HOSTS - 1)

STEPS = st.one_of(
    # Orders a certificate: names, start in days from now (some have expired), CA (None: self-signed)
    st.tuples(
        st.just('order'),
        hosts,
        st.sampled_from(NAMES),
        st.sampled_from((-95, -60, -30, -30, -1, 0)),
        st.sampled_from((lets_encrypt, lets_encrypt, in_house_ca, staging, None)),
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
    # Lists all that it has in the nights of this number
    st.tuples(st.just('sync'), hosts, st.integers(1, 3)),
    # Its client deletes its certificate, and lists what remains
    st.tuples(st.just('delete'), hosts, st.integers(1, 3)),
    # Is renamed
    st.tuples(st.just('rename'), hosts),
)


class World:
    """Hosts, their previous certificates, and their last reports."""

    def __init__(self, kinds, tenants):
        self.kinds, self.tenants = kinds, tenants
        self.had = [[] for _host in range(HOSTS)]
        self.names = [f'web{host}' for host in range(HOSTS)]
        # External ID → the X.509 certificate that was reported last
        self.said = {}

    def order(self, host, names, days, ca):
        start = timezone.now().replace(microsecond=0) + days * DAY
        issued = issue(names, ca(), start, start + LIFETIME) if ca else self_signed(names, start, start + LIFETIME)
        self.had[host].append(issued)
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

    def sync(self, host, nights):
        kind, name = self.kinds[host], self.names[host]
        listed = [external_id(name, kind)] if self.had[host] else []
        for _night in range(nights):
            CertificateSource.objects.update(missed_since=F('missed_since') - DAY)
            sync_sources(f'{CLIENTS[kind]}:{name}:', listed, superuser(), machine_id=f'machine{host}')

    def delete(self, host, nights):
        self.had[host] = []
        self.sync(host, nights)

    def rename(self, host):
        self.names[host] += 'x'
        self.report(host)

    def _send(self, host, issued, **attributes):
        if tenant := self.tenants[host]:
            attributes['tenant'] = tenant
        name, kind = self.names[host], self.kinds[host]
        report(name, issued, kind, machine_id=f'machine{host}', **attributes)
        self.said[external_id(name, kind)] = issued.pem


class HistoriesTestCase(TestCase):
    @examples(30)
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
            self.check_reported()
            self.check_expired()
        for host in range(HOSTS):
            # Two nights without changes
            world.report(host)
            world.report(host)
        self.check_sources(world)
        self.check_certificates()
        self.check_lone_clients(world)

    def check_sources(self, world):
        """Check that the last report of a host is shown as its certificate, also if it has expired."""
        # A source that its host continues under a new name has this one.
        found = CertificateSource.objects.select_related('issuance')
        for source in found:
            self.assertEqual(source.issuance.pem, world.said[source.external_id])
        for host, name in enumerate(world.names):
            said = world.said.get(external_id(name, world.kinds[host]))
            if said is not None:
                self.assertEqual(source_of(name, world.kinds[host]).issuance.pem, said)

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

    def check_reported(self):
        """Check that a certificate is shown as unreported exactly if no source has it that is not gone."""
        for certificate in Certificate.objects.all():
            has_it = Q(certificate=certificate) | Q(issuance__certificate=certificate)
            reported = CertificateSource.objects.filter(has_it, gone_since=None).exists()
            self.assertEqual(certificate.unreported_since is None, reported)

    def check_expired(self):
        """Check that an expired certificate on a host is shown wherever its certificate is."""
        now = timezone.now()
        shown = read_deployments(Certificate.objects.values('pk'), now)
        for source in CertificateSource.objects.filter(gone_since=None).select_related('certificate', 'issuance'):
            if source.issuance.valid_to < now:
                self.assertEqual(shown[source.certificate_id].state, 'expired')

    def check_lone_clients(self, world):
        """Check that a certificate with a single client is up to date, unless the client fell back to an older one."""
        for source in CertificateSource.objects.filter(kind='client').select_related('certificate', 'issuance'):
            certificate, issuance = source.certificate, source.issuance
            alone = certificate.sources.filter(gone_since=None).count() == 1
            if (
                source.gone_since
                or not alone
                or issuance.certificate_id != certificate.pk
                or issuance.valid_to < timezone.now()
            ):
                continue
            if issuance.valid_from >= certificate.valid_from - timedelta(hours=23):
                self.assertEqual(certificate.pem, issuance.pem)
