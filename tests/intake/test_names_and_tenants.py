"""Certificates of other tenants, or with entirely different names, are never renewals."""

from tenancy.models import Tenant
from utilities.testing import create_test_device

from netbox_ssl.intake import Action
from netbox_ssl.models import CertificateAssignment
from tests.support.factories import DAY, import_pem, issue_acme, successor
from tests.support.identity import IdentityTestCase
from tests.support.reporting import report


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
