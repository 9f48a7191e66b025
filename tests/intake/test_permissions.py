"""Creating requires ``add``, everything else ``change`` on the certificate; hidden objects are not revealed."""

from django.core.exceptions import PermissionDenied, ValidationError
from tenancy.models import Tenant
from utilities.exceptions import PermissionsViolation
from utilities.testing import TestCase

from netbox_ssl.intake import Action
from netbox_ssl.models import Certificate, Issuance
from tests.support.factories import DAY, grant, import_pem, issue_acme, successor

OURS = {'tenant__slug': 'ours'}


class PermissionsTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ours, cls.theirs = [Tenant.objects.create(name=slug, slug=slug) for slug in ('ours', 'theirs')]
        cls.issued = issue_acme()
        cls.certificate = import_pem(cls.issued, tenant=cls.theirs, name='Secret project').certificate

    def state(self):
        return (
            list(Certificate.objects.order_by('pk').values()),
            list(Issuance.objects.order_by('pk').values()),
        )

    def refused(self, *args, **kwargs) -> str:
        """Assert that the import is refused, changes nothing, and reveals no hidden name or ID."""
        before = self.state()
        with self.assertRaises((PermissionDenied, ValidationError, PermissionsViolation)) as caught:
            import_pem(*args, user=self.user, **kwargs)
        self.assertEqual(self.state(), before)
        return str(getattr(caught.exception, 'message', caught.exception))

    def test_without_any(self):
        self.refused(issue_acme('new.example.net'))

    def test_add_creates(self):
        grant(self.user, 'add', 'view')
        self.assertEqual(import_pem(issue_acme('new.example.net'), user=self.user).action, Action.CREATED)

    def test_add_does_not_renew(self):
        grant(self.user, 'add', 'view')
        self.assertIn('permission to change', self.refused(successor(self.issued)))

    def test_add_does_not_extend_a_history_or_update(self):
        grant(self.user, 'add', 'view')
        self.refused(successor(self.issued, later=-60 * DAY))
        self.refused(self.issued, description='changed')

    def test_an_unchanged_import_requires_no_permission_to_change(self):
        grant(self.user, 'add', 'view')
        self.assertEqual(import_pem(self.issued, user=self.user).action, Action.UNCHANGED)

    def test_change_renews_and_does_not_create(self):
        grant(self.user, 'change', 'view')
        self.assertEqual(import_pem(successor(self.issued), user=self.user).action, Action.RENEWED)
        self.assertIn('permission to add', self.refused(issue_acme('new.example.net')))

    def test_change_within_a_tenant(self):
        grant(self.user, 'view')
        grant(self.user, 'change', constraints=OURS)
        self.refused(successor(self.issued))
        mine = issue_acme('mine.example.net')
        import_pem(mine, tenant=self.ours)
        self.assertEqual(import_pem(successor(mine), user=self.user).action, Action.RENEWED)
        # It may not be moved beyond the permissions either.
        self.refused(successor(mine, later=80 * DAY), tenant=self.theirs)

    def test_add_within_a_tenant(self):
        grant(self.user, 'view')
        grant(self.user, 'add', constraints=OURS)
        self.refused(issue_acme('new.example.net'))
        self.refused(issue_acme('new.example.net'), tenant=self.theirs)
        result = import_pem(issue_acme('new.example.net'), user=self.user, tenant=self.ours)
        self.assertEqual(result.action, Action.CREATED)

    def test_hidden_objects_are_neither_changed_nor_revealed(self):
        grant(self.user, 'add', 'view', constraints=OURS)
        grant(self.user, 'change')
        message = self.refused(self.issued, tenant=self.ours)
        self.assertIn('already recorded', message)
        self.assertNotIn('Secret', message)
        self.assertNotIn(str(self.certificate.pk), message)

    def test_hidden_objects_are_not_candidates(self):
        grant(self.user, 'add', 'view', constraints=OURS)
        before = Certificate.objects.values().get(pk=self.certificate.pk)
        result = import_pem(successor(self.issued), user=self.user, tenant=self.ours)
        self.assertEqual((result.action, result.candidates), (Action.CREATED, []))
        self.assertEqual(Certificate.objects.values().get(pk=self.certificate.pk), before)

    def test_a_hidden_history_is_not_revealed(self):
        import_pem(successor(self.issued))
        grant(self.user, 'add', 'view', constraints=OURS)
        self.assertNotIn('Secret', self.refused(self.issued, tenant=self.ours))
