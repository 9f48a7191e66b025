"""The end of the chain is stored with the certificate, warned of, and moves with a newer chain."""

from datetime import timedelta

from django.test import TestCase
from django.utils import timezone

from netbox_ssl import intake
from netbox_ssl.filtersets import CertificateFilterSet
from netbox_ssl.intake.dry_run import Preview
from netbox_ssl.models import Certificate, Issuance
from tests.support.certificate_factory import make_ca, make_root
from tests.support.factories import DAY, import_pem, issue_acme, record, superuser

ROOT = make_root('Example Corp', 'Example Root')
CA = make_ca('Example Corp', 'Example Issuing CA', issuer=ROOT)


def ca_until(left: timedelta):
    """Return the CA with the same name and key, but another expiry."""
    valid_to = timezone.now().replace(microsecond=0) + left
    return make_ca('Example Corp', 'Example Issuing CA', issuer=ROOT, key=CA.key, valid_to=valid_to)


class ChainTestCase(TestCase):
    def setUp(self):
        self.short, self.long = ca_until(20 * DAY), ca_until(900 * DAY)
        self.issued = issue_acme(ca=CA)

    def take(self, ca, one_by_one=True) -> intake.Result:
        item = intake.Item(intake.read_single(self.issued.pem + ca.pem))
        take = intake.take_in_all if one_by_one else intake.take_in_many
        return take([item], superuser())[0]

    def stored(self) -> Certificate:
        return Certificate.objects.get()

    def test_a_chain_that_expires_first_is_a_warning(self):
        result = self.take(self.short)
        end = self.short.certificate.not_valid_after_utc
        self.assertEqual(self.stored().chain_valid_to, end)
        self.assertEqual(Issuance.objects.get().chain_valid_to, end)
        self.assertTrue(self.stored().chain_ends_first)
        [warning] = result.warnings
        self.assertIn(f'“Example Issuing CA” is valid to {end:%Y-%m-%d}', warning)

    def test_a_longer_chain_is_not(self):
        self.assertEqual(self.take(self.long).warnings, [])
        self.assertFalse(self.stored().chain_ends_first)

    def test_without_a_chain_nothing_is_known(self):
        import_pem(self.issued.pem)
        self.assertIsNone(self.stored().chain_valid_to)
        self.assertFalse(self.stored().chain_ends_first)

    def test_a_chain_that_is_valid_for_longer_replaces_the_stored_one(self):
        for one_by_one in (True, False):
            with self.subTest(one_by_one=one_by_one):
                Certificate.objects.all().delete()
                actions = [self.take(ca, one_by_one).action for ca in (self.short, self.long, self.long, self.short)]
                self.assertEqual(actions, ['created', 'updated', 'unchanged', 'unchanged'])
                self.assertEqual(self.stored().chain_pem, self.long.pem)
                self.assertEqual(self.stored().chain_valid_to, self.long.certificate.not_valid_after_utc)

    def test_a_dry_run_shows_the_update(self):
        self.take(self.short)
        item = intake.Item(intake.read_single(self.issued.pem + self.long.pem))
        self.assertEqual(Preview(superuser()).action(item), 'updated')

    def test_written_together_as_one_at_a_time(self):
        self.take(self.short, one_by_one=False)
        end = self.short.certificate.not_valid_after_utc
        self.assertEqual((self.stored().chain_valid_to, Issuance.objects.get().chain_valid_to), (end, end))

    def test_removing_the_pem_removes_the_end_of_the_chain(self):
        self.take(self.short)
        certificate = self.stored()
        certificate.snapshot()
        certificate.pem = certificate.chain_pem = ''
        certificate.full_clean()
        certificate.save()
        self.assertIsNone(self.stored().chain_valid_to)

    def test_filters(self):
        self.take(self.short)
        record('without.example.net')
        for value, names in (('true', {'www.example.net'}), ('false', {'without.example.net'})):
            found = CertificateFilterSet({'chain_ends_first': value}, Certificate.objects.all()).qs
            self.assertEqual({each.name for each in found}, names)
