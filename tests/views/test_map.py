"""The map on the page of a certificate, and its chain as steps."""

from datetime import timedelta

from dcim.models import Device
from django.contrib.contenttypes.models import ContentType
from django.test import TestCase as DjangoTestCase
from django.utils import timezone
from ipam.models import Service
from tenancy.models import Contact, ContactAssignment, ContactRole
from utilities.testing import TestCase

from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource
from netbox_ssl.places.contacts import read_served
from netbox_ssl.reports.authorities import find_links
from netbox_ssl.reports.chain_steps import chain_steps
from netbox_ssl.reports.charts import map as map_chart
from netbox_ssl.reports.relations import MOST, read_relations
from tests.support.certificate_factory import issue, make_ca
from tests.support.factories import DAY, grant, import_pem, issue_acme, record, superuser
from tests.support.places import assign, device, service_on

NAMES = ['www.example.net', 'example.net']


def contact_of(place, name) -> Contact:
    contact, role = Contact.objects.create(name=name), ContactRole.objects.get_or_create(name='On call', slug='x')[0]
    ContactAssignment.objects.create(
        object_type=ContentType.objects.get_for_model(place), object_id=place.pk, contact=contact, role=role
    )
    return contact


class MapTestCase(TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view')
        self.certificate = record(subject_alt_names=NAMES)

    def grant_all(self):
        for model in (CertificateAssignment, CertificateSource, Device, Service, Contact, ContactAssignment):
            grant(self.user, 'view', model=model)

    def map(self):
        response = self.client.get(self.certificate.get_absolute_url())
        self.assertHttpStatus(response, 200)
        return response.content.decode()

    def boxes(self, found) -> list[str]:
        return [box.name for box in found.boxes]

    def drawn(self):
        # Permissions are cached on the user object.
        user = type(self.user).objects.get(pk=self.user.pk)
        served = read_served([self.certificate], user)[self.certificate.pk]
        return map_chart.draw(self.certificate, read_relations(self.certificate, served, user, timezone.now()))

    def test_empty_columns_have_no_title(self):
        self.assertEqual([title for _x, title in self.drawn().titles], ['Names', 'Certificate'])

    def test_names_places_and_contacts(self):
        self.grant_all()
        host = device()
        assign(self.certificate, service_on(host))
        self.certificate.sources.create(external_id='certbot:web-09:www', client='certbot')
        contact_of(host, 'Alice')
        drawn = self.drawn()
        self.assertEqual(
            self.boxes(drawn),
            [
                'Names: www.example.net',
                'Names: example.net',
                'Certificate: www.example.net, Expires in 59 days',
                'Where it is: HTTPS, application service on web-01',
                'Where it is: web-09, certbot',
                'Contacts: Alice, On call',
            ],
        )
        # Two names, two places, and one contact of one of the places
        self.assertEqual(len(drawn.connectors), 5)
        for box in drawn.boxes:
            self.assertHttpStatus(self.client.get(box.node.url), 200)

    def test_a_contact_of_the_certificate_itself(self):
        self.grant_all()
        contact_of(self.certificate, 'Bob')
        drawn = self.drawn()
        (last,) = [line for line in drawn.connectors if line.x2 == '78.00%']
        self.assertEqual(last.x1, '48.00%')

    def test_only_what_the_user_may_view(self):
        assign(self.certificate, device('secret-host'))
        self.certificate.sources.create(external_id='certbot:secret-source:www')
        contact_of(self.certificate, 'Secret contact')
        page = self.map()
        self.assertIn('netbox-ssl-map', page)
        for name in ('secret-host', 'secret-source', 'Secret contact'):
            self.assertNotIn(name, page)
        self.assertIn('no host reports it, as far as you may view them', page)

    def test_many(self):
        self.grant_all()
        self.certificate.subject_alt_names = [f'{number}.example.net' for number in range(MOST + 3)]
        for number in range(MOST + 2):
            self.certificate.sources.create(external_id=f'certbot:web-{number}:www')
        drawn = self.drawn()
        self.assertEqual([text for _x, _y, text in drawn.omitted], ['and 3 more', 'and 2 more'])
        for box in drawn.boxes:
            self.assertLessEqual(box.y + drawn.box_height, drawn.height)

    def test_without_anything_there_is_none(self):
        Certificate.objects.update(subject_alt_names=[])
        self.certificate.refresh_from_db()
        self.assertNotIn('netbox-ssl-map', self.map())

    def test_outside_text_is_shown_as_text(self):
        Certificate.objects.update(subject_alt_names=['<script>alert(1)</script>'])
        self.certificate.refresh_from_db()
        self.assertNotIn('<script>alert(1)', self.map())


class ChainStepsTestCase(DjangoTestCase):
    def steps(self, issued, now=None) -> list[tuple[str, str, str]]:
        certificate = import_pem(issued).certificate
        links = find_links(certificate.chain_links(), superuser())
        return [
            (str(each.kind), each.name, each.color) for each in chain_steps(certificate, links, now or timezone.now())
        ]

    def test_the_root_that_only_clients_have(self):
        self.assertEqual(
            [(kind, color) for kind, _name, color in self.steps(issue_acme())],
            [('Certificate', 'green'), ('Intermediate', 'green'), ('Root of the client', 'secondary')],
        )

    def test_a_link_that_ends_first(self):
        now = timezone.now().replace(microsecond=0)
        ca = make_ca('Example Corp', 'Old CA', valid_to=now + 10 * DAY)
        issued = issue('www.example.net', ca, now - DAY, now + 80 * DAY)
        self.assertEqual([color for _kind, _name, color in self.steps(issued)][:2], ['green', 'orange'])
        self.assertEqual([color for _kind, _name, color in self.steps(issued, now + 20 * DAY)][:2], ['green', 'red'])

    def test_self_signed(self):
        certificate = Certificate(
            subject='CN=a', issuer='CN=a', valid_from=timezone.now(), valid_to=timezone.now() + timedelta(days=1)
        )
        self.assertEqual(len(chain_steps(certificate, [], timezone.now())), 1)
