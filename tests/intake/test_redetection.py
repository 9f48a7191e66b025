"""*Detect ACME*: what it changes, what it keeps, and the preview page."""

from unittest import mock

from core.models import Job, ObjectChange
from django.core.exceptions import ValidationError
from django.test import override_settings
from django.urls import reverse
from netbox.context_managers import event_tracking
from tenancy.models import Tenant
from utilities.testing import TestCase, post_data

from netbox_ssl.intake.redetection import propose, redetect
from netbox_ssl.models import Certificate
from netbox_ssl.views import redetection as redetection_view
from tests.support.factories import grant, import_pem, issue_acme, record, superuser
from tests.support.redetection import NAME, certificate, known_provider, state

OURS = {'tenant__slug': 'ours'}
URL = '/plugins/ssl/certificates/detect/'


class RedetectTestCase(TestCase):
    def redetect(self, user=None, **options):
        return redetect(Certificate.objects.all(), user or superuser(), **options)

    def test_a_provider_that_was_added_to_the_settings(self):
        www = certificate()
        self.assertEqual(state(www), [(False, '', [])])
        with known_provider():
            result = self.redetect()
        self.assertEqual(state(www), [(True, NAME, [])])
        self.assertEqual(result.examined, 1)
        self.assertEqual(result.proposals[0].changes, {'is_acme': (False, True), 'acme_provider': ('', NAME)})
        self.assertEqual(result.proposals[0].detection.confidence, 'certain')

    def test_detected_values_are_detected_again(self):
        www = certificate()
        with known_provider('Old name'):
            self.redetect()
        with known_provider():
            self.redetect()
            self.assertEqual(state(www), [(True, NAME, [])])
            self.assertEqual(self.redetect().proposals, [])

    def test_nothing_is_removed(self):
        www = certificate()
        with known_provider():
            self.redetect()
        self.assertEqual(self.redetect().proposals, [])
        self.assertEqual(state(www), [(True, NAME, [])])

    def test_set_values_are_kept(self):
        named = certificate('named.example.net', acme_provider='Somebody')
        denied = certificate('denied.example.net', is_acme=False)
        said = certificate('said.example.net', is_acme=True)
        with known_provider():
            result = self.redetect()
        self.assertEqual(
            state(named, denied, said),
            [
                (True, 'Somebody', ['acme_provider']),
                (False, '', ['is_acme']),
                (True, NAME, ['is_acme']),
            ],
        )
        self.assertEqual([list(proposal.changes) for proposal in result.proposals], [['acme_provider']])
        self.assertEqual(result.refused, [])

    def test_values_edited_by_a_person_are_kept(self):
        www = certificate()
        www.snapshot()
        www.is_acme, www.acme_provider = True, 'By hand'
        www.full_clean()
        www.save()
        with known_provider():
            self.assertEqual(self.redetect().proposals, [])
        self.assertEqual(state(www)[0][1], 'By hand')

    def test_certificates_without_a_pem_are_skipped(self):
        record()
        with known_provider():
            self.assertEqual(self.redetect().examined, 0)

    def test_a_dry_run_changes_nothing(self):
        www = certificate()
        before = Certificate.objects.values().get()
        with known_provider():
            result = self.redetect(dry_run=True)
        self.assertEqual(result.proposals[0].changes['acme_provider'], ('', NAME))
        self.assertEqual(Certificate.objects.values().get(), before)
        self.assertEqual((www.is_acme, www.acme_provider), (False, ''))

    def test_proposing_does_not_change_the_object(self):
        www = certificate()
        with known_provider():
            propose(www)
        self.assertEqual((www.is_acme, www.acme_provider), (False, ''))

    def test_in_batches(self):
        for number in range(5):
            certificate(f'h{number}.example.net')
        seen = []
        with known_provider(), mock.patch('netbox_ssl.intake.redetection.BATCH', 2):
            self.redetect(after_batch=lambda result: seen.append((result.examined, len(result.proposals))))
        self.assertEqual(seen, [(2, 2), (4, 4), (5, 5)])

    def test_permissions_to_change(self):
        ours, theirs = (Tenant.objects.create(name=slug, slug=slug) for slug in ('ours', 'theirs'))
        mine, other = certificate('mine.example.net', tenant=ours), certificate('other.example.net', tenant=theirs)
        grant(self.user, 'view')
        grant(self.user, 'change', constraints=OURS)
        with known_provider():
            result = self.redetect(self.user)
        self.assertEqual(state(mine, other), [(True, NAME, []), (False, '', [])])
        self.assertEqual((result.examined, len(result.proposals)), (1, 1))

    def test_certificates_with_change_but_not_view_permission_are_not_revealed(self):
        certificate()
        grant(self.user, 'change')
        with known_provider():
            result = self.redetect(self.user)
        self.assertEqual((result.examined, result.proposals, result.refused), (0, [], []))

    def test_certificates_beyond_the_permissions_are_not_changed(self):
        stays, moves = certificate('stays.example.net', is_acme=True), certificate('moves.example.net')
        grant(self.user, 'view')
        grant(self.user, 'change', constraints=[{'is_acme': False}, {'name': 'stays.example.net'}])
        announced = self.events(lambda: self.redetect(self.user))
        self.assertEqual(state(stays, moves), [(True, NAME, ['is_acme']), (False, '', [])])
        self.assertEqual(announced, ['stays.example.net'])

    def test_a_refused_change_does_not_stop_the_others(self):
        bad, good = certificate('bad.example.net'), certificate('good.example.net')

        def refuse(self):
            if self.name == 'bad.example.net':
                raise ValidationError('No more of these')

        with mock.patch.object(Certificate, 'clean', refuse):
            announced = self.events(lambda: setattr(self, 'result', self.redetect()))
        self.assertEqual(state(bad, good), [(False, '', []), (True, NAME, [])])
        self.assertEqual(
            [(each.name, problems) for each, problems in self.result.refused],
            [('bad.example.net', ['No more of these'])],
        )
        self.assertEqual(announced, ['good.example.net'])

    def events(self, work) -> list[str]:
        """Return the names of the certificates that would be announced to event rules."""
        request = mock.Mock(id='11111111-1111-1111-1111-111111111111', user=superuser())
        with mock.patch('netbox.context_managers.flush_events') as flush, known_provider(), event_tracking(request):
            work()
        return [event['object'].name for call in flush.call_args_list for event in call.args[0]]


class PageTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.certificate = certificate()
        self.other = import_pem(issue_acme('le.example.net')).certificate

    def post(self, query='', **data):
        return self.client.post(URL + query, post_data({'return_url': '/plugins/ssl/sources/', **data}))

    def allow(self, **options):
        grant(self.user, 'view')
        grant(self.user, 'change', **options)

    def test_the_button(self):
        page = reverse('plugins:netbox_ssl:certificate_list')
        grant(self.user, 'view')
        self.assertNotContains(self.client.get(page), URL)
        grant(self.user, 'change')
        self.assertContains(self.client.get(page), f'formaction="{URL}')

    def test_it_needs_permission(self):
        grant(self.user, 'view')
        self.assertHttpStatus(self.post(pk=[self.certificate.pk]), 403)

    def test_the_preview(self):
        self.allow()
        with known_provider():
            answer = self.post(pk=[self.certificate.pk, self.other.pk])
        self.assertContains(answer, NAME)
        self.assertContains(answer, 'The settings of NetBox SSL name this issuer')
        self.assertContains(answer, 'certain')
        self.assertNotContains(answer, 'le.example.net')
        self.assertContains(answer, f'name="pk" value="{self.certificate.pk}"')
        self.assertEqual(state(self.certificate), [(False, '', [])])

    def test_the_confirmed_changes(self):
        self.allow()
        with known_provider():
            answer = self.post(pk=[self.certificate.pk], _confirm='1', changelog_message='New provider')
        self.assertRedirects(answer, '/plugins/ssl/sources/', fetch_redirect_response=False)
        self.assertEqual(state(self.certificate), [(True, NAME, [])])
        change = ObjectChange.objects.get(changed_object_id=self.certificate.pk, action='update')
        self.assertEqual((change.user, change.message), (self.user, 'New provider'))
        self.assertEqual(change.diff()['post']['acme_provider'], NAME)

    def test_nothing_to_change(self):
        self.allow()
        answer = self.post(pk=[self.certificate.pk])
        self.assertRedirects(answer, '/plugins/ssl/sources/', fetch_redirect_response=False)
        self.assertFalse(ObjectChange.objects.filter(action='update').exists())

    def test_no_selection_and_invalid_input(self):
        self.allow()
        for data in ({}, {'pk': ['x', '-1']}, {'_confirm': '1'}, {'_confirm': '1', 'pk': ['x']}):
            with self.subTest(data=data):
                self.assertHttpStatus(self.post(**data), 302)

    def test_all_that_the_filter_finds(self):
        self.allow()
        certificate('second.example.net')
        with known_provider():
            answer = self.post('?name=second.example.net', _all='1')
        self.assertContains(answer, 'second.example.net')
        self.assertNotContains(answer, 'www.example.net')

    def test_more_than_can_be_shown(self):
        self.allow()
        certificate('second.example.net')
        with known_provider(), mock.patch.object(redetection_view, 'PREVIEWED', 1):
            answer = self.post(_all='1')
        self.assertContains(answer, 'Another 2 are selected')
        self.assertContains(answer, 'name="pk"', count=3)
        self.assertContains(answer, 'id="id_background_job" checked')

    def test_others_are_neither_shown_nor_changed(self):
        Certificate.objects.filter(pk=self.certificate.pk).update(name='Secret')
        self.allow(constraints={'name': 'le.example.net'})
        with known_provider():
            answer = self.post(pk=[self.certificate.pk, self.other.pk])
            self.assertHttpStatus(answer, 302)
            answer = self.post(pk=[self.certificate.pk], _confirm='1')
            self.assertNotIn(
                'Secret', self.client.get('/plugins/ssl/certificates/').content.decode().split('<table')[0]
            )
        self.assertEqual(state(self.certificate), [(False, '', [])])

    def test_in_the_background(self):
        self.allow()
        with known_provider(), mock.patch('core.models.Job.enqueue', wraps=self.at_once):
            self.post(pk=[self.certificate.pk], _confirm='1', background_job='on', changelog_message='Later')
        self.assertEqual(state(self.certificate), [(True, NAME, [])])
        self.assertEqual(
            ObjectChange.objects.get(changed_object_id=self.certificate.pk, action='update').user, self.user
        )
        self.assertIn('Updated 1 certificate', ' '.join(entry['message'] for entry in self.job.log_entries))

    def at_once(self, func, **kwargs):
        """Run the job as a worker does."""
        name, user = kwargs.pop('name'), kwargs.pop('user')
        self.job = Job.objects.create(name=name, user=user, job_id='11111111-1111-1111-1111-111111111111')
        kwargs.pop('instance', None)
        func(self.job, **kwargs)
        return self.job

    @override_settings(EXEMPT_VIEW_PERMISSIONS=['*'])
    def test_private_keys_in_the_message(self):
        self.allow()
        key = issue_acme().key_pem
        with known_provider():
            self.post(pk=[self.certificate.pk], _confirm='1', changelog_message=key)
        self.assertEqual(state(self.certificate), [(False, '', [])])
