"""Follow docs/how-to/assign-certificates.md as written: NetBox's forms, import and exports."""

import json
import re
from html import unescape
from pathlib import Path

from core.models import ObjectType
from dcim.models import Device
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone
from extras.models import CustomLink, Notification, NotificationGroup, SavedFilter
from users.models import User

from netbox_ssl.announcements.sweep.certificates import sweep
from netbox_ssl.event_types import RENEWAL_OVERDUE
from netbox_ssl.models import Certificate, CertificateAssignment
from tests.support.doc_examples import REFERENCE
from tests.support.doc_tutorials import forms
from tests.support.factories import DAY, grant, record, superuser
from tests.support.places import address_on, assign, device, service_on

FOLDER = REFERENCE.parent / 'how-to'
PAGE = Path(FOLDER, 'assign-certificates.md').read_text(encoding='utf-8')
FORMS = {form.fields['Name']: form for form in forms('assign-certificates.md', FOLDER)}
MENUS = {
    'Operations → Notification Groups': '/extras/notification-groups/add/',
    'Operations → Event Rules': '/extras/event-rules/add/',
    'Customization → Custom Links': '/extras/custom-links/add/',
    'Customization → Export Templates': '/extras/export-templates/add/',
}
NAMES = {
    'Name': 'name',
    'Link text': 'link_text',
    'Link URL': 'link_url',
    'Template code': 'template_code',
    'MIME type': 'mime_type',
    'File extension': 'file_extension',
}
MODELS = {
    'NetBox SSL > Certificate': Certificate,
    'NetBox SSL > Certificate Assignment': CertificateAssignment,
    'DCIM > Device': Device,
}
CERTIFICATES, ASSIGNMENTS = '/plugins/ssl/certificates/', '/plugins/ssl/assignments/'


class AssignCertificatesTestCase(TestCase):
    def setUp(self):
        self.user = superuser()
        self.client.force_login(self.user)
        self.host = device('web-01')
        self.certificate = record('www.example.net', left=20 * DAY, acme_provider="Let's Encrypt")

    def fill_in(self, name):
        """Fill in the form by its labels, as a user does."""
        form = FORMS[name]
        sent = {'enabled': 'on', 'as_attachment': 'on', 'weight': 100, 'button_class': 'default'}
        for label, value in form.fields.items():
            if label in NAMES:
                sent[NAMES[label]] = value
            elif label == 'Object types':
                sent['object_types'] = [ObjectType.objects.get_for_model(MODELS[value]).pk]
            elif label == 'Event types':
                self.assertEqual(value, 'Renewal overdue')
                sent['event_types'] = [RENEWAL_OVERDUE]
            elif label == 'Action type':
                self.assertEqual(value, 'Notification')
                group = NotificationGroup.objects.get(name=form.fields['Notification group'])
                sent |= {'action_type': 'notification', 'action_choice': group.pk}
            elif label == 'Users':
                sent['users'] = [self.user.pk]
            else:
                self.assertEqual(label, 'Notification group')
        response = self.client.post(MENUS[form.menu], sent)
        self.assertEqual(response.status_code, 302, response.context and response.context['form'].errors)

    def page(self, url) -> str:
        response = self.client.get(url)
        self.assertEqual(response.status_code, 200)
        return unescape(response.content.decode())

    def test_every_form_of_the_page_is_tested(self):
        links = {'Certificates due', 'Test from outside'}
        self.assertEqual(
            set(FORMS), links | {'TLS', 'Renewal overdue: TLS team', 'Certificates in use', 'Prometheus targets'}
        )

    def test_import(self):
        address_on()
        (data,) = re.findall(r'```csv\n(.*?)```', PAGE, re.DOTALL)
        url = reverse('plugins:netbox_ssl:certificateassignment_bulk_import')
        response = self.client.post(url, {'data': data, 'format': 'csv', 'csv_delimiter': ','})
        self.assertEqual(response.status_code, 302)
        self.assertEqual(CertificateAssignment.objects.filter(certificate=self.certificate).count(), 2)

    def test_saved_filter(self):
        assign(self.certificate, self.host)
        record('nowhere.example.net')
        record('retired.example.net', status='retired')
        (parameters,) = re.findall(r'with `(\{.*?\})`', PAGE)
        saved = SavedFilter(name='Unassigned', slug='unassigned', parameters=json.loads(parameters))
        saved.full_clean(exclude=['object_types'])
        saved.save()
        saved.object_types.set([ObjectType.objects.get_for_model(Certificate)])
        page = self.page(f'{CERTIFICATES}?filter_id={saved.pk}')
        self.assertIn('nowhere.example.net', page)
        for name in ('www.example.net', 'retired.example.net'):
            self.assertNotIn(f'>{name}<', page)

    def test_notification_group(self):
        self.fill_in('TLS')
        self.fill_in('Renewal overdue: TLS team')
        sweep(timezone.now() + 10 * DAY)
        notification = Notification.objects.get(user=self.user)
        self.assertEqual((notification.object, notification.event_type), (self.certificate, RENEWAL_OVERDUE))

    def button(self, place, name) -> str | None:
        text = re.escape(name)
        found = re.search(
            rf'<a href="([^"]*)"[^>]*class="btn[^>]*>\s*{text}\s*</a>', self.page(place.get_absolute_url())
        )
        return found and found[1]

    def test_button_on_the_device(self):
        self.fill_in('Certificates due')
        assign(self.certificate, service_on(self.host))
        record('elsewhere.example.net', left=20 * DAY)
        page = self.page(self.button(self.host, 'Certificates due'))
        self.assertIn('www.example.net', page)
        self.assertNotIn('elsewhere.example.net', page)

    def test_no_button_without_permission(self):
        self.fill_in('Certificates due')
        other_user = User.objects.create_user('other_user')
        self.client.force_login(other_user)
        for model in (Device, CustomLink):
            grant(other_user, 'view', model=model)
        self.assertIsNone(self.button(self.host, 'Certificates due'))
        grant(other_user, 'view', model=CertificateAssignment)
        self.assertIsNotNone(self.button(self.host, 'Certificates due'))

    def test_button_on_the_certificate(self):
        self.fill_in('Test from outside')
        url = self.button(self.certificate, 'Test www.example.net')
        self.assertEqual(url, 'https://tls-test.example.com/?host=www.example.net')
        wildcard = record('*.example.net')
        self.assertIsNone(self.button(wildcard, 'Test *.example.net'))

    def test_report(self):
        self.fill_in('Certificates in use')
        service = service_on(self.host)
        assign(self.certificate, service, note='tcp/443')
        assign(record('manual.example.net', acme_auto_renewal=False), address_on(address='192.0.2.30/24'))
        response = self.client.get(f'{ASSIGNMENTS}?export=Certificates in use')
        self.assertIn('.md', response['Content-Disposition'])
        _, _, *rows = response.content.decode().splitlines()
        cells = [[cell.strip() for cell in row.strip('|').split('|')] for row in rows]
        day = str(self.certificate.valid_to.date())
        self.assertIn(['www.example.net', 'Due', day, str(service), 'web-01', 'tcp/443'], cells)
        self.assertIn('manual.example.net', [row[0] for row in cells])

    def test_targets(self):
        self.fill_in('Prometheus targets')
        record('quote".example.net', acme_provider='')
        response = self.client.get(f'{CERTIFICATES}?status=active&export=Prometheus targets')
        self.assertEqual(response['Content-Type'], 'application/json')
        targets = json.loads(response.content)
        expected = {'targets': ['www.example.net:443'], 'labels': {'acme_provider': "Let's Encrypt"}}
        self.assertIn(expected, targets)
        self.assertEqual(len(targets), 2)
