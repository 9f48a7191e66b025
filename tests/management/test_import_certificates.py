"""``netbox import_certificates``: folders, refusals, interruption, and the user."""

import io
import os
import signal
from pathlib import Path
from unittest import mock

from core.models import ObjectChange, ObjectType
from django.core.management import call_command
from django.db.models.signals import pre_save
from extras.models import EventRule, Tag, Webhook
from tenancy.models import Tenant
from users.models import User
from utilities.exceptions import AbortRequest

from netbox_ssl import intake
from netbox_ssl.imports.folder import runner as importing
from netbox_ssl.models import Certificate, CertificateSource, Issuance
from tests.support.certificate_factory import issue, make_ca
from tests.support.factories import DAY, grant, in_house_ca, issue_acme, successor
from tests.support.import_command import CommandTestCase


class FoldersTestCase(CommandTestCase):
    def test_every_format_at_every_depth(self):
        self.write('a.pem', issue_acme('a.example.net').fullchain_pem)
        self.write('b/b.CRT', issue_acme('b.example.net').pem)
        self.write('b/c/c.der', issue_acme('c.example.net').der)
        self.write('b/c/d', issue_acme('d.example.net').pem)
        self.write('b/c/e', issue_acme('e.example.net').der)
        self.write('notes.txt', 'nothing of interest')
        out, _err = self.run_command()
        self.assertEqual(self.names(), [f'{letter}.example.net' for letter in 'abcde'])
        self.assertIn('5 created', out)
        self.assertTrue(Certificate.objects.get(name='a.example.net').chain_pem)

    def test_the_folder_of_an_acme_client(self):
        issued = issue_acme()
        archive = self.folder / 'archive/www.example.net'
        for name, content in {
            'cert1.pem': issued.pem,
            'chain1.pem': issued.chain_pem,
            'fullchain1.pem': issued.fullchain_pem,
            'privkey1.pem': issued.key_pem,
        }.items():
            self.write(archive / name, content)
            live = self.folder / 'live/www.example.net' / name.replace('1', '')
            live.parent.mkdir(parents=True, exist_ok=True)
            live.symlink_to(archive / name)
        out, err = self.run_command(self.folder / 'live', client='certbot', external_id_prefix='certbot:web01')
        self.assertEqual(err, '')
        certificate = Certificate.objects.get()
        self.assertEqual(certificate.chain_pem, issued.chain_pem)
        source = certificate.sources.get()
        self.assertEqual(source.external_id, 'certbot:web01:www.example.net/fullchain.pem')
        self.assertEqual(
            (source.client, source.issuance.fingerprint_sha256), ('certbot', certificate.fingerprint_sha256)
        )
        self.assertIn('1 key only', out)
        self.assertIn('1 ca only', out)
        self.assertIn('1 repeated', out)

    def test_the_same_certificate_on_two_hosts_is_two_sources(self):
        issued = issue_acme()
        self.write('host1/fullchain.pem', issued.fullchain_pem)
        self.write('host2/fullchain.pem', issued.fullchain_pem)
        self.run_command(client='rsync')
        self.assertEqual(Certificate.objects.count(), 1)
        self.assertEqual(
            sorted(CertificateSource.objects.values_list('external_id', flat=True)),
            ['rsync:host1/fullchain.pem', 'rsync:host2/fullchain.pem'],
        )

    def test_loops_end(self):
        self.write('a/a.pem', issue_acme('a.example.net').pem)
        (self.folder / 'a/again').symlink_to(self.folder)
        (self.folder / 'a/self.pem').symlink_to(self.folder / 'a/self.pem')
        _out, err = self.run_command(code=1)
        self.assertEqual(self.names(), ['a.example.net'])
        self.assertIn('self.pem', err)

    def test_a_pipe_in_a_folder_blocks_nothing(self):
        os.mkfifo(self.folder / 'pipe.pem')
        self.write('a.pem', issue_acme('a.example.net').pem)
        self.run_command()
        self.assertEqual(self.names(), ['a.example.net'])

    def test_private_keys_are_refused_file_by_file(self):
        issued = issue_acme('secret.example.net')
        self.write('haproxy.pem', issued.fullchain_pem + issued.key_pem)
        self.write('good.pem', issue_acme('good.example.net').pem)
        out, err = self.run_command(code=1)
        self.assertEqual(self.names(), ['good.example.net'])
        self.assertEqual(len(err.splitlines()), 1)
        self.assertIn('haproxy.pem', err)
        self.assertIn('1 private key', out)
        self.assertNotIn(issued.key_pem.splitlines()[1], out + err)

    def test_given_files_must_contain_certificates(self):
        key = self.write('privkey.pem', issue_acme().key_pem)
        chain = self.write('chain.pem', make_ca('Example', 'Example CA').pem)
        _out, err = self.run_command(key, chain, self.folder / 'missing.pem', code=1)
        self.assertEqual(len(err.splitlines()), 3)

    def test_damaged_files_do_not_stop_the_run(self):
        self.write('1.pem', issue_acme('a.example.net').pem[:400])
        self.write('2.pem', b'')
        self.write('3.der', b'\x30\x82\xff\xff')
        self.write('4.pem', issue_acme('good.example.net').pem)
        out, err = self.run_command(code=1)
        self.assertEqual(self.names(), ['good.example.net'])
        self.assertEqual(len(err.splitlines()), 3)
        self.assertIn('Refused 3:', out)

    def test_skipped_files_are_listed_on_request(self):
        self.write('chain.pem', make_ca('Example', 'Example CA').pem)
        self.write('good.pem', issue_acme('good.example.net').pem)
        quiet, _err = self.run_command()
        talkative, _err = self.run_command(verbosity=2)
        self.assertNotIn('Skipped /', quiet)
        self.assertIn(f'Skipped {self.folder}/chain.pem', talkative)

    def test_the_full_chain_comes_before_larger_files(self):
        issued = issue_acme()
        self.write('all.pem', issued.fullchain_pem + make_ca('Example', 'Unrelated CA').pem)
        self.write('fullchain.pem', issued.fullchain_pem)
        self.run_command(client='certbot')
        first = CertificateSource.objects.order_by('pk').first()
        self.assertEqual(first.external_id, 'certbot:fullchain.pem')

    def test_a_refusal_by_another_plugin_does_not_stop_the_run(self):
        issued = issue_acme('a.example.net')
        self.write('a.pem', issued.pem)
        self.run_command()
        self.write('a.pem', successor(issued).pem)
        self.write('b.pem', issue_acme('b.example.net').pem)

        def refuse(**kwargs):
            raise AbortRequest('Not while the freeze lasts.')

        pre_save.connect(refuse, sender=Certificate)
        self.addCleanup(pre_save.disconnect, refuse, sender=Certificate)
        out, err = self.run_command(code=1)
        self.assertEqual(self.names(), ['a.example.net', 'b.example.net'])
        self.assertIn(f'Refused {self.folder}/a.pem: Not while the freeze lasts.', err)
        self.assertIn('1 refused by netbox', out)

    def test_odd_file_names(self):
        path = os.fsencode(self.folder) + b'/\xff\n\x1b[31m.pem'
        Path(os.fsdecode(path)).write_bytes(issue_acme('a.example.net').pem.encode())
        self.write('\x1b[31mbad.pem', b'')
        _out, err = self.run_command(client='rsync', code=1)
        self.assertNotIn('\x1b', err)
        self.assertEqual(CertificateSource.objects.get().external_id, r'rsync:\udcff\n\x1b[31m.pem')

    def test_external_ids_that_are_too_long(self):
        self.write('x' * 200 + '/' + 'y' * 200 + '/' + 'z' * 200 + '/a.pem', issue_acme('a.example.net').pem)
        self.write('b.pem', issue_acme('b.example.net').pem)
        self.run_command(client='rsync', code=1)
        self.assertEqual(self.names(), ['b.example.net'])


class RunsTestCase(CommandTestCase):
    def files(self, count):
        for number in range(count):
            self.write(f'{number:03}.pem', issue_acme(f'h{number:03}.example.net').fullchain_pem)

    def test_ctrl_c_keeps_whole_batches_and_a_second_run_continues(self):
        self.files(20)
        rounds = []

        def interrupted(items, user):
            rounds.append(len(items))
            if len(rounds) == 2:
                os.kill(os.getpid(), signal.SIGINT)
            return take_in_many(items, user)

        take_in_many = intake.take_in_many
        with mock.patch.object(importing.intake, 'take_in_many', interrupted):
            out, _err = self.run_command(batch_size=5, code=130)
        self.assertEqual((rounds, Certificate.objects.count()), ([5, 5], 10))
        self.assertIn('10 created', out)
        # Each with its entry in the change log
        self.assertEqual(ObjectChange.objects.filter(changed_object_type__model='certificate').count(), 10)
        out, _err = self.run_command(batch_size=5)
        self.assertEqual(Certificate.objects.count(), 20)
        self.assertIn('10 created', out)
        self.assertIn('10 unchanged', out)

    def test_files_that_contain_what_is_stored_are_not_verified_again(self):
        chained, bare = issue_acme('a.example.net'), issue_acme('b.example.net')
        self.write('a.pem', chained.fullchain_pem)
        self.write('b.pem', bare.pem.replace('\n', '\r\n'))
        self.run_command(client='rsync')
        with mock.patch('netbox_ssl.imports.folder.files.read_certificates') as read:
            out, _err = self.run_command(client='rsync')
        read.assert_not_called()
        self.assertIn('2 unchanged', out)

    def test_files_that_have_changed_are_read_as_a_whole(self):
        issued = issue_acme('a.example.net')
        self.write('a.pem', issued.pem)
        self.run_command()
        for content, text in (
            (f'{issued.pem}{issued.key_pem}', 'private key'),
            (f'{issued.pem[:-40]}', 'END'),
        ):
            self.write('a.pem', content)
            _out, err = self.run_command(code=1)
            self.assertIn(text, err)
        self.write('a.pem', issued.fullchain_pem)
        out, _err = self.run_command()
        self.assertIn('1 updated', out)
        self.assertEqual(Certificate.objects.get().chain_pem, issued.chain_pem)
        out, _err = self.run_command(include_ca=True)
        self.assertIn('1 unchanged', out)
        self.assertIn('1 created', out)

    def test_a_failing_batch_keeps_the_previous_ones(self):
        self.files(10)
        calls = iter([None, RuntimeError('broken')])

        def breaking(items, user):
            results = take_in_many(items, user)
            if error := next(calls):
                raise error
            return results

        take_in_many = intake.take_in_many
        handler = signal.getsignal(signal.SIGINT)
        with mock.patch.object(importing.intake, 'take_in_many', breaking), self.assertRaises(RuntimeError):
            call_command('import_certificates', str(self.folder), batch_size=5, stdout=io.StringIO())
        self.assertEqual(signal.getsignal(signal.SIGINT), handler)
        self.assertGreaterEqual(Certificate.objects.count(), 5)

    def test_change_log_and_events_of_each_batch(self):
        self.files(6)
        rule = EventRule.objects.create(
            name='New',
            event_types=['object_created'],
            action_type='webhook',
            action_object=Webhook.objects.create(name='Hook', payload_url='http://localhost/'),
        )
        rule.object_types.set([ObjectType.objects.get_for_model(Certificate)])
        with mock.patch('extras.events.process_event_rules') as announced:
            self.run_command(batch_size=4)
        events = [call.kwargs['event'] for call in announced.call_args_list]
        certificates = [event for event in events if event['object_type'].model == 'certificate']
        self.assertEqual(len(certificates), 6)
        changes = ObjectChange.objects.filter(changed_object_type__model='certificate')
        self.assertEqual({change.user for change in changes}, {self.admin})
        self.assertEqual(len({change.request_id for change in changes}), 2)

    def test_settings(self):
        Tenant.objects.create(name='Ours', slug='ours')
        for slug in ('a', 'b'):
            Tag.objects.create(name=slug, slug=slug)
        self.write('a.pem', issue('a.example.net', in_house_ca()).pem)
        self.run_command(acme_auto_renewal=True, tenant='ours', tag=['a', 'b'])
        certificate = Certificate.objects.get()
        self.assertEqual(
            (certificate.tenant.slug, certificate.is_acme, certificate.acme_auto_renewal), ('ours', True, True)
        )
        self.assertEqual(sorted(certificate.tags.slugs()), ['a', 'b'])

    def test_renewals_and_histories(self):
        old = issue_acme()
        self.write('1.pem', old.pem)
        self.run_command()
        self.write('1.pem', successor(old).pem)
        self.write('2.pem', successor(old, later=-60 * DAY).pem)
        out, _err = self.run_command()
        self.assertIn('1 renewed', out)
        self.assertIn('1 history', out)
        self.assertEqual((Certificate.objects.count(), Issuance.objects.count()), (1, 3))

    def test_dry_run(self):
        known, renewed = issue_acme('known.example.net'), issue_acme('renewed.example.net')
        self.write('1.pem', known.pem)
        self.write('2.pem', renewed.pem)
        self.run_command()
        Tenant.objects.create(name='Ours', slug='ours')
        self.write('2.pem', successor(renewed).pem)
        new = issue_acme('new.example.net')
        self.write('3.pem', new.pem)
        self.write('4.pem', successor(new).fullchain_pem)
        before = list(Certificate.objects.order_by('pk').values()), ObjectChange.objects.count()
        out, _err = self.run_command(dry_run=True)
        self.assertIn('unchanged\tknown.example.net', out)
        self.assertIn('renewed\trenewed.example.net', out)
        self.assertIn('created\tnew.example.net', out)
        self.assertIn('Would import 4 certificates', out)
        out, _err = self.run_command(dry_run=True, tenant='ours')
        self.assertIn('updated\tknown.example.net', out)
        self.assertEqual((list(Certificate.objects.order_by('pk').values()), ObjectChange.objects.count()), before)

    def test_a_dry_run_takes_its_earlier_certificates_into_account(self):
        new = issue_acme('new.example.net')
        self.write('1.pem', new.pem)
        self.write('2.pem', successor(new).pem)
        planned, _err = self.run_command(dry_run=True)
        done, _err = self.run_command()
        self.assertEqual(planned.splitlines()[-1].partition(': ')[2], done.splitlines()[-1].partition(': ')[2])

    def test_invalid_options(self):
        for options in (
            {'user': 'nobody'},
            {'tenant': 'nowhere'},
            {'tag': ['none']},
            {'batch_size': 0},
            {'external_id_prefix': 'x'},
            {'client': 'x' * 101},
            {'client': issue_acme().key_pem},
        ):
            with self.subTest(options=options):
                self.run_command(code=1, **options)

    def test_without_superusers_a_user_must_be_named(self):
        User.objects.filter(is_superuser=True).update(is_superuser=False)
        self.run_command(code=1)


class ConstrainedTestCase(CommandTestCase):
    def test_certificates_that_the_user_may_not_add_are_refused_individually(self):
        grant(self.user, 'add', 'view', constraints={'name__startswith': 'good'})
        self.write('1.pem', issue_acme('good.example.net').pem)
        self.write('2.pem', issue_acme('bad.example.net').pem)
        out, err = self.run_command(user=self.user.username, code=1)
        self.assertEqual(self.names(), ['good.example.net'])
        self.assertIn('2.pem', err)
        self.assertIn('1 not permitted', out)
        self.assertEqual(ObjectChange.objects.get(changed_object_type__model='certificate').user, self.user)

    def test_sources_need_their_permission(self):
        grant(self.user, 'add', 'view')
        self.write('1.pem', issue_acme().pem)
        self.run_command(user=self.user.username, client='certbot', code=1)
        self.assertFalse(Certificate.objects.exists())

    def test_hidden_certificates_are_neither_changed_nor_revealed(self):
        issued = issue_acme()
        hidden = intake.take_in(intake.read_single(issued.pem), self.admin, {'name': 'Secret project'}).certificate
        grant(self.user, 'add', 'change', 'view', constraints={'name__startswith': 'good'})
        self.write('1.pem', issued.pem)
        for options in ({}, {'dry_run': True}):
            out, err = self.run_command(user=self.user.username, code=1, **options)
            self.assertNotIn('Secret', out + err)
        self.assertEqual(Certificate.objects.get().last_updated, hidden.last_updated)
