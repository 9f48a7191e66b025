"""What is overdue on the page *Overview*, and whom to call about it."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from tenancy.models import Contact, ContactAssignment, ContactRole, Tenant
from utilities.testing import TestCase

from netbox_ssl.models import Certificate, CertificateAssignment
from netbox_ssl.views.overview import SHOWN
from tests.support.factories import DAY, grant, record
from tests.support.places import assign, device
from tests.support.pictures import PictureMixin

URL = '/plugins/ssl/overview/'
# What is left of the 90 days of a certificate whose renewal is overdue
OVERDUE = 12 * DAY


class OverdueTestCase(PictureMixin, TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view', constraints={'description': ''})
        self.role = ContactRole.objects.create(name='On call', slug='on-call')

    def page(self, query=''):
        response = self.client.get(f'{URL}{query}')
        self.assertHttpStatus(response, 200)
        return response

    def contact(self, name, place) -> Contact:
        made = Contact.objects.create(name=name, email=f'{name.lower()}@example.net', phone='+49 30 123456')
        ContactAssignment.objects.create(object=place, contact=made, role=self.role, priority='primary')
        return made

    def may_view_contacts(self):
        for model in (Contact, ContactAssignment):
            grant(self.user, 'view', model=model)

    def test_its_contacts_are_beside_it(self):
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
        self.assertNotIn('overdue', page.context)
        for text in ('hidden.example.net', 'Alice', 'data-overdue'):
            self.assertNotContains(page, text)

    def test_only_those_of_the_selection(self):
        tenant = Tenant.objects.create(name='Ours', slug='ours')
        grant(self.user, 'view', model=Tenant)
        record('ours.example.net', left=OVERDUE, tenant=tenant)
        record('theirs.example.net', left=OVERDUE)
        context = self.page(f'?tenant_id={tenant.pk}').context
        self.assertEqual([each.name for each in context['overdue']['rows']], ['ours.example.net'])
        self.assertEqual(self.names_at(context['overdue_url']), {'ours.example.net'})

    def test_the_longest_overdue_come_first_and_the_list_has_all(self):
        names = [f'{number}.example.net' for number in range(SHOWN + 1)]
        for number, name in enumerate(names):
            record(name, left=OVERDUE + timedelta(hours=number))
        page = self.page()
        self.assertEqual([each.name for each in page.context['overdue']['rows']], names[:SHOWN])
        self.assertContains(page, f'All {len(names)}')
        self.assertEqual(self.names_at(page.context['overdue_url']), set(names))

    def test_queries_do_not_grow(self):
        self.may_view_contacts()
        counts = []
        for first in (0, 2):
            for number in range(first, first + 2):
                self.contact(f'Contact{number}', record(f'{number}.example.net', left=OVERDUE))
            self.page()
            with CaptureQueriesContext(connection) as queries:
                self.page()
            counts.append(len(queries))
        self.assertEqual(counts[0], counts[1])
        self.assertEqual(Certificate.objects.count(), 4)
