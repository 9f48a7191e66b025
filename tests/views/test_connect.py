"""The page *Connect a client*."""

import re
import subprocess

from django.urls import reverse
from users.models import User
from utilities.testing import TestCase

from netbox_ssl.imports.clients import CLIENTS, FILES, file_text
from netbox_ssl.models import CertificateSource
from tests.hooks.running import HOOKS
from tests.support import programs
from tests.support.factories import grant, record


class ConnectTestCase(TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view', model=CertificateSource, constraints={'certificate__name': 'ours.example.net'})

    def get(self, client='certbot'):
        return self.client.get(reverse('plugins:netbox_ssl:connect', kwargs={'client': client}))

    def test_every_client_has_its_page(self):
        for client in CLIENTS:
            response = self.get(client.key)
            self.assertContains(response, client.label)
            self.assertContains(response, f'NETBOX_URL{": " if client.manifest else "="}http://testserver\n')
            self.assertContains(response, 'netbox_begin')
            self.assertContains(response, 'reports yet')
            guide = re.search(r'href="(/plugins/ssl/docs/how-to/clients/[^"]+)"', response.content.decode())[1]
            self.assertEqual(self.client.get(guide).status_code, 200, guide)

    def test_every_hook_is_on_it(self):
        # Parts of one hook are included in it.
        parts = {file.name for file in HOOKS.glob('served-*.sh')}
        self.assertEqual({file.name for file in HOOKS.iterdir()} - parts, FILES)

    def test_how_many_report_is_restricted(self):
        ours, theirs = record('ours.example.net'), record('theirs.example.net')
        for number, certificate in enumerate((ours, ours, theirs)):
            CertificateSource.objects.create(
                certificate=certificate, external_id=f'certbot:web{number}:www', client='certbot'
            )
        response = self.get()
        self.assertContains(response, '2 sources</a> of certbot already report')
        self.assertContains(response, '/plugins/ssl/sources/?client=certbot')
        self.assertContains(self.get('lego'), 'No lego client reports yet')

    def test_a_file_includes_the_library(self):
        for client in CLIENTS:
            text = self.client.get(reverse('plugins:netbox_ssl:connect_file', kwargs={'name': client.file})).content
            self.assertTrue(text.startswith(b'#!/bin/sh\n'))
            self.assertNotIn(b'$lib', text)
            self.assertEqual(text.count(b'#!/bin/sh'), 1)
            for shell in ([programs.find('dash')], [programs.find('busybox'), 'sh']):
                self.assertEqual(subprocess.run([*shell, '-n'], input=text, check=False).returncode, 0, client.file)

    def test_only_these_files(self):
        for name in ('nothing', '..%2f__init__.py', 'lib'):
            self.assertEqual(self.client.get(f'/plugins/ssl/connect/files/{name}').status_code, 404)
        self.assertEqual(self.get('nothing').status_code, 404)

    def test_without_permission(self):
        User.objects.get(pk=self.user.pk).object_permissions.all().delete()
        self.assertEqual(self.get().status_code, 403)
        self.client.logout()
        self.assertEqual(self.get().status_code, 302)

    def test_the_text_equals_the_file_in_the_folder(self):
        self.assertEqual(file_text('netbox-acme.cron'), (HOOKS / 'netbox-acme.cron').read_text())
