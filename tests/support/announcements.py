"""Helpers for the tests of announcements: certificates at a given age, rules, and deliveries."""

import uuid
from contextlib import contextmanager
from datetime import timedelta

import django_rq
from core.models import Job, ObjectChange, ObjectType
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.test import RequestFactory, TransactionTestCase, override_settings
from django.utils import timezone
from extras.models import EventRule, Webhook
from netbox.context_managers import event_tracking
from users.models import User
from utilities.testing.mixins import RQQueueTestMixin

from netbox_ssl import settings as plugin_settings
from netbox_ssl.event_types import RENEWAL_OVERDUE, RENEWAL_STATUS_CHANGED
from netbox_ssl.models import Certificate

__all__ = ('LIFETIME', 'AnnouncingTestMixin', 'CommittingTestCase', 'configured', 'make_certificate')

# A certificate valid for 90 days is due 30 days, and overdue 15 days, before expiry.
LIFETIME = timedelta(days=90)


@contextmanager
def configured(**changed):
    """Change settings of the plugin within this context."""
    config = {**settings.PLUGINS_CONFIG, 'netbox_ssl': {**settings.PLUGINS_CONFIG['netbox_ssl'], **changed}}
    try:
        with override_settings(PLUGINS_CONFIG=config):
            plugin_settings.forget()
            yield
    finally:
        plugin_settings.forget()


def make_certificate(left: timedelta = timedelta(days=60), name: str = 'www.example.net', **columns) -> Certificate:
    """Return an ACME certificate with auto-renewal and ``left`` of its 90 days."""
    valid_to = timezone.now() + left
    values = {
        'name': name,
        'valid_from': valid_to - LIFETIME,
        'valid_to': valid_to,
        'is_acme': True,
        'acme_auto_renewal': True,
        **columns,
    }
    certificate = Certificate(**values)
    certificate.full_clean()
    certificate.save()
    return certificate


class AnnouncingTestMixin(RQQueueTestMixin):
    """Rules with webhooks, and their deliveries in the queue."""

    def make_rule(self, name: str, *event_types: str, conditions=None, **columns) -> EventRule:
        webhook, _ = Webhook.objects.get_or_create(name='receiver', payload_url='http://localhost:9/')
        values = {
            'name': name,
            'event_types': list(event_types),
            'conditions': conditions,
            'action_type': 'webhook',
            'action_object_type': ContentType.objects.get_for_model(Webhook),
            'action_object_id': webhook.pk,
            **columns,
        }
        rule = EventRule.objects.create(**values)
        rule.object_types.set([ObjectType.objects.get_for_model(Certificate)])
        return rule

    def make_usual_rules(self) -> None:
        """Create one rule of each usual kind."""
        changed = {'attr': 'renewal_status', 'op': 'changed'}
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        self.make_rule('own changed', RENEWAL_STATUS_CHANGED, conditions=changed)
        self.make_rule('updated', 'object_updated')
        self.make_rule('updated changed', 'object_updated', conditions=changed)
        self.make_rule('both', RENEWAL_STATUS_CHANGED, 'object_updated')
        self.make_rule('both changed', RENEWAL_STATUS_CHANGED, 'object_updated', conditions=changed)
        self.make_rule('overdue', RENEWAL_OVERDUE)
        self.make_rule('created', 'object_created')

    def deliveries(self, rule: str | None = None) -> list[dict]:
        """Return what the worker would send, oldest first, optionally only for one rule."""
        jobs = [job for job in django_rq.get_queue('default').jobs if job.func_name == 'extras.webhooks.send_webhook']
        return [job.kwargs for job in jobs if rule in (None, job.kwargs['event_rule'].name)]

    def delivered(self) -> dict[str, int]:
        """Return rule → number of deliveries since the last call."""
        counts = {}
        for delivery in self.deliveries():
            name = delivery['event_rule'].name
            counts[name] = counts.get(name, 0) + 1
        self.clear_rq_queues()
        return counts

    @contextmanager
    def request(self):
        """Act as a web request: NetBox tracks what is saved, and sends events at the end."""
        request = RequestFactory().get('/')
        request.id = uuid.uuid4()
        request.user = self.user
        with event_tracking(request):
            yield request

    def change(self, certificate: Certificate, **columns) -> Certificate:
        """Change it within a request, as NetBox's views do, starting from the stored object."""
        stored = Certificate.objects.get(pk=certificate.pk)
        with self.request():
            stored.snapshot()
            for name, value in columns.items():
                setattr(stored, name, value)
            stored.full_clean()
            stored.save()
        return stored


class CommittingTestCase(AnnouncingTestMixin, TransactionTestCase):
    """
    Without a transaction around each test, for what happens at a commit and between connections. Deletes only the
    objects of these tests, because flushing everything would be slow and delete NetBox's own records, too.
    """

    def setUp(self):
        super().setUp()
        self.user = User.objects.create_user(username='testuser')

    def _fixture_teardown(self):
        for model in (Certificate, EventRule, Webhook, Job, ObjectChange, User):
            model.objects.all().delete()
