"""What is not announced about new certificates, and the setting that changes it."""

import time
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from utilities.testing import TestCase

from netbox_ssl.announcements.sweep.baseline import write_baseline
from netbox_ssl.announcements.sweep.certificates import pending, sweep
from netbox_ssl.announcements.sweep.passes import CLAIM_LASTS
from netbox_ssl.event_types import RENEWAL_OVERDUE, RENEWAL_STATUS_CHANGED
from netbox_ssl.models import Certificate
from tests.support.announcements import LIFETIME, AnnouncingTestMixin, configured, make_certificate

DAY = timedelta(days=1)


def announcing_the_past():
    return configured(announce_past=True, expiry_marks=[])


class BaselineTestCase(AnnouncingTestMixin, TestCase):
    def setUp(self):
        super().setUp()
        self.now = timezone.now()

    def fill(self, number=1):
        """Create an inventory without ``Certificate.save()``: for each ``left`` one certificate of each kind."""
        kinds = ({}, {'acme_auto_renewal': False}, {'status': 'retired'}, {'status': 'revoked'}, {'is_acme': False})
        Certificate.objects.bulk_create(
            Certificate(
                **{
                    'name': f'{left}',
                    'valid_from': self.now + left * DAY - LIFETIME,
                    'valid_to': self.now + left * DAY,
                    'is_acme': True,
                    'acme_auto_renewal': True,
                    **kind,
                }
            )
            for left in (60, 20, 10, -12)
            for kind in kinds
            for _ in range(number)
        )

    def true_now(self):
        rows = Certificate.objects.all()
        return {row.pk: (row.renewal_status_at(self.now) or '', self.now >= row.overdue_at()) for row in rows}

    def test_an_existing_inventory_is_not_announced(self):
        self.make_usual_rules()
        self.fill()
        self.assertEqual(set(Certificate.objects.values_list('announced_status', flat=True)), {None})
        self.assertEqual(list(pending(self.now)), [])
        result = sweep(self.now)
        self.assertEqual((result.announced, result.baseline, result.complete), (0, 20, True))
        self.assertEqual(self.delivered(), {})
        for row in Certificate.objects.all():
            status, is_overdue = self.true_now()[row.pk]
            self.assertEqual(row.announced_status, status)
            self.assertEqual(row.announced_overdue, is_overdue and status == 'Due')
        self.assertEqual(sweep(self.now).baseline, 0)

    def test_later_changes_are_announced(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        self.fill()
        sweep(self.now)
        self.assertEqual(sweep(self.now + 31 * DAY).status_changed, 5, 'one is due, two are expired, by both renewals')

    def test_past_changes_are_announced_oldest_first_if_configured(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        self.make_rule('overdue', RENEWAL_OVERDUE)
        self.fill()
        with announcing_the_past():
            result = sweep(self.now, batch_size=2)
        self.assertEqual((result.baseline, result.status_changed, result.overdue), (20, 4, 1))
        self.assertEqual(result.validity_changed, 1, 'the one that is not ACME has expired')
        announced = [
            (delivery['data']['name'], announcement['previous_status'], announcement['renewal_status'])
            for delivery in self.deliveries('own')
            for announcement in [delivery['data']['announcement']]
        ]
        # Due 20, expired 12, due 10 days ago
        self.assertEqual(announced[0], ('10', 'OK', 'Due'))
        self.assertCountEqual(announced[1:3], [('-12', 'OK', 'Expired'), ('-12', 'Manual', 'Expired')])
        self.assertEqual(announced[3], ('20', 'OK', 'Due'))
        self.assertEqual(self.deliveries('overdue')[0]['data']['name'], '10')
        self.assertEqual(sweep(self.now).announced, 0)

    def test_past_changes_of_new_certificates_are_announced_if_configured(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        with announcing_the_past(), self.request():
            made = make_certificate(-DAY)
            make_certificate(60 * DAY, name='good')
            self.assertEqual([each.certificate for each in pending()], [made])
        with announcing_the_past():
            # The request settles its creations when it ends.
            self.assertEqual(sweep().announced, 1)
        (delivery,) = self.deliveries('own')
        self.assertEqual(delivery['data']['announcement']['previous_status'], 'OK')

    def test_it_is_written_in_batches_and_shared(self):
        self.fill()
        batches = []
        with CaptureQueriesContext(connection) as queries:
            self.assertTrue(write_baseline(self.now, batch_size=8, after_batch=batches.append))
        self.assertEqual(batches, [8, 8, 4])
        locking = [query['sql'] for query in queries if 'FOR NO KEY UPDATE SKIP LOCKED' in query['sql']]
        self.assertEqual(len(locking), 5, 'the last one without a baseline, and with outdated marks')

    def test_at_the_deadline_it_stops_and_the_next_sweep_continues(self):
        self.fill()
        self.assertFalse(write_baseline(self.now, until=time.monotonic()))
        result = sweep(self.now, seconds=0)
        self.assertEqual((result.complete, result.announced), (False, 0), 'nothing is announced before all have one')
        self.assertEqual(sweep(self.now).baseline, 20)

    def test_a_change_by_a_request_before_the_first_sweep(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        Certificate.objects.bulk_create(
            Certificate(
                name=name,
                is_acme=True,
                acme_auto_renewal=True,
                valid_from=self.now - DAY,
                valid_to=self.now + LIFETIME,
            )
            for name in ('changed', 'other')
        )
        certificate = Certificate.objects.get(name='changed')
        with self.request():
            certificate.snapshot()
            certificate.status = 'retired'
            certificate.save()
            self.assertEqual(sweep().baseline, 1, 'the request is about to announce the other')
        (delivery,) = self.deliveries('own')
        announcement = delivery['data']['announcement']
        self.assertEqual((announcement['previous_status'], announcement['renewal_status']), ('OK', None))
        self.assertEqual(Certificate.objects.get(pk=certificate.pk).announced_status, '')

    def test_a_request_that_died_does_not_prevent_the_baseline(self):
        self.fill()
        Certificate.objects.update(announcing_since=self.now - CLAIM_LASTS - DAY)
        self.assertEqual(sweep(self.now).baseline, 20)
