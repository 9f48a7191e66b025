"""Helpers for the tests of Smart Paste with several inputs."""

import re
from unittest.mock import patch

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from utilities.testing import TestCase

from netbox_ssl.models import Certificate
from tests.support.factories import grant, issue_acme

__all__ = ('ManyTestCase', 'file', 'issue')


def file(name, content):
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


def issue(*names):
    return [issue_acme(f'{name}.example.net') for name in names]


class ManyTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.url = reverse('plugins:netbox_ssl:certificate_smart_paste')
        # Tests must not use the workers of another NetBox on the same Valkey.
        patcher = patch('netbox_ssl.views.smart_paste.any_workers_for_queue', return_value=False)
        self.has_worker = patcher.start()
        self.addCleanup(patcher.stop)

    def allow(self):
        grant(self.user, 'view', 'add', 'change')

    def preview(self, files=(), text=''):
        before = list(Certificate.objects.values())
        response = self.client.post(self.url, {'text': text, 'file': list(files)})
        self.assertEqual(list(Certificate.objects.values()), before)
        self.assertEqual(response.status_code, 200)
        return response

    def key(self, response) -> str:
        """Return the key in the form of the preview."""
        return re.search(r'name="paste" value="([^"]+)"', response.content.decode())[1]

    def confirm(self, response, follow=True, **values):
        return self.client.post(self.url, {'paste': self.key(response), '_confirm': '1', **values}, follow=follow)

    def actions(self, response) -> list[str]:
        return re.findall(r'<tr data-action="(\w*)"', response.content.decode())
