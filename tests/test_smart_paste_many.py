"""Smart Paste with several inputs at once: a table, one bad file does not hold up the others, jobs for many."""

import re
import uuid
from unittest.mock import patch

from core.choices import JobStatusChoices
from core.models import Job, ObjectChange
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from extras.models import Tag
from netbox.context import events_queue
from netbox.context_managers import event_tracking
from users.models import User
from utilities.testing import TestCase

from netbox_ssl import import_job, intake, settings, smart_paste
from netbox_ssl.models import Certificate, Issuance
from netbox_ssl.pasting import importing, store
from netbox_ssl.x509 import Limits
from tests.factories import DAY, grant, import_pem, in_house_ca, issue_acme, record, successor

BACKGROUND_FROM = 5


def file(name, content):
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


def issue(*names):
    return [issue_acme(f'{name}.example.net') for name in names]


class ManyTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.url = reverse('plugins:netbox_ssl:certificate_smart_paste')
        # No test meets the workers of a NetBox that happens to run on the same Valkey.
        patcher = patch.object(import_job, 'has_worker', return_value=False)
        self.has_worker = patcher.start()
        self.addCleanup(patcher.stop)

    def allow(self):
        grant(self.user, 'view', 'add', 'change')

    def preview(self, files=(), text=''):
        before = list(Certificate.objects.values())
        response = self.client.post(self.url, {'text': text, 'file': list(files)})
        self.assertEqual(list(Certificate.objects.values()), before)
        self.assertEqual(response.status_code, 200)
        return response

    def key(self, response) -> str:
        """The key that the preview's form sends back."""
        return re.search(r'name="paste" value="([^"]+)"', response.content.decode())[1]

    def confirm(self, response, follow=True, **values):
        return self.client.post(self.url, {'paste': self.key(response), '_confirm': '1', **values}, follow=follow)

    def actions(self, response) -> list[str]:
        return re.findall(r'<tr data-action="(\w*)"', response.content.decode())


class PreviewTestCase(ManyTestCase):
    def setUp(self):
        super().setUp()
        self.allow()

    def test_files_and_text_together(self):
        a, b, c, d = issue(*'abcd')
        response = self.preview([file('b.pem', b.fullchain_pem), file('c.der', c.der)], a.pem + d.pem)
        self.assertEqual(self.actions(response), ['created'] * 4)
        names = [row.leaf.facts.name for row in response.context['rows']]
        self.assertEqual(names, [f'{name}.example.net' for name in 'adbc'])
        self.assertContains(response, 'Let&#x27;s Encrypt')
        self.assertContains(response, 'confidence: certain', count=4)
        self.assertContains(response, f'{a.certificate.not_valid_after_utc:%Y-%m-%d}')
        self.assertContains(response, '4 will be created')

    def test_what_each_will_do(self):
        old, known, aged = issue('old', 'known', 'aged')
        certificates = [import_pem(each).certificate for each in (old, known, aged)]
        renewed, joined = successor(old), successor(aged, later=-60 * DAY)
        new = issue_acme('new.example.net')
        newer, older = successor(new), successor(new, later=-60 * DAY)
        pems = [each.pem for each in (renewed, known, joined, new, newer, older)]
        response = self.preview([file(f'{number}.pem', pem) for number, pem in enumerate(pems)])
        expected = ['renewed', 'unchanged', 'history', 'created', 'renewed', 'history']
        self.assertEqual(self.actions(response), expected)
        for certificate in certificates:
            self.assertContains(response, f'href="{certificate.get_absolute_url()}"')
        report = self.confirm(response)
        self.assertEqual(sorted(self.actions(report)), sorted(expected))
        self.assertEqual(Issuance.objects.filter(certificate__name='new.example.net').count(), 3)

    def test_several_of_one_lineage_that_is_there_already(self):
        old = issue_acme()
        import_pem(old)
        newer, newest = successor(old), successor(old, later=120 * DAY)
        pems = [newest.pem, newer.pem, *(each.pem for each in issue('a', 'b'))]
        response = self.preview([file('x', ''.join(pems))], issue_acme('c.example.net').pem)
        self.assertEqual(self.actions(response), ['created', 'renewed', 'history', 'created', 'created'])

    def test_candidates(self):
        for name in ('first one', 'second one'):
            record(name, subject_alt_names=['www.example.net'], key_algorithm='ECDSA')
        response = self.preview(
            [file('x', ''.join(each.pem for each in [issue_acme(), *issue(*'abc')]))], issue('d')[0].pem
        )
        self.assertContains(response, 'several certificates have the same names')
        self.assertContains(response, 'second one')

    def test_the_same_one_twice_counts_once_with_the_longer_chain(self):
        a, b = issue(*'ab')
        response = self.preview([file('cert.pem', a.pem), file('fullchain.pem', a.fullchain_pem)], b.pem)
        self.assertEqual(len(response.context['rows']), 2)
        self.assertEqual([len(row.leaf.chain) for row in response.context['rows']], [0, len(a.chain)])
        self.assertContains(response, '1 certificate was there more than once')

    def test_what_belongs_to_none_is_told_with_its_file(self):
        response = self.preview([file('x.pem', issue_acme().pem + in_house_ca().pem)], issue('a')[0].pem)
        self.assertContains(response, 'x.pem: Example Issuing CA')

    def test_up_to_three_are_cards(self):
        response = self.preview([file(f'{each}', issue_acme(f'{each}.example.net').pem) for each in 'ab'])
        self.assertEqual(self.actions(response), [])
        self.assertContains(response, 'data-action="created"', count=2)

    def test_long_lists_are_cut_but_counted(self):
        with patch.object(smart_paste, 'MOST_ROWS', 4):
            response = self.preview([file('x', ''.join(each.pem for each in issue(*'abcdef')))])
        self.assertEqual(len(self.actions(response)), 4)
        self.assertContains(response, '6 will be created')
        self.assertContains(response, '2 more will be imported')

    def test_markup_in_names_of_certificates_and_files_is_text(self):
        hostile = '<script>alert(1)</script>'
        good = [file(f'{hostile[:8]}{number}', each.pem) for number, each in enumerate(issue(*'abc'))]
        evil = issue_acme('d.example.net', common_name=hostile)
        response = self.preview([*good, file(f'{hostile}.pem', 'nonsense'), file('e.pem', evil.pem)])
        self.assertNotContains(response, '<script>alert')
        self.assertContains(response, '&lt;script&gt;alert(1)')

    def test_queries_do_not_grow_with_what_is_new_or_known(self):
        def count(names):
            issued = issue(*names)
            import_pem(issued[0])
            files = [file('x', ''.join(each.pem for each in issued)), file('y', issued[0].pem)]
            with CaptureQueriesContext(connection) as queries:
                self.preview(files)
            return len(queries)

        count('abcde')
        self.assertEqual(count([f'f{number}' for number in range(4)]), count([f'g{number}' for number in range(40)]))


class RefusalTestCase(ManyTestCase):
    def setUp(self):
        super().setUp()
        self.allow()

    def test_one_bad_file_does_not_hold_up_the_others(self):
        a, b = issue(*'ab')
        response = self.preview(
            [file('a.pem', a.pem), file('bad.pem', 'nonsense'), file('empty.pem', ''), file('b', b.pem)]
        )
        self.assertContains(response, '<strong>bad.pem</strong> will not be imported')
        self.assertContains(response, '<strong>empty.pem</strong> will not be imported')
        self.assertContains(response, 'This is no certificate')
        self.confirm(response)
        self.assertEqual(Certificate.objects.count(), 2)

    def test_bad_text_does_not_hold_up_the_files(self):
        response = self.preview([file('a.pem', issue_acme().pem)], 'nonsense')
        self.assertContains(response, '<strong>Pasted text</strong> will not be imported')
        self.confirm(response)
        self.assertEqual(Certificate.objects.count(), 1)

    def test_nothing_but_bad_ones_are_errors_of_the_form(self):
        response = self.preview([file('bad.pem', 'nonsense'), file('ca.pem', in_house_ca().pem)], 'this stays')
        errors = response.context['form'].errors
        self.assertEqual(set(errors), {'text', 'file'})
        self.assertRegex(errors['file'][0], '^bad.pem: ')
        self.assertRegex(errors['file'][1], '^ca.pem: .*only CA certificates')
        self.assertContains(response, 'this stays</textarea>')

    def test_a_private_key_refuses_its_file_which_is_forgotten(self):
        good, evil = issue('good', 'evil')
        secret = evil.key_pem.splitlines()[1]
        response = self.preview([file('good.pem', good.pem), file('evil.pem', evil.pem + evil.key_pem)])
        self.assertContains(response, '<strong>evil.pem</strong> will not be imported')
        self.assertContains(response, 'private key')
        self.assertNotContains(response, secret)
        kept = cache.get(store._name('preview', self.user, self.key(response)))
        self.assertNotIn(secret, repr(kept))
        self.assertNotIn('evil.example.net', repr(kept[1]))
        self.confirm(response)
        self.assertEqual([each.name for each in Certificate.objects.all()], ['good.example.net'])

    def test_a_private_key_in_the_text_stops_everything(self):
        good, evil = issue('good', 'evil')
        response = self.preview([file('good.pem', good.pem)], evil.key_pem)
        self.assertEqual(list(response.context['form'].errors), ['text'])
        self.assertNotContains(response, evil.key_pem.splitlines()[1])

    def test_a_private_key_as_the_name_of_a_file(self):
        key = issue_acme().key_pem.replace('\n', ' ').replace('/', '_')
        body = key.split()[4]
        with patch('netbox_ssl.pasting.reading.find_private_key', return_value='private key'):
            response = self.preview([file(body[:40], 'nonsense')])
        self.assertNotContains(response, body[:40])
        self.assertContains(response, 'File 1: ')

    def test_limits_are_for_each_input(self):
        pems = [each.pem for each in issue(*'abcd')]
        with patch.object(settings, 'limits', return_value=Limits(max_input_bytes=1000, max_certificates=2)):
            response = self.preview([file(f'{number}', pem) for number, pem in enumerate(pems)])
            self.assertEqual(self.actions(response), ['created'] * 4)
            response = self.preview([file('large.pem', pems[0] + ' ' * 1000), file('good', pems[1])])
            self.assertContains(response, '<strong>large.pem</strong>')
            self.assertContains(response, 'larger than 1000 bytes')

    def test_the_key_of_the_preview_is_for_its_user_and_for_a_while(self):
        response = self.preview([file('a', issue_acme().pem), file('b', issue('b')[0].pem)])
        key = self.key(response)
        other = User.objects.create_user('other')
        grant(other, 'view', 'add', 'change')
        self.client.force_login(other)
        answer = self.client.post(self.url, {'paste': key, '_confirm': '1'})
        self.assertIn('has expired', str(answer.context['form'].errors))
        self.client.force_login(self.user)
        for wrong in ('x', '../../etc', 'é' * 32, 'A' * 5000):
            answer = self.client.post(self.url, {'paste': wrong, '_confirm': '1'})
            self.assertIn('has expired', str(answer.context['form'].errors))
        cache.delete(store._name('preview', self.user, key))
        answer = self.client.post(self.url, {'paste': key, '_confirm': '1'})
        self.assertContains(answer, 'has expired')
        self.assertFalse(Certificate.objects.exists())

    def test_settings_errors_keep_the_preview(self):
        response = self.preview([file(each, issue_acme(f'{each}.example.net').pem) for each in 'abcd'])
        answer = self.confirm(response, acme_renewal_days='3651')
        self.assertEqual(list(answer.context['settings_form'].errors), ['acme_renewal_days'])
        self.assertEqual(self.key(answer), self.key(response))
        self.confirm(answer, acme_renewal_days='20')
        self.assertEqual({each.acme_renewal_days for each in Certificate.objects.all()}, {20})

    def test_where_all_are_refused_each_cause_is_told_once(self):
        response = self.preview([file(each, issue_acme(f'{each}.example.net').pem) for each in 'abcd'])
        answer = self.confirm(response, is_acme='false', acme_auto_renewal='true')
        errors = answer.context['settings_form'].errors
        self.assertEqual({field: len(causes) for field, causes in errors.items()}['acme_auto_renewal'], 1)
        self.assertFalse(Certificate.objects.exists())


class ConfirmTestCase(ManyTestCase):
    def setUp(self):
        super().setUp()
        self.allow()

    def test_results_with_links(self):
        grant(self.user, 'view', model=Tag)
        tag = Tag.objects.create(name='Web', slug='web')
        response = self.preview([file(each, issue_acme(f'{each}.example.net').pem) for each in 'abcd'])
        report = self.confirm(response, add_tags=[tag.pk])
        self.assertEqual(self.actions(report), ['created'] * 4)
        self.assertEqual(Certificate.objects.filter(tags=tag).count(), 4)
        for certificate in Certificate.objects.all():
            self.assertContains(report, f'href="{certificate.get_absolute_url()}">{certificate}</a>')
        self.assertEqual(ObjectChange.objects.filter(action='create').count(), 4)

    def test_confirmed_twice_is_once(self):
        response = self.preview([file(each, issue_acme(f'{each}.example.net').pem) for each in 'abcd'])
        first, second = self.confirm(response, follow=False), self.confirm(response, follow=False)
        self.assertEqual(first.url, second.url)
        self.assertEqual(self.actions(self.client.get(second.url)), ['created'] * 4)

    def test_results_are_for_who_made_the_import(self):
        response = self.preview([file(each, issue_acme(f'{each}.example.net').pem) for each in 'abcd'])
        url = self.confirm(response, follow=False).url
        self.assertEqual(self.client.get(url).status_code, 200)
        self.client.force_login(User.objects.create(username='root', is_superuser=True))
        self.assertEqual(self.client.get(url).status_code, 404)
        self.assertEqual(self.client.get(self.url + 'results/..%2f/').status_code, 404)

    def test_batches(self):
        with patch.object(importing, 'BATCH', 2):
            response = self.preview([file(each, issue_acme(f'{each}.example.net').pem) for each in 'abcde'])
            self.assertEqual(self.actions(self.confirm(response)), ['created'] * 5)

    def test_larger_than_a_form_may_be(self):
        text = ''.join(each.pem for each in issue(*(f'n{number}' for number in range(5))))
        with patch.object(smart_paste, 'MOST_CHARACTERS', 100):
            response = self.preview(text=text)
        self.assertNotContains(response, 'BEGIN CERTIFICATE')
        self.assertEqual(self.actions(self.confirm(response)), ['created'] * 5)


class PermissionsTestCase(ManyTestCase):
    def test_each_certificate_for_itself(self):
        grant(self.user, 'view')
        grant(self.user, 'add', constraints={'name__startswith': 'mine'})
        old = issue_acme('other.example.net')
        certificate = import_pem(old).certificate
        pems = [each.pem for each in (*issue('mine1', 'theirs', 'mine2'), successor(old))]
        response = self.preview([file(f'{number}', pem) for number, pem in enumerate(pems)])
        self.assertContains(response, 'You lack the permission to change this certificate.', count=1)
        report = self.confirm(response)
        self.assertEqual(report.status_code, 200)
        self.assertEqual(self.actions(report), ['', '', 'created', 'created'])
        self.assertContains(report, 'needs the permission to change it')
        self.assertEqual(
            {each.name for each in Certificate.objects.all()},
            {'mine1.example.net', 'mine2.example.net', certificate.name},
        )

    def test_what_was_rolled_back_is_not_announced(self):
        grant(self.user, 'view')
        grant(self.user, 'add', constraints={'name__startswith': 'mine'})
        request = RequestFactory().post(self.url)
        request.user, request.id = self.user, uuid.uuid4()
        items = [intake.Item(intake.read_single(each.pem)) for each in issue('mine', 'theirs')]
        with event_tracking(request):
            mine, theirs = intake.take_in_many(items, self.user)
            self.assertEqual((mine.action, type(theirs)), ('created', intake.Refusal))
            self.assertEqual({event['object'] for event in events_queue.get().values()}, {mine.certificate})

    def test_change_only(self):
        grant(self.user, 'view', 'change')
        old = issue_acme()
        import_pem(old)
        response = self.preview([file('new', issue('new')[0].pem), file('renewed', successor(old).pem)])
        self.assertContains(response, 'You lack the permission to add certificates.')
        report = self.confirm(response)
        self.assertEqual(self.actions(report), ['', 'renewed'])

    def test_nothing_hidden_is_told(self):
        secret = issue_acme('secret.example.net')
        certificate = import_pem(secret, name='Secret project').certificate
        grant(self.user, 'view', 'add', 'change', constraints={'name__contains': 'open'})
        response = self.preview([file('secret', secret.pem), file('open', issue('open')[0].pem)])
        report = self.confirm(response)
        for page in (response, report):
            self.assertContains(page, 'recorded already, where you lack the permission')
            self.assertNotContains(page, 'Secret project')
            self.assertNotContains(page, certificate.get_absolute_url())
        self.assertEqual(self.actions(report), ['', 'created'])

    def test_results_link_only_to_what_may_be_seen(self):
        grant(self.user, 'add')
        grant(self.user, 'view', constraints={'name': 'a.example.net'})
        response = self.preview([file(each, issue_acme(f'{each}.example.net').pem) for each in 'abcd'])
        report = self.confirm(response)
        links = re.findall(r'<a href="/plugins/ssl/certificates/\d+/">', report.content.decode())
        self.assertEqual(len(links), 1)


class JobTestCase(ManyTestCase):
    def setUp(self):
        super().setUp()
        self.allow()
        patcher = patch.object(import_job, 'BACKGROUND_FROM', BACKGROUND_FROM)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.issued = issue(*(f'n{number}' for number in range(BACKGROUND_FROM + 1)))

    def start(self, **values):
        """Confirm with a worker, who does not come yet. Returns the answer and what the worker will be given."""
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
        self.assertContains(page, 'Waits for a worker')
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

    def test_as_if_the_person_had_waited(self):
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
        self.assertIn('0 of 6 certificates are done', seen[0])
        self.assertIn('4 of 6 certificates are done', seen[1])

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

    def test_permissions_are_those_of_when_it_runs(self):
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
        self.assertIn('no active account', job.error)
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

    def test_the_page_is_for_who_made_it_and_for_administrators(self):
        _, answer, job, arguments = self.start()
        self.client.force_login(User.objects.create_user('other'))
        self.assertEqual(self.client.get(answer.url).status_code, 404)
        self.client.force_login(User.objects.create(username='root', is_superuser=True))
        self.assertEqual(self.client.get(answer.url).status_code, 200)
        self.assertContains(self.client.get(job.get_absolute_url()), f'href="{answer.url}"')
        other = Job.objects.create(name='Other', job_id='00000000-0000-0000-0000-000000000001')
        self.assertEqual(self.client.get(answer.url.replace(str(job.pk), str(other.pk))).status_code, 404)
        self.assertNotContains(self.client.get(other.get_absolute_url()), 'smart-paste/jobs')
