"""Private keys in NetBox's pages: refused in every form, not stored, not shown again."""

import csv
import io
import json
from functools import partial

import yaml
from core.models import ObjectType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from extras.models import CustomField
from utilities.testing import TestCase

from netbox_ssl.models import Certificate, CertificateSource
from tests.support.endpoints import endpoint
from tests.support.factories import facts, issue_acme, record
from tests.support.key_leaks import WatchingMixin
from tests.support.key_material import BINARY_FORMS, FORMS, Material, binary, material, short


def url(name, **kwargs):
    return reverse(f'plugins:netbox_ssl:{name}', kwargs=kwargs)


class PagesTestCase(WatchingMixin, TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.certificate = record()
        cls.source = CertificateSource.objects.create(certificate=cls.certificate, external_id='certbot:a:b')
        field = CustomField.objects.create(name='note', type='longtext')
        field.object_types.set(ObjectType.objects.get_for_models(Certificate, CertificateSource).values())
        cls.unchanged = list(Certificate.objects.values())

    def setUp(self):
        super().setUp()
        self.permit()

    def try_all(self, send, forms=FORMS):
        """Try all texts with ``send(text)``, which posts it and returns the response."""
        for form in forms:
            with self.subTest(form=form):
                self.try_one(send, material(form))

    def try_one(self, send, made: Material):
        with self.nothing_kept(made):
            self.assertRefused(send(made.text), made, codes=(200,))
        self.assertEqual(list(Certificate.objects.values()), self.unchanged)

    def try_fields(self, names, send):
        """Try each field with ``send({name: text})``; one form of key is enough once all are tried on one field."""
        for name in names:
            with self.subTest(field=name):
                self.try_one(lambda text, name=name: send({name: text}), short())


class CertificateFormsTestCase(PagesTestCase):
    FIELDS = (
        'pem',
        'chain_pem',
        'name',
        'subject',
        'issuer',
        'serial_number',
        'subject_alt_names',
        'key_algorithm',
        'acme_provider',
        'acme_account_email',
        'acme_server_url',
        'description',
        'comments',
        'tags',
        'cf_note',
        'changelog_message',
        'no_field_of_ours',
    )

    def add(self, values):
        return self.client.post(url('certificate_add'), {**facts(), 'status': 'active', 'is_acme': 'on', **values})

    def edit(self, values):
        data = {**facts(), 'status': 'active', 'is_acme': 'on', **values}
        return self.client.post(url('certificate_edit', pk=self.certificate.pk), data)

    def bulk_edit(self, values):
        return self.client.post(url('certificate_bulk_edit'), {'pk': [self.certificate.pk], '_apply': '1', **values})

    def test_input_without_a_key_is_accepted(self):
        """Otherwise the refusals below could have any cause."""
        rename = partial(self.rename, follow=False)
        for send in (self.add, self.edit, self.bulk_edit, rename):
            with self.subTest(send=send):
                self.assertEqual(send({'changelog_message': 'why'}).status_code, 302)

    def test_add(self):
        self.try_all(lambda text: self.add({'pem': text}))
        self.try_fields(self.FIELDS, self.add)

    def test_edit(self):
        self.try_all(lambda text: self.edit({'pem': text}))
        self.try_fields(self.FIELDS, self.edit)

    def test_bulk_edit(self):
        self.try_all(lambda text: self.bulk_edit({'comments': text}))
        fields = ('description', 'acme_provider', 'acme_server_url', 'cf_note', 'changelog_message', 'add_tags')
        self.try_fields(fields, self.bulk_edit)

    def rename(self, values, submit='_apply', follow=True):
        data = {'pk': [self.certificate.pk], submit: '1', 'find': 'www', 'replace': 'web', **values}
        return self.client.post(url('certificate_bulk_rename'), data, follow=follow)

    def test_bulk_rename(self):
        self.try_all(lambda text: self.rename({'replace': text}))
        self.try_fields(('find', 'replace', 'changelog_message'), self.rename)
        self.try_fields(('replace',), lambda values: self.rename(values, submit='_preview'))

    def test_bulk_rename_in_two_steps(self):
        """Neither half is a key, but together they are, which is only detected on saving."""
        made = material('bare base64 of DER')
        begin, end = made.text[:30], made.text[30:80]
        Certificate.objects.filter(pk=self.certificate.pk).update(name=begin)
        self.unchanged = list(Certificate.objects.values())
        for regex in ({}, {'use_regex': 'on'}):
            find = {'find': '$' if regex else begin[-5:], 'replace': end if regex else begin[-5:] + end}
            with self.subTest(find), self.nothing_kept(made):
                response = self.rename({**find, **regex})
                self.assertContains(response, 'private key')
            self.assertEqual(Certificate.objects.get().name, begin)

    def test_delete(self):
        for view, pk in (('certificate', self.certificate.pk), ('certificatesource', self.source.pk)):
            target = url(f'{view}_delete', pk=pk)
            self.try_fields(
                ('changelog_message',),
                lambda values, target=target: self.client.post(target, {'confirm': 'true', **values}),
            )

    def test_bulk_delete(self):
        for view, pk in (('certificate', self.certificate.pk), ('certificatesource', self.source.pk)):
            target, data = url(f'{view}_bulk_delete'), {'pk': [pk], 'confirm': 'true', '_confirm': '1'}
            self.try_fields(
                ('changelog_message',),
                lambda values, target=target, data=data: self.client.post(target, {**data, **values}, follow=True),
            )


def as_csv(record):
    with io.StringIO() as output:
        writer = csv.DictWriter(output, record)
        writer.writeheader()
        writer.writerow(record)
        return output.getvalue()


FORMATS = {'csv': as_csv, 'json': lambda record: json.dumps([record]), 'yaml': lambda record: yaml.dump([record])}


class BulkImportTestCase(PagesTestCase):
    def paste(self, record, form, model='certificate', **values):
        data = {'import_method': 'direct', 'data': FORMATS[form](record), 'format': form, 'csv_delimiter': 'auto'}
        return self.client.post(url(f'{model}_bulk_import'), {**data, **values})

    def upload(self, record, form, model='certificate'):
        file = SimpleUploadedFile(f'x.{form}', FORMATS[form](record).encode())
        data = {'import_method': 'upload', 'upload_file': file, 'format': form, 'csv_delimiter': 'auto'}
        return self.client.post(url(f'{model}_bulk_import'), data)

    def test_input_without_a_key_is_accepted(self):
        for number, send in enumerate((self.paste, self.upload)):
            for form in FORMATS:
                with self.subTest(send=send, form=form):
                    record = {'name': f'{form}{number}', 'valid_from': '2026-01-01', 'valid_to': '2026-02-01'}
                    self.assertEqual(send(record, form).status_code, 302)

    def test_certificates(self):
        for form in FORMATS:
            for send in (self.paste, self.upload):
                with self.subTest(form=form, send=send):
                    self.try_all(lambda text, send=send, form=form: send({'pem': text}, form))

    def test_any_column(self):
        record = {'name': 'x', 'valid_from': '2026-01-01', 'valid_to': '2026-02-01'}
        names = ('name', 'comments', 'acme_provider', 'cf_note', 'tags', 'no_column_of_ours')
        self.try_fields(names, lambda values: self.paste({**record, **values}, 'json'))

    def test_in_the_background_as_well(self):
        self.try_all(lambda text: self.paste({'pem': text}, 'json', background_job='on'))

    def test_the_message_for_the_change_log(self):
        send = lambda values: self.paste({'pem': issue_acme().pem}, 'json', **values)  # noqa: E731
        self.try_fields(('changelog_message',), send)

    def test_sources(self):
        for form in FORMATS:
            for send in (self.paste, self.upload):
                record = {'certificate': self.certificate.name}
                with self.subTest(form=form, send=send):
                    self.try_fields(
                        ('external_id', 'client'),
                        lambda values, send=send, form=form, record=record: send(
                            {'external_id': 'x', **record, **values}, form, model='certificatesource'
                        ),
                    )


class SmartPasteTestCase(PagesTestCase):
    def paste(self, values):
        return self.client.post(url('certificate_smart_paste'), values)

    def upload(self, content):
        content = content.encode() if isinstance(content, str) else content
        return self.paste({'text': '', 'file': SimpleUploadedFile('fullchain.pem', content)})

    def test_text(self):
        self.try_all(lambda text: self.paste({'text': text}))

    def test_file(self):
        self.try_all(self.upload)

    def test_binary_files(self):
        for form in BINARY_FORMS:
            with self.subTest(form):
                content = binary(form)
                made = Material(content.decode('latin-1'), (content[-30:-5].decode('latin-1'),))
                with self.captureOnCommitCallbacks(execute=True):
                    self.assertRefused(self.upload(content), made, codes=(200,))
                self.assertEqual(list(Certificate.objects.values()), self.unchanged)

    def test_of_several_files_only_the_one_with_the_key_is_refused(self):
        for form in FORMS:
            made = material(form)
            files = [
                SimpleUploadedFile('good.pem', issue_acme('good.example.net').pem.encode()),
                SimpleUploadedFile('bad.pem', made.text.encode()),
            ]
            with self.subTest(form), self.nothing_kept(made):
                response = self.paste({'text': '', 'file': files})
                self.assertRefused(response, made, codes=(200,))
                self.assertContains(response, 'good.example.net')

    def test_confirming(self):
        self.try_all(lambda text: self.paste({'text': text, '_confirm': '1'}))
        self.try_all(lambda text: self.paste({'text': issue_acme().pem + text, '_confirm': '1'}))
        names = ('acme_provider', 'acme_account_email', 'acme_server_url', 'add_tags', 'tenant', 'no_field_of_ours')
        self.try_fields(names, lambda values: self.paste({'text': issue_acme().pem, '_confirm': '1', **values}))


class SourceFormsTestCase(PagesTestCase):
    def test_all(self):
        data = {'certificate': self.certificate.pk, 'external_id': 'x'}
        for target in (
            url('certificatesource_add'),
            url('certificatesource_edit', pk=self.source.pk),
            url('certificatesource_bulk_edit'),
        ):
            with self.subTest(target):
                self.try_fields(
                    ('external_id', 'client', 'cf_note', 'changelog_message'),
                    lambda values, target=target: self.client.post(
                        target, {**data, 'pk': [self.source.pk], '_apply': '1', **values}
                    ),
                )


class EndpointFormsTestCase(PagesTestCase):
    FIELDS = ('address', 'server_name', 'ca_file', 'monitor', 'description', 'comments', 'changelog_message')

    def test_all(self):
        made = endpoint()
        for target in (url('endpoint_add'), url('endpoint_edit', pk=made.pk), url('endpoint_bulk_edit')):
            with self.subTest(target):
                data = {'address': 'www.example.com', 'port': 443, 'pk': [made.pk], '_apply': '1'}
                self.try_fields(
                    self.FIELDS, lambda values, target=target, data=data: self.client.post(target, {**data, **values})
                )

    def test_suggestions(self):
        self.try_fields(('monitor', 'proposal'), lambda values: self.client.post(url('endpoint_proposals'), values))
