"""Suggested assignments: dismissed, restored, and decided on over REST."""

import re

from core.choices import JobStatusChoices
from core.models import Job
from dcim.models import Device
from django.utils import timezone
from users.models import User
from utilities.testing import APITestCase, TestCase
from virtualization.models import VirtualMachine

from netbox_ssl.jobs.suggestions import SuggestionJob
from netbox_ssl.models import AssignmentSuggestion, Certificate, CertificateAssignment
from netbox_ssl.places.dismissal import dismiss, restore
from netbox_ssl.places.suggested_pairs import pair_of, read_pair, write_pair
from netbox_ssl.places.suggestions import find_all, matches_of
from tests.support.factories import grant, record, superuser
from tests.support.lists import listed
from tests.support.places import device, machine

LIST = '/plugins/ssl/suggestions/'
API = '/api/plugins/ssl/suggestions/'
NAME = 'www.example.net'


class InventoryMixin:
    """A certificate with the name of a device and of a virtual machine, and another one."""

    @classmethod
    def setUpTestData(cls):
        cls.host, cls.hidden = device(NAME), machine(NAME)
        cls.certificate = record(NAME, subject_alt_names=[NAME])
        cls.other = record('other.example.net', subject_alt_names=['other.example.net'])
        device('other.example.net')
        find_all()

    def permit(self):
        """Permit the user to view everything but the virtual machine and the other certificate, and to assign."""
        grant(self.user, 'view', constraints={'name': NAME})
        grant(self.user, 'view', model=Device)
        grant(self.user, 'view', 'add', model=CertificateAssignment)

    def suggestion(self, place=None):
        return next(each for each in AssignmentSuggestion.objects.all() if each.assigned_object == (place or self.host))

    def names(self, url=LIST) -> list[str]:
        """Return the objects that the list shows."""
        return [str(suggestion.assigned_object) for suggestion in listed(self.client, url)]


class DismissalTestCase(InventoryMixin, TestCase):
    def test_scans_and_pages_no_longer_suggest_it(self):
        pair = pair_of(self.suggestion())
        self.assertEqual(dismiss([pair, pair], superuser(), timezone.now()), [pair])
        for _ in range(2):
            self.assertNotIn(pair, map(pair_of, AssignmentSuggestion.objects.open()))
            found = matches_of([self.certificate], superuser(), 50)
            self.assertEqual([place for _certificate, place, _name in found], [self.hidden])
            find_all()
        self.assertEqual([pair_of(each) for each in AssignmentSuggestion.objects.dismissed()], [pair])
        self.assertEqual(restore([pair, pair], superuser()), 1)
        self.assertEqual(restore([pair], superuser()), 0, 'twice')
        self.assertIn(pair, map(pair_of, AssignmentSuggestion.objects.open()))

    def test_before_the_first_scan(self):
        AssignmentSuggestion.objects.all().delete()
        dismiss([read_pair(write_pair(self.certificate, self.host))], superuser(), timezone.now())
        find_all()
        self.assertNotIn(self.host, [each.assigned_object for each in AssignmentSuggestion.objects.open()])

    def test_only_what_the_user_may_decide_on(self):
        self.permit()
        pairs = [pair_of(each) for each in AssignmentSuggestion.objects.all()]
        self.assertEqual(dismiss(pairs, User.objects.create_user('nobody'), timezone.now()), [])
        user = User.objects.get(pk=self.user.pk)
        self.assertEqual(dismiss(pairs, user, timezone.now()), [pair_of(self.suggestion())])
        AssignmentSuggestion.objects.update(dismissed_at=timezone.now())
        self.assertEqual(restore(pairs, user), 1)
        self.assertEqual(AssignmentSuggestion.objects.filter(dismissed_at=None).get(), self.suggestion())


class PagesTestCase(InventoryMixin, TestCase):
    def setUp(self):
        super().setUp()
        self.permit()

    def post(self, decision, **data):
        return self.client.post(f'{LIST}{decision}/?return_url={LIST}', data, follow=True)

    def test_dismiss_and_undo(self):
        response = self.post('dismiss', pk=[each.pk for each in AssignmentSuggestion.objects.all()])
        self.assertContains(response, 'Dismissed: 1')
        self.assertEqual((self.names(), self.names(f'{LIST}?dismissed=true')), ([], [NAME]))
        # The button in the message
        html = response.content.decode()
        action = re.search(r'<form action="([^"]*restore/)"', html)[1]
        pairs = re.findall(r'name="pair" value="([^"]+)"', html)
        self.assertContains(self.client.post(action, {'pair': pairs}, follow=True), 'Suggested again: 1')
        self.assertEqual((self.names(), self.names(f'{LIST}?dismissed=true')), ([NAME], []))

    def test_dismiss_and_restore_all(self):
        self.client.post(f'{LIST}dismiss/', {'_all': 'on'})
        self.assertEqual(AssignmentSuggestion.objects.exclude(dismissed_at=None).get(), self.suggestion())
        self.assertContains(self.client.get(LIST), f'{LIST}?dismissed=true')
        self.assertContains(self.client.get(f'{LIST}?dismissed=true'), 'Restore Selected')
        self.client.post(f'{LIST}restore/?dismissed=true', {'_all': 'on'})
        self.assertFalse(AssignmentSuggestion.objects.exclude(dismissed_at=None).exists())

    def test_nothing_selected(self):
        self.assertContains(self.post('dismiss'), 'No suggestions were selected')
        self.assertContains(self.post('restore'), 'No dismissed suggestions were selected')

    def test_next_to_a_certificate(self):
        url = f'{LIST}of/?certificate={self.certificate.pk}'
        self.assertContains(self.client.get(url), f'formaction="{LIST}dismiss/"')
        self.post('dismiss', pair=write_pair(self.certificate, self.host))
        self.assertEqual(self.client.get(url).content.strip(), b'')

    def test_it_requires_permission_to_assign(self):
        self.user.object_permissions.all().delete()
        for decision in ('dismiss', 'restore'):
            self.assertHttpStatus(self.client.post(f'{LIST}{decision}/'), 403)

    def test_texts_of_the_empty_list(self):
        self.assertContains(self.client.get(f'{LIST}?q=nothing'), 'No suggestions match')
        self.assertContains(self.client.get(f'{LIST}?dismissed=true'), 'No suggestion is dismissed')
        self.post('dismiss', _all='on')
        self.assertContains(self.client.get(LIST), 'All suggestions have been accepted or dismissed')
        AssignmentSuggestion.objects.all().delete()
        self.assertContains(self.client.get(LIST), 'Nothing was scanned yet')
        self.scanned()
        self.assertContains(self.client.get(LIST), 'The last scan found no object')

    def scanned(self):
        job = SuggestionJob.enqueue(user=self.user, immediate=False)
        Job.objects.filter(pk=job.pk).update(status=JobStatusChoices.STATUS_COMPLETED, completed=timezone.now())

    def test_the_list_is_reloaded_when_the_scan_has_ended(self):
        reload = 'hx-trigger="load['
        SuggestionJob.enqueue(user=self.user, immediate=False)
        self.assertNotContains(self.client.get(f'{LIST}find/'), reload)
        Job.objects.all().delete()
        self.scanned()
        self.assertNotContains(self.client.get(LIST), reload)
        for current, expected in (
            (f'http://testserver{LIST}?q=www', f'hx-get="{LIST}?q=www"'),
            ('http://testserver/elsewhere/?q=www', f'hx-get="{LIST}"'),
            ('', f'hx-get="{LIST}"'),
        ):
            response = self.client.get(f'{LIST}find/', headers={'HX-Current-URL': current})
            self.assertContains(response, reload)
            self.assertContains(response, expected)


class RestTestCase(InventoryMixin, APITestCase):
    user_permissions = ()

    def send(self, decision, status=200, **data):
        response = self.client.post(f'{API}{decision}/', data, format='json', **self.header)
        self.assertHttpStatus(response, status)
        return response.json()

    def listed(self, query='') -> list[dict]:
        response = self.client.get(f'{API}{query}', **self.header)
        self.assertHttpStatus(response, 200)
        return response.json()['results']

    def test_it_requires_permission_to_assign(self):
        grant(self.user, 'view')
        self.assertHttpStatus(self.client.get(API, **self.header), 403)
        for decision in ('accept', 'dismiss', 'restore'):
            self.send(decision, 403, ids=[1])

    def test_only_what_may_be_viewed(self):
        self.permit()
        [found] = self.listed()
        self.assertEqual(found['certificate']['id'], self.certificate.pk)
        self.assertEqual(found['assigned_object']['id'], self.host.pk)
        self.assertEqual((found['name'], found['dismissed_at']), (NAME, None))
        self.assertHttpStatus(self.client.get(f'{API}{found["id"]}/', **self.header), 200)
        hidden = self.suggestion(self.hidden).pk
        self.assertHttpStatus(self.client.get(f'{API}{hidden}/', **self.header), 404)
        grant(self.user, 'view', model=VirtualMachine)
        self.assertEqual(len(self.listed()), 2)

    def test_accept(self):
        self.permit()
        ids = [each.pk for each in AssignmentSuggestion.objects.all()]
        answer = self.send('accept', ids=[*ids, 2**63 - 1])
        [assigned] = answer['assigned']
        self.assertEqual(assigned['id'], CertificateAssignment.objects.get(assigned_object_id=self.host.pk).pk)
        self.assertEqual((answer['refused'], answer['skipped']), ([], len(ids)))
        self.assertEqual(self.listed(), [])

    def test_accept_within_the_constraints(self):
        self.permit()
        self.user.object_permissions.filter(object_types__model='certificateassignment').delete()
        grant(self.user, 'view', 'add', model=CertificateAssignment, constraints={'note': 'never'})
        answer = self.send('accept', ids=[self.suggestion().pk])
        self.assertEqual((answer['assigned'], len(answer['refused'][0]['messages'])), ([], 1))
        self.assertFalse(CertificateAssignment.objects.exists())

    def test_dismiss_and_restore(self):
        self.permit()
        ids = [each.pk for each in AssignmentSuggestion.objects.all()]
        self.assertEqual(self.send('dismiss', ids=ids), {'dismissed': 1, 'skipped': len(ids) - 1})
        self.assertEqual((len(self.listed('?dismissed=true')), self.listed('?dismissed=false')), (1, []))
        self.assertEqual(self.send('restore', ids=ids), {'restored': 1, 'skipped': len(ids) - 1})
        self.assertEqual((self.listed('?dismissed=true'), len(self.listed('?dismissed=false'))), ([], 1))

    def test_values_that_are_refused(self):
        self.permit()
        for data in ({}, {'ids': []}, {'ids': 'x'}, {'ids': ['x']}, {'ids': [-1]}, {'ids': [2**63]}, {'ids': [None]}):
            with self.subTest(data):
                self.assertIn('ids', self.send('accept', 400, **data))

    def test_certificates_stay_hidden_in_answers(self):
        self.permit()
        Certificate.objects.filter(pk=self.certificate.pk).update(name='renamed')
        self.assertEqual(self.send('dismiss', ids=[self.suggestion().pk]), {'dismissed': 0, 'skipped': 1})
