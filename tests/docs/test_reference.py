"""The reference pages hold what they say: their examples are replayed, their tables held against the code."""

import json
import re
from unittest.mock import patch

from django.core.files.uploadedfile import SimpleUploadedFile
from utilities.testing import APITestCase

from netbox_ssl.models import Certificate, CertificateSource, Issuance
from tests.factories import grant, issue_acme, successor

from .replay import Documented, exchanges

PLACEHOLDER = re.compile(r'<([\w.-]+\.(?:pem|key))>')


def make_files() -> dict[str, bytes]:
    """What the file names of the examples stand for."""
    www = issue_acme(['www.example.net', 'example.net'])
    files = {
        'www.pem': www.fullchain_pem,
        'www-renewed.pem': successor(www).fullchain_pem,
        'www.key': www.key_pem,
    }
    files |= {f'{name}.pem': issue_acme(f'{name}.example.net').fullchain_pem for name in ('shop', 'vpn', 'wiki')}
    return {name: text.encode() for name, text in files.items()} | {'mail.der': issue_acme('mail.example.net').der}


class ReplayTestCase(APITestCase):
    def setUp(self):
        super().setUp()
        for model in (Certificate, CertificateSource, Issuance):
            grant(self.user, 'view', 'add', 'change', 'delete', model=model)
        self.files = make_files()
        self.documented = Documented('http://testserver')

    def send(self, request):
        """Make a documented request real, and send it."""
        path = self.documented.real(request.path)
        if request.form:
            data = {name: self._form_value(value) for name, value in request.form.items()}
            return self.client.post(path, data, format='multipart', **self.header)
        if request.file:
            body = self.files[request.file]
        elif request.body:
            text = PLACEHOLDER.sub(lambda match: json.dumps(self.files[match[1]].decode())[1:-1], request.body)
            body = json.dumps(self.documented.real_body(json.loads(text)))
        else:
            body = ''
        return self.client.generic(request.method, path, body, content_type=request.content_type, **self.header)

    def _form_value(self, value):
        return SimpleUploadedFile(value[1:], self.files[value[1:]]) if value.startswith('@') else value

    def replay(self, page):
        pairs = exchanges(page)
        self.assertTrue(pairs)
        for exchange in pairs:
            response = self.send(exchange.request)
            answer = response.json() if response.content else None
            where = f'{exchange.request.method} {exchange.request.path} {exchange.request.body}'
            with self.subTest(where):
                self.assertEqual(response.status_code, exchange.status, answer)
                self.assertEqual(self.documented.differences(exchange.answer, answer), [])

    # There is no worker; what it would be given is not run.
    @patch('netbox.api.viewsets.mixins.any_workers_for_queue', return_value=True)
    def test_rest_api(self, _):
        self.replay('rest-api.md')
