"""The certificate that the first report or a pasted certificate renews, and the likely ones if that is uncertain."""

from netbox_ssl import intake
from netbox_ssl.intake import Action
from netbox_ssl.models import Certificate
from tests.support.certificate_factory import make_ca
from tests.support.factories import DAY, import_pem, in_house_ca, issue_acme, successor, superuser
from tests.support.identity import IdentityTestCase
from tests.support.reporting import report


class FirstReportTestCase(IdentityTestCase):
    def test_the_first_report_after_a_paste_renews_the_pasted_certificate(self):
        old = issue_acme()
        certificate = import_pem(old).certificate
        result = report('web01', successor(old))
        self.assertEqual((result.action, result.certificate), (Action.RENEWED, certificate))
        # The next host is a separate one.
        result = report('web02', successor(old, later=61 * DAY))
        self.assertEqual(result.action, Action.CREATED)
        self.assertIn('other sources report it', result.candidates[0].reason)

    def test_what_a_copy_has_before_its_client_is_not_renewed_by_another_host(self):
        old = issue_acme()
        certificate = report('issuer', old).certificate
        report('web01', old, 'copy')
        new = successor(old)
        ahead = report('web01', new, 'copy').certificate
        own = successor(old, later=61 * DAY)
        result = report('web02', own)
        self.assertEqual(result.action, Action.CREATED)
        self.assertNotIn(result.certificate, (certificate, ahead))
        self.assertEqual(report('issuer', new).certificate, certificate)
        self.assertCurrent(certificate, new)
        self.assertHas('web02', result.certificate, own)
        self.assertEqual(Certificate.objects.count(), 2)

    def test_a_pasted_certificate_renews_a_reported_one(self):
        old = issue_acme()
        certificate = report('web01', old).certificate
        self.assertEqual(import_pem(successor(old)).certificate, certificate)

    def test_a_lone_copy_is_renewed_by_its_reports(self):
        issued = issue_acme()
        certificate = report('web01', issued, 'copy').certificate
        for _round in range(3):
            issued = successor(issued)
            self.assertEqual(report('web01', issued, 'copy').certificate, certificate)


class CandidatesTestCase(IdentityTestCase):
    def reasons(self, issued, **attributes):
        result = import_pem(issued, **attributes)
        self.assertEqual(result.action, Action.CREATED)
        return [(each.certificate.name, each.reason) for each in result.candidates]

    def test_another_type_of_key(self):
        import_pem(issue_acme(key_type='rsa'))
        self.assertEqual(
            self.reasons(issue_acme(left=80 * DAY)),
            [('www.example.net', 'It has the same names, but another type of key (RSA).')],
        )

    def test_one_that_was_revoked(self):
        old = issue_acme()
        certificate = import_pem(old).certificate
        Certificate.objects.update(status='revoked')
        renewed = successor(old)
        self.assertEqual(self.reasons(renewed), [('www.example.net', 'It has the same names, but is marked Revoked.')])
        result = import_pem(successor(old, later=61 * DAY), certificate=certificate)
        certificate.refresh_from_db()
        self.assertEqual((result.action, certificate.status), (Action.RENEWED, 'active'))

    def test_active_ones_come_first(self):
        retired = import_pem(issue_acme(left=80 * DAY)).certificate
        Certificate.objects.update(status='retired')
        active = import_pem(issue_acme(ca=in_house_ca())).certificate
        result = import_pem(issue_acme(left=85 * DAY, ca=make_ca('ZeroSSL', 'ZeroSSL RSA Domain Secure Site CA')))
        self.assertEqual([each.certificate for each in result.candidates], [active, retired])

    def test_one_more_name(self):
        import_pem(issue_acme('www.example.net'))
        self.assertEqual(
            self.reasons(issue_acme(['www.example.net', 'shop.example.net'], left=80 * DAY)),
            [('www.example.net', 'It has names in common: www.example.net')],
        )

    def test_candidates_of_many_at_once(self):
        import_pem(issue_acme('www.example.net'))
        leaves = [
            intake.read_single(issue_acme(names, left=80 * DAY).pem)
            for names in (['www.example.net', 'a.example.net'], ['b.example.net'])
        ]
        results = intake.take_in_many([intake.Item(leaf) for leaf in leaves], superuser())
        self.assertEqual([len(each.candidates) for each in results], [1, 0])

    def test_the_user_chooses_that_it_is_new(self):
        old = issue_acme()
        import_pem(old)
        item = intake.Item(intake.read_single(successor(old).pem), is_new=True)
        self.assertEqual(intake.take_in_item(item, superuser()).action, Action.CREATED)
        item = intake.Item(intake.read_single(old.pem), is_new=True)
        self.assertEqual(intake.take_in_many([item], superuser())[0].action, Action.UNCHANGED)
