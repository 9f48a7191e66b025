"""The column *Certificates* in NetBox's own lists."""

import re
from html import unescape

from dcim.models import Device
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from ipam.models import IPAddress, Prefix, Service
from utilities.testing import TestCase
from virtualization.models import VirtualMachine

from netbox_ssl.models import CertificateAssignment
from tests.support.factories import DAY, grant, record
from tests.support.places import address_on, assign, device, machine, service_on

COLUMN = 'ssl_certificates'
LISTS = {
    'device': '/dcim/devices/',
    'virtual_machine': '/virtualization/virtual-machines/',
    'service': '/ipam/services/',
    'ip_address': '/ipam/ip-addresses/',
}


class ColumnTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.host, self.guest = device('web-01'), machine('app-01')
        self.make(self.host, 1)
        self.make(self.guest, 2)
        device('empty')
        for model in (Device, VirtualMachine, Service, IPAddress, Prefix):
            grant(self.user, 'view', model=model)

    def make(self, host, number):
        assign(record(name=f'ok{number}.example.net'), host)
        assign(record(name=f'due{number}.example.net', left=20 * DAY), service_on(host))
        assign(record(name=f'old{number}.example.net', left=-DAY), address_on(host, f'192.0.2.{number}/24'))

    def may_see_all(self):
        grant(self.user, 'view')
        grant(self.user, 'view', model=CertificateAssignment)

    def cells(self, kind, query='') -> list[str]:
        """Return the texts of the column, row by row."""
        response = self.client.get(f'{LISTS[kind]}?include_columns={COLUMN}{query}')
        table = response.context['table']
        cells = [row.get_cell(COLUMN) for row in table.paginated_rows]
        # Rendered twice, but counted once
        return [' '.join(unescape(re.sub('<[^>]*>', ' ', str(cell))).split()) for cell in cells]

    def test_each_list(self):
        self.may_see_all()
        self.assertEqual(self.cells('device', '&name=web-01&name=empty'), ['—', '3 1 Expired 1 Due'])
        self.assertEqual(self.cells('virtual_machine'), ['3 1 Expired 1 Due'])
        self.assertEqual(self.cells('service'), ['1 1 Due', '1 1 Due'])
        self.assertEqual(self.cells('ip_address'), ['1 1 Expired', '1 1 Expired'])

    def test_it_links_to_the_tab(self):
        self.may_see_all()
        page = self.client.get(f'{LISTS["device"]}?include_columns={COLUMN}')
        self.assertContains(page, f'href="{self.host.get_absolute_url()}certificates/"')

    def test_not_shown_unless_requested(self):
        self.assertNotContains(self.client.get(LISTS['device']), 'certificates/"')

    def test_constrained(self):
        grant(self.user, 'view', model=CertificateAssignment)
        self.assertEqual(self.cells('virtual_machine'), ['—'])
        grant(self.user, 'view', constraints={'name__in': ['due1.example.net', 'due2.example.net']})
        self.assertEqual(self.cells('virtual_machine'), ['1 1 Due'])
        self.assertEqual(self.cells('ip_address'), ['—', '—'])

    def test_without_permission_for_assignments(self):
        grant(self.user, 'view')
        self.assertEqual(self.cells('virtual_machine'), ['—'])

    def test_export(self):
        """All rows are exported, including those not shown on a page."""
        self.may_see_all()
        for streaming in (False, True):
            with override_settings(STREAMING_EXPORTS=streaming):
                response = self.client.get(f'{LISTS["device"]}?export=table&include_columns={COLUMN}&per_page=1')
                text = b''.join(response).decode('utf-8-sig')
            header, *rows = [line.split(',') for line in text.splitlines()]
            place = header.index('Certificates')
            self.assertEqual({row[0]: row[place] for row in rows}, {'empty': '0', 'web-01': '3'}, streaming)

    def test_free_space_between_addresses(self):
        self.may_see_all()
        prefix = Prefix.objects.create(prefix='192.0.2.0/24')
        url = f'{prefix.get_absolute_url()}ip-addresses/?include_columns={COLUMN}'
        self.assertContains(self.client.get(url), '1 Expired')

    def test_the_number_of_queries_does_not_grow(self):
        self.may_see_all()
        for kind in LISTS:
            self.cells(kind)
            before = self.queries(kind)
            for number in range(3):
                place = device if kind != 'virtual_machine' else machine
                self.make(place(f'{kind}-{number}'), 10 + 10 * number + list(LISTS).index(kind))
            self.assertEqual(self.queries(kind), before, kind)

    def queries(self, kind) -> int:
        """Return the queries of the column. NetBox itself queries the parent of each address."""
        numbers = []
        for parameters in ('', f'?include_columns={COLUMN}'):
            with CaptureQueriesContext(connection) as captured:
                self.client.get(f'{LISTS[kind]}{parameters}')
            numbers.append(len(captured))
        return numbers[1] - numbers[0]
