"""Run each condition of docs/how-to/event-rules.md as written."""

import json
import re
import uuid
from datetime import timedelta
from pathlib import Path

import django_rq
from core.events import OBJECT_UPDATED
from core.models import ObjectType
from django.test import RequestFactory, TestCase
from django.utils import timezone
from extras.models import EventRule, Tag, Webhook
from netbox.context_managers import event_tracking
from tenancy.models import Tenant

from netbox_ssl import intake
from netbox_ssl.announcements.sweep.certificates import sweep
from netbox_ssl.announcements.sweep.sources import sweep_sources
from netbox_ssl.ari.window_moves import announce_moves
from netbox_ssl.event_types import (
    CERTIFICATE_EXPIRED,
    CERTIFICATE_EXPIRING,
    RENEWAL_OVERDUE,
    RENEWAL_STATUS_CHANGED,
    RENEWAL_WINDOW_MOVED,
    SOURCE_BEHIND,
)
from netbox_ssl.models import Certificate, CertificateSource
from tests.support.factories import DAY, issue_acme, record, successor, superuser

PAGE = Path(__file__).parents[2] / 'docs' / 'how-to' / 'event-rules.md'
EVENT_TYPES = {
    'Object updated': OBJECT_UPDATED,
    'Certificate expiring': CERTIFICATE_EXPIRING,
    'Certificate expired': CERTIFICATE_EXPIRED,
    'Renewal status changed': RENEWAL_STATUS_CHANGED,
    'Renewal overdue': RENEWAL_OVERDUE,
    'Renewal window moved': RENEWAL_WINDOW_MOVED,
}
SECTION = re.compile(r'^### (?P<title>.+)\n\nEvent type: \*(?P<type>.+)\*\n\n```json\n(?P<condition>.+)\n```', re.M)
PAGE_TEXT = PAGE.read_text(encoding='utf-8')
CONDITIONS = {match['title']: match for match in SECTION.finditer(PAGE_TEXT)}

# Title → (renewal status announced before, days left at the sweep)
MATCHING = {
    'An ACME certificate has expired': ('Due', -1),
    'An ACME certificate has expired, and only that': ('Due', -1),
    'Any change of renewal status': ('OK', 20),
    'Renewal is due': ('OK', 20),
    'A renewal did not happen': ('Due', 5),
    'The CA wants it renewed sooner': ('OK', 60),
    'It has recovered': ('Expired', 60),
    'Only one provider': ('Due', -1),
    'Only one tenant': ('Due', -1),
    'Only certificates with a tag': ('Due', -1),
}
# Cases that must not match: a different status
FAILING = {
    'An ACME certificate has expired': ('OK', 20),
    'An ACME certificate has expired, and only that': ('OK', 20),
    'Renewal is due': ('Due', -1),
    'It has recovered': ('Due', 60),
}


# Conditions about the validity: title → pairs of the days left and whether it is ACME, that match, and that do not
ABOUT_VALIDITY = {
    'Seven days or less: on call': ([(7, False), (1, True)], [(30, False), (14, True), (-1, False)]),
    'Thirty days: mail to the contact': ([(30, False)], [(14, False), (7, True)]),
    'Expiring, and not renewed automatically': ([(30, False), (1, False)], [(14, True), (-1, False)]),
    'Any certificate has expired': ([(-1, False), (-1, True)], [(7, False), (7, True)]),
    'Any certificate has expired, as an update': ([(-1, False), (-1, True)], [(7, False), (7, True)]),
    'A certificate is valid again': ([], [(-1, False), (30, False)]),
}


class ConditionsTestCase(TestCase):
    def setUp(self):
        self.queue = django_rq.get_queue('default')
        self.queue.empty()
        self.addCleanup(self.queue.empty)
        self.tenant = Tenant.objects.create(name='Customer 1', slug='customer-1')
        self.tag = Tag.objects.create(name='Production', slug='production')
        self.webhook = Webhook.objects.create(name='hook', payload_url='http://127.0.0.1:9/')

    def rule(self, title):
        match = CONDITIONS[title]
        rule = EventRule(
            name=title,
            event_types=[EVENT_TYPES[match['type']]],
            conditions=json.loads(match['condition']),
            action_type='webhook',
            action_object=self.webhook,
        )
        rule.full_clean(exclude=['object_types'])
        rule.save()
        rule.object_types.set([ObjectType.objects.get_for_model(Certificate)])
        return rule

    def move_window(self, certificate):
        """Store a window that starts earlier, as polling does."""
        due = certificate.renewal_due_at
        moved = {'ari_previous_start': due, 'ari_previous_end': due + DAY}
        window = {'ari_window_start': due - DAY, 'ari_window_end': due}
        Certificate.objects.filter(pk=certificate.pk).update(**window, **moved)
        announce_moves()

    def deliveries(self, announced, left, *, special=True, moves=False):
        """Sweep a certificate that was announced as ``announced``, and return the number of webhook deliveries."""
        certificate = record(
            left=left * DAY,
            tenant=self.tenant if special else None,
            acme_provider="Let's Encrypt" if special else 'ZeroSSL',
        )
        if special:
            certificate.tags.add(self.tag)
        Certificate.objects.filter(pk=certificate.pk).update(announced_status=announced, announced_overdue=False)
        self.queue.empty()
        sweep(timezone.now() + timedelta(minutes=2))
        if moves:
            self.move_window(certificate)
        return self.queue.count

    def test_every_condition_of_the_page_has_a_case(self):
        self.assertEqual(set(CONDITIONS), {*MATCHING, *ABOUT_VALIDITY})

    def test_each_fires_once_when_it_should(self):
        for title, (announced, left) in MATCHING.items():
            with self.subTest(title):
                rule = self.rule(title)
                moves = CONDITIONS[title]['type'] == 'Renewal window moved'
                self.assertEqual(self.deliveries(announced, left, moves=moves), 1)
                rule.delete()
                Certificate.objects.all().delete()

    def test_none_fires_otherwise(self):
        for title, (announced, left) in FAILING.items():
            with self.subTest(title):
                rule = self.rule(title)
                self.assertEqual(self.deliveries(announced, left), 0)
                rule.delete()
                Certificate.objects.all().delete()

    def passes(self, left, is_acme):
        """Sweep when this many days are left, the mark or the expiry being the last thing that happened."""
        now = timezone.now()
        # ACME: overdue 15 days before expiry
        lifetime = (90 if is_acme else 365) * DAY
        kind = {'is_acme': is_acme, 'acme_auto_renewal': is_acme}
        valid_to = now + 60 * DAY
        certificate = record(valid_to=valid_to, valid_from=valid_to - lifetime, **kind)
        self.queue.empty()
        before = timezone.now() + (60 - left) * DAY - DAY / 4
        Certificate.objects.update(announced_until=before, announced_status='Due' if is_acme else '')
        Certificate.objects.update(announced_overdue=True)
        sweep(before + DAY / 2)
        number = self.queue.count
        certificate.delete()
        return number

    def test_conditions_about_the_validity(self):
        for title, (matching, others) in ABOUT_VALIDITY.items():
            rule = self.rule(title)
            for (left, is_acme), expected in [(case, 1) for case in matching] + [(case, 0) for case in others]:
                with self.subTest(title, left=left, is_acme=is_acme):
                    self.assertEqual(self.passes(left if left > 0 else 0, is_acme), expected)
            rule.delete()

    def test_a_certificate_that_is_valid_again(self):
        self.rule('A certificate is valid again')
        certificate = record(left=-DAY, is_acme=False, acme_auto_renewal=False)
        request = RequestFactory().get('/')
        request.id, request.user = uuid.uuid4(), superuser()
        with event_tracking(request):
            certificate.snapshot()
            certificate.valid_to = timezone.now() + 60 * DAY
            certificate.save()
        self.assertEqual(self.queue.count, 1)

    def test_provider_tenant_and_tag_are_distinguished(self):
        for title in ('Only one provider', 'Only one tenant', 'Only certificates with a tag'):
            with self.subTest(title):
                rule = self.rule(title)
                self.assertEqual(self.deliveries('Due', -1, special=False), 0)
                rule.delete()
                Certificate.objects.all().delete()


class SourcesTestCase(TestCase):
    """The condition for sources: of two that are behind, only that of the named client is announced."""

    def test_the_condition_as_written(self):
        (written,) = re.findall(
            r'^## A source has expired, is behind or silent\n.*?^```json\n(.*?)\n```', PAGE_TEXT, re.M | re.S
        )
        old = issue_acme(left=10 * DAY)
        for external_id in ('certbot:web01:www', 'lego:web02:www', 'certbot:web03:www'):
            self.report(old, external_id)
        self.report(successor(old), 'certbot:web03:www')
        queue = django_rq.get_queue('default')
        queue.empty()
        self.addCleanup(queue.empty)
        webhook = Webhook.objects.create(name='hook', payload_url='http://127.0.0.1:9/')
        rule = EventRule.objects.create(
            name='sources',
            event_types=[SOURCE_BEHIND],
            conditions=json.loads(written),
            action_type='webhook',
            action_object=webhook,
        )
        rule.object_types.set([ObjectType.objects.get_for_model(CertificateSource)])
        # NetBox has just seen the renewal: the grace must be over.
        self.assertEqual(sweep_sources(timezone.now() + 3 * DAY).behind, 2)
        announced = [job.kwargs['data']['external_id'] for job in queue.jobs]
        self.assertEqual(announced, ['certbot:web01:www'])

    def report(self, issued, external_id):
        leaf = intake.read_single(issued.fullchain_pem)
        intake.take_in(leaf, superuser(), {}, external_id=external_id)
