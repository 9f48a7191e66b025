"""``POST certificates/detect/``: by IDs or a filter, dry runs, and permissions."""

from unittest import mock

from core.models import Job, ObjectChange
from netbox.jobs import AsyncAPIJob
from tenancy.models import Tenant
from users.models import Token
from utilities.testing import APITestCase

from netbox_ssl.models import Certificate
from tests.support.factories import grant, import_pem, issue_acme
from tests.support.redetection import NAME, certificate, known_provider, state

URL = '/api/plugins/ssl/certificates/detect/'


class DetectTestCase(APITestCase):
    user_permissions = ()

    def setUp(self):
        super().setUp()
        self.certificate = certificate()
        self.other = certificate('other.example.net')
        import_pem(issue_acme('le.example.net'))

    def post(self, data, query=''):
        with known_provider():
            return self.client.post(URL + query, data, format='json', **self.header)

    def allow(self, **options):
        grant(self.user, 'view')
        grant(self.user, 'change', **options)

    def test_ids(self):
        self.allow()
        answer = self.post({'ids': [self.certificate.pk, 0, -1, 987654321, 10**40]})
        self.assertHttpStatus(answer, 200)
        result = answer.json()
        self.assertEqual((result['dry_run'], result['examined'], result['refused']), (False, 1, []))
        changed = result['changed'][0]
        self.assertEqual(changed['certificate']['id'], self.certificate.pk)
        self.assertEqual(
            changed['changes'],
            [
                {'field': 'is_acme', 'old': False, 'new': True},
                {'field': 'acme_provider', 'old': '', 'new': NAME},
            ],
        )
        self.assertEqual(changed['detection']['confidence'], 'certain')
        self.assertIn('settings', changed['detection']['evidence'][0]['text'])
        self.assertEqual(state(self.certificate, self.other), [(True, NAME, []), (False, '', [])])

    def test_dry_run(self):
        self.allow()
        answer = self.post({'filter': {}, 'dry_run': True}).json()
        self.assertEqual((answer['dry_run'], answer['examined'], len(answer['changed'])), (True, 3, 2))
        self.assertEqual(state(self.certificate), [(False, '', [])])
        self.assertFalse(ObjectChange.objects.exists())

    def test_filters(self):
        self.allow()
        for number, (filters, examined) in enumerate(
            [
                ({'acme_provider': "Let's Encrypt"}, 1),
                ({'name': ['www.example.net', 'other.example.net']}, 2),
                ({'name__ic': 'other'}, 1),
                ({'is_acme': False}, 2),
                ({'tenant_id': None}, 3),
                ({'id': self.certificate.pk}, 1),
                ({'q': 'nothing like it'}, 0),
            ]
        ):
            with self.subTest(number=number):
                answer = self.post({'filter': filters, 'dry_run': True})
                self.assertHttpStatus(answer, 200)
                self.assertEqual(answer.json()['examined'], examined)

    def test_change_log(self):
        self.allow()
        self.post({'filter': {}, 'changelog_message': 'New provider'})
        changes = ObjectChange.objects.filter(action='update')
        self.assertEqual({change.changed_object_id for change in changes}, {self.certificate.pk, self.other.pk})
        self.assertEqual({(change.user, change.message) for change in changes}, {(self.user, 'New provider')})

    def test_invalid_requests_change_nothing(self):
        self.allow()
        pk = self.certificate.pk
        for body in (
            {},
            [],
            [pk],
            None,
            5,
            {'ids': []},
            {'ids': 'all'},
            {'ids': ['x']},
            {'ids': [[pk]]},
            {'ids': [pk], 'filter': {}},
            {'filter': []},
            {'filter': {'nmae': 'www.example.net'}},
            {'filter': {'renewal_status': 'nonsense'}},
            {'filter': {'name': {'x': 1}}},
            {'filter': {'name': [['x']]}},
            {'filter': {'tenant_id': 'x'}},
            {'filter': {'q': '\0'}},
            {'ids': [pk], 'dry_run': 'perhaps'},
            {'ids': [pk], 'changelog_message': 'x' * 201},
            {'ids': [pk], 'changelog_message': issue_acme().key_pem},
        ):
            with self.subTest(body=body):
                answer = self.post(body)
                self.assertHttpStatus(answer, 400)
                self.assertNotIn('PRIVATE KEY', answer.content.decode())
        self.assertEqual(state(self.certificate), [(False, '', [])])

    def test_it_needs_the_permission_to_change(self):
        grant(self.user, 'view', 'add', 'delete')
        self.assertHttpStatus(self.post({'filter': {}}), 403)
        self.assertHttpStatus(self.client.post(URL, {'filter': {}}, format='json'), 403)

    def test_it_does_not_need_the_permission_to_add(self):
        self.allow()
        self.assertEqual(len(self.post({'filter': {}}).json()['changed']), 2)

    def test_a_token_that_may_only_read(self):
        self.allow()
        Token.objects.update(write_enabled=False)
        self.assertHttpStatus(self.post({'filter': {}}), 403)

    def test_certificates_of_others_are_neither_changed_nor_revealed(self):
        tenant = Tenant.objects.create(name='Ours', slug='ours')
        Certificate.objects.filter(pk=self.certificate.pk).update(tenant=tenant)
        self.allow(constraints={'tenant__slug': 'ours'})
        for body in ({'filter': {}}, {'ids': [self.certificate.pk, self.other.pk]}):
            answer = self.post({**body, 'dry_run': True})
            self.assertEqual((answer.json()['examined'], len(answer.json()['changed'])), (1, 1))
            self.assertNotIn('other.example.net', answer.content.decode())
        self.post({'filter': {}})
        self.assertEqual(state(self.certificate, self.other), [(True, NAME, []), (False, '', [])])

    def test_in_the_background(self):
        self.allow()
        self.assertHttpStatus(self.post({'filter': {}}, '?background=true'), 503)
        with (
            mock.patch('netbox.api.viewsets.mixins.any_workers_for_queue', return_value=True),
            mock.patch('netbox.api.viewsets.mixins.AsyncAPIJob.enqueue') as enqueue,
        ):
            enqueue.return_value.pk, enqueue.return_value.status = 1, 'pending'
            self.assertHttpStatus(self.post({'filter': {}}, '?background=true'), 202)
        self.run_job(**enqueue.call_args.kwargs)
        self.assertEqual(state(self.certificate, self.other), [(True, NAME, []), (True, NAME, [])])
        self.assertEqual(self.job.data['status_code'], 200)
        self.assertEqual(len(self.job.data['data']['changed']), 2)

    def run_job(self, name, user, **kwargs):
        """Run the job as a worker does."""
        self.job = Job.objects.create(name=name, user=user, job_id='11111111-1111-1111-1111-111111111111')
        with known_provider():
            AsyncAPIJob.handle(self.job, **kwargs)
        self.job.refresh_from_db()
