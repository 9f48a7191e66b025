"""Custom fields that became required after a certificate was stored do not stop its renewals."""

from core.models import ObjectType
from django.core.exceptions import ValidationError
from django.test import TestCase
from extras.models import CustomField

from netbox_ssl import intake
from netbox_ssl.intake.redetection import redetect
from netbox_ssl.models import Certificate, CertificateSource
from tests.support.factories import import_pem, issue_acme, successor, superuser

EXTERNAL_ID = 'certbot:web01:www.example.net'


def require(name='inventory', model=Certificate) -> CustomField:
    field = CustomField.objects.create(name=name, type='text', required=True)
    field.object_types.set([ObjectType.objects.get_for_model(model)])
    return field


def report(issued, **more) -> intake.Result:
    leaf = intake.read_single(issued.fullchain_pem)
    return intake.take_in_item(intake.Item(leaf, external_id=EXTERNAL_ID, **more), superuser())


class RequiredLaterTestCase(TestCase):
    def setUp(self):
        self.issued = issue_acme()
        self.certificate = report(self.issued).certificate

    def test_a_report_renews(self):
        require()
        self.assertEqual(report(successor(self.issued)).action, intake.Action.RENEWED)

    def test_a_report_of_a_list_renews(self):
        require()
        leaf = intake.read_single(successor(self.issued).fullchain_pem)
        (result,) = intake.take_in_many([intake.Item(leaf, external_id=EXTERNAL_ID)], superuser())
        self.assertEqual(result.action, intake.Action.RENEWED)

    def test_a_field_that_was_emptied(self):
        require()
        Certificate.objects.update(custom_field_data={'inventory': None})
        self.assertEqual(report(successor(self.issued)).action, intake.Action.RENEWED)

    def test_a_field_with_a_value_keeps_it(self):
        require()
        Certificate.objects.update(custom_field_data={'inventory': 'X-1'})
        report(successor(self.issued))
        self.assertEqual(Certificate.objects.get().custom_field_data, {'inventory': 'X-1'})

    def test_settings_change(self):
        require()
        self.assertEqual(import_pem(self.issued, description='x').action, intake.Action.UPDATED)

    def test_a_value_that_the_request_empties_is_refused(self):
        require()
        with self.assertRaisesMessage(ValidationError, 'inventory'):
            import_pem(successor(self.issued), custom_field_data={'inventory': ''})

    def test_other_faults_of_custom_fields_are_refused(self):
        require()
        with self.assertRaisesMessage(ValidationError, 'inventory'):
            import_pem(successor(self.issued), custom_field_data={'inventory': 7})

    def test_new_certificates_need_it(self):
        require()
        with self.assertRaisesMessage(ValidationError, 'inventory'):
            import_pem(issue_acme('new.example.net'))

    def test_a_source_that_changes(self):
        require('rack', CertificateSource)
        report(successor(self.issued), machine_id='9a1c')
        self.assertEqual(CertificateSource.objects.get().machine_id, '9a1c')

    def test_detection_again(self):
        Certificate.objects.update(is_acme=False, acme_provider='', acme_pinned_fields=[])
        require()
        outcome = redetect(Certificate.objects.all(), superuser())
        self.assertEqual((len(outcome.proposals), outcome.refused), (1, []))

    def test_forms_still_require_it(self):
        require()
        certificate = Certificate.objects.get()
        report(successor(self.issued))
        with self.assertRaisesMessage(ValidationError, 'inventory'):
            certificate.full_clean()
