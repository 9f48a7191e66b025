"""The bulk import accepts what the YAML export writes."""

from core.models import ObjectType
from extras.choices import CustomFieldTypeChoices
from extras.models import CustomField, Tag
from tenancy.models import Tenant
from utilities.testing import TestCase

from netbox_ssl.models import Certificate
from tests.support.factories import import_pem, issue_acme, record

LIST = '/plugins/ssl/certificates/'


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
