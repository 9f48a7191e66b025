"""The requests in the guide for ACME clients on Windows, sent to NetBox. The script itself needs Windows."""

import json
import re
from pathlib import Path

from utilities.testing import APITestCase

from netbox_ssl.models import Certificate, CertificateSource
from tests.support.factories import grant, issue_acme, successor

PAGE = Path(__file__).resolve().parents[2] / 'docs' / 'how-to' / 'clients' / 'windows.md'
TEXT = PAGE.read_text(encoding='utf-8')


class WindowsTestCase(APITestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view', 'add', 'change')
        grant(self.user, 'add', 'change', model=CertificateSource)
        self.report, self.sync = (json.loads(block) for block in re.findall(r'```json\n(.*?)```', TEXT, re.DOTALL))

    def send(self, path, body):
        return self.client.post(path, body, format='json', **self.header)

    def test_the_requests(self):
        (path,) = set(re.findall(r'(/api/plugins/ssl/certificates/import/)', TEXT))
        issued = issue_acme()
        for each, status, action in ((issued, 201, 'created'), (successor(issued), 200, 'renewed')):
            response = self.send(path, {**self.report, 'pem': each.fullchain_pem})
            self.assertHttpStatus(response, status)
            self.assertEqual(response.json()['action'], action)
        source = CertificateSource.objects.get()
        self.assertEqual((source.external_id, source.client), (self.report['external_id'], 'win-acme'))
        certificate = Certificate.objects.get()
        self.assertTrue(certificate.acme_auto_renewal)
        self.assertEqual(certificate.acme_server_url, self.report['acme_server_url'])
        (path,) = set(re.findall(r'`(/api/plugins/ssl/sources/sync/)`', TEXT))
        response = self.send(path, self.sync)
        self.assertHttpStatus(response, 200)
        self.assertEqual(response.json(), {'present': 1, 'missing': [], 'gone': []})

    def test_a_key_is_refused(self):
        issued = issue_acme()
        path = '/api/plugins/ssl/certificates/import/'
        response = self.send(path, {**self.report, 'pem': issued.fullchain_pem + issued.key_pem})
        self.assertHttpStatus(response, 400)
        self.assertIn('private key', str(response.json()))

    def test_the_script_sends_the_same_fields(self):
        (script,) = re.findall(r'```powershell\n(.*?)```', TEXT, re.DOTALL)
        body = re.search(r'\$report = @\{\n(.*?)\n *\}', script, re.DOTALL)[1]
        fields = re.findall(r'^ *(\w+) = ', body, re.MULTILINE) + re.findall(r'\$report\.(\w+) = ', script)
        self.assertEqual(sorted(fields), sorted(self.report))
        self.assertIn('/api/plugins/ssl/certificates/import/', script)
