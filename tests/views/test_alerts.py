"""*Alert me*: the form for an Event Rule is filled in, and the rules that would fire are those that do fire."""

import re
from html import unescape

from core.events import OBJECT_UPDATED
from core.models import ObjectType
from django.test import override_settings
from django.utils import timezone
from extras.models import EventRule, NotificationGroup
from tenancy.models import Tenant
from utilities.testing import TestCase

from netbox_ssl.announcements.expected import expected_alerts, expected_endpoint_alerts
from netbox_ssl.models import Certificate, Endpoint
from tests.support.endpoints import check, endpoint
from tests.support.factories import DAY, grant, record

MAIL = {'SERVER': 'mail.example.net', 'FROM_EMAIL': 'netbox@example.net'}


def rule(name, *event_types, conditions=None, model=Certificate, **columns) -> EventRule:
    made = EventRule.objects.create(
        name=name,
        event_types=[each if each == OBJECT_UPDATED else f'netbox_ssl.{each}' for each in event_types],
        conditions=conditions,
        **columns,
    )
    made.object_types.set([ObjectType.objects.get_for_model(model)])
    return made


class ExpectedTestCase(TestCase):
    def expected(self, certificate, visible=None) -> dict[str, list[str]]:
        certificate = Certificate.objects.get(pk=certificate.pk)
        pks = list(EventRule.objects.values_list('pk', flat=True)) if visible is None else visible
        found = expected_alerts(certificate, timezone.now(), pks)
        self.assertEqual(found, sorted(found, key=lambda each: each.when))
        return {each.label: [rule.name for rule in each.rules] for each in found}

    def test_what_lies_ahead(self):
        bought = {'is_acme': False, 'acme_auto_renewal': False}
        names = ['Renewal status changed', 'Renewal overdue', 'Certificate expiring', 'Certificate expired']
        changed, overdue, expiring, expired = names
        for columns, labels in (
            ({'left': 60 * DAY}, [changed, overdue, expiring, expired]),
            ({'left': 20 * DAY}, [overdue, expiring, expired]),
            ({'left': 5 * DAY}, [expiring, expired]),
            ({'left': 60 * DAY, 'expiry_marks': [3000]}, [changed, overdue, expired]),
            ({'left': 60 * DAY, **bought}, [expiring, expired]),
            ({'left': 60 * DAY, 'acme_auto_renewal': False}, [expiring, expired]),
            ({'left': -DAY}, []),
            ({'left': 60 * DAY, 'status': 'retired'}, []),
        ):
            with self.subTest(**columns):
                self.assertEqual(list(self.expected(record(**columns))), labels)

    def test_rules_by_type_and_condition(self):
        ours = Tenant.objects.create(name='Ours', slug='ours')
        certificate = record(tenant=ours)
        rule('on expiry', 'certificate_expired')
        rule('overdue of ours', 'renewal_overdue', conditions={'attr': 'tenant.slug', 'value': 'ours'})
        rule('overdue of theirs', 'renewal_overdue', conditions={'attr': 'tenant.slug', 'value': 'theirs'})
        rule('by status', OBJECT_UPDATED, conditions={'attr': 'renewal_status', 'value': 'Expired'})
        rule('by change', OBJECT_UPDATED, conditions={'attr': 'renewal_status', 'op': 'changed'})
        rule('this one', 'certificate_expiring', conditions={'attr': 'id', 'value': certificate.pk})
        rule('another one', 'certificate_expiring', conditions={'attr': 'id', 'value': certificate.pk + 1})
        rule('disabled', 'certificate_expired', enabled=False)
        found = self.expected(certificate)
        self.assertEqual(found['Renewal status changed'], ['by change'])
        self.assertEqual(found['Renewal overdue'], ['overdue of ours'])
        self.assertEqual(found['Certificate expiring'], ['this one'])
        self.assertEqual(set(found['Certificate expired']), {'on expiry', 'by status', 'by change'})

    def test_only_visible_rules(self):
        seen = rule('seen', 'certificate_expired')
        rule('hidden', 'certificate_expired')
        self.assertEqual(self.expected(record(), [seen.pk])['Certificate expired'], ['seen'])


class ExpectedOfEndpointsTestCase(TestCase):
    def expected(self, made, visible=None) -> dict[str, list[str]]:
        pks = list(EventRule.objects.values_list('pk', flat=True)) if visible is None else visible
        found = expected_endpoint_alerts(Endpoint.objects.get(pk=made.pk), timezone.now(), pks)
        return {each.label: [rule.name for rule in each.rules] for each in found}

    def test_rules_by_type_and_condition(self):
        made, other = endpoint(expected_certificate=record('www.example.net')), endpoint(port=8443)
        check('refused')
        types = ('endpoint_problem', 'endpoint_recovered')
        for name, conditions in (
            ('all', None),
            ('this one', {'attr': 'id', 'value': made.pk}),
            ('another one', {'attr': 'id', 'value': other.pk}),
            ('one result', {'attr': 'result', 'value': 'untrusted'}),
            ('state', {'attr': 'state', 'value': 'ok'}),
            ('no result', {'attr': 'result', 'value': 'behind'}),
            ('its certificate', {'attr': 'announcement.certificate.name', 'value': 'www.example.net'}),
            ('what it was', {'attr': 'announcement.previous_result', 'value': 'timeout'}),
            ('change', {'attr': 'result', 'op': 'changed'}),
        ):
            rule(name, *types, conditions=conditions, model=Endpoint)
        rule('disabled', *types, model=Endpoint, enabled=False)
        rule('of certificates', *types)
        rule('problems', 'endpoint_problem', model=Endpoint)
        both = {'all', 'this one', 'its certificate', 'change'}
        found = self.expected(made)
        self.assertEqual(set(found['Endpoint problem']), {*both, 'one result', 'problems'})
        self.assertEqual(set(found['Endpoint recovered']), {*both, 'state', 'what it was'})

    def test_only_visible_rules(self):
        seen = rule('seen', 'endpoint_problem', model=Endpoint)
        rule('hidden', 'endpoint_problem', model=Endpoint)
        expected = {'Endpoint problem': ['seen'], 'Endpoint recovered': []}
        self.assertEqual(self.expected(endpoint(), [seen.pk]), expected)


class ButtonTestCase(TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view')

    def form(self, url):
        """Return the form that *Alert me* on the page at ``url`` opens."""
        html = self.client.get(url).content.decode()
        (link,) = re.findall(r'href="(/extras/event-rules/add/[^"]+)"', html)
        response = self.client.get(unescape(link))
        self.assertHttpStatus(response, 200)
        return response.context['form']

    def submit(self, form, **values):
        """Submit the form as it was filled in."""
        data = {
            name: form[name].value() for name in ('name', 'object_types', 'event_types', 'action_type', 'conditions')
        }
        data = {name: value for name, value in data.items() if value not in (None, '')}
        response = self.client.post('/extras/event-rules/add/', {**data, 'enabled': 'on', **values})
        self.assertHttpStatus(response, 302)
        return EventRule.objects.get()

    def test_not_without_permission(self):
        grant(self.user, 'view', model=Endpoint)
        urls = ('/plugins/ssl/renewals/', '/plugins/ssl/endpoints/')
        for url in (*urls, record().get_absolute_url(), endpoint().get_absolute_url()):
            self.assertNotContains(self.client.get(url), 'Alert me')

    @override_settings(EMAIL=MAIL)
    def test_for_a_certificate_by_email(self):
        grant(self.user, 'add', 'view', model=EventRule)
        grant(self.user, 'view', model=NotificationGroup)
        certificate = record('www.example.net')
        made = self.submit(self.form(certificate.get_absolute_url()))
        self.assertEqual((made.name, made.action_type), ('Certificates of www.example.net', 'netbox_ssl.email'))
        self.assertEqual(made.conditions, {'attr': 'id', 'value': certificate.pk})
        # NetBox's message that it was created names it, too.
        self.client.get('/')
        response = self.client.get(certificate.get_absolute_url())
        # On overdue, expiring and expired
        self.assertContains(response, made.get_absolute_url(), count=3)

    @override_settings(EMAIL={})
    def test_by_webhook_without_a_mail_server(self):
        grant(self.user, 'add', model=EventRule)
        self.assertEqual(self.form('/plugins/ssl/renewals/')['action_type'].value(), 'webhook')

    @override_settings(EMAIL=MAIL)
    def test_for_all_certificates_and_for_a_tenant(self):
        grant(self.user, 'add', model=EventRule)
        form = self.form('/plugins/ssl/renewals/')
        self.assertFalse(form['conditions'].value())
        ours = Tenant.objects.create(name='Ours', slug='ours')
        grant(self.user, 'view', model=Tenant)
        record(tenant=ours)
        made = self.submit(self.form(ours.get_absolute_url()))
        self.assertEqual(made.conditions, {'attr': 'tenant.slug', 'value': 'ours'})

    @override_settings(EMAIL=MAIL)
    def test_for_an_endpoint(self):
        grant(self.user, 'add', 'view', model=EventRule)
        grant(self.user, 'view', model=Endpoint)
        shop, other = endpoint('shop.example.net'), endpoint('www.example.net')
        made = self.submit(self.form(shop.get_absolute_url()))
        self.assertEqual((made.name, made.action_type), ('Endpoint shop.example.net:443', 'netbox_ssl.email'))
        self.assertEqual(made.conditions, {'attr': 'id', 'value': shop.pk})
        self.assertEqual(set(made.event_types), {'netbox_ssl.endpoint_problem', 'netbox_ssl.endpoint_recovered'})
        self.assertEqual([each.model_class() for each in made.object_types.all()], [Endpoint])
        # NetBox's message that it was created names it, too.
        self.client.get('/')
        self.assertContains(self.client.get(shop.get_absolute_url()), made.get_absolute_url(), count=2)
        self.assertNotContains(self.client.get(other.get_absolute_url()), made.get_absolute_url())

    @override_settings(EMAIL=MAIL)
    def test_for_all_endpoints(self):
        grant(self.user, 'add', model=EventRule)
        grant(self.user, 'view', model=Endpoint)
        made = self.submit(self.form('/plugins/ssl/endpoints/'))
        self.assertEqual((made.name, made.conditions), ('Endpoints', None))

    def test_rules_are_named_with_permission_only(self):
        rule('secret rule', 'certificate_expired')
        certificate = record()
        self.assertNotContains(self.client.get(certificate.get_absolute_url()), 'secret rule')
        grant(self.user, 'view', model=EventRule, constraints={'name': 'other'})
        response = self.client.get(certificate.get_absolute_url())
        self.assertNotContains(response, 'secret rule')
        self.assertContains(response, 'No event rule')
