"""
The page of a certificate: as many queries for much as for little. Each panel reads what it shows of all names, hosts,
endpoints, contacts, issuances and rules at once.
"""

from core.models import ObjectType
from dcim.models import Device
from django.db import connection
from django.test.utils import CaptureQueriesContext
from extras.models import EventRule, JournalEntry, Webhook
from ipam.models import Service
from tenancy.models import Contact, ContactAssignment, ContactRole, Tenant
from utilities.testing import TestCase, create_tags

from netbox_ssl.models import (
    AssignmentSuggestion,
    Certificate,
    CertificateAssignment,
    CertificateSource,
    Endpoint,
    Issuance,
)
from tests.support.endpoints import endpoint
from tests.support.factories import DAY, grant, import_pem, issue_acme, successor
from tests.support.places import assign, device, service_on
from tests.support.reporting import report

VISIBLE = (
    Certificate,
    Issuance,
    CertificateSource,
    CertificateAssignment,
    AssignmentSuggestion,
    Endpoint,
    Device,
    Service,
    Contact,
    ContactAssignment,
    EventRule,
    Webhook,
    Tenant,
    JournalEntry,
)
# Of which there is a panel or a picture on the page
PARTS = ('netbox-ssl-map', 'netbox-ssl-timeline', 'netbox-ssl-lifetime', 'ContactsPanel', 'AlertsPanel', 'ChainPanel')
FEW, MANY = 2, 7
# Queries of a page with FEW of everything
MOST = 32


class QueriesTestCase(TestCase):
    def setUp(self):
        super().setUp()
        for model in VISIBLE:
            grant(self.user, 'view', model=model)

    def certificate(self, label: str, size: int) -> Certificate:
        """Return a certificate with so many names, renewals, hosts, services, endpoints and contacts."""
        name = f'{label}.example.net'
        # The last of its renewals is 30 days old.
        issued = issue_acme(name, left=60 * DAY - (size - 1) * 60 * DAY)
        certificate = import_pem(issued).certificate
        for _number in range(size - 1):
            issued = successor(issued, later=60 * DAY)
            import_pem(issued)
        role = ContactRole.objects.get_or_create(name='On call', slug='on-call')[0]
        for number in range(size):
            host = device(f'{label}-{number}')
            report(host.name, issued, lineage=label)
            assign(certificate, host)
            assign(certificate, service_on(host, f'{label} {number}'))
            endpoint(f'{number}.{name}', expected_certificate=certificate)
            contact = Contact.objects.create(name=f'{label} {number}', email=f'{label}{number}@example.net')
            ContactAssignment.objects.create(object=host, contact=contact, role=role, priority='primary')
        Certificate.objects.filter(pk=certificate.pk).update(
            subject_alt_names=[f'{number}.{name}' for number in range(size)]
        )
        certificate.tags.set(create_tags(*(f'{label} {number}' for number in range(size))))
        return Certificate.objects.get(pk=certificate.pk)

    def rules(self, size: int):
        """Make event rules that fire for all certificates."""
        hook = Webhook.objects.create(name=f'Hook {size}', payload_url='https://hooks.example.net/')
        for number in range(size):
            rule = EventRule.objects.create(
                name=f'Rule {size} {number}',
                event_types=['netbox_ssl.renewal_overdue'],
                action_object_type=ObjectType.objects.get_for_model(Webhook),
                action_object_id=hook.pk,
            )
            rule.object_types.set([ObjectType.objects.get_for_model(Certificate)])

    def page(self, certificate) -> str:
        response = self.client.get(certificate.get_absolute_url())
        self.assertHttpStatus(response, 200)
        return response.content.decode()

    def queries(self, certificate) -> list[str]:
        # The first time, content types and the user's permissions are read, too.
        self.page(certificate)
        with CaptureQueriesContext(connection) as queries:
            self.page(certificate)
        return [query['sql'] for query in queries]

    def test_they_do_not_grow(self):
        few, many = self.certificate('few', FEW), self.certificate('many', MANY)
        page = self.page(many)
        for part in PARTS:
            self.assertIn(part, page)
        self.rules(FEW)
        first = self.queries(few)
        self.rules(MANY)
        second = self.queries(many)
        self.assertEqual(len(second), len(first), '\n'.join(sorted({each[:200] for each in second} - set(first))))

    def test_there_are_no_more_than_it_needs(self):
        """A new panel may raise this number, but knowingly."""
        self.assertLessEqual(len(self.queries(self.certificate('some', FEW))), MOST)
