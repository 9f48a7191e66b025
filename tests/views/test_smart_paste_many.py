"""Smart Paste with several inputs at once: a table before and after, and what each certificate's permissions allow."""

import re
import uuid
from unittest.mock import patch

from core.models import ObjectChange
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from extras.models import Tag
from netbox.context import events_queue
from netbox.context_managers import event_tracking
from users.models import User

from netbox_ssl import intake
from netbox_ssl.imports.smart_paste import importing
from netbox_ssl.models import Certificate, Issuance
from netbox_ssl.views import smart_paste
from tests.support.factories import DAY, grant, import_pem, in_house_ca, issue_acme, record, successor
from tests.support.smart_paste import ManyTestCase, file, issue


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

    def test_the_action_of_each(self):
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
        self.assertContains(response, 'may be a renewal of one of these')
        self.assertContains(response, 'second one')

    def test_a_duplicate_counts_once_with_the_longer_chain(self):
        a, b = issue(*'ab')
        response = self.preview([file('cert.pem', a.pem), file('fullchain.pem', a.fullchain_pem)], b.pem)
        self.assertEqual(len(response.context['rows']), 2)
        self.assertEqual([len(row.leaf.chain) for row in response.context['rows']], [0, len(a.chain)])
        self.assertContains(response, '1 certificate was included more than once')

    def test_unrelated_certificates_are_reported_with_their_file(self):
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

    def test_queries_do_not_grow_with_new_or_known_certificates(self):
        def count(names):
            issued = issue(*names)
            import_pem(issued[0])
            files = [file('x', ''.join(each.pem for each in issued)), file('y', issued[0].pem)]
            with CaptureQueriesContext(connection) as queries:
                self.preview(files)
            return len(queries)

        count('abcde')
        self.assertEqual(count([f'f{number}' for number in range(4)]), count([f'g{number}' for number in range(40)]))


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

    def test_results_are_for_the_user_who_ran_the_import(self):
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
    def test_each_certificate_is_checked_separately(self):
        grant(self.user, 'view')
        grant(self.user, 'add', constraints={'name__startswith': 'mine'})
        old = issue_acme('other.example.net')
        certificate = import_pem(old).certificate
        pems = [each.pem for each in (*issue('mine1', 'theirs', 'mine2'), successor(old))]
        response = self.preview([file(f'{number}', pem) for number, pem in enumerate(pems)])
        self.assertContains(response, 'You do not have permission to change this certificate.', count=1)
        report = self.confirm(response)
        self.assertEqual(report.status_code, 200)
        self.assertEqual(self.actions(report), ['', '', 'created', 'created'])
        self.assertContains(report, 'requires permission to change it')
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
        self.assertContains(response, 'You do not have permission to add certificates.')
        report = self.confirm(response)
        self.assertEqual(self.actions(report), ['', 'renewed'])

    def test_nothing_hidden_is_revealed(self):
        secret = issue_acme('secret.example.net')
        certificate = import_pem(secret, name='Secret project').certificate
        grant(self.user, 'view', 'add', 'change', constraints={'name__contains': 'open'})
        response = self.preview([file('secret', secret.pem), file('open', issue('open')[0].pem)])
        report = self.confirm(response)
        for page in (response, report):
            self.assertContains(page, 'already recorded where you do not have permission')
            self.assertNotContains(page, 'Secret project')
            self.assertNotContains(page, certificate.get_absolute_url())
        self.assertEqual(self.actions(report), ['', 'created'])

    def test_results_link_only_to_certificates_that_may_be_viewed(self):
        grant(self.user, 'add')
        grant(self.user, 'view', constraints={'name': 'a.example.net'})
        response = self.preview([file(each, issue_acme(f'{each}.example.net').pem) for each in 'abcd'])
        report = self.confirm(response)
        links = re.findall(r'<a href="/plugins/ssl/certificates/\d+/">', report.content.decode())
        self.assertEqual(len(links), 1)
