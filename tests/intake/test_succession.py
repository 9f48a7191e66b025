"""Which X.509 certificate of a certificate is the current one, and what becomes of its status."""

from datetime import timedelta

from django.utils import timezone

from netbox_ssl.intake import Action
from netbox_ssl.models import Certificate, CertificateSource
from tests.support.factories import DAY, in_house_ca, issue_acme, record, successor
from tests.support.identity import IdentityTestCase
from tests.support.reporting import report


class OrderTestCase(IdentityTestCase):
    def test_the_last_report_of_a_lone_client_is_current(self):
        for later in (timedelta(0), -timedelta(hours=1), -5 * DAY):
            for ca in (None, in_house_ca()):
                with self.subTest(later=later, ca=ca):
                    old = issue_acme()
                    certificate = report('web01', old).certificate
                    new = successor(old, later=later, ca=ca)
                    for _again in range(3):
                        report('web01', new)
                        self.assertCurrent(certificate, new)
                        self.assertHas('web01', certificate, new)
                    Certificate.objects.all().delete()

    def test_equal_starts_in_a_shared_lineage(self):
        old = issue_acme()
        certificate = report('web01', old).certificate
        report('web02', old)
        new = successor(old, later=timedelta(0))
        for host in ('web01', 'web02'):
            report(host, new)
        self.assertCurrent(certificate, new)

    def test_late_and_repeated_reports_do_no_harm(self):
        old = issue_acme()
        certificate = report('web01', old).certificate
        new = successor(old)
        for issued in (new, old, new, old, old, new):
            report('web01', issued)
            self.assertCurrent(certificate, new)

    def test_reports_out_of_order_are_corrected(self):
        old = issue_acme()
        certificate = report('web01', old).certificate
        late, new = successor(old, later=20 * DAY), successor(old, later=40 * DAY)
        report('web01', new)
        # Unknown and not expired, so the client may have it now
        report('web01', late)
        self.assertCurrent(certificate, late)
        report('web01', new)
        report('web01', new)
        self.assertCurrent(certificate, new)

    def test_an_expired_certificate_does_not_become_current(self):
        new = issue_acme()
        certificate = report('web01', new).certificate
        expired = successor(new, later=-90 * DAY)
        self.assertEqual(report('web01', expired).action, Action.HISTORY)
        self.assertCurrent(certificate, new)
        self.assertHas('web01', certificate, expired)


class ReactivationTestCase(IdentityTestCase):
    def test_a_dead_source_does_not_block_the_client(self):
        a = issue_acme()
        certificate = report('web01', a).certificate
        b = successor(a)
        report('web02', a)
        report('web02', b)
        certificate.refresh_from_db()
        certificate.status = 'retired'
        certificate.save()
        CertificateSource.objects.filter(external_id='certbot:web02:www').update(reported_at=timezone.now() - 60 * DAY)
        result = report('web01', issue_acme(left=130 * DAY))
        self.assertEqual((result.action, result.certificate), (Action.RENEWED, certificate))
        certificate.refresh_from_db()
        self.assertEqual(certificate.status, 'active')

    def test_a_newer_certificate_makes_it_active_again(self):
        for status in ('revoked', 'retired'):
            with self.subTest(status):
                old = issue_acme(f'{status}.example.net')
                certificate = report(status, old, acme_auto_renewal=True).certificate
                self.assertEqual(report(status, old, status=status).action, Action.UPDATED)
                # It stays so after another report of the same one.
                report(status, old)
                certificate.refresh_from_db()
                self.assertEqual(certificate.status, status)
                result = report(status, successor(old))
                self.assertEqual((result.action, result.certificate), (Action.RENEWED, certificate))
                self.assertIn('Active again', result.warnings[0])
                certificate.refresh_from_db()
                self.assertEqual((certificate.status, certificate.renewal_status), ('active', 'OK'))


class TypedTestCase(IdentityTestCase):
    def test_a_certificate_without_pem_is_completed(self):
        certificate = record('www.example.net', subject_alt_names=['www.example.net'])
        result = report('web01', issue_acme())
        self.assertEqual((result.action, result.certificate), (Action.RENEWED, certificate))
