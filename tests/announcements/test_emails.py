"""The action *E-mail* of event rules: its recipients, its text, and errors without a mail server."""

import smtplib
from datetime import timedelta

import django_rq
from core.events import OBJECT_UPDATED
from core.models import ObjectType
from dcim.models import Site
from django.conf import settings as django_settings
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import override_settings
from django.utils import timezone
from extras.models import EventRule, NotificationGroup
from rq import SimpleWorker
from tenancy.models import Contact, ContactAssignment, ContactRole
from users.models import Group, User
from utilities.testing import APITestCase, TestCase

from netbox_ssl import settings
from netbox_ssl.announcements.emails import Message, send_email
from netbox_ssl.announcements.sweep.certificates import sweep
from netbox_ssl.announcements.sweep.sources import sweep_sources
from netbox_ssl.event_types import CERTIFICATE_EXPIRING, RENEWAL_OVERDUE, RENEWAL_STATUS_CHANGED, SOURCE_SILENT
from netbox_ssl.models import Certificate, CertificateSource
from tests.support.certificate_factory import issue, make_ca
from tests.support.factories import DAY, import_pem, issue_acme, record

ACTION = 'netbox_ssl.email'


def rule(group=None, *, event_type=RENEWAL_OVERDUE, model=Certificate, name='tell') -> EventRule:
    made = EventRule(name=name, event_types=[event_type], action_type=ACTION, action_object=group)
    made.full_clean(exclude=['object_types'])
    made.save()
    made.object_types.add(ObjectType.objects.get_for_model(model))
    return made


def overdue(name='late.example.net') -> Certificate:
    """Return an overdue certificate that has not been announced."""
    certificate = record(name, left=5 * DAY)
    Certificate.objects.filter(pk=certificate.pk).update(announced_overdue=False)
    return certificate


class EmailTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.queue = django_rq.get_queue('default')
        self.queue.empty()
        self.addCleanup(self.queue.empty)
        self.group = NotificationGroup.objects.create(name='Web team')

    def member(self, name, email=None, **columns) -> User:
        user = User.objects.create(username=name, email=f'{name}@example.net' if email is None else email, **columns)
        self.group.users.add(user)
        return user

    def contact(self, found, name, priority='') -> None:
        contact = Contact.objects.create(name=name, email=f'{name}@example.net')
        role = ContactRole.objects.get_or_create(name='Operations', slug='operations')[0]
        ContactAssignment.objects.create(object=found, contact=contact, role=role, priority=priority)

    def sent(self) -> list:
        SimpleWorker([self.queue], connection=self.queue.connection).work(burst=True)
        return mail.outbox

    def test_each_active_member_gets_a_separate_message(self):
        self.member('one')
        self.member('left', is_active=False)
        self.member('nowhere', email='')
        two = User.objects.create(username='two', email='two@example.net')
        staff = Group.objects.create(name='Staff')
        two.groups.add(staff)
        self.group.groups.add(staff)
        rule(self.group)
        overdue()
        sweep()
        self.assertEqual(sorted(message.to for message in self.sent()), [['one@example.net'], ['two@example.net']])
        self.assertFalse([message for message in mail.outbox if message.cc or message.bcc])

    def test_without_a_group_the_contacts_get_it(self):
        certificate = overdue()
        self.contact(certificate, 'second', 'secondary')
        self.contact(certificate, 'first', 'primary')
        self.contact(certificate, 'gone', 'inactive')
        rule()
        sweep()
        self.assertEqual([message.to for message in self.sent()], [['first@example.net'], ['second@example.net']])

    def test_missing_recipients_are_logged(self):
        rule()
        overdue()
        with self.assertLogs('netbox.plugins.netbox_ssl', 'WARNING') as logged:
            sweep()
        self.assertIn('no address for an e-mail about late.example.net', logged.output[0])
        self.assertEqual(self.sent(), [])

    def test_the_text(self):
        self.member('one')
        certificate = overdue()
        certificate.sources.create(external_id='certbot:web01:late', client='certbot', reported_at=timezone.now())
        self.contact(certificate, 'ada', 'primary')
        rule(self.group, name='Late renewals')
        sweep()
        (message,) = self.sent()
        self.assertEqual(message.subject, '[NetBox] late.example.net: Renewal overdue (Due)')
        for text in (
            f'Valid to: {certificate.valid_to:%Y-%m-%d %H:%M} UTC',
            f'Renewal status: Due since {certificate.renewal_overdue_at:%Y-%m-%d %H:%M} UTC',
            'certbot:web01:late',
            'ada (Operations), ada@example.net',
            f'\n{certificate.get_absolute_url()}\n',
            'event rule “Late renewals”',
        ):
            self.assertIn(text, message.body)

    def test_the_text_about_an_expiry_mark(self):
        self.member('one')
        bought = {'is_acme': False, 'acme_auto_renewal': False, 'renewal_instructions': 'Order it, *then* call Ann.'}
        certificate = record('bought.example.net', left=8 * DAY, **bought)
        rule(self.group, event_type=CERTIFICATE_EXPIRING)
        sweep(timezone.now() + 2 * DAY)
        (message,) = self.sent()
        self.assertEqual(message.subject, '[NetBox] bought.example.net: Certificate expiring (7 days)')
        for text in (
            f'Validity: Expiring since {certificate.valid_to - 7 * DAY:%Y-%m-%d %H:%M} UTC',
            f'Valid to: {certificate.valid_to:%Y-%m-%d %H:%M} UTC',
            'How to renew it:\nOrder it, *then* call Ann.\n',
        ):
            self.assertIn(text, message.body)
        for text in ('Renewal status', 'Renewal due', 'Renewal overdue', 'Chain'):
            self.assertNotIn(text, message.body)

    def test_the_text_about_a_mark_before_the_chain_expires(self):
        self.member('one')
        end = timezone.now().replace(microsecond=0) + 8 * DAY
        ca = make_ca('Example Corp', 'Example Issuing CA', valid_to=end)
        import_pem(issue(['www.example.net'], ca, end - 60 * DAY, end + 60 * DAY))
        rule(self.group, event_type=CERTIFICATE_EXPIRING)
        sweep(timezone.now() + 2 * DAY)
        (message,) = self.sent()
        self.assertEqual(message.subject, '[NetBox] www.example.net: Certificate expiring (7 days)')
        self.assertIn(f'Chain valid to: {end:%Y-%m-%d %H:%M} UTC. Clients that use this chain refuse', message.body)

    def test_it_contains_the_previous_status(self):
        self.member('one')
        certificate = record('gone.example.net', left=-DAY)
        Certificate.objects.filter(pk=certificate.pk).update(announced_status='Due')
        rule(self.group, event_type=RENEWAL_STATUS_CHANGED)
        sweep()
        (message,) = self.sent()
        self.assertEqual(message.subject, '[NetBox] gone.example.net: Renewal status changed (Expired, was Due)')

    def test_with_the_url_of_netbox_it_contains_a_link(self):
        self.member('one')
        rule(self.group)
        certificate = overdue()
        configured = django_settings.PLUGINS_CONFIG['netbox_ssl']
        config = {'netbox_ssl': {**configured, 'netbox_url': 'https://netbox.example.com/'}}
        settings.forget()
        self.addCleanup(settings.forget)
        with override_settings(PLUGINS_CONFIG=config):
            sweep()
        self.assertIn(f'https://netbox.example.com{certificate.get_absolute_url()}', self.sent()[0].body)

    def test_a_repeat_has_the_same_message_id_and_thread(self):
        self.member('one')
        rule(self.group)
        certificate = overdue()
        for _ in range(2):
            Certificate.objects.filter(pk=certificate.pk).update(announced_overdue=False)
            sweep()
        first, again = (message.message() for message in self.sent())
        self.assertEqual(first['Message-ID'], again['Message-ID'])
        self.assertEqual(first['References'], again['References'])
        self.assertEqual(first['Auto-Submitted'], 'auto-generated')

    def test_a_name_cannot_add_a_header(self):
        self.member('one')
        rule(self.group)
        certificate = overdue()
        Certificate.objects.filter(pk=certificate.pk).update(name='x\r\nBcc: evil@example.net')
        sweep()
        (message,) = self.sent()
        self.assertEqual(message.subject, '[NetBox] x Bcc: evil@example.net: Renewal overdue (Due)')
        self.assertIsNone(message.message()['Bcc'])

    def test_for_a_source_the_contacts_of_its_certificate_get_it(self):
        certificate = import_pem(issue_acme('www.example.net')).certificate
        self.contact(certificate, 'ada')
        source = certificate.sources.create(external_id='certbot:web01:x', client='certbot')
        source.stamp(certificate.issuances.get(), timezone.now() - 30 * DAY)
        rule(event_type=SOURCE_SILENT, model=CertificateSource)
        sweep_sources()
        (message,) = self.sent()
        self.assertEqual(message.to, ['ada@example.net'])
        self.assertIn('Source silent', message.subject)
        self.assertIn('Host: web01 (certbot:web01:x)\nState: Source silent since ', message.body)

    def test_any_object_of_netbox(self):
        """The form offers the action for all of them."""
        site = Site.objects.create(name='Berlin', slug='berlin')
        self.contact(site, 'ada')
        rule(event_type=OBJECT_UPDATED, model=Site)
        self.add_permissions('dcim.change_site', 'dcim.view_site')
        with self.captureOnCommitCallbacks(execute=True):
            form = {'name': 'Berlin 2', 'slug': 'berlin', 'status': 'active'}
            self.assertHttpStatus(self.client.post(f'{site.get_absolute_url()}edit/', form), 302)
        (message,) = self.sent()
        self.assertEqual((message.to, message.subject), (['ada@example.net'], '[NetBox] Berlin 2: Object updated'))

    def test_an_edit_by_a_person_reaches_the_contacts(self):
        certificate = record()
        self.contact(certificate, 'ada')
        rule(event_type=OBJECT_UPDATED)
        self.add_permissions('netbox_ssl.change_certificate', 'netbox_ssl.view_certificate')
        with self.captureOnCommitCallbacks(execute=True):
            form = {'_selected': [certificate.pk], 'pk': [certificate.pk], 'description': 'x', '_apply': ''}
            self.assertHttpStatus(self.client.post('/plugins/ssl/certificates/edit/', form), 302)
        self.assertEqual([message.to for message in self.sent()], [['ada@example.net']])

    def test_the_rule_is_refused_without_a_mail_server(self):
        with override_settings(EMAIL={}), self.assertRaisesMessage(ValidationError, 'NetBox has no mail server'):
            rule(self.group)

    def test_an_unreachable_mail_server_fails_the_job(self):
        """RQ then retries the job, or shows it as failed."""
        unreachable = {
            'BACKEND': 'django.core.mail.backends.smtp.EmailBackend',
            'OPTIONS': {'host': '127.0.0.1', 'port': 9},
        }
        with override_settings(MAILERS={'default': unreachable}), self.assertRaises((OSError, smtplib.SMTPException)):
            send_email('one@example.net', Message('subject', 'body', {}))

    def test_a_failing_action_does_not_block_other_certificates(self):
        self.member('one')
        rule(self.group)
        for number in range(3):
            overdue(f'late{number}.example.net')
        self.assertEqual(sweep(timezone.now() + timedelta(seconds=1)).overdue, 3)
        self.assertEqual(len(self.sent()), 3)


class EmailRuleAPITestCase(APITestCase):
    def test_a_rule_made_over_rest(self):
        self.add_permissions('extras.add_eventrule', 'extras.view_eventrule')
        body = {
            'name': 'mail',
            'object_types': ['netbox_ssl.certificate'],
            'event_types': [RENEWAL_OVERDUE],
            'action_type': ACTION,
        }
        response = self.client.post('/api/extras/event-rules/', body, format='json', **self.header)
        self.assertHttpStatus(response, 201)
        with override_settings(EMAIL={}):
            response = self.client.post('/api/extras/event-rules/', {**body, 'name': 'x'}, format='json', **self.header)
        self.assertHttpStatus(response, 400)
        self.assertIn('NetBox has no mail server', response.content.decode())
