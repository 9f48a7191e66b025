"""What somebody may have to act on, on the page *Overview*, with contacts."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from tenancy.models import Contact, ContactAssignment, ContactRole, Tenant
from utilities.testing import TestCase

from netbox_ssl.models import CertificateAssignment
from netbox_ssl.reports.attention import SHOWN
from tests.support.factories import DAY, grant, record
from tests.support.pictures import PictureMixin
from tests.support.places import assign, device

URL = '/plugins/ssl/overview/'
# What is left of the 90 days of a certificate whose renewal is overdue
OVERDUE = 15 * DAY
BY_HAND = {'acme_auto_renewal': False}
BOUGHT = {'is_acme': False, **BY_HAND}


class AttentionTestCase(PictureMixin, TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view', constraints={'description': ''})
        self.role = ContactRole.objects.create(name='On call', slug='on-call')

    def page(self, query=''):
        response = self.client.get(f'{URL}{query}')
        self.assertHttpStatus(response, 200)
        return response

    def lists(self, query='') -> dict[str, list[str]]:
        """Return key → names; check that each links to the list of all of them."""
        found = {}
        for each in self.page(query).context['attention']:
            names = [row.name for row in each['list'].part['rows']]
            linked = self.names_at(each['url'])
            self.assertEqual(len(linked), each['list'].part['count'])
            self.assertLessEqual(set(names), linked)
            found[each['list'].key] = names
        return found

    def contact(self, name, place) -> Contact:
        made = Contact.objects.create(name=name, email=f'{name.lower()}@example.net', phone='+49 30 123456')
        ContactAssignment.objects.create(object=place, contact=made, role=self.role, priority='primary')
        return made

    def may_view_contacts(self):
        for model in (Contact, ContactAssignment):
            grant(self.user, 'view', model=model)

    def test_nothing(self):
        record('fine.example.net')
        record('retired.example.net', left=OVERDUE, status='retired')
        record('expired.example.net', left=-DAY, **BY_HAND)
        self.assertEqual(self.lists(), {})
        self.assertNotContains(self.page(), 'data-attention')

    def test_each_of_them(self):
        record('late.example.net', left=OVERDUE)
        record('bought.example.net', left=10 * DAY, **BOUGHT)
        record('manual.example.net', **BY_HAND)
        self.assertEqual(
            self.lists(),
            {'overdue': ['late.example.net'], 'soon': ['bought.example.net'], 'manual': ['manual.example.net']},
        )

    def test_what_clients_will_renew_in_time_comes_last(self):
        record('bought.example.net', left=13 * DAY, **BOUGHT)
        short = record('short.example.net', left=4 * DAY)
        type(short).objects.filter(pk=short.pk).update(valid_from=short.valid_to - 6 * DAY, acme_renewal_days=1)
        short.refresh_from_db()
        self.assertEqual(short.renewal_status, 'OK')
        self.assertEqual(self.lists(), {'soon': ['bought.example.net', 'short.example.net']})

    def test_contacts_are_beside_it(self):
        self.contact('Alice', record('late.example.net', left=OVERDUE))
        self.assertNotContains(self.page(), 'alice@example.net')
        self.may_view_contacts()
        page = self.page()
        for text in ('late.example.net', 'mailto:alice@example.net', 'tel:+49 30 123456'):
            self.assertContains(page, text)

    def test_contacts_of_the_host_that_uses_it(self):
        self.may_view_contacts()
        host = device()
        assign(record('late.example.net', left=OVERDUE), host)
        self.contact('Bob', host)
        self.assertNotContains(self.page(), 'Bob')
        grant(self.user, 'view', model=CertificateAssignment)
        grant(self.user, 'view', model=type(host))
        self.assertContains(self.page(), 'bob@example.net')

    def test_only_visible_certificates(self):
        self.may_view_contacts()
        self.contact('Alice', record('hidden.example.net', left=OVERDUE, description='secret'))
        record('fine.example.net')
        page = self.page()
        for text in ('hidden.example.net', 'Alice', 'data-attention'):
            self.assertNotContains(page, text)

    def test_only_those_of_the_selection(self):
        tenant = Tenant.objects.create(name='Ours', slug='ours')
        grant(self.user, 'view', model=Tenant)
        record('ours.example.net', left=OVERDUE, tenant=tenant)
        record('theirs.example.net', left=OVERDUE)
        self.assertEqual(self.lists(f'?tenant_id={tenant.pk}'), {'overdue': ['ours.example.net']})

    def test_the_most_urgent_come_first_and_the_list_has_all(self):
        names = [f'{number}.example.net' for number in range(SHOWN + 1)]
        for number, name in enumerate(names):
            record(name, left=OVERDUE - timedelta(hours=24 - number))
        self.assertEqual(self.lists()['overdue'], names[:SHOWN])
        self.assertContains(self.page(), f'All {len(names)}')

    def test_queries_do_not_grow(self):
        self.may_view_contacts()
        counts = []
        for first in (0, 2):
            for number in range(first, first + 2):
                self.contact(f'Contact{number}', record(f'{number}.example.net', left=OVERDUE))
                record(f'manual{number}.example.net', left=5 * DAY, **BY_HAND)
            self.page()
            with CaptureQueriesContext(connection) as queries:
                self.page()
            counts.append(len(queries))
        self.assertEqual(counts[0], counts[1])
