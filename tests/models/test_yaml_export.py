"""The bulk import accepts what the YAML export writes."""

import json

from core.models import ObjectType
from extras.choices import CustomFieldTypeChoices
from extras.models import CustomField, Tag
from tenancy.models import Tenant
from utilities.testing import TestCase

from netbox_ssl.models import Certificate, CertificateSource
from tests.support.factories import DAY, import_pem, issue_acme, record
from tests.support.reporting import report

LIST = '/plugins/ssl/certificates/'
SOURCES = '/plugins/ssl/sources/'


class YAMLExportTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.user.is_superuser = True
        self.user.save()
        room = CustomField.objects.create(name='room', type=CustomFieldTypeChoices.TYPE_TEXT)
        room.object_types.set([ObjectType.objects.get_for_model(Certificate)])
        tenant = Tenant.objects.create(name='Customer', slug='customer')
        imported = import_pem(issue_acme(), acme_auto_renewal=True, tenant=tenant, acme_renewal_days=0).certificate
        imported.tags.add(Tag.objects.create(name='Production', slug='production'))
        imported.custom_field_data = {'room': 'R7'}
        imported.save()
        record('typed.example.net', subject_alt_names=['typed.example.net', 'www.typed.example.net'])

    def exported(self):
        return self.client.get(f'{LIST}?export').content.decode()

    def test_export_and_import(self):
        text = self.exported()
        before = [self.plain(certificate) for certificate in Certificate.objects.all()]
        Certificate.objects.all().delete()
        form = {'data': text, 'format': 'yaml', 'import_method': 'direct', 'csv_delimiter': 'auto'}
        answer = self.client.post(f'{LIST}import/', form)
        self.assertEqual(answer.status_code, 302, answer.content.decode()[:3000])
        self.assertEqual([self.plain(certificate) for certificate in Certificate.objects.all()], before)
        self.assertEqual(self.exported(), text)

    @staticmethod
    def plain(certificate):
        data = certificate.serialize_object(exclude=['created', 'last_updated', 'acme_pinned_fields'])
        # An import fills in empty custom fields.
        data['custom_fields'] = {name: value for name, value in data['custom_fields'].items() if value is not None}
        return data


class SourceYAMLExportTestCase(TestCase):
    def test_export_and_import(self):
        """Several certificates have the same name: the fingerprint decides."""
        self.user.is_superuser = True
        self.user.save()
        certificates = [report(host, issue_acme(left=left * DAY)).certificate for host, left in (('a', 50), ('b', 70))]
        last = CertificateSource.objects.create(
            certificate=record('typed.example.net'), external_id='monitor:tcp:443', kind='served', machine_id='x'
        )
        last.tags.add(Tag.objects.create(name='Production', slug='production'))
        text = self.client.get(f'{SOURCES}?export').content.decode()
        self.assertIn('state: current', text)
        before = [self.plain(source) for source in CertificateSource.objects.all()]
        self.assertEqual([row[0] for row in before[:2]], [each.pk for each in certificates])
        CertificateSource.objects.all().delete()
        form = {'data': text, 'format': 'yaml', 'import_method': 'direct', 'csv_delimiter': 'auto'}
        answer = self.client.post(f'{SOURCES}import/', form)
        self.assertEqual(answer.status_code, 302, answer.content.decode()[:3000])
        self.assertEqual([self.plain(source) for source in CertificateSource.objects.all()], before)

    def test_a_fingerprint_of_another_certificate(self):
        self.user.is_superuser = True
        self.user.save()
        report('a', issue_acme())
        record = {'certificate': 'www.example.net', 'fingerprint_sha256': 'AB' * 32, 'external_id': 'certbot:b:www'}
        form = {'data': json.dumps([record]), 'format': 'json', 'import_method': 'direct', 'csv_delimiter': 'auto'}
        answer = self.client.post(f'{SOURCES}import/', form)
        self.assertContains(answer, 'Object not found')
        self.assertEqual(CertificateSource.objects.count(), 1)

    @staticmethod
    def plain(source):
        tags = sorted(tag.slug for tag in source.tags.all())
        return source.certificate_id, source.external_id, source.client, source.kind, source.machine_id, tags
