"""Imports of many certificates from the Smart Paste page: in the background, with progress and results."""

from unittest.mock import patch

from core.choices import JobStatusChoices
from core.models import Job, ObjectChange
from extras.models import Tag
from users.models import User

from netbox_ssl import intake
from netbox_ssl.imports.smart_paste import importing
from netbox_ssl.jobs import smart_paste as import_job
from netbox_ssl.models import Certificate
from tests.support.factories import grant, import_pem, issue_acme
from tests.support.smart_paste import ManyTestCase, file, issue

BACKGROUND_FROM = 5


class JobTestCase(ManyTestCase):
    def setUp(self):
        super().setUp()
        self.allow()
        patcher = patch.object(import_job, 'BACKGROUND_FROM', BACKGROUND_FROM)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.issued = issue(*(f'n{number}' for number in range(BACKGROUND_FROM + 1)))

    def start(self, **values):
        """Confirm with a worker that does not run yet. Return the response and the arguments for the worker."""
        self.has_worker.return_value = True
        response = self.preview([file(f'{number}', each.pem) for number, each in enumerate(self.issued)])
        with patch('django_rq.queues.DjangoRQ.enqueue') as enqueue, self.captureOnCommitCallbacks(execute=True):
            answer = self.confirm(response, follow=False, **values)
        job = Job.objects.get(name='Smart Paste import')
        arguments = dict(enqueue.call_args.kwargs)
        arguments.pop('job_id')
        return response, answer, job, arguments

    def work(self, arguments):
        import_job.SmartPasteJob.handle(**arguments)
        job = Job.objects.get(pk=arguments['job'].pk)
        return job

    def log(self, job):
        return [entry['message'] for entry in job.log_entries]

    def test_in_the_background_with_progress_and_results(self):
        response, answer, job, arguments = self.start(acme_renewal_days='20')
        self.assertContains(response, 'in the background')
        self.assertFalse(Certificate.objects.exists())
        page = self.client.get(answer.url)
        self.assertContains(page, 'Waiting for a worker')
        self.assertContains(page, 'hx-trigger')
        with patch.object(importing, 'BATCH', 4):
            job = self.work(arguments)
        self.assertEqual(job.status, JobStatusChoices.STATUS_COMPLETED)
        self.assertEqual(Certificate.objects.filter(acme_renewal_days=20).count(), len(self.issued))
        self.assertIn('Done: 4 of 6 certificates', self.log(job))
        self.assertIn('Done: 6 of 6 certificates', self.log(job))
        self.assertIn(f'Results with links: {answer.url}', self.log(job))
        page = self.client.get(answer.url)
        self.assertNotContains(page, 'hx-trigger')
        self.assertEqual(self.actions(page), ['created'] * len(self.issued))
        self.assertContains(page, Certificate.objects.first().get_absolute_url())

    def test_a_chosen_predecessor_is_deleted_before_the_worker_runs(self):
        """The others are imported; this one is refused with the reason, not made new."""
        old = import_pem(issue_acme('old.example.net')).certificate
        fingerprint = intake.read_single(self.issued[0].pem).facts.fingerprint_sha256
        _, answer, _, arguments = self.start(**{f'renews-{fingerprint}': str(old.pk)})
        pk = old.pk
        old.delete()
        job = self.work(arguments)
        self.assertEqual(Certificate.objects.count(), len(self.issued) - 1)
        self.assertIn(f'(ID {pk}) has been deleted', ' '.join(self.log(job)))
        self.assertContains(self.client.get(answer.url), 'Choose again what it renews.')

    def test_with_the_result_of_an_import_in_the_foreground(self):
        _, _, _, arguments = self.start()
        self.work(arguments)
        changes = ObjectChange.objects.filter(action='create')
        self.assertEqual({change.user for change in changes}, {self.user})
        self.assertEqual({change.request_id for change in changes}, {arguments['request'].id})

    def test_neither_forms_nor_sessions_go_into_the_queue(self):
        _, _, _, arguments = self.start()
        request = arguments['request']
        self.assertFalse(set(request.POST) & {'text', 'paste', 'csrfmiddlewaretoken'})
        self.assertNotIn('sessionid', request.COOKIES)

    def test_progress_can_be_seen_meanwhile(self):
        _, answer, job, arguments = self.start()
        seen = []
        taken = intake.take_in_many

        def look(*args):
            Job.objects.filter(pk=job.pk).update(status='running')
            seen.append(self.client.get(answer.url).content.decode())
            return taken(*args)

        with patch.object(importing, 'BATCH', 4), patch.object(intake, 'take_in_many', look):
            self.work(arguments)
        self.assertIn('0 of 6 certificates imported', seen[0])
        self.assertIn('4 of 6 certificates imported', seen[1])

    def test_confirmed_twice_is_one_job(self):
        response, answer, _, _ = self.start()
        self.assertEqual(self.confirm(response, follow=False).url, answer.url)
        self.assertEqual(Job.objects.filter(name='Smart Paste import').count(), 1)

    def test_refusals_are_in_the_log_and_in_the_results(self):
        _, answer, _, arguments = self.start()
        self.user.object_permissions.all().delete()
        grant(self.user, 'view')
        grant(self.user, 'add', constraints={'name': 'n1.example.net'})
        job = self.work(arguments)
        self.assertEqual(job.status, JobStatusChoices.STATUS_COMPLETED)
        self.assertEqual(self.actions(self.client.get(answer.url)), [''] * 5 + ['created'])
        self.assertEqual(len([line for line in self.log(job) if line.startswith('n0.example.net: ')]), 1)

    def test_permissions_are_checked_when_it_runs(self):
        _, answer, _, arguments = self.start()
        self.user.object_permissions.all().delete()
        job = self.work(arguments)
        self.assertEqual(job.status, JobStatusChoices.STATUS_FAILED)
        self.assertFalse(Certificate.objects.exists())
        self.assertContains(self.client.get(answer.url), 'Nothing could be imported.')

    def test_without_an_account(self):
        _, _, _, arguments = self.start()
        User.objects.filter(pk=self.user.pk).update(is_active=False)
        job = self.work(arguments)
        self.assertEqual(job.status, JobStatusChoices.STATUS_FAILED)
        self.assertIn('no longer active', job.error)
        self.assertFalse(Certificate.objects.exists())

    def test_a_tag_that_is_gone(self):
        grant(self.user, 'view', model=Tag)
        tag = Tag.objects.create(name='Web', slug='web')
        _, _, _, arguments = self.start(add_tags=[tag.pk])
        tag.delete()
        job = self.work(arguments)
        self.assertEqual(job.status, JobStatusChoices.STATUS_FAILED)
        self.assertIn('add_tags', job.error)

    def test_without_a_worker_at_once(self):
        response = self.preview([file(f'{number}', each.pem) for number, each in enumerate(self.issued)])
        self.assertNotContains(response, 'in the background')
        self.assertEqual(self.actions(self.confirm(response)), ['created'] * len(self.issued))
        self.assertFalse(Job.objects.filter(name='Smart Paste import').exists())

    def test_the_page_is_for_the_user_who_started_it_and_for_superusers(self):
        _, answer, job, arguments = self.start()
        self.client.force_login(User.objects.create_user('other'))
        self.assertEqual(self.client.get(answer.url).status_code, 404)
        self.client.force_login(User.objects.create(username='root', is_superuser=True))
        self.assertEqual(self.client.get(answer.url).status_code, 200)
        self.assertContains(self.client.get(job.get_absolute_url()), f'href="{answer.url}"')
        other = Job.objects.create(name='Other', job_id='00000000-0000-0000-0000-000000000001')
        self.assertEqual(self.client.get(answer.url.replace(str(job.pk), str(other.pk))).status_code, 404)
        self.assertNotContains(self.client.get(other.get_absolute_url()), 'smart-paste/jobs')
