"""``netbox import_netbox_ssl_export``, on exports that netbox-ssl itself has made (.ci/netbox_ssl_export.py)."""

import io
import json
import tempfile
from pathlib import Path

import yaml
from core.models import ObjectChange, ObjectType
from dcim.models import Device
from django.core.management import CommandError, call_command
from extras.models import CustomField, Tag
from ipam.models import Service
from tenancy.models import Contact, ContactRole, Tenant
from users.models import User
from utilities.testing import TestCase
from virtualization.models import VirtualMachine

from netbox_ssl.models import Certificate, CertificateAssignment, Issuance
from tests.support.certificate_factory import issue
from tests.support.factories import grant, in_house_ca, superuser
from tests.support.places import device, machine, service_on

DATA = Path(__file__).with_name('data')
DUMP, CERTIFICATES, ASSIGNMENTS, EXPORT = (
    DATA / name for name in ('dumpdata.json', 'certificates.json', 'assignments.json', 'export.yaml')
)


def with_pk(model, pk, **fields):
    """Return an object with the primary key that it has in the export."""
    made = model(pk=pk, **fields)
    made.save()
    return made


class ExportTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.admin = superuser()
        # The objects of NetBox that the export refers to
        cls.tenant = with_pk(Tenant, 1, name='Tenant', slug='tenant')
        cls.tag = with_pk(Tag, 1, name='Production', slug='production')
        cls.contact = with_pk(Contact, 1, name='Alice')
        cls.role = with_pk(ContactRole, 1, name='Owner', slug='owner')
        cls.web = device('web01', pk=1)
        cls.machine = machine('vm01')
        cls.service = service_on(cls.web)
        for model, made in ((VirtualMachine, cls.machine), (Service, cls.service)):
            model.objects.filter(pk=made.pk).update(id=1)
        field = CustomField.objects.create(name='cost_center', type='text')
        field.object_types.add(ObjectType.objects.get_for_model(Certificate))

    def run_command(self, *files, code=0, **options) -> tuple[str, str]:
        """Return standard output and standard error."""
        stdout, stderr = io.StringIO(), io.StringIO()
        try:
            call_command('import_netbox_ssl_export', *map(str, files), stdout=stdout, stderr=stderr, **options)
            returned = 0
        except CommandError as error:
            returned = error.returncode
            stderr.write(str(error))
        self.assertEqual(returned, code, stdout.getvalue() + stderr.getvalue())
        return stdout.getvalue(), stderr.getvalue()

    def write(self, data) -> Path:
        file = Path(self.enterContext(tempfile.TemporaryDirectory())) / 'export.json'
        file.write_text(json.dumps(data))
        return file

    def changed(self, source: Path, name: str, **fields) -> Path:
        """Return an export in which the certificate of this name has other values."""
        data = json.loads(source.read_text())
        for each in data:
            if each['model'] == 'netbox_ssl.certificate' and each['fields']['common_name'] == name:
                each['fields'] |= fields
        return self.write(data)


class DumpTestCase(ExportTestCase):
    def test_certificates_with_their_histories(self):
        out, err = self.run_command(DUMP)
        self.assertEqual(err, '')
        names = ['appliance', 'mail', 'shop', 'vpn', 'www']
        found = Certificate.objects.values_list('name', flat=True).order_by('name')
        self.assertEqual(list(found), [f'{name}.example.com' for name in names])
        www = Certificate.objects.get(name='www.example.com')
        self.assertEqual(www.issuances.count(), 3)
        self.assertEqual(www.valid_from, max(www.issuances.values_list('valid_from', flat=True)))
        self.assertTrue(www.chain_pem)
        self.assertIn('Imported 7 certificates: 5 created, 2 history', out)
        self.assertEqual(Issuance.objects.count(), 6)

    def test_settings(self):
        self.run_command(DUMP)
        www = Certificate.objects.get(name='www.example.com')
        self.assertEqual(www.tenant, self.tenant)
        self.assertEqual(list(www.tags.all()), [self.tag])
        self.assertEqual(www.custom_field_data['cost_center'], '4711')
        self.assertEqual(www.comments, 'Main site\n\nLocation of the private key: vault:secret/tls/www')
        self.assertEqual(www.renewal_instructions, 'Ask Alice.')
        self.assertEqual(
            (www.is_acme, www.acme_provider, www.acme_account_email, www.acme_challenge_type),
            (True, "Let's Encrypt", 'admin@example.com', 'dns-01'),
        )
        self.assertEqual((www.acme_auto_renewal, www.acme_renewal_days), (True, 20))

    def test_what_netbox_ssl_only_assumes_is_detected_again(self):
        fields = [each['fields'] for each in json.loads(DUMP.read_text()) if each['model'] == 'netbox_ssl.certificate']
        theirs = {each['common_name']: each['is_acme'] for each in fields}
        self.assertTrue(theirs['vpn.example.com'])
        out, _err = self.run_command(DUMP)
        vpn = Certificate.objects.get(name='vpn.example.com')
        self.assertEqual((vpn.is_acme, vpn.acme_renewal_days), (False, None))
        self.assertIn('vpn.example.com (ID ', out)
        self.assertIn('not marked as ACME', out)

    def test_statuses_and_instructions_of_the_ca(self):
        self.run_command(DUMP)
        statuses = dict(Certificate.objects.values_list('name', 'status'))
        self.assertEqual(statuses['mail.example.com'], 'retired')
        self.assertEqual(statuses['shop.example.com'], 'revoked')
        self.assertEqual(statuses['www.example.com'], 'active')
        mail = Certificate.objects.get(name='mail.example.com')
        self.assertEqual(mail.renewal_instructions, 'Order it in the shop.')

    def test_without_a_pem(self):
        self.run_command(DUMP)
        appliance = Certificate.objects.get(name='appliance.example.com')
        self.assertEqual((appliance.pem, appliance.serial_number, appliance.issuer), ('', '0A1B2C', 'CN=Appliance CA'))
        self.assertEqual(appliance.subject_alt_names, ['appliance.example.com'])
        self.assertEqual((appliance.key_algorithm, appliance.key_size), ('RSA', 2048))
        self.assertEqual(appliance.fingerprint_sha256, 'AB' * 32)

    def test_what_is_recorded_with_them(self):
        out, _err = self.run_command(DUMP)
        www = Certificate.objects.get(name='www.example.com')
        places = {each.assigned_object: each for each in www.assignments.all()}
        self.assertEqual(places.keys(), {self.web, Service.objects.get()})
        self.assertEqual((places[self.web].primary, places[self.web].note), (True, 'nginx'))
        # There, several certificates of one object may be primary.
        self.assertFalse(CertificateAssignment.objects.get(certificate__name='vpn.example.com').primary)
        contact = www.contacts.get()
        self.assertEqual((contact.contact, contact.role, contact.priority), (self.contact, self.role, 'primary'))
        entry = www.journal_entries.get()
        self.assertEqual((entry.comments, entry.kind), ('Moved to web01.', 'info'))
        dumped = next(each for each in json.loads(DUMP.read_text()) if each['model'] == 'extras.journalentry')
        self.assertEqual(entry.created.isoformat()[:19], dumped['fields']['created'][:19])
        self.assertIn('4 assignments', out)

    def test_what_is_not_imported_is_said(self):
        out, _err = self.run_command(DUMP)
        self.assertIn('custom fields that certificates do not have: left_behind', out)
        self.assertIn('1 netbox_ssl.certificatesigningrequest', out)

    def test_again(self):
        self.run_command(DUMP)
        Certificate.objects.update(comments='Changed since', status='active')
        before = list(Certificate.objects.order_by('pk').values())
        changes = ObjectChange.objects.count()
        out, _err = self.run_command(DUMP)
        self.assertIn('Imported 7 certificates: 7 unchanged', out)
        self.assertEqual(list(Certificate.objects.order_by('pk').values()), before)
        self.assertEqual(ObjectChange.objects.count(), changes)

    def test_dry_run(self):
        out, _err = self.run_command(DUMP, dry_run=True)
        self.assertIn('Would import 7 certificates: 5 created, 2 history', out)
        self.assertFalse(Certificate.objects.exists() or ObjectChange.objects.exists())

    def test_the_change_log(self):
        self.run_command(DUMP)
        www = Certificate.objects.get(name='www.example.com')
        change = ObjectChange.objects.get(
            changed_object_id=www.pk, changed_object_type__model='certificate', action='create'
        )
        self.assertEqual((change.user, change.message), (self.admin, 'Imported from netbox-ssl'))

    def test_a_private_key_costs_only_its_record(self):
        key = issue('www.example.net', in_house_ca()).key_pem
        _out, err = self.run_command(self.changed(DUMP, 'shop.example.com', comments=key), code=1)
        self.assertIn('Refused shop.example.com', err)
        self.assertEqual(Certificate.objects.count(), 4)
        self.assertNotIn(key.splitlines()[1], err)

    def test_invalid_values_cost_only_their_record(self):
        for fields in (
            {'acme_account_email': 'nobody'},
            {'acme_last_renewed': 'yesterday'},
            {'pem_content': '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----', 'issuer_chain': ''},
        ):
            with self.subTest(fields):
                Certificate.objects.all().delete()
                _out, err = self.run_command(self.changed(DUMP, 'www.example.com', replaced_by=None, **fields), code=1)
                self.assertIn('Refused www.example.com', err)
                self.assertEqual(Certificate.objects.exclude(name='www.example.com').count(), 4)

    def test_a_chain_that_is_not_its_own_is_left_out(self):
        other = issue('other.example.net', in_house_ca()).fullchain_pem
        out, _err = self.run_command(self.changed(DUMP, 'shop.example.com', issuer_chain=other))
        self.assertIn('its chain cannot be read, or contains other certificates', out)
        self.assertEqual(Certificate.objects.get(name='shop.example.com').chain_pem, '')


class RESTPagesTestCase(ExportTestCase):
    def test_the_same_as_from_a_dump(self):
        self.run_command(DUMP)
        names = ('name', 'status', 'comments', 'tenant_id', 'acme_renewal_days', 'fingerprint_sha256', 'is_acme')
        from_dump = set(Certificate.objects.values_list(*names))
        assigned = set(CertificateAssignment.objects.values_list('certificate__name', 'assigned_object_id', 'note'))
        Certificate.objects.all().delete()
        out, err = self.run_command(CERTIFICATES, ASSIGNMENTS)
        self.assertEqual(err, '')
        self.assertEqual(set(Certificate.objects.values_list(*names)), from_dump)
        self.assertEqual(
            set(CertificateAssignment.objects.values_list('certificate__name', 'assigned_object_id', 'note')), assigned
        )
        www = Certificate.objects.get(name='www.example.com')
        self.assertEqual((list(www.tags.all()), www.custom_field_data['cost_center']), ([self.tag], '4711'))
        self.assertEqual(www.issuances.count(), 3)
        self.assertEqual(Certificate.objects.get(name='mail.example.com').renewal_instructions, 'Order it in the shop.')


class OwnExportTestCase(ExportTestCase):
    def test_certificates_and_assignments(self):
        _out, err = self.run_command(EXPORT)
        self.assertEqual(err, '')
        www = Certificate.objects.get(tenant=self.tenant)
        self.assertEqual(www.name, 'www.example.com')
        self.assertEqual({each.assigned_object for each in www.assignments.all()}, {self.web, Service.objects.get()})

    def test_as_json(self):
        self.run_command(self.write(yaml.safe_load(EXPORT.read_text())))
        self.assertTrue(Certificate.objects.filter(name='www.example.com').exists())


class OtherFilesTestCase(ExportTestCase):
    def test_files_that_are_no_export(self):
        dumped = json.loads(DUMP.read_text())
        tagged = next(each for each in dumped if each['model'] == 'extras.taggeditem')
        page = json.loads(CERTIFICATES.read_text())['results'][0]
        for data, reason in (
            ([1], 'is not an export of netbox-ssl'),
            ({'detail': 'Not found.'}, 'is not an export of netbox-ssl'),
            ([{name: value for name, value in page.items() if name != 'pem_content'}], 'include_pem=true'),
            ([{**page, 'id': None}], 'without ID'),
            ([{**tagged, 'fields': {**tagged['fields'], 'content_type': 5}}], '--natural-foreign'),
            ([{**tagged, 'fields': []}], 'is not an export of netbox-ssl'),
        ):
            with self.subTest(reason):
                _out, err = self.run_command(self.write(data), code=1)
                self.assertIn(reason, err)
        self.assertFalse(Certificate.objects.exists())

    def test_files_that_cannot_be_read(self):
        file = self.write([])
        for content, reason in ((b'{"a": ', 'neither JSON nor YAML'), (b'\xff\xfe', 'not text in UTF-8')):
            with self.subTest(reason):
                file.write_bytes(content)
                self.assertIn(reason, self.run_command(file, code=1)[1])
        self.assertIn('No such file', self.run_command('/nonexistent.json', code=1)[1])


class PermissionsTestCase(ExportTestCase):
    def test_on_behalf_of_a_user(self):
        user = User.objects.create_user('importer')
        grant(user, 'add', 'view', constraints={'name__startswith': 'mail'})
        grant(user, 'add', 'view', model=CertificateAssignment)
        grant(user, 'view', model=Device)
        out, err = self.run_command(DUMP, user='importer', code=1)
        self.assertEqual(Certificate.objects.get().name, 'mail.example.com')
        # The virtual machine, which they may not view
        self.assertFalse(CertificateAssignment.objects.exists())
        self.assertIn('Refused www.example.com', err)
        self.assertIn('its certificate was not imported', out)

    def test_tenants_and_tags_that_the_user_may_not_view(self):
        user = User.objects.create_user('importer')
        grant(user, 'add', 'change', 'view')
        out, _err = self.run_command(DUMP, user='importer', code=1)
        www = Certificate.objects.get(name='www.example.com')
        self.assertEqual((www.tenant, list(www.tags.all())), (None, []))
        self.assertIn('tenant 1: does not exist, or you may not view it', out)
