"""The finding of a wildcard on many hosts: counted from sources and assignments that the user may view."""

from dcim.models import Device
from django.utils import timezone
from utilities.testing import TestCase

from netbox_ssl.findings import finding_q
from netbox_ssl.findings.wildcards import MANY_HOSTS
from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource
from tests.support.factories import DAY, grant, record
from tests.support.places import assign, device

WILDCARD = {'subject_alt_names': ['example.net', '*.example.net']}


class WideWildcardTestCase(TestCase):
    def found(self, user=None) -> set[str]:
        return set(Certificate.objects.filter(finding_q('wide_wildcard', user)).values_list('name', flat=True))

    def report(self, certificate, hosts, kind='client'):
        for number in range(hosts):
            certificate.sources.create(external_id=f'{kind}:{number}:{certificate.name}', kind=kind)
        now = timezone.now()
        certificate.sources.update(is_watched=True, reported_at=now, valid_to=now + DAY, silent_scaled_at=now + DAY)

    def test_by_sources(self):
        self.report(record('many', **WILDCARD), MANY_HOSTS)
        self.report(record('few', **WILDCARD), MANY_HOSTS - 1)
        self.report(record('no wildcard', subject_alt_names=['www.example.net']), MANY_HOSTS)
        # An endpoint is not a copy of the key.
        self.report(record('endpoints', **WILDCARD), MANY_HOSTS, kind='served')
        self.assertEqual(self.found(), {'many'})

    def test_by_assignments(self):
        certificate = record('many', **WILDCARD)
        for number in range(MANY_HOSTS):
            self.assertEqual(self.found(), set())
            assign(certificate, device(f'web-{number}'))
        self.assertEqual(self.found(), {'many'})

    def test_only_what_the_user_may_view_counts(self):
        certificate = record('many', **WILDCARD)
        self.report(certificate, MANY_HOSTS)
        for number in range(MANY_HOSTS):
            assign(certificate, device(f'web-{number}'))
        self.assertEqual(self.found(self.user), set())
        grant(self.user, 'view')
        grant(self.user, 'view', model=CertificateSource, constraints={'external_id__startswith': 'client:0'})
        grant(self.user, 'view', model=CertificateAssignment)
        grant(self.user, 'view', model=Device, constraints={'name': 'web-0'})
        self.assertEqual(self.found(self.user), set())
        grant(self.user, 'view', model=Device)
        self.assertEqual(self.found(type(self.user).objects.get(pk=self.user.pk)), {'many'})
