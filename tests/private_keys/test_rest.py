"""Private keys over REST: refused on every endpoint that writes, not stored, not shown again."""

from unittest.mock import patch

from core.models import ObjectType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from extras.models import CustomField
from utilities.testing import APITestCase

from netbox_ssl.models import Certificate, CertificateSource
from tests.support.endpoints import MONITOR, endpoint, entry
from tests.support.factories import facts, issue_acme, record
from tests.support.key_leaks import WatchingMixin
from tests.support.key_material import BINARY_FORMS, FORMS, Material, binary, material, short

# Places of a text in the body of a request that writes a certificate
PLACES = {
    'pem': lambda text: {'pem': text},
    'chain_pem': lambda text: {'chain_pem': text},
    'name': lambda text: {'name': text},
    'subject': lambda text: {'subject': text},
    'subject_alt_names': lambda text: {'subject_alt_names': ['a', text]},
    'acme_provider': lambda text: {'acme_provider': text},
    'acme_server_url': lambda text: {'acme_server_url': text},
    'description': lambda text: {'description': text},
    'comments': lambda text: {'comments': text},
    'custom field': lambda text: {'custom_fields': {'note': text}},
    'custom field, nested': lambda text: {'custom_fields': {'data': {'a': [{'b': text}]}}},
    'tags': lambda text: {'tags': [{'name': text, 'slug': 'x'}]},
    'add_tags': lambda text: {'add_tags': [{'name': text}]},
    'changelog_message': lambda text: {'changelog_message': text},
    'no field of ours': lambda text: {'private_key': text},
    'a list where a text should be': lambda text: {'description': [text]},
}


class RESTTestCase(WatchingMixin, APITestCase):
    @classmethod
    def setUpTestData(cls):
        cls.certificate = record()
        cls.source = CertificateSource.objects.create(certificate=cls.certificate, external_id='certbot:a:b')
        for name, kind in (('note', 'longtext'), ('data', 'json')):
            field = CustomField.objects.create(name=name, type=kind)
            field.object_types.set([ObjectType.objects.get_for_model(Certificate)])
        cls.unchanged = list(Certificate.objects.values())
        cls.list_url = reverse('plugins-api:netbox_ssl-api:certificate-list')
        cls.detail_url = reverse('plugins-api:netbox_ssl-api:certificate-detail', args=[cls.certificate.pk])
        cls.import_url = reverse('plugins-api:netbox_ssl-api:certificate-import')
        cls.source_list_url = reverse('plugins-api:netbox_ssl-api:certificatesource-list')
        cls.source_url = reverse('plugins-api:netbox_ssl-api:certificatesource-detail', args=[cls.source.pk])

    def setUp(self):
        super().setUp()
        self.permit()

    def send(self, method, url, data, format='json', **options):
        return getattr(self.client, method)(url, data, format=format, **self.header, **options)

    def try_one(self, send, made: Material):
        with self.nothing_kept(made):
            self.assertRefused(send(made.text), made, codes=(400,))
        self.assertEqual(list(Certificate.objects.values()), self.unchanged)

    def try_everything(self, send, places=PLACES):
        """Try ``send(body)`` with each form of key as PEM, and with one form in each other place."""
        for form in FORMS:
            with self.subTest(form=form):
                self.try_one(lambda text: send({'pem': text}), material(form))
        for place, body in places.items():
            with self.subTest(place=place):
                self.try_one(lambda text, body=body: send(body(text)), short())

    def test_input_without_a_key_is_accepted(self):
        times = {name: value.isoformat() for name, value in facts().items() if name != 'name'}
        body = {'name': 'x', **times}
        for method, url, data, code in (
            ('post', self.list_url, body, 201),
            ('put', self.detail_url, body, 200),
            ('patch', self.detail_url, {'comments': 'x'}, 200),
            ('post', self.import_url, {'pem': issue_acme().pem}, 201),
        ):
            with self.subTest(method=method, url=url):
                self.assertHttpStatus(self.send(method, url, data), code)

    def body(self, values):
        return {**facts(), **values}

    def test_post(self):
        self.try_everything(lambda values: self.send('post', self.list_url, self.body(values)))

    def test_post_of_a_list(self):
        self.try_everything(lambda values: self.send('post', self.list_url, [facts(), self.body(values)]))

    def test_put(self):
        self.try_everything(lambda values: self.send('put', self.detail_url, self.body(values)))

    def test_patch(self):
        self.try_everything(lambda values: self.send('patch', self.detail_url, values))

    def test_patch_of_a_list(self):
        pk = self.certificate.pk
        self.try_everything(lambda values: self.send('patch', self.list_url, [{'id': pk, **values}]))

    def test_put_of_a_list(self):
        pk = self.certificate.pk
        self.try_everything(lambda values: self.send('put', self.list_url, [{'id': pk, **self.body(values)}]))

    def test_lists_for_the_background(self):
        """They are refused before they reach the queue, which would store them."""
        target = 'netbox.api.viewsets.mixins.'
        with (
            patch(target + 'any_workers_for_queue', return_value=True),
            patch(target + 'AsyncAPIJob.enqueue') as enqueue,
        ):
            for method, url in (
                ('post', self.import_url),
                ('post', self.list_url),
                ('patch', self.list_url),
                ('post', self.source_list_url),
                ('delete', self.list_url),
            ):
                with self.subTest(method=method, url=url):
                    self.try_everything(
                        lambda values, method=method, url=url: self.send(
                            method, url + '?background=true', [facts(), {'id': self.certificate.pk, **values}]
                        )
                    )
        enqueue.assert_not_called()

    def test_delete(self):
        for target, model in ((self.detail_url, self.certificate), (self.source_url, self.source)):
            for url, wrap in ((target, dict), (target.rsplit('/', 2)[0] + '/', lambda values: [values])):
                with self.subTest(url):
                    self.try_one(
                        lambda text, url=url, wrap=wrap, pk=model.pk: self.send(
                            'delete', url, wrap({'id': pk, 'changelog_message': text})
                        ),
                        short(),
                    )

    def test_import(self):
        pem = issue_acme().pem
        places = {
            **PLACES,
            'external_id': lambda text: {'external_id': text},
            'client': lambda text: {'external_id': 'x', 'client': text},
        }
        self.try_everything(lambda values: self.send('post', self.import_url, {'pem': pem, **values}), places)
        self.try_everything(lambda values: self.send('post', self.import_url, [{'pem': pem, **values}]), places)

    def test_import_of_a_file(self):
        for form in FORMS:
            made = material(form)
            with self.subTest(form):
                file = SimpleUploadedFile('fullchain.pem', made.text.encode())
                self.try_one(
                    lambda text, file=file: self.send('post', self.import_url, {'file': file}, format='multipart'), made
                )

    def test_import_of_a_bare_body(self):
        for media_type in ('application/x-pem-file', 'text/plain', 'application/octet-stream'):
            for form in FORMS:
                with self.subTest(form=form, media_type=media_type):
                    self.try_one(lambda text, kind=media_type: self.bare(text, kind), material(form))
            for form in BINARY_FORMS:
                with self.subTest(form=form, media_type=media_type):
                    content = binary(form)
                    secret = content[-30:-5].decode('latin-1')
                    made = Material(secret, (secret,))
                    self.assertRefused(self.bare(content, media_type), made, codes=(400,))

    def bare(self, content, media_type):
        return self.client.post(self.import_url, content, content_type=media_type, **self.header)

    def test_sources(self):
        body = {'certificate': self.certificate.pk, 'external_id': 'x'}
        for method, url in (
            ('post', self.source_list_url),
            ('put', self.source_url),
            ('patch', self.source_url),
        ):
            for name in ('external_id', 'client', 'changelog_message', 'no_field_of_ours'):
                with self.subTest(method=method, name=name):
                    self.try_one(
                        lambda text, method=method, url=url, name=name: self.send(method, url, {**body, name: text}),
                        short(),
                    )

    def test_endpoints(self):
        base = '/api/plugins/ssl/endpoints/'
        made = endpoint()
        for method, url in (('post', base), ('put', f'{base}{made.pk}/'), ('patch', f'{base}{made.pk}/')):
            for name in ('address', 'ca_file', 'description', 'changelog_message', 'no_field_of_ours'):
                with self.subTest(method=method, name=name):
                    self.try_one(
                        lambda text, method=method, url=url, name=name: self.send(
                            method, url, {'address': 'www.example.com', name: text}
                        ),
                        short(),
                    )
        for name in (*entry(), 'no_field_of_ours'):
            with self.subTest(name):
                self.try_one(
                    lambda text, name=name: self.send(
                        'post', f'{base}results/', {'monitor': MONITOR, 'results': [{**entry(), name: text}]}
                    ),
                    short(),
                )
