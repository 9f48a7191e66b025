"""Bulk import: records with a PEM go through the intake; errors name the record and the field."""

import json

from core.models import ObjectChange, ObjectType
from django.urls import reverse
from extras.models import CustomField, Tag
from tenancy.models import Tenant
from utilities.testing import TestCase

from netbox_ssl.models import Certificate
from tests.support.factories import DAY, LIFETIME, grant, import_pem, in_house_ca, issue_acme, successor


class BulkImportMixin:
    def send(self, records, form='json'):
        data = {
            'data': records if form == 'csv' else json.dumps(records),
            'format': form,
            'csv_delimiter': 'auto',
            'import_method': 'direct',
        }
        return self.client.post(reverse('plugins:netbox_ssl:certificate_bulk_import'), data)

    def assertImported(self, records, form='json'):
        response = self.send(records, form)
        errors = response.context['form'].errors if response.context else ''
        self.assertEqual(response.status_code, 302, errors)

    def assertRefused(self, records, *texts, form='json'):
        """Assert that all records are refused, with these texts among the errors."""
        before = list(Certificate.objects.values())
        response = self.send(records, form)
        self.assertEqual(response.status_code, 200)
        errors = str(response.context['form'].errors)
        for text in texts:
            self.assertIn(text, errors)
        self.assertEqual(list(Certificate.objects.values()), before)


class BulkImportTestCase(BulkImportMixin, TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view', 'add', 'change')

    def test_a_pem_is_created_renewed_and_joins_the_history(self):
        old = issue_acme()
        new = successor(old)
        self.assertImported([{'pem': old.fullchain_pem, 'acme_auto_renewal': True, 'description': 'The shop'}])
        certificate = Certificate.objects.get()
        self.assertEqual((certificate.chain_pem, certificate.acme_provider), (old.chain_pem, "Let's Encrypt"))
        self.assertImported([{'pem': new.pem}, {'pem': successor(old, later=-60 * DAY).pem}])
        certificate = Certificate.objects.get()
        self.assertEqual((certificate.pem, certificate.issuances.count()), (new.pem, 3))
        self.assertEqual((certificate.acme_auto_renewal, certificate.description), (True, 'The shop'))

    def test_expiry_marks_and_renewal_instructions(self):
        issued = issue_acme()
        self.assertImported(
            [{'pem': issued.fullchain_pem, 'expiry_marks': [30, 90], 'renewal_instructions': 'Ask Ann.'}]
        )
        self.assertEqual(Certificate.objects.get().expiry_marks, [90, 30])
        cell = successor(issued).pem.replace('\n', ' ').strip()
        self.assertImported(f'pem,expiry_marks,renewal_instructions\n"{cell}",,', form='csv')
        certificate = Certificate.objects.get()
        self.assertEqual((certificate.expiry_marks, certificate.renewal_instructions), ([90, 30], 'Ask Ann.'))
        self.assertImported(f'id,expiry_marks\n{certificate.pk},"60, 7"', form='csv')
        self.assertEqual(Certificate.objects.get().expiry_marks, [60, 7])
        for marks in ('soon', '3651', [1.5], {'30': 1}, True):
            self.assertRefused([{'id': certificate.pk, 'expiry_marks': marks}], 'expiry_marks', 'from 0 to 3650')

    def test_empty_cells_are_ignored(self):
        issued = issue_acme()
        import_pem(issued, acme_auto_renewal=True, acme_renewal_days=20, description='kept', comments='kept')
        cell = successor(issued).pem.replace('\n', ' ').strip()
        header = 'pem,description,comments,acme_auto_renewal,acme_renewal_days,acme_provider'
        self.assertImported(f'{header}\n"{cell}",,,,,', form='csv')
        certificate = Certificate.objects.get()
        self.assertEqual(certificate.issuances.count(), 2)
        self.assertEqual(
            [certificate.description, certificate.comments, certificate.acme_auto_renewal],
            ['kept', 'kept', True],
        )
        self.assertEqual((certificate.acme_renewal_days, certificate.acme_provider), (20, "Let's Encrypt"))

    def test_a_renewal_keeps_tags_tenant_and_custom_fields(self):
        field = CustomField.objects.create(name='colour', type='text', default='red')
        field.object_types.add(ObjectType.objects.get_for_model(Certificate))
        tenant = Tenant.objects.create(name='Tenant', slug='tenant')
        tag = Tag.objects.create(name='Web', slug='web')
        issued = issue_acme()
        import_pem(issued, tenant=tenant, tags=[tag], custom_field_data={'colour': 'blue'})
        self.assertImported([{'pem': successor(issued).pem}])
        certificate = Certificate.objects.get()
        self.assertEqual((certificate.tenant, list(certificate.tags.all())), (tenant, [tag]))
        self.assertEqual(certificate.custom_field_data, {'colour': 'blue'})

    def test_one_entry_of_the_change_log_each(self):
        issued = issue_acme()
        self.assertImported([{'pem': issued.pem}])
        self.assertImported([{'pem': successor(issued).pem}])
        self.assertEqual(
            list(ObjectChange.objects.order_by('pk').values_list('action', flat=True)), ['create', 'update']
        )

    def test_records_without_a_pem(self):
        begin, end = '2026-01-01', '2026-04-01'
        text = (
            'name,valid_from,valid_to,serial_number,subject_alt_names,is_acme,acme_challenge_type\n'
            f'appliance,{begin},{end},0a:1b,"a.example.net,b.example.net",true,dns-01'
        )
        self.assertImported(text, form='csv')
        certificate = Certificate.objects.get()
        self.assertEqual((certificate.serial_number, certificate.valid_to - certificate.valid_from), ('0A1B', LIFETIME))
        self.assertEqual(certificate.subject_alt_names, ['a.example.net', 'b.example.net'])
        self.assertEqual(certificate.acme_challenge_type, 'dns-01')

    def test_errors_name_the_record_and_the_field(self):
        fine = {'name': 'fine', 'valid_from': '2026-01-01', 'valid_to': '2026-04-01'}
        pem = issue_acme(ca=in_house_ca()).pem
        for bad, field in (
            ({**fine, 'is_acme': True, 'acme_server_url': 'ftp://ca'}, 'acme_server_url'),
            ({**fine, 'is_acme': True, 'acme_renewal_days': -1}, 'acme_renewal_days'),
            ({**fine, 'is_acme': True, 'acme_renewal_days': 3651}, 'acme_renewal_days'),
            ({**fine, 'is_acme': False, 'acme_provider': 'ZeroSSL'}, 'acme_provider'),
            ({**fine, 'serial_number': 'no hex'}, 'serial_number'),
            ({'name': 'x'}, 'valid_to'),
            ({'pem': 'nonsense'}, 'pem'),
            ({'pem': pem, 'is_acme': False, 'acme_auto_renewal': True}, 'acme_auto_renewal'),
            ({'pem': pem, 'acme_renewal_days': 3651, 'is_acme': True}, 'acme_renewal_days'),
            ({'pem': pem, 'acme_server_url': 'ftp://ca', 'is_acme': True}, 'acme_server_url'),
            ({'pem': pem, 'subject': 'CN=other'}, 'subject'),
            ({'pem': pem, 'key_size': 1024}, 'key_size'),
        ):
            with self.subTest(bad):
                self.assertRefused([fine, bad], 'Record 2', field)

    def test_malformed_data(self):
        for data in (
            [{'name': 'a\x00b', 'valid_from': '2026-01-01', 'valid_to': '2026-04-01'}],
            [{'name': '\ud800', 'valid_from': '2026-01-01', 'valid_to': '2026-04-01'}],
            [{'pem': 1}],
            [{'pem': ['x']}],
            [{'pem': {'a': 1}}],
            [{'pem': '\ud800'}],
            [[]],
            ['x'],
            'x',
            None,
            1,
            [{'valid_from': [], 'valid_to': {}, 'name': 1}],
            [{'name': 'x', 'valid_from': '2026-01-01', 'valid_to': '2026-04-01', 'subject_alt_names': {'a': 1}}],
            [{'id': 'x', 'name': 'x'}],
            [{'id': 4711, 'name': 'x'}],
            [{'id': [1], 'name': 'x'}],
            [{'name': 'x', 'valid_from': '2026-01-01', 'valid_to': '2026-04-01', 'subject_alt_names': [1, None]}],
            [{'name': 'x', 'valid_from': '2026-01-01', 'valid_to': '2026-04-01', 'tags': {'a': [1]}}],
            [{'name': 'x', 'valid_from': '2026-01-01', 'valid_to': '2026-04-01', 'tags': [1]}],
            [{'name': 'x', 'valid_from': '2026-01-01', 'valid_to': '2026-04-01', '\ud800': 'x'}],
            [{'name': 'x', 'valid_from': '2026-01-01', 'valid_to': '2026-04-01', 'acme_renewal_days': '9' * 400}],
        ):
            with self.subTest(data=data):
                self.assertEqual(self.send(data).status_code, 200)
        self.assertFalse(Certificate.objects.exists())

    def test_updating_by_id(self):
        certificate = import_pem(issue_acme()).certificate
        new = successor(issue_acme('other.example.net', left=30 * DAY))
        self.assertImported([{'id': certificate.pk, 'description': 'changed', 'pem': new.pem}])
        certificate.refresh_from_db()
        self.assertEqual((certificate.description, certificate.pem), ('changed', new.pem))
        self.assertEqual(certificate.issuances.count(), 2)
        self.assertRefused([{'id': certificate.pk, 'subject': 'CN=other'}], 'subject')


class PermissionsTestCase(BulkImportMixin, TestCase):
    """NetBox's page needs ``add``; the certificate determines which permission a record needs."""

    @classmethod
    def setUpTestData(cls):
        cls.ours, cls.theirs = [Tenant.objects.create(name=slug, slug=slug) for slug in ('ours', 'theirs')]
        cls.issued = issue_acme()
        cls.certificate = import_pem(cls.issued, tenant=cls.theirs, name='Secret project').certificate

    def setUp(self):
        super().setUp()
        grant(self.user, 'view', model=Tenant)
        grant(self.user, 'add', constraints={'tenant__slug': 'ours'})

    def test_renewing_needs_change_and_not_add_on_it(self):
        grant(self.user, 'view')
        renewal = [{'pem': successor(self.issued).pem}]
        self.assertRefused(renewal, 'Record 1', 'permission to change')
        grant(self.user, 'change', constraints={'tenant__slug': 'theirs'})
        self.assertImported(renewal)
        self.assertEqual(Certificate.objects.get().issuances.count(), 2)

    def test_creating_stays_within_the_permissions(self):
        grant(self.user, 'view')
        self.assertRefused([{'pem': issue_acme('new.example.net').pem}], 'permission')
        self.assertRefused([{'pem': issue_acme('new.example.net').pem, 'tenant': 'theirs'}], 'permission')
        self.assertImported([{'pem': issue_acme('new.example.net').pem, 'tenant': 'ours'}])

    def test_all_or_nothing(self):
        grant(self.user, 'view')
        new = {'pem': issue_acme('new.example.net').pem, 'tenant': 'ours'}
        self.assertRefused([new, {'pem': successor(self.issued).pem}], 'Record 2')

    def test_nothing_hidden_is_revealed(self):
        grant(self.user, 'view', constraints={'tenant__slug': 'ours'})
        response = self.send([{'pem': self.issued.pem, 'tenant': 'ours'}])
        self.assertContains(response, 'already recorded')
        self.assertNotContains(response, 'Secret')
        self.assertNotContains(response, self.certificate.get_absolute_url())
