"""A host that was renamed continues its sources if they are silent or gone; recent ones may belong to its clone."""

from core.models import ObjectChange
from django.contrib.contenttypes.models import ContentType
from django.test import TestCase
from django.utils import timezone

from netbox_ssl import intake
from netbox_ssl.imports.folder.runner import background_request
from netbox_ssl.intake import Action
from netbox_ssl.models import Certificate, CertificateSource
from netbox_ssl.netbox_internals import event_tracking
from tests.support.factories import DAY, issue_acme, successor, superuser
from tests.support.reporting import item, report, source_of

MACHINE = 'a' * 64


class RenamedHostTestCase(TestCase):
    def setUp(self):
        self.old = issue_acme()
        self.certificate = report('web01', self.old, machine_id=MACHINE).certificate
        self.source = source_of('web01')

    def become_silent(self):
        CertificateSource.objects.update(reported_at=timezone.now() - 60 * DAY)

    def assertTakenOver(self, result, action=Action.RENEWED):
        self.assertEqual((result.action, result.certificate), (action, self.certificate))
        source = CertificateSource.objects.get()
        self.assertEqual((source, source.external_id), (self.source, 'certbot:web09:www'))
        self.assertEqual(source.state, 'current')

    def test_a_renewal_under_the_new_name(self):
        self.become_silent()
        with event_tracking(background_request(superuser())):
            result = report('web09', successor(self.old), machine_id=MACHINE)
        self.assertTakenOver(result)
        changes = ObjectChange.objects.filter(
            changed_object_type=ContentType.objects.get_for_model(CertificateSource), action='update'
        )
        change = changes.get()
        self.assertEqual(change.prechange_data['external_id'], 'certbot:web01:www')
        self.assertEqual(change.postchange_data['external_id'], 'certbot:web09:www')

    def test_the_same_certificate_under_the_new_name(self):
        self.become_silent()
        self.assertTakenOver(report('web09', self.old, machine_id=MACHINE), Action.UNCHANGED)

    def test_in_a_list(self):
        self.become_silent()
        other = item('elsewhere', issue_acme('elsewhere.example.net'), machine_id='b' * 64)
        new = item('web09', issue_acme(['www.example.net', 'a.example.net'], left=80 * DAY), machine_id=MACHINE)
        created, result = intake.take_in_many([other, new], superuser())
        created.certificate.sources.all().delete()
        self.assertTakenOver(result)

    def test_one_that_is_gone(self):
        self.source.mark_gone(timezone.now())
        self.assertTakenOver(report('web09', successor(self.old), machine_id=MACHINE))

    def test_one_that_reported_recently_may_be_a_clone(self):
        result = report('web09', successor(self.old), machine_id=MACHINE)
        self.assertEqual(result.action, Action.CREATED)
        self.assertEqual(source_of('web01').certificate, self.certificate)
        self.assertEqual(source_of('web09').certificate, result.certificate)

    def test_other_machines_clients_directories_and_lineages_are_not_the_same(self):
        self.become_silent()
        leaf = intake.read_single(successor(self.old).pem)
        for external_id, machine_id in (
            ('certbot:web09:www', 'b' * 64),
            ('certbot:web09:www', ''),
            ('lego:web09:www', MACHINE),
            ('certbot:web09/srv/le:www', MACHINE),
            ('certbot:web09:api', MACHINE),
            ('web09', MACHINE),
        ):
            with self.subTest(external_id, machine_id=machine_id):
                given = intake.Item(leaf, external_id=external_id, machine_id=machine_id)
                self.assertIsNone(intake.plan_item(given, superuser()).source)

    def test_two_former_names(self):
        """It is uncertain which of them it was."""
        report('web02', successor(self.old), machine_id=MACHINE)
        self.become_silent()
        new = intake.Item(
            intake.read_single(successor(self.old, later=61 * DAY).pem),
            external_id='certbot:web09:www',
            machine_id=MACHINE,
        )
        self.assertIsNone(intake.plan_item(new, superuser()).source)

    def test_a_new_host_continues_a_certificate_whose_sources_are_gone(self):
        self.source.mark_gone(timezone.now())
        result = report('web05', successor(self.old), machine_id='b' * 64)
        self.assertEqual((result.action, result.certificate), (Action.RENEWED, self.certificate))
        self.certificate.refresh_from_db()
        self.assertIsNone(self.certificate.unreported_since)
        self.assertEqual(Certificate.objects.count(), 1)
