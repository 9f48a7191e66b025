"""Settings that belong to the CA follow it, unless a person has set them."""

from django.core.exceptions import ValidationError
from django.utils import timezone

from tests.support.certificate_factory import make_ca
from tests.support.factories import DAY, import_pem, in_house_ca, issue_acme, successor
from tests.support.identity import IdentityTestCase
from tests.support.reporting import report


class SettingsFollowTestCase(IdentityTestCase):
    def test_values_that_were_not_set_are_replaced_or_cleared(self):
        old = issue_acme()
        certificate = report('web01', old).certificate
        zerossl = make_ca('ZeroSSL', 'ZeroSSL RSA Domain Secure Site CA')
        for ca, expected in (
            (zerossl, (True, 'ZeroSSL')),
            (in_house_ca(), (False, '')),
            (None, (True, "Let's Encrypt")),
        ):
            old = successor(old, later=DAY, ca=ca)
            result = report('web01', old)
            self.assertEqual(result.warnings, [])
            certificate.refresh_from_db()
            self.assertEqual((certificate.is_acme, certificate.acme_provider), expected)
            self.assertEqual(certificate.acme_pinned_fields, [])

    def test_values_set_by_a_person_are_kept_with_a_warning(self):
        old = issue_acme()
        certificate = import_pem(
            old, acme_server_url='https://acme-v02.api.letsencrypt.org/directory', acme_auto_renewal=True
        ).certificate
        result = import_pem(successor(old, ca=in_house_ca()), certificate=certificate)
        certificate.refresh_from_db()
        self.assertEqual(certificate.acme_server_url, 'https://acme-v02.api.letsencrypt.org/directory')
        self.assertIn('another CA', result.warnings[0])
        for label in ('server URL', 'auto-renewal', 'is ACME'):
            self.assertIn(label, result.warnings[0])

    def test_a_reported_server_url_goes_with_its_ca(self):
        old = issue_acme()
        certificate = report('web01', old, acme_server_url='https://acme-v02.api.letsencrypt.org/directory').certificate
        report('web01', successor(old, ca=in_house_ca()))
        certificate.refresh_from_db()
        self.assertEqual(certificate.acme_server_url, '')

    def test_an_impossible_time_of_renewal_is_refused(self):
        for moment in (timezone.now().replace(year=2014), timezone.now() + 2 * DAY):
            with self.subTest(moment), self.assertRaises(ValidationError) as caught:
                report('web01', issue_acme(), acme_last_renewed=moment)
            self.assertEqual(list(caught.exception.message_dict), ['acme_last_renewed'])

    def test_a_wrong_time_is_corrected_by_the_next_report(self):
        issued = issue_acme()
        certificate = report('web01', issued, acme_last_renewed=timezone.now().replace(year=2020)).certificate
        right = timezone.now() - 29 * DAY
        for moment in (right, timezone.now() - 28 * DAY):
            report('web01', issued, acme_last_renewed=moment)
        certificate.refresh_from_db()
        # The second host has a different time; the first one counts.
        self.assertEqual(certificate.acme_last_renewed, right)
