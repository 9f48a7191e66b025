"""Saving, cloning, restoring and serialising certificates; their issuances."""

from django.db import IntegrityError
from django.test import TestCase
from django.utils import timezone
from utilities.exceptions import AbortRequest
from utilities.serialization import deserialize_object

from netbox_ssl.models import Certificate, Issuance
from tests.support.factories import DAY, LIFETIME, end_chain, import_pem, issue_acme, record, successor


class IssuanceTestCase(TestCase):
    def test_the_current_one_is_among_them(self):
        issued = issue_acme()
        certificate = Certificate(pem=issued.fullchain_pem)
        certificate.full_clean()
        certificate.save()
        issuance = certificate.issuances.get()
        self.assertTrue(issuance.is_current)
        self.assertEqual((issuance.pem, issuance.chain_pem), (issued.pem, issued.chain_pem))
        self.assertEqual(issuance.lifetime, LIFETIME)
        certificate.save()
        self.assertEqual(certificate.issuances.count(), 1)

    def test_a_certificate_entered_by_hand_has_none(self):
        self.assertFalse(record().issuances.exists())

    def test_another_pem_by_edit_is_a_renewal(self):
        old = issue_acme()
        certificate = import_pem(old, acme_auto_renewal=True).certificate
        new = successor(old, later=50 * DAY)
        certificate.snapshot()
        certificate.pem = new.pem
        certificate.full_clean()
        certificate.save()
        self.assertEqual([each.pem for each in certificate.issuances.all()], [new.pem, old.pem])
        self.assertEqual([each.is_current for each in certificate.issuances.all()], [True, False])
        self.assertAlmostEqual(certificate.acme_last_renewed, timezone.now(), delta=DAY)

    def test_they_are_deleted_with_their_certificate(self):
        certificate = import_pem(issue_acme()).certificate
        certificate.delete()
        self.assertFalse(Issuance.objects.exists())

    def test_a_race_for_the_same_certificate_is_not_a_server_error(self):
        import_pem(issue_acme())
        twin = Certificate(name='x', valid_from=timezone.now(), valid_to=timezone.now())
        twin.fingerprint_sha256 = Issuance.objects.get().fingerprint_sha256
        with self.assertRaises(AbortRequest):
            twin.save()

    def test_other_integrity_errors_are_raised(self):
        certificate = record()
        certificate.acme_renewal_days = 9999
        with self.assertRaises(IntegrityError):
            certificate.save()


class RenewalTestCase(TestCase):
    def test_stored_times_are_those_of_the_rule(self):
        for columns in ({}, {'acme_renewal_days': 10}, {'ari_window_start': timezone.now()}):
            with self.subTest(columns=columns):
                certificate = record(**columns)
                certificate.refresh_from_db()
                self.assertEqual(certificate.renewal_due_at, certificate.due_at())
                self.assertEqual(certificate.renewal_overdue_at, certificate.overdue_at())

    def test_no_renewal_is_due_where_no_client_renews(self):
        for columns in ({'acme_auto_renewal': False}, {'is_acme': False, 'acme_auto_renewal': False}):
            with self.subTest(columns=columns):
                certificate = Certificate.objects.get(pk=record(**columns).pk)
                self.assertEqual((certificate.renewal_due_at, certificate.renewal_overdue_at), (None, None))

    def test_overdue(self):
        for left, overdue in ((60 * DAY, False), (20 * DAY, False), (10 * DAY, True), (-DAY, False)):
            with self.subTest(left=left):
                self.assertEqual(record(left=left).renewal_overdue, overdue)

    def test_a_chain_that_has_expired_is_red(self):
        bought = {'is_acme': False, 'acme_auto_renewal': False}
        for name, columns, left, color in (
            ('marks', bought, -DAY, 'red'),
            # No mark counts, so that its validity is Valid.
            ('automatic', {}, -DAY, 'red'),
            ('ahead', bought, 5 * DAY, 'yellow'),
            ('far', bought, 40 * DAY, 'green'),
            ('future', {'valid_from': timezone.now() + DAY, **bought}, -DAY, 'cyan'),
        ):
            with self.subTest(name):
                self.assertEqual(end_chain(record(name, **columns), left).get_validity_color(), color)

    def test_only_active_certificates_are_green(self):
        for status, left, color in (
            ('active', 80, 'green'),
            ('revoked', 80, 'secondary'),
            ('retired', 80, 'secondary'),
            ('revoked', -1, 'red'),
        ):
            with self.subTest(status=status, left=left):
                self.assertEqual(record(status=status, left=left * DAY).get_validity_color(), color)

    def test_colour_and_label(self):
        certificate = record(left=-DAY)
        self.assertEqual(certificate.get_renewal_status_color(), 'red')
        self.assertEqual(str(certificate.get_renewal_status_display()), 'Expired')
        self.assertIsNone(record(is_acme=False, acme_auto_renewal=False).get_renewal_status_display())


class SerialisingTestCase(TestCase):
    def test_manual_is_not_calm_blue_when_it_expires_soon(self):
        for left, color in ((60 * DAY, 'blue'), (5 * DAY, 'yellow')):
            with self.subTest(left):
                certificate = record(f'{left}', left, acme_auto_renewal=False)
                self.assertEqual(
                    (certificate.renewal_status, certificate.get_renewal_status_color()), ('Manual', color)
                )

    def test_the_change_log_has_the_status_and_no_bookkeeping(self):
        data = record(left=-DAY).serialize_object()
        self.assertEqual(data['renewal_status'], 'Expired')
        self.assertFalse(set(data) & set(Certificate.ANNOUNCED_FIELDS))
        self.assertNotIn('renewal_status', record().serialize_object(exclude=['renewal_status']))

    def test_it_can_be_restored_from_it(self):
        certificate = record(left=20 * DAY)
        data = certificate.serialize_object()
        certificate.delete()
        deserialize_object(Certificate, data, pk=certificate.pk).save()
        self.assertEqual(Certificate.objects.get().renewal_status, 'Due')

    def test_cloning_keeps_the_settings_and_not_the_certificate(self):
        settings = {
            'is_acme': True,
            'acme_provider': 'ZeroSSL',
            'acme_account_email': 'acme@example.net',
            'acme_challenge_type': 'dns-01',
            'acme_server_url': 'https://acme.zerossl.com/v2/DV90',
            'acme_auto_renewal': True,
            'acme_renewal_days': 20,
        }
        certificate = import_pem(issue_acme(), **settings, description='x').certificate
        cloned = certificate.clone()
        for name, value in settings.items():
            self.assertEqual(cloned[name], value, name)
        self.assertFalse(set(cloned) & {'name', 'pem', 'serial_number', 'fingerprint_sha256', 'acme_last_renewed'})
