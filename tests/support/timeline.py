"""
Weeks of an inventory within seconds: hosts report at given times, and a real HTTP server receives the webhooks.

Time is passed in: the sweeps take it as an argument, and everything else reads it from ``timezone.now()``.
"""

import uuid
from contextlib import contextmanager
from datetime import datetime, timedelta

import django_rq
from core.models import ObjectType
from django.contrib.contenttypes.models import ContentType
from django.test import RequestFactory
from django.utils import timezone
from extras.models import EventRule, Webhook
from netbox.context_managers import event_tracking
from rest_framework.test import APIClient
from rq import SimpleWorker
from users.constants import TOKEN_PREFIX
from users.models import Token

from netbox_ssl.announcements.sweep.certificates import sweep
from netbox_ssl.announcements.sweep.sources import sweep_sources
from netbox_ssl.event_types import (
    RENEWAL_OVERDUE,
    RENEWAL_STATUS_CHANGED,
    SOURCE_BEHIND,
    SOURCE_EXPIRED,
    SOURCE_SILENT,
)
from netbox_ssl.models import Certificate, CertificateSource
from tests.support.certificate_factory import Issued, issue
from tests.support.clock import frozen
from tests.support.factories import DAY, import_pem, lets_encrypt, superuser
from tests.support.receiver import Receiver
from tests.support.reporting import report

__all__ = ('LIFETIME', 'RENEWED_EVERY', 'Timeline', 'a_year_ago')

# Short, so that several renewals take few steps. Due ten days, overdue five days before expiry; a source is behind
# after 48 hours and silent after a week, as with certificates of 90 days.
LIFETIME = 30 * DAY
RENEWED_EVERY = 18 * DAY

EVENT_TYPES = (RENEWAL_STATUS_CHANGED, RENEWAL_OVERDUE, SOURCE_EXPIRED, SOURCE_BEHIND, SOURCE_SILENT)


class Timeline:
    """
    An inventory over time. ``events`` are the webhooks that arrived: the day, and the event in words, such as
    ``web01 behind`` or ``www.example.net OK → Due``.
    """

    def __init__(self, start: datetime):
        self.start = start
        self.now = start
        self.user = superuser()
        self.receiver = Receiver()
        self.queue = django_rq.get_queue('default')
        self.queue.empty()
        self.events: list[tuple[int, str]] = []
        self._make_rule()
        token = Token.objects.create(user=self.user)
        self.api = APIClient()
        self.api.credentials(HTTP_AUTHORIZATION=f'Bearer {TOKEN_PREFIX}{token.key}.{token.token}')

    def _make_rule(self) -> None:
        webhook = Webhook.objects.create(name='timeline', payload_url=self.receiver.url)
        rule = EventRule.objects.create(
            name='timeline',
            event_types=list(EVENT_TYPES),
            action_type='webhook',
            action_object_type=ContentType.objects.get_for_model(Webhook),
            action_object_id=webhook.pk,
        )
        rule.object_types.set([ObjectType.objects.get_for_model(model) for model in (Certificate, CertificateSource)])

    def close(self) -> None:
        self.receiver.close()

    @contextmanager
    def at(self, days: float):
        """Let it be this many days after the start, and then see what is announced."""
        self.now = self.start + timedelta(days=days)
        with frozen(self.now):
            yield
            sweep(self.now)
            sweep_sources(self.now)
            self._deliver()

    def _deliver(self) -> None:
        if not self.queue.count:
            return
        self.receiver.clear()
        expected = self.queue.count
        SimpleWorker([self.queue], connection=self.queue.connection).work(burst=True)
        deliveries = self.receiver.wait_for(count=expected)
        self.events += [((self.now - self.start).days, _in_words(delivery.json['data'])) for delivery in deliveries]

    @contextmanager
    def _request(self):
        request = RequestFactory().get('/')
        request.id, request.user = uuid.uuid4(), self.user
        with event_tracking(request):
            yield

    def report(self, host: str, issued: Issued, *args, **attributes):
        """Report as a client or a program on ``host`` does, which renews it automatically."""
        attributes = {'acme_auto_renewal': True, 'is_acme': True, **attributes}
        with self._request():
            return report(host, issued, *args, user=self.user, **attributes)

    def paste(self, issued: Issued, certificate=None, **attributes):
        with self._request():
            return import_pem(issued, self.user, certificate, **attributes)

    def change(self, certificate: Certificate, **columns) -> None:
        """Change it as on its page."""
        stored = Certificate.objects.get(pk=certificate.pk)
        with self._request():
            stored.snapshot()
            for name, value in columns.items():
                setattr(stored, name, value)
            stored.full_clean()
            stored.save()

    def post(self, path: str, body) -> tuple[int, dict | list]:
        """Return the status and the JSON of the response."""
        response = self.api.post(path, body, format='json')
        return response.status_code, response.json()

    def states(self) -> dict[str, str]:
        """Return external ID → state, as of now."""
        return {source.external_id: source.state_at(self.now) for source in CertificateSource.objects.all()}

    def issue(self, days: float, names='www.example.net', ca=None, lifetime: timedelta = LIFETIME, **options) -> Issued:
        """Return an X.509 certificate that is valid from this day on."""
        begin = self.start + timedelta(days=days)
        return issue(names, ca or lets_encrypt(), begin, begin + lifetime, **options)


def _in_words(data: dict) -> str:
    announcement = data['announcement']
    kind = announcement['type'].removeprefix('netbox_ssl.')
    if kind.startswith('source_'):
        return f'{announcement["source"]["place"]} {kind.removeprefix("source_")}'
    name = announcement['certificate']['name']
    if kind == 'renewal_overdue':
        return f'{name} overdue'
    return f'{name} {announcement["previous_status"]} → {announcement["renewal_status"]}'


def a_year_ago() -> datetime:
    return timezone.now().replace(microsecond=0) - 365 * DAY
