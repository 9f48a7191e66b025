"""The data for the change log equal those that NetBox's own function returns."""

from datetime import UTC, datetime

from django.test import TestCase
from extras.models import Tag
from utilities.serialization import serialize_object

from netbox_ssl.models import Certificate, CertificateSource
from netbox_ssl.models.mixins.change_log import ChangeLogDataMixin
from tests.support.factories import import_pem, issue_acme

ODD = 'Ä "quoted" \\ </script> \u2028 東京'


class ChangeLogDataTestCase(TestCase):
    def assert_equal_to_netbox(self, instance, exclude=()):
        self.assertEqual(
            ChangeLogDataMixin.serialize_object(instance, exclude), serialize_object(instance, exclude=list(exclude))
        )

    def setUp(self):
        self.certificate = import_pem(issue_acme()).certificate
        self.certificate.description = self.certificate.comments = ODD
        self.certificate.custom_field_data = {'number': 1.5, 'list': [ODD, None], 'object': {'a': [True]}}
        self.certificate.expiry_marks = [30, 7]
        self.certificate.acme_last_renewed = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
        self.certificate.save()
        for name in ('Bravo', 'Alpha'):
            self.certificate.tags.add(Tag.objects.create(name=name, slug=name.lower()))

    def test_a_certificate(self):
        self.assert_equal_to_netbox(self.certificate)
        self.assert_equal_to_netbox(Certificate.objects.get())

    def test_a_certificate_of_which_all_is_empty(self):
        now = datetime(2026, 5, 1, tzinfo=UTC)
        certificate = Certificate.objects.create(name='x', valid_from=now, valid_to=now)
        self.assert_equal_to_netbox(certificate)

    def test_excluded_columns_custom_fields_and_tags(self):
        self.assert_equal_to_netbox(self.certificate, ('pem', 'custom_fields', 'tags', 'absent'))

    def test_a_source(self):
        source = CertificateSource.objects.create(
            external_id='certbot:web:www', client='certbot', certificate=self.certificate
        )
        self.assert_equal_to_netbox(source)

    def test_tags_that_are_about_to_be_assigned(self):
        self.certificate._tags = [Tag(name='Zulu'), Tag(name='Alpha')]
        self.assert_equal_to_netbox(self.certificate)
