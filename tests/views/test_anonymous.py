"""Visitors without an account, where NetBox requires no login (LOGIN_REQUIRED)."""

from django.test import override_settings
from utilities.testing import TestCase

from netbox_ssl.places.suggestions import find_all
from tests.support.endpoints import endpoint
from tests.support.factories import issue_acme
from tests.support.places import assign, device
from tests.support.reporting import report
from tests.support.urls import API, ARGUMENTS, MODELS, PAGES, pk_of, urls_of


class AnonymousTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        certificate = report('a', issue_acme('secret.example.net')).certificate
        assign(certificate, device())
        endpoint('secret.example.net', expected_certificate=certificate)
        device('secret.example.net')
        find_all()

    def setUp(self):
        self.client.raise_request_exception = False
        self.urls = urls_of(PAGES, **ARGUMENTS)
        self.endpoints = urls_of(API, pk=lambda name: pk_of(name.replace('-', '').removesuffix('list')))

    def answers(self):
        for urls in (self.urls, self.endpoints):
            for name, url in urls.items():
                for method in ('get', 'post'):
                    with self.subTest(name, method=method):
                        response = getattr(self.client, method)(
                            url, {'text': 'x', 'pk': 1, 'name': 'secret.example.net'}
                        )
                        self.assertLess(response.status_code, 500)
                        yield name, method, response

    @override_settings(LOGIN_REQUIRED=False)
    def test_nothing_is_shown_without_permission(self):
        for name, _method, response in self.answers():
            self.assertNotIn('secret.example.net', response.content.decode(), name)

    @override_settings(LOGIN_REQUIRED=False, EXEMPT_VIEW_PERMISSIONS=['*'])
    def test_exempt_objects_are_shown_and_nothing_is_written(self):
        before = [list(model.objects.values()) for model in MODELS.values()]
        shown = {name for name, _method, response in self.answers() if b'secret.example.net' in response.content}
        self.assertEqual([list(model.objects.values()) for model in MODELS.values()], before)
        self.assertLessEqual({'certificate_list', 'issuance_list', 'certificate-list', 'by_name'}, shown)

    @override_settings(LOGIN_REQUIRED=False)
    def test_pages_that_write_ask_for_a_login(self):
        for url in ('/plugins/ssl/certificates/smart-paste/', '/plugins/ssl/connect/'):
            for method in ('get', 'post'):
                response = getattr(self.client, method)(url)
                self.assertRedirects(response, f'/login/?next={url}', fetch_redirect_response=False)
