"""Replay the examples of the reference pages and compare the real responses with the documented ones."""

import contextlib
import io
import json
import re
from unittest.mock import patch

import pynetbox
from dcim.models import Device
from django.core.files.uploadedfile import SimpleUploadedFile
from ipam.models import IPAddress
from utilities.testing import APITestCase

from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource, Endpoint, Issuance
from tests.support.certificate_factory import issue, make_root
from tests.support.doc_clients import session_through
from tests.support.doc_examples import Documented, exchanges, fences, queries
from tests.support.endpoints import check, endpoint
from tests.support.factories import DAY, grant, import_pem, in_house_ca, issue_acme, record, successor
from tests.support.places import assign, device
from tests.support.redetection import known_provider

PLACEHOLDER = re.compile(r'<([\w.-]+\.(?:pem|key))>')


def open_instead(texts: dict[str, str]):
    """Return an ``open`` that also provides these files. Everything else, such as templates, is opened as usual."""
    original = open

    def opened(name, *args, **kwargs):
        return io.StringIO(texts[name]) if name in texts else original(name, *args, **kwargs)

    return opened


def make_files() -> dict[str, bytes]:
    """Return the content of each file named in the examples."""
    www = issue_acme(['www.example.net', 'example.net'])
    files = {
        'www.pem': www.fullchain_pem,
        'www-renewed.pem': successor(www).fullchain_pem,
        'www.key': www.key_pem,
        'ldap.pem': issue('ldap.corp.example.net', in_house_ca()).fullchain_pem,
    }
    files['root.pem'] = make_root('Example Corp', 'Example Root').pem
    files |= {f'{name}.pem': issue_acme(f'{name}.example.net').fullchain_pem for name in ('shop', 'vpn', 'wiki')}
    return {name: text.encode() for name, text in files.items()} | {'mail.der': issue_acme('mail.example.net').der}


class ReplayTestCase(APITestCase):
    def setUp(self):
        super().setUp()
        for model in (Certificate, CertificateAssignment, CertificateSource, Endpoint, Issuance, Device, IPAddress):
            grant(self.user, 'view', 'add', 'change', 'delete', model=model)
        self.files = make_files()
        self.documented = Documented('http://testserver')

    def send(self, request):
        """Send a documented request with the real IDs."""
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
            # The page says that the settings were changed in between.
            detects = exchange.request.path.endswith('/detect/')
            with known_provider() if detects else contextlib.nullcontext():
                response = self.send(exchange.request)
            answer = response.json() if response.content else None
            where = f'{exchange.request.method} {exchange.request.path} {exchange.request.body}'
            with self.subTest(where):
                self.assertEqual(response.status_code, exchange.status, answer)
                self.assertEqual(self.documented.differences(exchange.answer, answer), [])

    # There is no worker; jobs are enqueued but not run.
    @patch('netbox.api.viewsets.mixins.any_workers_for_queue', return_value=True)
    def test_rest_api(self, _):
        self.replay('rest-api.md')

    def test_graphql(self):
        import_pem(
            issue_acme(),
            acme_account_email='hostmaster@example.net',
            acme_challenge_type='dns-01',
            acme_server_url='https://acme-v02.api.letsencrypt.org/directory',
            acme_auto_renewal=True,
        )
        late = record('late.example.net', left=5 * DAY, subject_alt_names=['late.example.net'])
        CertificateSource.objects.create(
            certificate=late, external_id='certbot:web01.example.net:late.example.net', client='certbot'
        )
        assign(late, device('web-01'), note='tcp/443', primary=True)
        endpoint('late.example.net', expected_certificate=late)
        check('refused', 'late.example.net', detail='connection refused')
        old = record('old.example.net', left=-DAY)
        # The page queries it by an ID that it showed before.
        self.documented.ids[18] = old.pk
        pairs = queries('graphql.md')
        self.assertTrue(pairs)
        for query, documented in pairs:
            query = self.documented.real_query(query)
            response = self.client.post('/graphql/', {'query': query}, format='json', **self.header)
            with self.subTest(query):
                self.assertHttpStatus(response, 200)
                self.assertEqual(self.documented.differences(documented, response.json()), [])

    def test_pynetbox(self):
        """Run all examples in order, as one program."""
        issued = issue_acme()
        import_pem(issued)
        record('old.example.net', left=-DAY)
        token = self.header['HTTP_AUTHORIZATION'].removeprefix('Bearer ')
        api = pynetbox.api

        def api_through_client(*args, **kwargs):
            made = api(*args, **kwargs)
            made.http_session = session_through(self.client)
            return made

        program = '\n'.join(text for language, text in fences('rest-api.md') if language == 'python')
        self.assertTrue(program)
        printed = io.StringIO()
        pem = successor(issued).fullchain_pem
        with (
            patch('pynetbox.api', api_through_client),
            patch('builtins.open', open_instead({'fullchain.pem': pem})),
            contextlib.redirect_stdout(printed),
        ):
            exec(program, {'TOKEN': token})
        lines = printed.getvalue().splitlines()
        self.assertRegex(lines[0], 'old.example.net Expired ')
        self.assertEqual(lines[1], 'renewed')
        self.assertEqual([line.split()[-1] for line in lines[2:]], ['True', 'False'])
        certificate = Certificate.objects.get(name='www.example.net')
        self.assertEqual((certificate.acme_auto_renewal, certificate.acme_renewal_days), (True, 20))
        self.assertEqual(certificate.sources.get().client, 'script')
