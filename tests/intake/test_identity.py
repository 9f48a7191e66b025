"""Which certificate a report belongs to, and what each host really has: real situations over several renewals."""

from dataclasses import replace
from datetime import timedelta

from core.models import ObjectChange, ObjectType
from dcim.models import Device
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.test import TestCase
from django.utils import timezone
from extras.models import Bookmark, CustomField, JournalEntry, Tag
from tenancy.models import Contact, ContactAssignment, ContactRole, Tenant
from utilities.testing import create_test_device

from netbox_ssl import intake
from netbox_ssl.intake import Action
from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource, Issuance
from tests.support.certificate_factory import make_ca, self_signed
from tests.support.factories import DAY, import_pem, in_house_ca, issue_acme, record, successor, superuser
from tests.support.reporting import item, report, source_of


def staging():
    return make_ca("(STAGING) Let's Encrypt", '(STAGING) Wannabe Watercress R11')


class IdentityTestCase(TestCase):
    def assertHas(self, host, certificate, issued, kind='client'):
        """Assert that the source of ``host`` belongs to ``certificate`` and has ``issued``."""
        source = source_of(host, kind)
        self.assertEqual((source.certificate, source.issuance.pem), (certificate, issued.pem))

    def assertCurrent(self, certificate, issued):
        certificate.refresh_from_db()
        self.assertEqual(certificate.pem, issued.pem)

    def assertOnce(self):
        """Assert that no X.509 certificate belongs to two certificates, and each current one is in its history."""
        for certificate in Certificate.objects.exclude(pem=''):
            issuance = Issuance.objects.get(fingerprint_sha256=certificate.fingerprint_sha256)
            self.assertEqual(issuance.certificate, certificate)


class OwnOrdersTestCase(IdentityTestCase):
    def test_hosts_that_order_for_themselves_have_separate_certificates(self):
        a, b = issue_acme(), issue_acme(left=61 * DAY)
        first, second = report('web01', a), report('web02', b)
        self.assertEqual([first.action, second.action], [Action.CREATED] * 2)
        self.assertNotEqual(first.certificate, second.certificate)
        for _round in range(3):
            a, b = successor(a), successor(b)
            self.assertEqual([report('web02', b).action, report('web01', a).action], [Action.RENEWED] * 2)
        self.assertCurrent(first.certificate, a)
        self.assertCurrent(second.certificate, b)
        self.assertEqual(Certificate.objects.count(), 2)
        # One host stops; the others do not renew its certificate.
        for _round in range(2):
            b = successor(b)
            report('web02', b)
        self.assertCurrent(first.certificate, a)
        self.assertOnce()

    def test_a_host_with_a_copy_that_then_orders_for_itself_is_separated(self):
        a = issue_acme()
        tenant = Tenant.objects.create(name='Shop', slug='shop')
        first = report('web01', a, tenant=tenant, description='The shop', acme_auto_renewal=True).certificate
        first.tags.add(Tag.objects.create(name='Payment', slug='payment'))
        device = create_test_device('web01')
        CertificateAssignment.objects.create(certificate=first, assigned_object=device, primary=True, note='tcp/443')
        contact = Contact.objects.create(name='Jane')
        ContactAssignment.objects.create(
            object=first, contact=contact, role=ContactRole.objects.create(name='Admin', slug='admin')
        )
        self.assertEqual(report('web02', a).action, Action.UNCHANGED)
        a = successor(a)
        report('web01', a)
        own = issue_acme(left=62 * DAY)
        result = report('web02', own)
        self.assertEqual(result.action, Action.CREATED)
        self.assertIn('now has a separate', result.warnings[0])
        second = Certificate.objects.get(pk=result.certificate.pk)
        self.assertNotEqual(second, first)
        self.assertEqual(
            (second.tenant, second.description, second.acme_auto_renewal, second.acme_last_renewed),
            (tenant, 'The shop', True, second.valid_from),
        )
        self.assertEqual([tag.name for tag in second.tags.all()], ['Payment'])
        self.assertEqual([each.contact for each in second.contacts.all()], [contact])
        assigned = second.assignments.get()
        self.assertEqual((assigned.assigned_object, assigned.note, assigned.primary), (device, 'tcp/443', False))
        self.assertTrue(first.assignments.get().primary)
        self.assertHas('web01', first, a)
        self.assertHas('web02', second, own)
        # From now on they are independent.
        for _round in range(2):
            a, own = successor(a), successor(own)
            self.assertEqual([report('web02', own).action, report('web01', a).action], [Action.RENEWED] * 2)
        self.assertCurrent(first, a)
        self.assertCurrent(second, own)
        self.assertOnce()

    def test_unique_custom_fields_are_not_copied(self):
        number, team = (CustomField.objects.create(name=name, type='text') for name in ('number', 'team'))
        CustomField.objects.filter(pk=number.pk).update(unique=True)
        for each in (number, team):
            each.object_types.set([ObjectType.objects.get_for_model(Certificate)])
        a = issue_acme()
        first = report('web01', a, custom_field_data={'number': 'A1', 'team': 'Shop'}).certificate
        report('web02', a)
        report('web01', successor(a))
        second = report('web02', issue_acme(left=62 * DAY)).certificate
        self.assertNotEqual(second, first)
        self.assertEqual((second.cf['number'], second.cf['team']), (None, 'Shop'))

    def test_a_host_that_gets_the_certificate_of_another_moves_to_it(self):
        a, b = issue_acme(), issue_acme(left=61 * DAY)
        first, second = report('web01', a).certificate, report('web02', b).certificate
        result = report('web02', a)
        self.assertEqual((result.action, result.certificate), (Action.UNCHANGED, first))
        self.assertIn('and now reports', result.warnings[0])
        self.assertHas('web01', first, a)
        self.assertHas('web02', first, a)
        self.assertCurrent(second, b)
        self.assertOnce()

    def test_a_host_that_is_alone_again_keeps_its_certificate(self):
        a = issue_acme()
        certificate = report('web01', a).certificate
        report('web02', a)
        b = successor(a)
        report('web01', b)
        long_ago = timezone.now() - 60 * DAY
        CertificateSource.objects.filter(external_id='certbot:web01:www').update(reported_at=long_ago)
        own = successor(a, later=61 * DAY)
        result = report('web02', own)
        self.assertEqual((result.action, result.certificate), (Action.RENEWED, certificate))


class SharedLineageTestCase(IdentityTestCase):
    """Several hosts report one lineage, in any order."""

    def test_the_issuer_adds_a_name_and_the_copies_follow(self):
        old = issue_acme('www.example.net')
        certificate = report('issuer', old).certificate
        for host in ('web01', 'web02'):
            report(host, old, 'copy')
        new = issue_acme(['www.example.net', 'shop.example.net'], left=80 * DAY)
        result = report('issuer', new)
        self.assertEqual((result.action, result.certificate), (Action.RENEWED, certificate))
        self.assertHas('web01', certificate, old, 'copy')
        report('web01', new, 'copy')
        self.assertHas('web01', certificate, new, 'copy')
        self.assertEqual(Certificate.objects.count(), 1)

    def test_a_copy_that_comes_first_is_merged_when_the_client_reports(self):
        old = issue_acme('www.example.net')
        certificate = report('issuer', old, acme_auto_renewal=True).certificate
        report('web01', old, 'copy')
        new = issue_acme(['www.example.net', 'shop.example.net'], left=80 * DAY)
        first = report('web01', new, 'copy')
        self.assertEqual(first.action, Action.CREATED)
        self.assertHas('web01', certificate, new, 'copy')
        self.assertCurrent(certificate, old)
        # Another report changes nothing.
        self.assertEqual(report('web01', new, 'copy').action, Action.UNCHANGED)
        self.assertHas('web01', certificate, new, 'copy')
        second = report('web02', new, 'copy')
        self.assertEqual(second.certificate, first.certificate)
        result = report('issuer', new)
        self.assertEqual((result.action, result.certificate), (Action.RENEWED, certificate))
        self.assertCurrent(certificate, new)
        self.assertEqual(Certificate.objects.get(), certificate)
        self.assertHas('web01', certificate, new, 'copy')
        self.assertHas('web02', certificate, new, 'copy')
        self.assertEqual(certificate.issuances.count(), 2)

    def test_two_clients_of_one_storage_in_turn(self):
        issued = issue_acme()
        certificate = report('web01', issued).certificate
        report('web02', issued)
        for turn in range(4):
            issued = successor(issued)
            for host in ('web01', 'web02') if turn % 2 else ('web02', 'web01'):
                report(host, issued)
        self.assertEqual(Certificate.objects.get(), certificate)
        self.assertCurrent(certificate, issued)

    def test_a_copy_that_missed_a_renewal_and_comes_first_is_merged(self):
        first = issue_acme()
        certificate = report('web01', first).certificate
        report('web02', first)
        second = successor(first)
        report('web01', second)
        third = successor(second, later=30 * DAY)
        self.assertEqual(report('web02', third).action, Action.CREATED)
        result = report('web01', third)
        self.assertEqual((result.action, result.certificate), (Action.RENEWED, certificate))
        self.assertEqual(Certificate.objects.get(), certificate)
        self.assertHas('web02', certificate, third)

    def test_an_edited_certificate_is_not_merged(self):
        old = issue_acme('www.example.net')
        certificate = report('issuer', old).certificate
        new = successor(old)
        other = report('web01', new, 'copy').certificate
        other = Certificate.objects.get(pk=other.pk)
        other.snapshot()
        other.description = 'Mine'
        other.full_clean()
        other.save()
        result = report('issuer', new)
        self.assertEqual(result.certificate, other)
        self.assertIn('and now reports', result.warnings[0])
        self.assertHas('issuer', other, new)
        self.assertCurrent(certificate, old)

    def test_a_late_report_after_separation_moves_nothing(self):
        a = issue_acme()
        report('web01', a)
        report('web02', a)
        renewed = successor(a)
        report('web01', renewed)
        own = issue_acme(left=85 * DAY)
        second = report('web02', own).certificate
        report('web02', a)
        self.assertHas('web02', second, a)
        report('web02', own)
        self.assertHas('web02', second, own)
        self.assertEqual(Certificate.objects.count(), 2)


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


class TenantTestCase(IdentityTestCase):
    def setUp(self):
        self.tenants = [Tenant.objects.create(name=name, slug=name) for name in ('one', 'two')]

    def test_the_same_name_for_two_tenants(self):
        one, two = self.tenants
        for name, send in (
            ('pasted', import_pem),
            ('reported', lambda *args, **kwargs: report('web01', *args, **kwargs)),
        ):
            with self.subTest(name):
                old = issue_acme(f'{name}.example.net')
                certificate = import_pem(old, tenant=one).certificate
                result = send(successor(old), tenant=two)
                self.assertEqual((result.action, result.certificate.tenant), (Action.CREATED, two))
                self.assertIn('another tenant', result.candidates[0].reason)
                certificate.refresh_from_db()
                self.assertEqual((certificate.tenant, certificate.pem), (one, old.pem))

    def test_the_same_name_for_many_tenants(self):
        for number in range(30):
            tenant = Tenant.objects.create(name=f'tenant{number}', slug=f'tenant{number}')
            old = issue_acme()
            certificate = import_pem(old, tenant=tenant).certificate
        result = import_pem(successor(old), tenant=tenant)
        self.assertEqual((result.action, result.certificate), (Action.RENEWED, certificate))

    def test_a_known_certificate_stays_with_its_tenant(self):
        one, two = self.tenants
        issued = issue_acme()
        certificate = report('web01', issued, tenant=one).certificate
        for result in (report('web02', issued, tenant=two), import_pem(issued, tenant=two)):
            self.assertEqual((result.action, result.certificate), (Action.UNCHANGED, certificate))
            self.assertIn('The tenant was not changed', result.warnings[0])
        result = report('web01', successor(issued), tenant=two)
        self.assertEqual((result.action, result.certificate.tenant), (Action.RENEWED, one))
        self.assertIn('The tenant was not changed', result.warnings[0])

    def test_a_separate_certificate_of_another_tenant_gets_no_settings(self):
        a = issue_acme()
        first = report('web01', a, tenant=self.tenants[0], description='Theirs').certificate
        CertificateAssignment.objects.create(certificate=first, assigned_object=create_test_device('web01'))
        report('web02', a, tenant=self.tenants[1])
        report('web01', successor(a), tenant=self.tenants[0])
        own = issue_acme(left=62 * DAY)
        second = report('web02', own, tenant=self.tenants[1]).certificate
        self.assertNotEqual(second, first)
        self.assertEqual((second.tenant, second.description), (self.tenants[1], ''))
        self.assertFalse(second.assignments.exists())
        self.assertHas('web02', second, own)

    def test_a_certificate_named_by_the_request_moves(self):
        one, two = self.tenants
        issued = issue_acme()
        certificate = import_pem(issued, tenant=one).certificate
        self.assertEqual(import_pem(issued, certificate=certificate, tenant=two).certificate.tenant, two)

    def test_nothing_is_merged_across_tenants(self):
        one, two = self.tenants
        old = issue_acme()
        certificate = report('issuer', old, tenant=one).certificate
        new = successor(old)
        other = report('web01', new, 'copy', tenant=two).certificate
        result = report('issuer', new)
        self.assertEqual(result.certificate, other)
        self.assertCurrent(certificate, old)


class NoNameInCommonTestCase(IdentityTestCase):
    def test_entirely_different_names_are_never_a_renewal(self):
        for kind in ('client', 'copy', 'served'):
            with self.subTest(kind):
                old = issue_acme(f'{kind}.example.net')
                certificate = report(kind, old, kind).certificate
                new = issue_acme(f'{kind}.example.com', left=80 * DAY)
                result = report(kind, new, kind)
                self.assertEqual(result.action, Action.CREATED)
                self.assertNotEqual(result.certificate, certificate)
                self.assertTrue(result.warnings)
                self.assertCurrent(certificate, old)
                # A client's lineage is the new one now; a file or an endpoint has something unexpected.
                self.assertHas(kind, result.certificate if kind == 'client' else certificate, new, kind)

    def test_the_same_key_is_enough(self):
        old = issue_acme('www.example.net')
        certificate = report('web01', old).certificate
        new = issue_acme('www.example.com', left=80 * DAY, key=old.key)
        self.assertEqual(report('web01', new).certificate, certificate)


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
        self.assertEqual(
            self.reasons(renewed), [('www.example.net', 'It has the same names, but is marked Revoked.')]
        )
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


class MergingTestCase(IdentityTestCase):
    """Nothing is lost, and each certificate has one entry in the change log."""

    def test_all_related_objects_are_moved(self):
        user = superuser()
        old = issue_acme()
        certificate = report('issuer', old).certificate
        new = successor(old)
        other = report('web01', new, 'copy').certificate
        devices = [create_test_device(name) for name in ('web01', 'web02')]
        CertificateAssignment.objects.create(certificate=certificate, assigned_object=devices[0])
        CertificateAssignment.objects.create(certificate=other, assigned_object=devices[0], primary=True)
        CertificateAssignment.objects.create(certificate=other, assigned_object=devices[1], note='tcp/8443')
        content_type = ContentType.objects.get_for_model(Certificate)
        JournalEntry.objects.create(assigned_object=other, comments='Seen on web01', created_by=user)
        for each in (certificate, other):
            Bookmark.objects.create(object=each, user=user)
        role = ContactRole.objects.create(name='Admin', slug='admin')
        ContactAssignment.objects.create(object=other, contact=Contact.objects.create(name='Jane'), role=role)
        other.tags.add(Tag.objects.create(name='Payment', slug='payment'))
        result = report('issuer', new)
        self.assertEqual(result.certificate, certificate)
        certificate = Certificate.objects.get()
        self.assertEqual(
            sorted((each.assigned_object.name, each.primary, each.note) for each in certificate.assignments.all()),
            [('web01', True, ''), ('web02', False, 'tcp/8443')],
        )
        self.assertEqual(JournalEntry.objects.get().assigned_object, certificate)
        self.assertEqual(Bookmark.objects.get().object, certificate)
        self.assertEqual(ContactAssignment.objects.get().object, certificate)
        self.assertEqual([tag.name for tag in certificate.tags.all()], ['Payment'])
        self.assertEqual(certificate.issuances.count(), 2)
        self.assertEqual(ContentType.objects.get_for_model(Certificate), content_type)
        self.assertEqual(Device.objects.filter(certificate_assignments__certificate=certificate).count(), 2)

    def test_custom_fields_that_name_it(self):
        certificates, devices = (ObjectType.objects.get_for_model(model) for model in (Certificate, Device))
        for name, kind in (('one', 'object'), ('several', 'multiobject')):
            field = CustomField.objects.create(name=name, type=kind, related_object_type=certificates)
            field.object_types.set([certificates, devices])
        old = issue_acme()
        certificate = report('issuer', old).certificate
        new = successor(old)
        other = report('web01', new, 'copy').certificate
        device = create_test_device('web01')
        for each in (device, certificate):
            each.custom_field_data = {'one': other.pk, 'several': [other.pk, certificate.pk]}
            type(each).objects.filter(pk=each.pk).update(custom_field_data=each.custom_field_data)
        report('issuer', new)
        for each in (device, certificate):
            each.refresh_from_db()
            self.assertEqual(each.custom_field_data, {'one': certificate.pk, 'several': [certificate.pk]})

    def test_it_is_logged_once_each_way(self):
        from netbox_ssl.imports.folder.runner import background_request
        from netbox_ssl.netbox_internals import event_tracking

        old = issue_acme()
        certificate = report('issuer', old).certificate
        new = successor(old)
        other = report('web01', new, 'copy').certificate
        with event_tracking(background_request(superuser())):
            report('issuer', new)
        changes = ObjectChange.objects.filter(changed_object_type=ContentType.objects.get_for_model(Certificate))
        self.assertEqual(
            sorted((change.changed_object_id, change.action) for change in changes),
            sorted([(certificate.pk, 'update'), (other.pk, 'delete')]),
        )
        self.assertIn(str(other.pk), changes.get(action='update').message)
        self.assertIn(str(certificate.pk), changes.get(action='delete').message)


class TypedTestCase(IdentityTestCase):
    def test_a_certificate_without_pem_is_completed(self):
        certificate = record('www.example.net', subject_alt_names=['www.example.net'])
        result = report('web01', issue_acme())
        self.assertEqual((result.action, result.certificate), (Action.RENEWED, certificate))
