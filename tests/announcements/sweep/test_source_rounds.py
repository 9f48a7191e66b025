"""Hosts through several renewals: each change to expired, behind or silent is one event, and there are no others."""

from collections import Counter
from datetime import timedelta

import django_rq
from core.models import ObjectType
from django.contrib.contenttypes.models import ContentType
from django.test import TestCase
from django.utils import timezone
from extras.models import EventRule, Webhook

from netbox_ssl.announcements.sweep.sources import sweep_sources
from netbox_ssl.event_types import SOURCE_BEHIND, SOURCE_EXPIRED, SOURCE_SILENT
from netbox_ssl.intake.sync import sync_sources
from netbox_ssl.models import Certificate, CertificateSource, Issuance
from netbox_ssl.models.source_reports import settle_certificate, stamp_reports
from tests.support.announcements import AnnouncingTestMixin
from tests.support.certificate_factory import issue
from tests.support.factories import DAY, import_pem, lets_encrypt, superuser

HALF = timedelta(hours=12)
LIFETIME = 90 * DAY
RENEWED_EVERY = 60 * DAY
ROUNDS = 3


class RoundsTestCase(AnnouncingTestMixin, TestCase):
    """One certificate of 90 days, renewed every 60; five hosts, which report every night."""

    def setUp(self):
        super().setUp()
        self.start = timezone.now().replace(microsecond=0) - 400 * DAY
        self.issuances = []
        for number in range(ROUNDS):
            begin = self.start + number * RENEWED_EVERY
            issued = issue('www.example.net', lets_encrypt(), begin, begin + LIFETIME)
            self.certificate = import_pem(issued).certificate
            self.issuances.append(Issuance.objects.get(pem=issued.pem))
        webhook = Webhook.objects.create(name='sources', payload_url='http://127.0.0.1:9/')
        rule = EventRule.objects.create(
            name='sources',
            event_types=[SOURCE_EXPIRED, SOURCE_BEHIND, SOURCE_SILENT],
            action_type='webhook',
            action_object_type=ContentType.objects.get_for_model(Webhook),
            action_object_id=webhook.pk,
        )
        rule.object_types.set([ObjectType.objects.get_for_model(CertificateSource)])
        self.queue = django_rq.get_queue('default')
        self.queue.empty()

    def renew(self, issuance, now):
        """Let NetBox see the renewal at ``now``."""
        facts = {name: getattr(issuance, name) for name in ('valid_from', 'valid_to', 'fingerprint_sha256')}
        Certificate.objects.filter(pk=self.certificate.pk).update(**facts)
        settle_certificate(self.certificate.pk, now=now)

    def has(self, host, day) -> int | None:
        """Return the number of the issuance that a host reports on a day, or None if it does not report."""
        newest = min(day // 60, ROUNDS - 1)
        match host:
            case 'good' | 'removed':
                return newest if host == 'good' or day < 40 else None
            case 'late':
                return min(max(day - 3, 0) // 60, ROUNDS - 1)
            case 'stuck':
                return 0
            case 'dead':
                return 0 if day < 30 else None

    def delivered(self):
        found = [
            (job.kwargs['event_type'].removeprefix('netbox_ssl.source_'), job.kwargs['data']) for job in self.queue.jobs
        ]
        self.queue.empty()
        return found

    def test_each_change_is_one_event(self):
        sources = {
            host: CertificateSource.objects.create(certificate=self.certificate, external_id=f'certbot:{host}:www')
            for host in ('good', 'late', 'stuck', 'dead', 'removed')
        }
        events, ids = [], Counter()
        for step in range(2 * 135):
            now = self.start + step * HALF
            day, at_night = divmod(step, 2)
            if at_night and day % 60 == 0 and day // 60 < ROUNDS:
                self.renew(self.issuances[day // 60], now)
            if at_night:
                reports = [(host, self.has(host, day)) for host in sources]
                stamp_reports(
                    [(sources[host].pk, self.issuances[has].pk) for host, has in reports if has is not None], now
                )
            if at_night and day >= 40:
                sync_sources('certbot:removed:', [], superuser(), now=now)
            # A second sweep finds nothing more.
            for _ in range(2):
                sweep_sources(now)
            for kind, data in self.delivered():
                events.append((data['place'], kind, (now - self.start).days))
                ids[data['announcement']['id']] += 1
                self.assertEqual(data['announcement']['certificate']['id'], self.certificate.pk)
                self.assertEqual(data['announcement']['source']['place'], data['place'])
        self.assertEqual(
            sorted(events),
            [
                ('dead', 'behind', 62),
                ('dead', 'expired', 90),
                ('dead', 'silent', 37),
                ('late', 'behind', 62),
                ('late', 'behind', 122),
                ('stuck', 'behind', 62),
                ('stuck', 'expired', 90),
            ],
        )
        self.assertEqual(set(ids.values()), {1})
        states = {each.place: each.state_at(now) for each in CertificateSource.objects.all()}
        self.assertEqual(
            states, {'good': 'current', 'late': 'current', 'stuck': 'expired', 'dead': 'expired', 'removed': 'gone'}
        )
