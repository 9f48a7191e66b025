"""The page *Breakdown*: each number leads to exactly these certificates, which the user may view."""

from dcim.models import Device, Site
from django.db import connection
from django.test.utils import CaptureQueriesContext
from ipam.models import IPAddress, Service
from tenancy.models import Tenant
from utilities.testing import TestCase
from virtualization.models import VirtualMachine

from netbox_ssl.models import CertificateAssignment, CertificateSource
from tests.support.factories import DAY, grant, record
from tests.support.pictures import PictureMixin
from tests.support.places import address_on, assign, device, machine, service_on

URL = '/plugins/ssl/overview/breakdown/'
BOUGHT = {'is_acme': False, 'acme_auto_renewal': False}
FACTS = {
    'subject': 'CN=www.example.net',
    'issuer': "CN=R12,O=Let's Encrypt,C=US",
    'key_algorithm': 'RSA',
    'key_size': 2048,
    'signature_algorithm': 'sha256WithRSAEncryption',
    'subject_alt_names': ['www.example.net'],
}


class BreakdownTestCase(PictureMixin, TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view')

    def page(self, query=''):
        response = self.client.get(f'{URL}{query}')
        self.assertHttpStatus(response, 200)
        return response

    def parts(self, query='') -> dict[str, dict[str, int]]:
        """Return part → label → number; check that each links to exactly so many certificates."""
        context = self.page(query).context
        found = {}
        for part, rows in [*context['parts'], (context['breakdown'].findings, context['findings'])]:
            for each in rows:
                if each['url']:
                    self.assertEqual(len(self.names_at(each['url'])), each['row'].count, each['url'])
            found[part.key] = {str(each['row'].label): each['row'].count for each in rows}
        return found

    def test_facts(self):
        ours = Tenant.objects.create(name='Ours', slug='ours')
        record('a.example.net', tenant=ours, **FACTS)
        record('b.example.net', **{**FACTS, 'key_algorithm': 'ECDSA', 'key_size': 256})
        # Another CA with the same common name, and one whose name contains the other's
        record('c.example.net', **{**FACTS, 'issuer': 'CN=R12,O=Other', 'signature_algorithm': 'ecdsa-with-SHA1'})
        record('d.example.net', **{**FACTS, 'issuer': "OU=x,CN=R12,O=Let's Encrypt,C=US"})
        record('typed.example.net')
        record('retired.example.net', status='retired', **FACTS)
        found = self.parts()
        self.assertEqual(sum(row.count for row in self.page().context['parts'][0][0].rows), 5)
        self.assertEqual(found['key'], {'RSA 2048': 3, 'ECDSA 256': 1, 'Unknown': 1})
        self.assertEqual(found['signature'], {'sha256WithRSAEncryption': 3, 'ecdsa-with-SHA1': 1, 'Unknown': 1})
        self.assertEqual(found['tenant'], {'No tenant': 4, 'Ours': 1})
        self.assertEqual(found['finding']['SHA-1 or MD5'], 1)
        self.assertEqual(found['finding']['No name'], 1)

    def test_lifetimes_from_short_to_long(self):
        for number, lifetime in enumerate((6, 47, 48, 90, 398, 399)):
            certificate = record(f'{number}.example.net')
            type(certificate).objects.filter(pk=certificate.pk).update(valid_from=certificate.valid_to - lifetime * DAY)
        self.assertEqual(
            list(self.parts()['lifetime'].items()),
            [
                ('Up to 10 days', 1),
                ('10 to 47 days', 1),
                ('47 to 100 days', 2),
                ('200 to 398 days', 1),
                ('More than 398 days', 1),
            ],
        )

    def test_a_site_counts_each_certificate_once_however_it_is_assigned(self):
        host = device()
        guest = machine(site=host.site)
        elsewhere = device('web-02', site=Site.objects.create(name='Site 2', slug='site-2'))
        everywhere, one = record('everywhere.example.net'), record('one.example.net')
        for place in (host, guest, service_on(host), address_on(host), elsewhere):
            assign(everywhere, place)
        assign(one, address_on(guest, '192.0.2.11/24'))
        models = (CertificateAssignment, Device, VirtualMachine, Service, IPAddress)
        for model in models:
            grant(self.user, 'view', model=model)
        self.assertEqual(self.parts()['site'], {})
        permission = grant(self.user, 'view', model=Site, constraints={'slug': 'site-1'})
        self.assertEqual(self.parts()['site'], {'Site 1': 2})
        permission.constraints = None
        permission.save()
        self.assertEqual(self.parts()['site'], {'Site 1': 2, 'Site 2': 1})
        self.assertEqual(self.parts(f'?site_id={elsewhere.site.pk}')['site'], {'Site 2': 1})

    def test_clients_of_visible_sources(self):
        certificate = record()
        for number, client in enumerate(('certbot', 'certbot', 'lego', 'served', 'of-our-own', '')):
            certificate.sources.create(external_id=f'{client}:{number}:x', client=client)
        self.assertNotIn('client', self.parts())
        permission = grant(self.user, 'view', model=CertificateSource, constraints={'client': 'certbot'})
        self.assertEqual(self.parts()['client'], {'certbot': 1})
        permission.constraints = None
        permission.save()
        self.assertEqual(self.parts()['client'], {'certbot': 1, 'lego': 1, 'Endpoints': 1, 'of-our-own': 1})

    def test_findings_and_ready_for_47_days(self):
        record('fine.example.net', **FACTS)
        record('weak.example.net', **{**FACTS, 'key_size': 1024, **BOUGHT})
        record('ca.example.net', is_ca=True, **{**FACTS, **BOUGHT})
        found = self.parts()['finding']
        self.assertEqual({label for label, count in found.items() if count}, {'Weak key', 'Not renewed automatically'})
        response = self.page()
        self.assertContains(response, '1 of 2 server certificates are renewed automatically.')
        self.assertEqual(self.names_at(response.context['not_automatic_url']), {'weak.example.net'})

    def test_many_values(self):
        for number in range(12):
            record(f'{number}.example.net', **{**FACTS, 'issuer': f'CN=CA {number:02}'})
        response = self.page()
        self.assertContains(response, 'and 2 more values')

    def test_only_what_the_user_may_view(self):
        ours = Tenant.objects.create(name='Ours', slug='ours')
        self.user.object_permissions.all().delete()
        grant(self.user, 'view', constraints={'tenant__slug': 'ours'})
        record('ours.example.net', tenant=ours, **FACTS)
        record('theirs.example.net', **{**FACTS, 'issuer': 'CN=Secret CA'})
        self.assertNotContains(self.page(), 'Secret CA')
        self.assertEqual(self.parts()['issuer'], {'R12': 1})

    def test_narrowed_to_a_tenant_its_links_stay_narrow(self):
        ours, theirs = (Tenant.objects.create(name=name, slug=name) for name in ('ours', 'theirs'))
        grant(self.user, 'view', model=Tenant)
        record('a.example.net', tenant=ours, **FACTS)
        record('b.example.net', tenant=theirs, **FACTS)
        record('c.example.net', **FACTS)
        self.assertEqual(self.parts(f'?tenant_id={ours.pk}')['issuer'], {'R12': 1})
        self.assertEqual(self.parts(f'?tenant_id={ours.pk}&tenant_id={theirs.pk}')['tenant'], {'ours': 1, 'theirs': 1})

    def test_outside_text_is_shown_as_text(self):
        record('a.example.net', **{**FACTS, 'issuer': 'CN=<script>alert(1)</script>'})
        self.assertNotContains(self.page(), '<script>alert(1)')

    def test_empty(self):
        self.assertContains(self.page(), 'No active certificates yet.')
        ours = Tenant.objects.create(name='Ours', slug='ours')
        grant(self.user, 'view', model=Tenant)
        record()
        self.assertContains(self.page(f'?tenant_id={ours.pk}'), 'belongs to this selection')

    def test_without_permission(self):
        self.user.object_permissions.all().delete()
        self.assertHttpStatus(self.client.get(URL), 403)

    def test_queries_do_not_grow(self):
        for model in (CertificateSource, CertificateAssignment, Device, Site, Tenant):
            grant(self.user, 'view', model=model)
        counts = []
        for number in range(2):
            for each in range(5):
                tenant = Tenant.objects.create(name=f'T{number}{each}', slug=f't{number}{each}')
                certificate = record(f'{number}{each}.example.net', tenant=tenant, **FACTS)
                site = Site.objects.create(name=f'S{number}{each}', slug=f's{number}{each}')
                assign(certificate, device(f'web-{number}{each}', site=site))
                certificate.sources.create(external_id=f'c{each}:{number}:x', client=f'c{number}{each}')
            self.page()
            with CaptureQueriesContext(connection) as queries:
                self.page()
            counts.append(len(queries))
        self.assertEqual(counts[0], counts[1])
