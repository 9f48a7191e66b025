"""A merge loses nothing, and changes each related object once, with one entry in the change log."""

from collections import Counter

from core.models import ObjectChange, ObjectType
from dcim.models import Device
from django.contrib.contenttypes.models import ContentType
from django.test import TestCase
from extras.models import Bookmark, CustomField, JournalEntry, Tag
from tenancy.models import Contact, ContactAssignment, ContactRole
from utilities.testing import create_test_device

from netbox_ssl.imports.folder.runner import background_request
from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource
from netbox_ssl.netbox_internals import event_tracking
from tests.support.factories import issue_acme, successor, superuser
from tests.support.identity import IdentityTestCase
from tests.support.reporting import report


class ChangeLogTestCase(TestCase):
    def setUp(self):
        models = [ObjectType.objects.get_for_model(model) for model in (Certificate, CertificateSource, Device)]
        for name, kind in (('one', 'object'), ('two', 'object'), ('several', 'multiobject')):
            field = CustomField.objects.create(name=name, type=kind, related_object_type=models[0])
            field.object_types.set(models)
        self.old = issue_acme()
        self.new = successor(self.old)
        self.certificate = report('issuer', self.old).certificate
        self.other = report('web01', self.new, 'copy').certificate

    def name_other(self, *objects):
        """Let all custom fields of these objects name the certificate that is merged."""
        for each in objects:
            data = {'one': self.other.pk, 'two': self.other.pk, 'several': [self.other.pk, self.certificate.pk]}
            type(each).objects.filter(pk=each.pk).update(custom_field_data=data)

    def merge(self) -> Counter:
        """Return how many entries each object has."""
        with event_tracking(background_request(superuser())):
            self.assertEqual(report('issuer', self.new).certificate, self.certificate)
        changes = ObjectChange.objects.values_list('changed_object_type__model', 'changed_object_id', 'action')
        return Counter(changes)

    def assertRenamed(self, *objects):
        for each in objects:
            each.refresh_from_db()
            expected = {'one': self.certificate.pk, 'two': self.certificate.pk, 'several': [self.certificate.pk]}
            self.assertEqual(each.custom_field_data, expected)

    def test_several_custom_fields_of_one_object(self):
        device = create_test_device('web01')
        self.name_other(device, self.certificate)
        self.other.tags.add(Tag.objects.create(name='Payment', slug='payment'))
        changes = self.merge()
        self.assertRenamed(device, self.certificate)
        self.assertEqual(
            changes,
            {
                ('device', device.pk, 'update'): 1,
                ('certificate', self.certificate.pk, 'update'): 1,
                ('certificate', self.other.pk, 'delete'): 1,
                # Moved to the certificate
                ('certificatesource', CertificateSource.objects.get(external_id='files:web01:www').pk, 'update'): 1,
            },
        )
        change = ObjectChange.objects.get(changed_object_id=self.certificate.pk, action='update')
        self.assertEqual(change.postchange_data['tags'], ['Payment'])

    def test_a_source_that_is_moved_and_names_it(self):
        source = CertificateSource.objects.get(external_id='files:web01:www')
        self.name_other(source)
        self.assertEqual(self.merge()['certificatesource', source.pk, 'update'], 1)
        self.assertRenamed(source)
        self.assertEqual(source.certificate, self.certificate)

    def test_an_assignment_that_both_have(self):
        """The moved one would be a second one: it is deleted with its certificate, and the other becomes primary."""
        device = create_test_device('web01')
        kept = CertificateAssignment.objects.create(certificate=self.certificate, assigned_object=device)
        CertificateAssignment.objects.create(certificate=self.other, assigned_object=device, primary=True)
        changes = self.merge()
        self.assertEqual(changes['certificateassignment', kept.pk, 'update'], 1)
        self.assertEqual(CertificateAssignment.objects.get(), kept)
        kept.refresh_from_db()
        self.assertTrue(kept.primary)

    def test_nothing_of_an_assignment_that_both_have_is_lost(self):
        device, other_device = create_test_device('web01'), create_test_device('web02')
        kept, same = (
            CertificateAssignment.objects.create(certificate=self.certificate, assigned_object=each, note='tcp/443')
            for each in (device, other_device)
        )
        moved = CertificateAssignment.objects.create(
            certificate=self.other, assigned_object=device, note='tcp/8443', custom_field_data={'one': 7}
        )
        moved.tags.add(Tag.objects.create(name='Payment', slug='payment'))
        CertificateAssignment.objects.create(certificate=self.other, assigned_object=other_device, note='tcp/443')
        changes = self.merge()
        kept.refresh_from_db()
        self.assertEqual((kept.note, kept.custom_field_data['one']), ('tcp/443, tcp/8443', 7))
        self.assertEqual([tag.name for tag in kept.tags.all()], ['Payment'])
        self.assertEqual(changes['certificateassignment', kept.pk, 'update'], 1)
        self.assertNotIn(('certificateassignment', same.pk, 'update'), changes)


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
