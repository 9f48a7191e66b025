"""Follow docs/tutorials/expiry-monitoring.md as written: NetBox's forms, a real HTTP receiver, a real mail server."""

import json
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import django_rq
from aiosmtpd.controller import Controller
from core.events import OBJECT_UPDATED
from core.models import ObjectType
from django.test import TestCase, override_settings
from django.utils import timezone
from extras.models import EventRule, NotificationGroup, Webhook
from rq import SimpleWorker

from dev.processes import free_port
from netbox_ssl.announcements.sweep.certificates import sweep
from netbox_ssl.event_types import CERTIFICATE_EXPIRING, RENEWAL_OVERDUE
from netbox_ssl.models import Certificate
from tests.support.doc_tutorials import forms
from tests.support.factories import superuser
from tests.support.receiver import Receiver

FORMS = forms('expiry-monitoring.md')
MENUS = {
    'Operations → Webhooks': '/extras/webhooks/add/',
    'Operations → Event Rules': '/extras/event-rules/add/',
    'Operations → Notification Groups': '/extras/notification-groups/add/',
    'Certificates → Certificates': '/plugins/ssl/certificates/add/',
}
# Label in the form → name of the field
NAMES = {
    'Name': 'name',
    'URL': 'payload_url',
    'HTTP method': 'http_method',
    'HTTP content type': 'http_content_type',
    'Body template': 'body_template',
    'Conditions': 'conditions',
    'Is ACME': 'is_acme',
    'Auto-renewal': 'acme_auto_renewal',
    'Renewal instructions': 'renewal_instructions',
}
EVENT_TYPES = {
    'Renewal overdue': RENEWAL_OVERDUE,
    'Certificate expiring': CERTIFICATE_EXPIRING,
    'Object updated': OBJECT_UPDATED,
}
MOMENTS = {
    'now': timedelta(),
    'in eight minutes': timedelta(minutes=8),
    'a month ago': -timedelta(days=30),
    'in one day and three minutes': timedelta(days=1, minutes=3),
}
ACTIONS = {'Webhook': ('webhook', Webhook), 'E-mail': ('netbox_ssl.email', NotificationGroup)}
CHOICES = ('Webhook', 'Notification group')


class Mailbox:
    """A real mail server on a free port that stores the messages it receives."""

    def __init__(self):
        self.messages = []
        self.port = free_port()
        self.controller = Controller(self, hostname='127.0.0.1', port=self.port)
        self.controller.start()

    async def handle_DATA(self, server, session, envelope):
        self.messages.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)))
        return '250 OK'


def mailers(port):
    smtp = {'BACKEND': 'django.core.mail.backends.smtp.EmailBackend', 'OPTIONS': {'host': '127.0.0.1', 'port': port}}
    return override_settings(MAILERS={'default': smtp})


class ExpiryMonitoringTestCase(TestCase):
    def setUp(self):
        self.queue = django_rq.get_queue('default')
        self.queue.empty()
        self.addCleanup(self.queue.empty)
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.mailbox = Mailbox()
        self.addCleanup(self.mailbox.controller.stop)
        self.user = superuser()
        self.user.email = 'me@example.net'
        self.user.save()
        self.client.force_login(self.user)
        self.now = timezone.now().replace(microsecond=0)

    def fill_in(self, form):
        """Fill in the form by its labels, as a user does."""
        sent = {}
        for label, value in form.fields.items():
            if label in NAMES:
                sent[NAMES[label]] = value.replace('http://127.0.0.1:9000', self.receiver.url.rstrip('/'))
            elif label == 'Object types':
                self.assertEqual(value, 'NetBox SSL > Certificate')
                sent['object_types'] = [ObjectType.objects.get_for_model(Certificate).pk]
            elif label == 'Event types':
                sent['event_types'] = [EVENT_TYPES[value]]
            elif label == 'Action type':
                sent['action_type'], model = ACTIONS[value]
                chosen = next(form.fields[label] for label in CHOICES if label in form.fields)
                sent['action_choice'] = model.objects.get(name=chosen).pk
            elif label == 'Users':
                sent['users'] = [self.user.pk]
            elif label in ('Valid from', 'Valid to'):
                moment = self.now + MOMENTS[value.partition(' (')[0]]
                sent[label.lower().replace(' ', '_')] = moment.strftime('%Y-%m-%d %H:%M:%S')
            else:
                self.assertIn(label, CHOICES)
        if 'action_type' in sent:
            sent['enabled'] = 'on'
        if form.menu.startswith('Certificates'):
            sent['status'] = 'active'
        response = self.client.post(MENUS[form.menu], sent)
        self.assertEqual(response.status_code, 302, response.context and response.context['form'].errors)

    def arrived_after(self, minutes):
        """Sweep at this time, run the worker, and return what arrived: (paths and JSON), messages."""
        requests, messages = len(self.receiver.deliveries), len(self.mailbox.messages)
        sweep(self.now + timedelta(minutes=minutes, seconds=5))
        return self.after_working(requests, messages)

    def after_working(self, requests, messages):
        with mailers(self.mailbox.port):
            SimpleWorker([self.queue], connection=self.queue.connection).work(burst=True)
        posted = [(each.path, json.loads(each.body)) for each in self.receiver.deliveries[requests:]]
        return posted, self.mailbox.messages[messages:]

    def test_as_written(self):
        self.assertEqual(len(FORMS), 9)
        for form in FORMS:
            self.fill_in(form)
        self.assertEqual(EventRule.objects.count(), 4)
        certificate = Certificate.objects.get(name='soon.example.net')

        posted, messages = self.arrived_after(3)
        ((_, message),) = messages
        self.assertEqual(posted, [])
        self.assertEqual(message['Subject'], '[NetBox] bought.example.net: Certificate expiring (1 day)')
        self.assertIn('Order it in the shop of the CA, as **Example Corp**.', message.get_content())

        self.assertEqual(self.arrived_after(4), ([], []))
        self.assertEqual(self.status_at(4), 'Due')

        posted, messages = self.arrived_after(6)
        ((path, chat),) = posted
        expires = certificate.valid_to.strftime('%Y-%m-%dT%H:%M:%SZ')
        self.assertEqual(path, '/chat')
        self.assertEqual(chat, {'text': f'Renewal of soon.example.net is overdue; it expires {expires}'})
        (([address], message),) = messages
        self.assertEqual((address, message['From']), ('me@example.net', 'netbox@example.com'))
        self.assertEqual(message['Subject'], '[NetBox] soon.example.net: Renewal overdue (Due)')

        ((path, ticket),), messages = self.arrived_after(8)
        self.assertEqual((path, ticket['event_action'], messages), ('/on-call', 'trigger', []))
        self.assertEqual(ticket['payload']['timestamp'], expires)

        # Instead of waiting nine minutes
        passed = timedelta(minutes=9)
        times = {name: getattr(certificate, name) - passed for name in ('valid_from', 'valid_to')}
        Certificate.objects.filter(pk=certificate.pk).update(**times)
        requests = len(self.receiver.deliveries)
        self.renew(certificate)
        ((path, closed),), messages = self.after_working(requests, len(self.mailbox.messages))
        self.assertEqual((path, closed['event_action'], messages), ('/on-call', 'resolve', []))
        self.assertEqual(closed['dedup_key'], ticket['dedup_key'])

    def status_at(self, minutes):
        return Certificate.objects.get(name='soon.example.net').renewal_status_at(
            self.now + timedelta(minutes=minutes, seconds=5)
        )

    def renew(self, certificate):
        """Renew in the form, keeping the other values."""
        page = self.client.get(f'{certificate.get_absolute_url()}edit/')
        shown = {name: value for name, value in page.context['form'].initial.items() if value not in (None, [])}
        valid_to = (self.now + timedelta(days=60)).strftime('%Y-%m-%d %H:%M:%S')
        times = {'valid_from': self.now.strftime('%Y-%m-%d %H:%M:%S'), 'valid_to': valid_to}
        with self.captureOnCommitCallbacks(execute=True):
            response = self.client.post(page.request['PATH_INFO'], {**shown, **times})
        self.assertEqual(response.status_code, 302, response.context and response.context['form'].errors)
