"""Which certificate an X.509 certificate belongs to, and what importing it does."""

from core.models import ObjectChange
from cryptography.hazmat.primitives.hashes import SHA256
from django.core.exceptions import ValidationError
from django.test import TestCase
from django.utils import timezone
from extras.models import Tag
from tenancy.models import Tenant

from netbox_ssl.intake import Action
from netbox_ssl.models import Certificate, Issuance
from tests.support.announcements import AnnouncingTestMixin
from tests.support.factories import DAY, facts, import_pem, in_house_ca, issue_acme, record, successor, superuser


class TakingInTestCase(TestCase):
    def assertCounts(self, certificates, issuances):
        self.assertEqual((Certificate.objects.count(), Issuance.objects.count()), (certificates, issuances))

    def test_unknown_certificates_are_created(self):
        issued = issue_acme(['www.example.net', 'example.net'])
        result = import_pem(issued, acme_auto_renewal=True, description='The shop')
        certificate = Certificate.objects.get()
        self.assertEqual((result.action, result.certificate, result.candidates), (Action.CREATED, certificate, []))
        self.assertEqual(
            (certificate.name, certificate.pem, certificate.chain_pem, certificate.description),
            ('www.example.net', issued.pem, issued.chain_pem, 'The shop'),
        )
        self.assertEqual((certificate.is_acme, certificate.acme_provider), (True, "Let's Encrypt"))
        self.assertIsNone(certificate.acme_last_renewed)
        self.assertEqual(certificate.renewal_status, 'OK')

    def test_a_newer_certificate_with_the_same_names_renews_it(self):
        old = issue_acme(['www.example.net', 'example.net'])
        first = import_pem(old).certificate
        new = successor(old)
        result = import_pem(new)
        self.assertEqual((result.action, result.certificate), (Action.RENEWED, first))
        self.assertEqual(Certificate.objects.get().pem, new.pem)
        self.assertEqual([each.pem for each in first.issuances.all()], [new.pem, old.pem])

    def test_the_order_and_case_of_names_do_not_matter(self):
        old = issue_acme(['www.example.net', 'EXAMPLE.net'])
        import_pem(old)
        new = successor(issue_acme(['example.net', 'www.EXAMPLE.net']))
        self.assertEqual(import_pem(new).action, Action.RENEWED)

    def test_the_same_one_again_changes_nothing(self):
        issued = issue_acme()
        import_pem(issued, description='The shop')
        before = Certificate.objects.values().get()
        self.assertEqual(import_pem(issued).action, Action.UNCHANGED)
        self.assertEqual(import_pem(issued, description='The shop').action, Action.UNCHANGED)
        self.assertEqual(Certificate.objects.values().get(), before)
        self.assertCounts(1, 1)

    def test_with_other_settings_it_is_updated(self):
        issued = issue_acme()
        import_pem(issued)
        result = import_pem(issued, acme_auto_renewal=True)
        self.assertEqual(result.action, Action.UPDATED)
        certificate = Certificate.objects.get()
        self.assertTrue(certificate.acme_auto_renewal)
        self.assertIsNone(certificate.acme_last_renewed)
        self.assertCounts(1, 1)

    def test_an_older_certificate_joins_the_history_and_changes_nothing(self):
        new = issue_acme()
        old = successor(new, later=-60 * DAY)
        import_pem(new)
        before = Certificate.objects.values().get()
        result = import_pem(old, description='not taken')
        self.assertEqual(result.action, Action.HISTORY)
        self.assertEqual(Certificate.objects.values().get(), before)
        self.assertEqual([each.pem for each in Issuance.objects.all()], [new.pem, old.pem])
        # Imported again, it is known.
        self.assertEqual(import_pem(old).action, Action.UNCHANGED)
        self.assertEqual(Certificate.objects.get().pem, new.pem)
        self.assertCounts(1, 2)

    def test_the_order_of_arrival_does_not_matter(self):
        """Even if both start at the same time, as when a client reissues at once."""
        for later in (60 * DAY, 0 * DAY):
            first = issue_acme(f'{later.days}.example.net')
            second = successor(first, later=later)
            ends = []
            for order in ((first, second), (second, first)):
                for issued in order:
                    certificate = import_pem(issued).certificate
                ends.append(Certificate.objects.get(pk=certificate.pk).fingerprint_sha256)
                certificate.delete()
            with self.subTest(later=later):
                self.assertEqual(ends[0], ends[1])

    def test_other_names_are_another_certificate(self):
        import_pem(issue_acme('www.example.net'))
        self.assertEqual(import_pem(issue_acme(['www.example.net', 'example.net'])).action, Action.CREATED)
        self.assertCounts(2, 2)

    def test_rsa_and_ecdsa_twins_stay_separate(self):
        rsa, ecdsa = issue_acme(key_type='rsa'), issue_acme(key_type='ecdsa')
        self.assertEqual([import_pem(each).action for each in (rsa, ecdsa)], [Action.CREATED] * 2)
        for twin in (rsa, ecdsa):
            key_type = 'rsa' if twin is rsa else 'ecdsa'
            result = import_pem(successor(twin, key_type=key_type))
            self.assertEqual(result.action, Action.RENEWED)
            self.assertEqual(result.certificate.key_algorithm, key_type.upper())
        self.assertCounts(2, 4)

    def test_retired_and_revoked_ones_are_not_renewed(self):
        old = issue_acme()
        certificate = import_pem(old).certificate
        for status in ('retired', 'revoked'):
            Certificate.objects.filter(pk=certificate.pk).update(status=status)
            result = import_pem(successor(old))
            self.assertEqual(result.action, Action.CREATED)
            result.certificate.delete()

    def test_another_ca_creates_another_certificate(self):
        old = issue_acme()
        import_pem(old)
        self.assertEqual(import_pem(successor(old, ca=in_house_ca())).action, Action.CREATED)


class NamedTestCase(TestCase):
    def test_the_named_one_is_renewed_whatever_its_names(self):
        certificate = import_pem(issue_acme('old.example.net')).certificate
        new = issue_acme('new.example.net', left=61 * DAY)
        result = import_pem(new, certificate=certificate)
        self.assertEqual((result.action, result.certificate), (Action.RENEWED, certificate))
        self.assertEqual(Certificate.objects.get().subject_alt_names, ['new.example.net'])

    def test_not_when_another_has_it_already(self):
        issued = issue_acme('a.example.net')
        owner = import_pem(issued).certificate
        other = import_pem(issue_acme('b.example.net')).certificate
        with self.assertRaises(ValidationError) as caught:
            import_pem(issued, certificate=other)
        self.assertIn(f'(ID {owner.pk})', caught.exception.message_dict['certificate'][0])
        self.assertEqual(Issuance.objects.count(), 2)


class AmbiguityTestCase(TestCase):
    def test_a_new_one_is_created_and_the_candidates_are_listed(self):
        candidates = [record(name, subject_alt_names=['www.example.net'], key_algorithm='ECDSA') for name in 'ab']
        result = import_pem(issue_acme('www.example.net'))
        self.assertEqual(result.action, Action.CREATED)
        self.assertCountEqual([each.certificate for each in result.candidates], candidates)
        self.assertNotIn(result.certificate, candidates)

    def test_naming_a_candidate_renews_it(self):
        candidates = [record(name, subject_alt_names=['www.example.net'], key_algorithm='ECDSA') for name in 'ab']
        result = import_pem(issue_acme('www.example.net', left=61 * DAY), certificate=candidates[1])
        self.assertEqual((result.action, result.certificate), (Action.RENEWED, candidates[1]))


class TypedByHandTestCase(TestCase):
    def typed(self, **columns):
        certificate = Certificate(**{**facts(), **columns})
        certificate.full_clean()
        certificate.save()
        return certificate

    def test_its_pem_completes_it(self):
        issued = issue_acme('www.example.net', left=10 * DAY)
        for columns in (
            {'subject_alt_names': ['www.example.net'], 'key_algorithm': 'ECDSA'},
            # Empty fields do not matter.
            {'subject_alt_names': ['www.example.net']},
            {'fingerprint_sha256': issued.certificate.fingerprint(SHA256()).hex()},
        ):
            with self.subTest(columns=columns):
                typed = self.typed(description='kept', **columns)
                result = import_pem(issued)
                self.assertEqual((result.action, result.certificate), (Action.RENEWED, typed))
                typed.refresh_from_db()
                self.assertEqual((typed.pem, typed.name), (issued.pem, 'typed.example.net'))
                self.assertEqual((typed.description, typed.issuances.count()), ('kept', 1))
                # Additional data is not a renewal.
                self.assertIsNone(typed.acme_last_renewed)
                typed.delete()

    def test_another_key_algorithm_is_another_certificate(self):
        self.typed(subject_alt_names=['www.example.net'], key_algorithm='RSA')
        self.assertEqual(import_pem(issue_acme('www.example.net')).action, Action.CREATED)


class RenewalTestCase(TestCase):
    def test_settings_stay(self):
        old = issue_acme()
        certificate = import_pem(
            old,
            tenant=Tenant.objects.create(name='Tenant', slug='tenant'),
            tags=[Tag.objects.create(name='Tag', slug='tag')],
            acme_auto_renewal=True,
            acme_challenge_type='dns-01',
            acme_account_email='acme@example.net',
            acme_renewal_days=20,
            description='The shop',
            comments='Behind the proxy',
            name='Shop',
            custom_field_data={'colour': 'blue'},
        ).certificate
        kept = ('name', 'tenant', 'status', 'description', 'comments', 'custom_field_data', 'acme_renewal_days')
        kept += ('acme_auto_renewal', 'acme_challenge_type', 'acme_account_email', 'is_acme', 'acme_provider')
        before = {name: getattr(certificate, name) for name in kept}
        new = successor(old, later=50 * DAY)
        import_pem(new)
        renewed = Certificate.objects.get(pk=certificate.pk)
        self.assertEqual({name: getattr(renewed, name) for name in kept}, before)
        self.assertEqual([tag.name for tag in renewed.tags.all()], ['Tag'])
        self.assertEqual(renewed.valid_to, new.certificate.not_valid_after_utc)

    def test_the_time_of_renewal_is_recorded(self):
        old = issue_acme()
        import_pem(old)
        new = successor(old, later=20 * DAY)
        certificate = import_pem(new).certificate
        self.assertEqual(certificate.acme_last_renewed, new.certificate.not_valid_before_utc)

    def test_never_in_the_future(self):
        old = issue_acme()
        import_pem(old)
        certificate = import_pem(successor(old, later=300 * DAY)).certificate
        self.assertLessEqual(certificate.acme_last_renewed, timezone.now())

    def test_the_request_may_set_the_time(self):
        old = issue_acme()
        import_pem(old)
        moment = timezone.now() - 5 * DAY
        self.assertEqual(import_pem(successor(old), acme_last_renewed=moment).certificate.acme_last_renewed, moment)

    def test_without_acme_no_time_is_recorded(self):
        old = issue_acme(ca=in_house_ca())
        import_pem(old)
        self.assertIsNone(import_pem(successor(old, ca=in_house_ca())).certificate.acme_last_renewed)


class ChangeLogTestCase(TestCase):
    """The change log, within a request as created by NetBox's middleware."""

    def import_in_request(self, issued, **attributes):
        self.user = superuser()
        with AnnouncingTestMixin.request(self):
            return import_pem(issued, **attributes)

    def test_a_renewal_is_one_entry(self):
        old = issue_acme()
        certificate = self.import_in_request(old, acme_auto_renewal=True).certificate
        ObjectChange.objects.all().delete()
        new = successor(old)
        self.import_in_request(new)
        change = ObjectChange.objects.get()
        self.assertEqual((change.changed_object, change.action), (certificate, 'update'))
        self.assertEqual((change.prechange_data['pem'], change.postchange_data['pem']), (old.pem, new.pem))

    def test_no_proposal_without_changes(self):
        new = issue_acme()
        self.import_in_request(new)
        ObjectChange.objects.all().delete()
        self.import_in_request(new)
        self.import_in_request(successor(new, later=-60 * DAY))
        self.assertFalse(ObjectChange.objects.exists())
