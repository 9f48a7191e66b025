"""Suggested assignments: found by name, shown to users who may view both sides, created when accepted."""

import re
from unittest import mock

from core.models import Job, ObjectChange
from dcim.models import Device
from django.db import connection
from django.test import TestCase as DjangoTestCase
from django.test.utils import CaptureQueriesContext, override_settings
from ipam.models import IPAddress, Service
from tenancy.models import Tenant
from users.models import User
from utilities.testing import TestCase
from virtualization.models import VirtualMachine

from netbox_ssl.jobs.suggestions import SuggestionJob
from netbox_ssl.models import AssignmentSuggestion, Certificate, CertificateAssignment
from netbox_ssl.places import suggestions as suggesting
from netbox_ssl.places.acceptance import accept
from netbox_ssl.places.suggested_pairs import read_pair, write_pair
from netbox_ssl.places.suggestions import find_all, matches_of
from tests.support.factories import grant, import_pem, issue_acme, record, successor, superuser
from tests.support.places import REFUSING, address_on, assign, device, machine, service_on

LIST = '/plugins/ssl/suggestions/'
ACCEPT = f'{LIST}accept/'
OF = f'{LIST}of/'
NAME = 'www.example.net'


def carrying(*names, **columns) -> Certificate:
    return record(names[0], subject_alt_names=list(names), **columns)


def suggested() -> set[tuple[str, str]]:
    """Return the certificate and object of all suggestions."""
    return {(each.certificate.name, str(each.assigned_object)) for each in AssignmentSuggestion.objects.all()}


class FindingTestCase(DjangoTestCase):
    def both_ways(self) -> set[tuple[str, str]]:
        """Assert that the job finds the same as a search for each certificate."""
        find_all()
        found = matches_of(Certificate.objects.all(), superuser(), 1000)
        self.assertEqual({(certificate.name, str(place)) for certificate, place, _name in found}, suggested())
        return suggested()

    def test_each_kind_by_its_name_in_any_case(self):
        carrying(NAME, 'example.net')
        host = device('WWW.example.net')
        address = address_on(host, dns_name='www.example.net')
        dotted = address_on(address='192.0.2.11/24', dns_name='www.example.net.')
        places = [host, machine('Www.Example.Net'), service_on(host, 'example.NET'), address, dotted]
        device('other.example.net')
        device('www')
        address_on(address='192.0.2.12/24')
        self.assertEqual(self.both_ways(), {(NAME, str(place)) for place in places})

    def test_a_wildcard_matches_only_itself(self):
        carrying('*.example.net')
        device(NAME)
        address = address_on(dns_name='*.example.net')
        self.assertEqual(self.both_ways(), {('*.example.net', str(address))})

    def test_assigned_and_unused_certificates_are_not_suggested(self):
        host = device(NAME)
        assign(carrying(NAME), host)
        carrying('www.example.net', 'x.example.net', status='retired')
        self.assertEqual(self.both_ways(), set())

    def test_in_batches(self):
        hosts = [device(f'web{number}.example.net') for number in range(7)]
        carrying(*(f'web{number}.example.net' for number in range(7)))
        done = []
        size, suggesting.BATCH = suggesting.BATCH, 3
        try:
            find_all(done.append)
        finally:
            suggesting.BATCH = size
        self.assertEqual(done, [3, 6, 7])
        self.assertEqual(AssignmentSuggestion.objects.count(), len(hosts))

    def test_a_second_run(self):
        host, gone = device(NAME), machine(NAME)
        certificate = carrying(NAME)
        find_all()
        kept = suggested()
        find_all()
        self.assertEqual(suggested(), kept)
        gone.delete()
        self.assertEqual(AssignmentSuggestion.objects.open().get().assigned_object, host)
        find_all()
        self.assertEqual(AssignmentSuggestion.objects.count(), 1)
        # Outdated suggestions are not shown, and are removed by the next run.
        for change in (
            lambda: assign(certificate, host),
            lambda: Certificate.objects.update(subject_alt_names=['other.example.net']),
        ):
            change()
            self.assertFalse(AssignmentSuggestion.objects.open().exists())
            CertificateAssignment.objects.all().delete()
        find_all()
        self.assertFalse(AssignmentSuggestion.objects.exists())

    def test_a_name_of_very_many_certificates(self):
        device(NAME)
        for number in range(4):
            record(f'{number}', subject_alt_names=[NAME])
        most, suggesting.MOST_FOR_ONE = suggesting.MOST_FOR_ONE, 3
        try:
            find_all()
        finally:
            suggesting.MOST_FOR_ONE = most
        self.assertEqual(AssignmentSuggestion.objects.count(), 3)

    def test_the_job(self):
        carrying(NAME)
        device(NAME)
        SuggestionJob.enqueue(user=superuser(), immediate=True)
        job = Job.objects.get()
        self.assertEqual((job.status, job.data), ('completed', {'percent': 100}))
        self.assertEqual(len(suggested()), 1)

    def test_the_number_of_queries_does_not_grow_with_the_matches(self):
        def count():
            AssignmentSuggestion.objects.all().delete()
            with CaptureQueriesContext(connection) as queries:
                find_all()
            return len(queries)

        names = [f'web{number}.example.net' for number in range(9)]
        carrying(*names)
        device(names[0])
        count()
        few = count()
        for name in names[1:]:
            device(name)
        self.assertEqual(count(), few)


class AcceptingTestCase(DjangoTestCase):
    @classmethod
    def setUpTestData(cls):
        cls.host, cls.certificate = device(NAME), carrying(NAME)
        cls.pair = read_pair(write_pair(cls.certificate, cls.host))
        cls.user = User.objects.create_user('person')

    def permit(self, constraints=None):
        for model in (Certificate, Device):
            grant(self.user, 'view', model=model)
        grant(self.user, 'add', model=CertificateAssignment, constraints=constraints)
        return User.objects.get(pk=self.user.pk)

    def outcome(self, user) -> tuple[int, int, int]:
        """Return the numbers of assigned, refused and outdated suggestions."""
        result = accept([self.pair, self.pair], user)
        return len(result.assigned), len(result.refused), result.gone

    def test_it_assigns(self):
        self.assertEqual(self.outcome(self.permit()), (1, 0, 0))
        assignment = CertificateAssignment.objects.get()
        self.assertEqual((assignment.certificate, assignment.assigned_object), (self.certificate, self.host))
        self.assertEqual(self.outcome(self.user), (0, 0, 1), 'twice')

    def test_outdated_suggestions(self):
        user = self.permit()
        for change in (
            {'name': 'other'},
            {'name': None},
        ):
            Device.objects.update(**change)
            self.assertEqual(self.outcome(user), (0, 0, 1))
        Device.objects.all().delete()
        self.assertEqual(self.outcome(user), (0, 0, 1))
        self.assertFalse(CertificateAssignment.objects.exists())

    def test_objects_that_may_not_be_viewed(self):
        grant(self.user, 'add', model=CertificateAssignment)
        for model in (Device, Certificate):
            self.assertEqual(self.outcome(User.objects.get(pk=self.user.pk)), (0, 0, 1))
            grant(self.user, 'view', model=model)
        self.assertEqual(self.outcome(User.objects.get(pk=self.user.pk)), (1, 0, 0))

    def test_constraints_of_the_permission(self):
        self.assertEqual(self.outcome(self.permit({'certificate__name': 'other'})), (0, 1, 0))
        self.assertFalse(CertificateAssignment.objects.exists())

    def test_without_permission_to_add(self):
        for model in (Certificate, Device):
            grant(self.user, 'view', model=model)
        self.assertEqual(self.outcome(User.objects.get(pk=self.user.pk)), (0, 1, 0))
        self.assertFalse(CertificateAssignment.objects.exists())

    @override_settings(PLUGINS_CONFIG=REFUSING)
    def test_values_that_netbox_rejects(self):
        for number, each in enumerate((self.certificate, self.host)):
            each.tenant = Tenant.objects.create(name=f'{number}', slug=f'{number}')
            each.save()
        self.assertEqual(self.outcome(self.permit()), (0, 1, 0))

    def test_pairs(self):
        for text in ('', '1', '1-2', '1-2-x', '1-2-3-4', '1--3', f'{"9" * 30}-1-1', '-1-2-3'):
            self.assertIsNone(read_pair(text), text)


class PagesTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.host, cls.hidden = device(NAME), machine(NAME)
        cls.certificate = carrying(NAME)
        cls.other = carrying('other.example.net')
        cls.other_host = device('other.example.net')
        find_all()

    def permit(self):
        """Permit the user to view everything but the virtual machine and the second certificate."""
        grant(self.user, 'view', constraints={'name': NAME})
        grant(self.user, 'view', model=Device)
        grant(self.user, 'view', 'add', model=CertificateAssignment)

    def rows(self, url=LIST) -> list[tuple[str, str]]:
        response = self.client.get(url)
        self.assertHttpStatus(response, 200)
        records = [row.record for row in response.context['table'].rows]
        return [(record.certificate.name, str(record.assigned_object)) for record in records]

    def test_the_list_requires_permission_to_assign(self):
        self.assertHttpStatus(self.client.get(LIST), 403)
        grant(self.user, 'view')
        grant(self.user, 'view', model=CertificateAssignment)
        self.assertHttpStatus(self.client.get(LIST), 403)
        self.assertHttpStatus(self.client.post(f'{LIST}find/'), 403)
        self.assertHttpStatus(self.client.post(ACCEPT), 403)

    def test_only_what_may_be_viewed(self):
        self.permit()
        self.assertEqual(self.rows(), [(NAME, NAME)])
        self.assertEqual(self.rows(f'{LIST}?q=other'), [])
        grant(self.user, 'view', model=VirtualMachine)
        self.assertEqual(len(self.rows()), 2)

    def test_accept_selected(self):
        self.permit()
        response = self.client.get(LIST)
        self.assertContains(response, 'Accept Selected')
        pks = [suggestion.pk for suggestion in AssignmentSuggestion.objects.all()]
        response = self.client.post(f'{ACCEPT}?return_url={LIST}', {'pk': pks}, follow=True)
        self.assertContains(response, 'Assigned: 1')
        self.assertEqual([each.assigned_object for each in CertificateAssignment.objects.all()], [self.host])
        self.assertEqual(self.rows(), [])
        self.assertContains(response, 'All suggestions have been accepted or dismissed')

    def test_accept_all(self):
        self.permit()
        self.client.post(f'{ACCEPT}?q=nothing', {'_all': 'on'})
        self.assertFalse(CertificateAssignment.objects.exists())
        self.client.post(ACCEPT, {'_all': 'on'})
        self.assertEqual(CertificateAssignment.objects.count(), 1)
        change = ObjectChange.objects.get(changed_object_type__model='certificateassignment')
        self.assertEqual((change.user, change.action), (self.user, 'create'))

    def test_accept_many_in_the_background(self):
        self.permit()
        with (
            mock.patch('netbox_ssl.views.suggestion_decisions.BACKGROUND_FROM', 0),
            mock.patch('netbox_ssl.views.suggestion_decisions.any_workers_for_queue', return_value=True),
            mock.patch('core.models.Job.enqueue', wraps=self.at_once),
        ):
            self.client.post(ACCEPT, {'_all': 'on'})
        self.assertEqual(CertificateAssignment.objects.get().assigned_object, self.host)
        self.assertEqual([entry['message'] for entry in self.job.log_entries][-1], 'Assigned: 1')

    def at_once(self, func, **kwargs):
        """Run the job as a worker does."""
        name, user = kwargs.pop('name'), kwargs.pop('user')
        self.job = Job.objects.create(name=name, user=user, job_id='11111111-1111-1111-1111-111111111111')
        kwargs.pop('instance', None)
        func(self.job, **kwargs)
        return self.job

    def test_next_to_a_certificate(self):
        page = self.client.get
        grant(self.user, 'view')
        self.assertNotContains(page(self.certificate.get_absolute_url()), OF)
        self.assertEqual(page(OF, {'certificate': self.certificate.pk}).content.strip(), b'')
        self.permit()
        url = self.certificate.get_absolute_url()
        self.assertContains(page(url), f'{OF}?certificate={self.certificate.pk}')
        html = page(OF, {'certificate': self.certificate.pk, 'return_url': url}).content.decode()
        pairs = re.findall('<button type="submit" name="pair" value="([^"]*)" class', html)
        self.assertEqual(pairs, [write_pair(self.certificate, self.host)])
        response = self.client.post(ACCEPT, {'pair': pairs, 'return_url': url})
        self.assertRedirects(response, url)
        self.assertEqual(CertificateAssignment.objects.get().assigned_object, self.host)
        self.assertEqual(page(OF, {'certificate': self.certificate.pk}).content.strip(), b'')

    def test_hidden_objects_are_not_revealed(self):
        grant(self.user, 'add', model=CertificateAssignment)
        for query in ({}, {'certificate': 'x'}, {'certificate': self.certificate.pk}, {'certificate': '9' * 30}):
            self.assertEqual(self.client.get(OF, query).content.strip(), b'', query)

    def test_after_smart_paste(self):
        self.permit()
        grant(self.user, 'view', 'add', 'change')
        url = '/plugins/ssl/certificates/smart-paste/'
        texts = ''.join(issue_acme(f'n{number}.example.net').fullchain_pem for number in range(5))
        response = self.client.post(url, {'text': texts, '_confirm': '1'}, follow=True)
        pks = re.search(f'{OF}\\?([^"]*)return_url', response.content.decode())[1]
        self.assertEqual(len(re.findall('certificate=', pks)), 5)
        # Two certificates lead to the results page only if there are suggestions, otherwise to the list.
        for names, suggests in ((('a', 'b'), False), (('c', 'd'), True)):
            if suggests:
                device('d.example.net')
            texts = ''.join(issue_acme(f'{name}.example.net').fullchain_pem for name in names)
            response = self.client.post(url, {'text': texts, '_confirm': '1'}, follow=True)
            self.assertEqual(OF in response.content.decode(), suggests)

    def test_a_scan_needs_a_worker(self):
        self.permit()
        response = self.client.post(f'{LIST}find/', follow=True)
        self.assertContains(response, 'No worker is running')
        self.assertFalse(Job.objects.exists())

    def test_one_scan_at_a_time(self):
        self.permit()
        SuggestionJob.enqueue(user=self.user, immediate=False)
        response = self.client.post(f'{LIST}find/', follow=True)
        self.assertContains(response, 'A scan is already running')
        self.assertContains(response, 'Waiting for a worker')
        self.assertEqual(Job.objects.count(), 1)

    def test_a_renewal_with_other_names(self):
        issued = issue_acme('a.example.net')
        certificate = import_pem(issued).certificate
        device('a.example.net')
        find_all()
        import_pem(successor(issued))
        self.assertIn(certificate.pk, AssignmentSuggestion.objects.open().values_list('certificate', flat=True))

    def test_the_number_of_queries_does_not_grow_with_the_rows(self):
        grant(self.user, 'view')
        for model in (Device, Service, IPAddress, VirtualMachine):
            grant(self.user, 'view', model=model)
        grant(self.user, 'add', model=CertificateAssignment)

        def count():
            with CaptureQueriesContext(connection) as queries:
                self.client.get(LIST)
            return len(queries)

        def more(number):
            name = f'web{number}.example.net'
            host = device(name)
            carrying(name)
            service_on(host, name)
            address_on(host, f'192.0.2.{number}/24', name)

        more(1)
        find_all()
        count()
        few = count()
        for number in range(2, 8):
            more(number)
        find_all()
        self.assertEqual(count(), few)
