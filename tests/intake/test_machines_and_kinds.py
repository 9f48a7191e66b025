"""The machine and the kind that a report gives of its source."""

from dataclasses import replace

from django.core.exceptions import ValidationError
from django.utils import timezone

from netbox_ssl import intake
from netbox_ssl.intake import Action
from netbox_ssl.models import CertificateSource
from tests.support.factories import DAY, issue_acme, successor, superuser
from tests.support.identity import IdentityTestCase
from tests.support.reporting import item, report, source_of


class MachineTestCase(IdentityTestCase):
    def test_another_machine_is_refused(self):
        report('web01', issue_acme(), machine_id='a' * 64)
        with self.assertRaises(ValidationError) as caught:
            report('web01', issue_acme(), machine_id='b' * 64)
        self.assertEqual(list(caught.exception.message_dict), ['external_id'])
        self.assertIn('NETBOX_ACME_SOURCE', str(caught.exception))

    def test_another_machine_is_accepted_if_the_first_one_is_silent(self):
        issued = issue_acme()
        certificate = report('web01', issued, machine_id='a' * 64).certificate
        CertificateSource.objects.update(reported_at=timezone.now() - 60 * DAY)
        self.assertEqual(report('web01', successor(issued), machine_id='b' * 64).certificate, certificate)
        self.assertEqual(source_of('web01').machine_id, 'b' * 64)

    def test_another_machine_is_accepted_if_no_reports_are_expected(self):
        certificate = report('web01', issue_acme(), machine_id='one').certificate
        certificate.status = 'retired'
        certificate.save()
        CertificateSource.objects.update(reported_at=timezone.now() - 60 * DAY)
        report('web01', issue_acme(left=70 * DAY), machine_id='two')
        self.assertEqual(source_of('web01').machine_id, 'two')

    def test_an_unknown_machine_is_recorded(self):
        issued = issue_acme()
        report('web01', issued)
        leaf = intake.read_single(issued.pem)
        item = intake.Item(leaf, external_id='certbot:web01:www', machine_id='a' * 64)
        intake.take_in_many([item], superuser())
        self.assertEqual(source_of('web01').machine_id, 'a' * 64)

    def test_a_report_without_a_machine_is_accepted(self):
        issued = issue_acme()
        report('web01', issued, machine_id='a' * 64)
        self.assertEqual(report('web01', issued).action, Action.UNCHANGED)
        self.assertEqual(source_of('web01').machine_id, 'a' * 64)


class KindTestCase(IdentityTestCase):
    def test_it_follows_from_the_client(self):
        for client, kind in (('certbot', 'client'), ('files', 'copy'), ('folder', 'copy'), ('monitor', 'served')):
            leaf = intake.read_single(issue_acme(f'{client}.example.net').pem)
            intake.take_in(leaf, superuser(), external_id=f'{client}:web01:x')
            self.assertEqual(CertificateSource.objects.get(client=client).kind, kind)

    def test_a_report_is_judged_by_its_own_kind(self):
        a = issue_acme()
        certificate = report('web01', a).certificate
        report('web02', a)
        b = successor(a)
        result = intake.take_in_item(replace(item('web02', b), kind='copy'), superuser())
        self.assertEqual(result.action, Action.CREATED)
        self.assertCurrent(certificate, a)
        self.assertHas('web02', certificate, b)
        self.assertEqual(source_of('web02').kind, 'copy')
