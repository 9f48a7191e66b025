"""Hosts that order certificates of their own, and hosts that share one, over several renewals."""

from core.models import ObjectType
from django.utils import timezone
from extras.models import CustomField, Tag
from tenancy.models import Contact, ContactAssignment, ContactRole, Tenant
from utilities.testing import create_test_device

from netbox_ssl.intake import Action
from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource
from tests.support.factories import DAY, issue_acme, successor
from tests.support.identity import IdentityTestCase
from tests.support.reporting import report


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
