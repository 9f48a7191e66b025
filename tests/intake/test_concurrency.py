"""Simultaneous imports, each with its own thread and connection, give the same result as imports in sequence."""

from django.utils import timezone

from netbox_ssl import intake
from netbox_ssl.intake import Action
from netbox_ssl.intake.sync import sync_sources
from netbox_ssl.models import Certificate, CertificateSource, Issuance
from netbox_ssl.utilities import retried
from tests.support.announcements import CommittingTestCase
from tests.support.factories import DAY, grant, import_pem, issue_acme, successor, superuser
from tests.support.reporting import item, report, source_of
from tests.support.threads import at_once

PARALLEL = 20


class ConcurrencyTestCase(CommittingTestCase):
    def setUp(self):
        super().setUp()
        # Committed, and not deleted by CommittingTestCase
        self.addCleanup(grant(self.user, 'view', 'add', 'change').delete)

    def import_at_once(self, *issued, user=None) -> list[str]:
        actions = [lambda each=each: import_pem(each, user=user or self.user).action for each in issued]
        return at_once(actions)

    def assertEnd(self, current, issuances):
        certificate = Certificate.objects.get()
        self.assertEqual(certificate.pem, current.pem)
        self.assertEqual(Issuance.objects.count(), issuances)
        self.assertTrue(Issuance.objects.get(pem=current.pem).is_current)

    def test_the_same_certificate_many_times(self):
        issued = issue_acme()
        actions = self.import_at_once(*[issued] * PARALLEL)
        self.assertEqual(sorted(actions), [Action.CREATED] + [Action.UNCHANGED] * (PARALLEL - 1))
        self.assertEnd(issued, issuances=1)

    def test_an_old_and_a_new_certificate_in_either_order(self):
        for turn in range(6):
            old = issue_acme()
            new = successor(old)
            both = (old, new) if turn % 2 else (new, old)
            with self.subTest(turn=turn):
                actions = self.import_at_once(*both)
                self.assertIn(Action.CREATED, actions)
                self.assertTrue({Action.RENEWED, Action.HISTORY} & set(actions), actions)
                self.assertEnd(new, issuances=2)
            Certificate.objects.all().delete()

    def test_both_many_times(self):
        old = issue_acme()
        new = successor(old)
        self.import_at_once(*[old, new] * (PARALLEL // 2))
        self.assertEnd(new, issuances=2)

    def test_renewals_of_an_existing_certificate(self):
        old = issue_acme()
        import_pem(old, user=superuser())
        newer = successor(old)
        newest = successor(newer)
        self.import_at_once(*[newest, newer, old] * 4)
        self.assertEnd(newest, issuances=3)

    def test_other_certificates_do_not_affect_each_other(self):
        issued = [issue_acme(f'{number}.example.net') for number in range(PARALLEL)]
        self.assertEqual(self.import_at_once(*issued), [Action.CREATED] * PARALLEL)
        self.assertEqual((Certificate.objects.count(), Issuance.objects.count()), (PARALLEL, PARALLEL))


class ReportConcurrencyTestCase(CommittingTestCase):
    def setUp(self):
        super().setUp()
        self.reporter = superuser()

    def report_at_once(self, *reports) -> list[str]:
        """Send ``reports``, arguments of ``report()``, at the same time."""
        calls = [lambda each=each: retried(lambda: report(*each, user=self.reporter)).action for each in reports]
        return at_once(calls)

    def test_many_hosts_with_one_certificate(self):
        issued = issue_acme()
        actions = self.report_at_once(*[(f'web{number}', issued) for number in range(32)])
        self.assertEqual(sorted(actions), [Action.CREATED] + [Action.UNCHANGED] * 31)
        self.assertEqual(Certificate.objects.get().sources.count(), 32)

    def test_hosts_that_order_for_themselves(self):
        issued = [issue_acme(left=(50 + number) * DAY) for number in range(12)]
        self.report_at_once(*[(f'web{number}', each) for number, each in enumerate(issued)])
        for _round in range(2):
            issued = [successor(each) for each in issued]
            self.report_at_once(*[(f'web{number}', each) for number, each in enumerate(issued)])
        self.assertEqual(Certificate.objects.count(), 12)
        for number, each in enumerate(issued):
            self.assertEqual(source_of(f'web{number}').certificate.pem, each.pem)

    def test_merging(self):
        for turn in range(4):
            old = issue_acme(f'{turn}.example.net')
            certificate = report('issuer', old, 'client', turn, user=self.reporter).certificate
            copies = [(f'web{number}', 'copy', turn) for number in range(6)]
            for host, *rest in copies:
                report(host, old, *rest, user=self.reporter)
            new = successor(old)
            reports = [(host, new, *rest) for host, *rest in copies]
            self.report_at_once(*reports, ('issuer', new, 'client', turn), *reports)
            with self.subTest(turn):
                found = Certificate.objects.get(subject_alt_names=[f'{turn}.example.net'])
                self.assertEqual((found, found.pem), (certificate, new.pem))
                for source in CertificateSource.objects.filter(certificate=certificate):
                    self.assertEqual(source.issuance.pem, new.pem)
                self.assertEqual((found.sources.count(), found.issuances.count()), (7, 2))

    def test_separating(self):
        for turn in range(4):
            old = issue_acme(f'{turn}.example.net')
            hosts = [f'web{number}' for number in range(4)]
            for host in hosts:
                report(host, old, 'client', turn, user=self.reporter)
            own = {host: successor(old, later=(60 + number) * DAY) for number, host in enumerate(hosts)}
            self.report_at_once(*[(host, own[host], 'client', turn) for host in hosts])
            with self.subTest(turn):
                found = Certificate.objects.filter(subject_alt_names=[f'{turn}.example.net'])
                self.assertEqual(found.count(), 4)
                for host in hosts:
                    source = source_of(host, 'client', turn)
                    self.assertEqual((source.certificate.pem, source.issuance.pem), (own[host].pem, own[host].pem))

    def test_lists_in_opposite_orders(self):
        issued = [issue_acme(f'www{number}.example.net') for number in range(20)]
        renewed = [successor(each) for each in issued]
        for batch in (issued, renewed):
            items = [item(f'web{number}', each) for number, each in enumerate(batch)]
            calls = []
            for turn in range(8):
                ordered = items[:: -1 if turn % 2 else 1]
                take_in = intake.take_in_many if turn % 4 < 2 else intake.take_in_all
                calls.append(lambda take_in=take_in, ordered=ordered: retried(lambda: take_in(ordered, self.reporter)))
            for results in at_once(calls):
                self.assertFalse([each for each in results if isinstance(each, intake.Refusal)])
        self.assertEqual((Certificate.objects.count(), Issuance.objects.count()), (20, 40))


class SyncConcurrencyTestCase(CommittingTestCase):
    """Syncs of several hosts, each with the list of what its client still has, and reports at the same time."""

    HOSTS = 8

    def setUp(self):
        super().setUp()
        self.user = superuser()
        self.issued = issue_acme()
        for number in range(self.HOSTS):
            report(f'web{number}', self.issued, user=self.user)
        self.certificate = Certificate.objects.get()
        # Each is missing from a sync of the night before.
        CertificateSource.objects.update(missed_since=timezone.now() - DAY)

    def sync(self, number):
        return lambda: retried(lambda: sync_sources(f'certbot:web{number}:', [], self.user)).gone

    def test_all_hosts_delete_it(self):
        """The last one to leave is found, whichever it is: the certificate is unreported."""
        gone = at_once([self.sync(number) for number in range(self.HOSTS)])
        self.assertEqual([len(each) for each in gone], [1] * self.HOSTS)
        self.certificate.refresh_from_db()
        self.assertIsNotNone(self.certificate.unreported_since)

    def test_some_delete_it_while_others_renew_it(self):
        new = successor(self.issued)
        half = self.HOSTS // 2
        renewals = [
            lambda number=number: retried(lambda: report(f'web{number}', new, user=self.user)).action
            for number in range(half, self.HOSTS)
        ]
        at_once([*[self.sync(number) for number in range(half)], *renewals])
        certificate = Certificate.objects.get()
        self.assertEqual((certificate.pem, certificate.unreported_since), (new.pem, None))
        states = [source_of(f'web{number}').state for number in range(self.HOSTS)]
        self.assertEqual(states, ['gone'] * half + ['current'] * half)

    def test_all_delete_it_while_one_reports_it_again(self):
        def back():
            return retried(lambda: report('web0', self.issued, user=self.user))

        at_once([*[self.sync(number) for number in range(1, self.HOSTS)], back])
        self.certificate.refresh_from_db()
        self.assertIsNone(self.certificate.unreported_since)
        self.assertEqual(source_of('web0').state, 'current')

    def test_a_lineage_goes_on_under_another_name_while_others_report_it(self):
        new = successor(self.issued)
        CertificateSource.objects.exclude(external_id='certbot:web0:www').delete()
        # Its first report has created a certificate of its own.
        other = report('web0', new, 'client', 'www-0001', user=self.user).certificate
        self.assertNotEqual(other, self.certificate)

        def sync():
            return retried(lambda: sync_sources('certbot:web0:', ['certbot:web0:www-0001'], self.user))

        copies = [
            lambda number=number: retried(lambda: report(f'web{number}', new, 'copy', user=self.user))
            for number in range(self.HOSTS)
        ]
        at_once([sync, *copies])
        certificate = Certificate.objects.get()
        self.assertEqual((certificate, certificate.pem), (self.certificate, new.pem))
        self.assertEqual(certificate.sources.filter(gone_since=None).count(), self.HOSTS + 1)
        self.assertEqual(certificate.issuances.count(), 2)
