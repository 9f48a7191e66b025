"""Certificates of another CA, of a staging CA, and self-signed ones are not renewals of each other."""

from datetime import timedelta

from django.utils import timezone

from netbox_ssl.intake import Action
from netbox_ssl.models import Certificate
from tests.support.certificate_factory import self_signed
from tests.support.factories import DAY, import_pem, in_house_ca, issue_acme, successor
from tests.support.identity import IdentityTestCase, staging
from tests.support.reporting import report, source_of


class IssuerTestCase(IdentityTestCase):
    def test_staging_of_a_test_host_does_not_touch_production(self):
        issued = issue_acme()
        certificate = report('web01', issued).certificate
        report('web02', issued)
        test = successor(issued, ca=staging())
        for host in ('test', 'web02'):
            with self.subTest(host):
                result = report(host, test)
                self.assertNotEqual(result.certificate, certificate)
        self.assertCurrent(certificate, issued)
        certificate.refresh_from_db()
        self.assertEqual(certificate.acme_provider, "Let's Encrypt")

    def test_a_host_back_from_staging_does_not_change_production(self):
        production = issue_acme()
        first = report('web01', production).certificate
        report('web02', production)
        tried = issue_acme(left=80 * DAY, ca=staging())
        second = report('web02', tried).certificate
        for _night in range(2):
            result = report('web02', production)
            self.assertEqual((result.action, result.certificate), (Action.UNCHANGED, first))
            report('web01', production)
        self.assertHas('web02', first, production)
        self.assertCurrent(first, production)
        self.assertCurrent(second, tried)
        self.assertOnce()

    def test_a_lone_host_back_from_staging_has_its_certificate_again(self):
        production = issue_acme()
        certificate = report('web01', production).certificate
        report('web01', issue_acme(left=80 * DAY, ca=staging()))
        self.assertEqual(report('web01', production).action, Action.UNCHANGED)
        self.assertEqual(report('web01', production).action, Action.RENEWED)
        self.assertCurrent(certificate, production)
        self.assertEqual(certificate.acme_provider, "Let's Encrypt")

    def test_the_staging_certificate_of_another_host_is_not_merged_into_production(self):
        production, tried = issue_acme(), issue_acme(left=80 * DAY, ca=staging())
        first, second = report('web01', production).certificate, report('web02', tried).certificate
        report('web01', tried)
        self.assertHas('web01', second, tried)
        self.assertCurrent(first, production)
        self.assertOnce()

    def test_a_host_that_falls_back_does_not_change_what_others_have(self):
        now = timezone.now().replace(microsecond=0)
        for kind, tried in (
            ('copy', issue_acme('copy.example.net', left=80 * DAY, ca=staging())),
            ('served', self_signed('served.example.net', now - DAY, now + 300 * DAY)),
            ('client', self_signed('client.example.net', now - DAY, now + 300 * DAY)),
        ):
            with self.subTest(kind):
                issued = issue_acme(f'{kind}.example.net')
                certificate = report('web01', issued, kind, kind).certificate
                report('web02', issued, kind, kind)
                result = report('web02', tried, kind, kind)
                self.assertEqual(result.action, Action.CREATED)
                self.assertTrue(result.warnings)
                self.assertCurrent(certificate, issued)
                source = source_of('web02', kind, kind)
                self.assertEqual((source.issuance.pem, source.is_unexpected), (tried.pem, kind != 'client'))
                for _night in range(2):
                    self.assertEqual(report('web02', issued, kind, kind).certificate, certificate)
                self.assertEqual(source_of('web02', kind, kind).state, 'current')
                self.assertCurrent(certificate, issued)

    def test_appliances_with_one_factory_certificate(self):
        now = timezone.now().replace(microsecond=0)
        factory = self_signed('localhost', now - 300 * DAY, now + 300 * DAY)
        certificate = report('appliance1', factory, 'served').certificate
        report('appliance2', factory, 'served')
        own = [self_signed('localhost', now - DAY, now + (300 + number) * DAY) for number in range(2)]
        self.assertNotEqual(report('appliance1', own[0], 'served').certificate, certificate)
        self.assertHas('appliance2', certificate, factory, 'served')
        # No other has the first one any more, so this is its renewal.
        self.assertEqual(report('appliance2', own[1], 'served').certificate, certificate)

    def test_a_corporate_ca_issues_a_separate_certificate(self):
        issued = issue_acme()
        certificate = report('web01', issued).certificate
        result = report('test', successor(issued, ca=in_house_ca()))
        self.assertEqual(result.action, Action.CREATED)
        self.assertCurrent(certificate, issued)

    def test_self_signed_certificates_of_three_appliances(self):
        now = timezone.now().replace(microsecond=0)
        issued = [self_signed('localhost', now - DAY, now + (300 + number) * DAY) for number in range(3)]
        for each in issued:
            self.assertEqual(import_pem(each).action, Action.CREATED)
        for number, each in enumerate(issued):
            self.assertEqual(report(f'appliance{number}', each, 'served').action, Action.UNCHANGED)
        self.assertEqual(Certificate.objects.count(), 3)

    def test_many_self_signed_certificates_with_one_name(self):
        now = timezone.now().replace(microsecond=0)
        for _number in range(30):
            old = self_signed('localhost', now - 300 * DAY, now + 60 * DAY)
            certificate = import_pem(old).certificate
        renewed = self_signed('localhost', now, now + 365 * DAY, key=old.key)
        result = import_pem(renewed)
        self.assertEqual((result.action, result.certificate), (Action.RENEWED, certificate))

    def test_a_pasted_certificate_of_another_ca_is_a_candidate(self):
        old = issue_acme()
        certificate = import_pem(old).certificate
        result = import_pem(successor(old, ca=in_house_ca()))
        self.assertEqual(result.action, Action.CREATED)
        self.assertEqual([each.certificate for each in result.candidates], [certificate])
        self.assertIn('another CA', result.candidates[0].reason)

    def test_a_client_may_change_the_ca(self):
        old = issue_acme()
        certificate = report('web01', old, acme_server_url='https://acme-v02.api.letsencrypt.org/directory').certificate
        new = successor(old, ca=in_house_ca(), later=timedelta(hours=1))
        result = report('web01', new, acme_server_url='https://acme.example.net/directory')
        self.assertEqual((result.action, result.certificate), (Action.RENEWED, certificate))
        certificate.refresh_from_db()
        self.assertEqual(
            (certificate.acme_provider, certificate.acme_server_url), ('', 'https://acme.example.net/directory')
        )
