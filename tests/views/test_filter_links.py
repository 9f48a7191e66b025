"""Links to a filtered list: its form has each filter, and the list shows each as applied, times as days."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from django.test import RequestFactory
from django.utils import timezone
from tenancy.models import Tenant
from utilities.testing import TestCase

from netbox_ssl.dashboard import NextDueWidget, OverdueWidget, RenewalStatusWidget
from netbox_ssl.models import Certificate, CertificateSource
from tests.support.factories import DAY, issue_acme, record, superuser
from tests.support.places import assign, device, machine
from tests.support.reporting import report

LINK = re.compile(r'href="(/plugins/ssl/(?:certificates|sources|assignments|issuances)/\?[^"]+)"')
CHIP = re.compile(r'class="badge rounded-pill text-bg-primary[^"]*">\s*<i class="mdi mdi-close"></i>([^<]*)</a>')
# Parameters of the table, not filters
OF_THE_TABLE = {'sort', 'include_columns', 'per_page', 'return_url'}


class FilterLinksTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        tenant = Tenant.objects.create(name='Ours', slug='ours')
        for number, (left, columns) in enumerate(
            (
                (-DAY, {}),
                (5 * DAY, {}),
                (20 * DAY, {}),
                (42 * DAY, {}),
                (43 * DAY, {'acme_auto_renewal': False}),
                (44 * DAY, {'is_acme': False, 'acme_auto_renewal': False}),
            )
        ):
            record(f'n{number}.example.net', left=left, tenant=tenant, **columns)
        for number in range(12):
            record(f'old{number}.example.net', left=-(number + 2) * DAY, tenant=tenant)
        issued = issue_acme('reported.example.net')
        for host in ('behind', 'silent'):
            report(host, issued, lineage=host)
        now = timezone.now()
        CertificateSource.objects.update(
            is_watched=True, reported_at=now, valid_to=now + 60 * DAY, silent_scaled_at=now + 20 * DAY
        )
        CertificateSource.objects.filter(external_id__contains='behind').update(
            behind_since=now - 9 * DAY, behind_scaled_at=now
        )
        cls.reported = Certificate.objects.get(name='reported.example.net')
        cls.host, guest = device(), machine()
        cls.host.tenant = tenant
        cls.host.save()
        for certificate in Certificate.objects.all():
            assign(certificate, cls.host)
            assign(certificate, guest)
        cls.tenant = tenant

    def setUp(self):
        super().setUp()
        self.client.force_login(superuser())

    def widgets(self) -> str:
        request = RequestFactory().get('/')
        request.user = superuser()
        return ''.join(
            widget(id=uuid4(), config=config).render(request)
            for widget in (RenewalStatusWidget, NextDueWidget, OverdueWidget)
            for config in ({'rows': 1}, {'rows': 1, 'is_acme': 'true', 'tenant_id': [self.tenant.pk]})
        )

    def links(self) -> set[str]:
        """Return the links to filtered lists on all pages that have some."""
        pages = (
            '/plugins/ssl/renewals/',
            '/plugins/ssl/by-name/?name=reported.example.net',
            '/plugins/ssl/connect/certbot/',
            '/plugins/ssl/certificates/',
            '/plugins/ssl/assignments/',
            self.reported.get_absolute_url(),
            self.tenant.get_absolute_url(),
            self.host.site.get_absolute_url(),
        )
        texts = [self.client.get(page).content.decode() for page in pages]
        texts.append(self.widgets())
        return {unescape(link) for text in texts for link in LINK.findall(text)}

    def test_each_filter_is_in_the_form_and_is_shown(self):
        links = self.links()
        keys = set()
        for link in links:
            filters = parse_qs(urlsplit(link).query).keys() - OF_THE_TABLE
            keys |= filters
            with self.subTest(link):
                response = self.client.get(f'{link}&per_page=1')
                form = response.context['filter_form']
                self.assertEqual(filters - form.fields.keys(), set())
                self.assertEqual(form.errors, {})
                chips = CHIP.findall(response.content.decode())
                self.assertEqual(len(chips), len(filters), chips)
                self.assertNotRegex(' '.join(chips), r'\d:\d\d')
        # All kinds of links are there.
        self.assertLessEqual({'validity', 'renewal_status', 'renewal_overdue', 'deployment_state', 'state'}, keys)
        self.assertLessEqual(
            {'expires_at__lt', 'renewal_due_at__lt', 'renewal_overdue_at__lt', 'client', 'covers'}, keys
        )

    def test_a_bound_with_a_time_is_shown_with_it(self):
        response = self.client.get('/plugins/ssl/certificates/?valid_to__gte=2026-11-27T21:46:14Z')
        [chip] = CHIP.findall(response.content.decode())
        self.assertIn('Valid to, on or after: 2026-11-27 21:46:14', chip)
        response = self.client.get('/plugins/ssl/certificates/?expires_at__lt=2026-11-27')
        self.assertIn('Expires before: 2026-11-27', CHIP.findall(response.content.decode())[0])
