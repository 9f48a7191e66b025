"""Reports that arrive in another order than the renewals leave no certificate behind that nothing reports."""

from django.test import TestCase
from extras.models import Tag

from netbox_ssl import intake
from netbox_ssl.intake import Action
from netbox_ssl.models import Certificate, Issuance
from tests.support.factories import DAY, in_house_ca, issue_acme, successor, superuser
from tests.support.reporting import item, report, source_of


def report_in_list(host, issued, *args, **options) -> intake.Result:
    """Report as in a list of many, together with an unrelated host."""
    other = item('elsewhere', issue_acme('elsewhere.example.net'))
    return intake.take_in_many([other, item(host, issued, *args, **options)], superuser())[1]


class ArrivalOrderTestCase(TestCase):
    def setUp(self):
        self.first = issue_acme()
        self.second, self.third, self.fourth = (successor(self.first, later=days * DAY) for days in (20, 40, 60))
        self.certificate = report('web01', self.first).certificate

    def assertOneLineage(self, current, *issued):
        """Assert that there is one certificate, with ``current`` and exactly these X.509 certificates."""
        certificate = Certificate.objects.get(subject_alt_names=['www.example.net'])
        self.assertEqual((certificate, certificate.pem), (self.certificate, current.pem))
        recorded = Issuance.objects.filter(certificate=certificate).order_by('valid_from')
        self.assertEqual([each.pem for each in recorded], [each.pem for each in issued])

    def test_a_copy_that_is_two_renewals_ahead_of_its_client(self):
        report('web02', self.first, 'copy')
        for issued, action in ((self.second, Action.CREATED), (self.third, Action.RENEWED)):
            self.assertEqual(report('web02', issued, 'copy').action, action)
            self.assertTrue(source_of('web02', 'copy').is_unexpected)
        self.assertEqual(Certificate.objects.count(), 2)
        result = report('web01', self.third)
        self.assertEqual((result.action, result.certificate), (Action.RENEWED, self.certificate))
        self.assertOneLineage(self.third, self.first, self.second, self.third)
        self.assertIn('was merged into it', ' '.join(result.warnings))

    def test_the_client_comes_one_renewal_after_the_other(self):
        report('web02', self.first, 'copy')
        for issued in (self.second, self.third):
            report('web02', issued, 'copy')
        # Its copy shows that there is a newer one already.
        report('web01', self.second)
        self.assertOneLineage(self.third, self.first, self.second, self.third)
        self.assertIsNotNone(source_of('web01').behind_since)
        self.assertIsNone(source_of('web02', 'copy').behind_since)
        report('web01', self.third)
        self.assertOneLineage(self.third, self.first, self.second, self.third)
        self.assertIsNone(source_of('web01').behind_since)

    def test_the_client_never_reports_what_its_copy_had(self):
        for send in (report, report_in_list):
            with self.subTest(send.__name__):
                report('web02', self.first, 'copy')
                report('web02', self.third, 'copy')
                report('web01', self.fourth)
                send('web02', self.fourth, 'copy')
                self.assertOneLineage(self.fourth, self.first, self.third, self.fourth)
                self.assertEqual(source_of('web02', 'copy').state, 'current')
            Certificate.objects.all().delete()
            self.certificate = report('web01', self.first).certificate

    def test_the_copy_never_reports_again(self):
        report('web02', self.first, 'copy')
        report('web02', self.third, 'copy')
        report('web01', self.fourth)
        self.assertOneLineage(self.fourth, self.first, self.third, self.fourth)
        self.assertIsNotNone(source_of('web02', 'copy').behind_since)

    def test_a_second_copy_of_what_the_client_never_reports(self):
        for host in ('web02', 'web03'):
            report(host, self.third, 'copy')
        report('web01', self.fourth)
        for host in ('web02', 'web03'):
            report(host, self.fourth, 'copy')
        self.assertOneLineage(self.fourth, self.first, self.third, self.fourth)

    def test_two_clients_of_one_storage_of_which_one_is_late(self):
        for send in (report, report_in_list):
            with self.subTest(send.__name__):
                report('web02', self.first)
                self.certificate.tags.add(Tag.objects.get_or_create(name='Payment', slug='payment')[0])
                report('web02', self.third)
                # From its spool: first, it looks as if it had ordered for itself.
                self.assertEqual(send('web01', self.second).action, Action.CREATED)
                result = send('web01', self.third)
                self.assertEqual(result.certificate, self.certificate)
                self.assertOneLineage(self.third, self.first, self.second, self.third)
                self.assertEqual(source_of('web01').certificate, self.certificate)
            Certificate.objects.all().delete()
            self.certificate = report('web01', self.first).certificate

    def test_a_certificate_that_a_person_edited_is_kept(self):
        report('web02', self.first, 'copy')
        other = report('web02', self.third, 'copy').certificate
        other = Certificate.objects.get(pk=other.pk)
        other.description = 'Mine'
        other.save()
        report('web01', self.fourth)
        result = report('web02', self.fourth, 'copy')
        self.assertEqual(result.certificate, self.certificate)
        self.assertTrue(Certificate.objects.filter(pk=other.pk).exists())
        self.assertIn(f'(ID {other.pk}) is no longer reported', ' '.join(result.warnings))

    def test_a_certificate_of_another_ca_is_kept(self):
        report('web02', self.first, 'copy')
        other = report('web02', successor(self.first, ca=in_house_ca(), later=40 * DAY), 'copy').certificate
        report('web01', self.fourth)
        result = report('web02', self.fourth, 'copy')
        self.assertIn(f'(ID {other.pk}) is no longer reported', ' '.join(result.warnings))
        other.refresh_from_db()
        self.assertIsNotNone(other.unreported_since)

    def test_a_host_that_ordered_for_itself_and_gets_a_copy_again(self):
        """Its own certificate has several issuances: it is kept, and shown as unreported."""
        report('web02', self.first)
        report('web01', self.fourth)
        own = [successor(self.first, later=days * DAY) for days in (61, 90)]
        other = [report('web02', each).certificate for each in own][-1]
        self.assertNotEqual(other, self.certificate)
        report('web02', self.fourth)
        report('web02', self.fourth)
        other.refresh_from_db()
        self.assertIsNotNone(other.unreported_since)
