"""Changes of renewal status made by a request."""

from datetime import timedelta
from unittest.mock import patch

from django.test import TestCase
from django.urls import reverse
from django.utils import timezone
from extras.models import EventRule
from rest_framework import status
from utilities.testing import APITestCase

from netbox_ssl.announcements import requests as events
from netbox_ssl.announcements.sweep.certificates import sweep
from netbox_ssl.announcements.sweep.passes import CLAIM_LASTS
from netbox_ssl.event_types import RENEWAL_STATUS_CHANGED
from netbox_ssl.models import Certificate
from tests.support.announcements import AnnouncingTestMixin, make_certificate

ONCE_TO_ALL = {'own': 1, 'own changed': 1, 'updated': 1, 'updated changed': 1, 'both': 1, 'both changed': 1}


class RequestTestCase(AnnouncingTestMixin, APITestCase):
    user_permissions = ('netbox_ssl.view_certificate', 'netbox_ssl.change_certificate', 'netbox_ssl.add_certificate')

    def setUp(self):
        super().setUp()
        self.make_usual_rules()

    def patch(self, certificate, **data):
        url = reverse('plugins-api:netbox_ssl-api:certificate-detail', args=[certificate.pk])
        response = self.client.patch(url, data, format='json', **self.header)
        self.assertHttpStatus(response, status.HTTP_200_OK)

    def patch_all(self, data):
        url = reverse('plugins-api:netbox_ssl-api:certificate-list')
        response = self.client.patch(url, data, format='json', **self.header)
        self.assertHttpStatus(response, status.HTTP_200_OK)

    def assertSweepFindsNothing(self):
        self.assertEqual(sweep().announced, 0)
        self.assertEqual(self.delivered(), {})

    #
    # Notifications
    #

    def test_a_change_reaches_each_rule_once(self):
        certificate = make_certificate()
        self.patch(certificate, acme_auto_renewal=False)
        self.assertEqual(self.delivered(), ONCE_TO_ALL)
        certificate.refresh_from_db()
        self.assertEqual(certificate.announced_status, 'Manual')
        self.assertIsNone(certificate.announcing_since)
        self.assertSweepFindsNothing()

    def test_the_recovery_is_announced(self):
        certificate = make_certificate(timedelta(days=-1))
        self.assertEqual(certificate.announced_status, 'Expired')
        valid_from = timezone.now()
        self.patch(certificate, valid_from=valid_from, valid_to=valid_from + timedelta(days=90))
        announcement = self.deliveries('own')[0]['data']['announcement']
        self.assertEqual((announcement['previous_status'], announcement['renewal_status']), ('Expired', 'OK'))
        self.assertEqual(self.delivered(), ONCE_TO_ALL)
        self.assertSweepFindsNothing()

    def test_a_bulk_change_reaches_each_rule_once_for_each_certificate(self):
        certificates = [make_certificate(name=f'{number}.example.net') for number in range(3)]
        self.patch_all([{'id': row.pk, 'acme_auto_renewal': False} for row in certificates])
        self.assertEqual(self.delivered(), dict.fromkeys(ONCE_TO_ALL, 3))
        self.assertSweepFindsNothing()

    def test_losing_the_status_is_a_change(self):
        certificate = make_certificate()
        self.patch(certificate, status='retired')
        announcement = self.deliveries('own')[0]['data']['announcement']
        self.assertEqual((announcement['previous_status'], announcement['renewal_status']), ('OK', None))
        self.assertEqual(self.delivered(), ONCE_TO_ALL)
        self.assertSweepFindsNothing()

    def test_an_ordinary_edit_is_not_a_change_of_status(self):
        certificate = make_certificate()
        self.patch(certificate, description='changed')
        self.assertEqual(self.delivered(), {'updated': 1, 'both': 1})

    def test_a_creation_is_not_a_change_of_status(self):
        url = reverse('plugins-api:netbox_ssl-api:certificate-list')
        now = timezone.now()
        data = {'name': 'new', 'is_acme': True, 'valid_from': now - timedelta(days=9), 'valid_to': now}
        response = self.client.post(url, data, format='json', **self.header)
        self.assertHttpStatus(response, status.HTTP_201_CREATED)
        self.assertEqual(self.delivered(), {'created': 1})
        self.assertSweepFindsNothing()

    def test_a_creation_changed_by_the_same_request_is_not_a_change_of_status(self):
        with self.request():
            certificate = make_certificate()
            again = Certificate.objects.get(pk=certificate.pk)
            again.snapshot()
            again.acme_auto_renewal = False
            again.save()
        self.assertEqual(self.delivered(), {'created': 1})
        self.assertSweepFindsNothing()

    def test_changed_and_changed_back_is_not_a_change_of_status(self):
        certificate = make_certificate()
        with self.request():
            certificate.snapshot()
            certificate.acme_auto_renewal = False
            certificate.save()
            certificate.acme_auto_renewal = True
            certificate.save()
        self.assertEqual(self.delivered(), {'updated': 1, 'both': 1})
        certificate.refresh_from_db()
        self.assertIsNone(certificate.announcing_since, 'the sweep need not wait')

    #
    # Announcements
    #

    def test_the_announcement(self):
        certificate = make_certificate(timedelta(days=20), acme_auto_renewal=False)
        self.patch(certificate, acme_auto_renewal=True)
        (delivery,) = self.deliveries('own')
        certificate.refresh_from_db()
        self.assertEqual(delivery['event_type'], RENEWAL_STATUS_CHANGED)
        self.assertEqual(delivery['data']['renewal_status'], 'Due')
        announcement = delivery['data']['announcement']
        self.assertEqual(announcement['type'], RENEWAL_STATUS_CHANGED)
        self.assertEqual(announcement['previous_status'], 'Manual')
        self.assertEqual(announcement['renewal_status'], 'Due')
        self.assertEqual(
            timezone.datetime.fromisoformat(announcement['since']), certificate.renewal_due_at, 'when it became due'
        )
        snapshots = delivery['snapshots']
        self.assertEqual(snapshots['prechange']['renewal_status'], 'Manual')
        self.assertEqual(snapshots['postchange']['renewal_status'], 'Due')
        self.assertNotIn('pem', snapshots['postchange'])
        self.assertNotIn('announced_status', snapshots['postchange'])
        self.assertIn('request', delivery)

    #
    # Together with the sweep
    #

    def test_the_sweep_leaves_a_change_to_the_request_that_made_it(self):
        certificate = make_certificate()
        with self.request():
            certificate.snapshot()
            certificate.acme_auto_renewal = False
            certificate.save()
            # The request continues; its change is visible to the sweep.
            self.assertEqual(sweep().announced, 0)
        self.assertEqual(self.delivered(), ONCE_TO_ALL)

    def test_the_sweep_announces_changes_of_a_request_that_died(self):
        certificate = make_certificate()
        with patch('netbox_ssl.announcements.requests._settle_updates', side_effect=RuntimeError('died')):
            self.change(certificate, acme_auto_renewal=False)
        self.delivered()
        self.assertEqual(sweep().announced, 0)
        self.assertEqual(sweep(timezone.now() + CLAIM_LASTS + timedelta(seconds=1)).announced, 1)
        self.assertEqual(self.delivered(), ONCE_TO_ALL)

    def test_an_ordinary_edit_does_not_delay_changes_caused_by_time(self):
        certificate = make_certificate(timedelta(minutes=1))
        self.patch(certificate, description='changed')
        self.delivered()
        now = certificate.valid_to + timedelta(seconds=1)
        self.assertEqual(sweep(now).announced, 1)
        self.assertEqual(self.delivered(), ONCE_TO_ALL)

    def test_an_instance_read_before_an_announcement_does_not_undo_it(self):
        certificate = make_certificate(timedelta(days=1), acme_renewal_days=0)
        with self.request():
            certificate.snapshot()
            Certificate.objects.filter(pk=certificate.pk).update(announced_status='Expired', announced_overdue=True)
            certificate.description = 'changed'
            certificate.save()
        stored = Certificate.objects.get(pk=certificate.pk)
        self.assertEqual((stored.announced_status, stored.announced_overdue), ('Expired', True))
        self.assertEqual((certificate.announced_status, certificate.announced_overdue), ('Expired', True))

    def test_changes_announced_by_the_sweep_are_not_announced_again(self):
        certificate = make_certificate()
        with self.request():
            certificate.snapshot()
            certificate.acme_auto_renewal = False
            certificate.save()
            Certificate.objects.filter(pk=certificate.pk).update(announced_status='Manual')
        self.assertEqual(self.delivered(), {'updated': 1, 'updated changed': 1, 'both': 1, 'both changed': 1})

    def test_later_changes_are_left_to_their_request(self):
        certificate = make_certificate()
        with self.request():
            certificate.snapshot()
            certificate.acme_auto_renewal = False
            certificate.save()
            claim = timezone.now()
            Certificate.objects.filter(pk=certificate.pk).update(status='retired', announcing_since=claim)
        self.assertNotIn('own', self.delivered())
        certificate.refresh_from_db()
        self.assertEqual(certificate.announcing_since, claim)

    def test_overdue_is_reset_by_a_renewal(self):
        certificate = make_certificate(timedelta(days=10))
        Certificate.objects.filter(pk=certificate.pk).update(announced_overdue=True)
        certificate.refresh_from_db()
        certificate.description = 'changed'
        certificate.save()
        self.assertTrue(certificate.announced_overdue)
        certificate.valid_to += timedelta(days=1)
        certificate.save()
        self.assertFalse(certificate.announced_overdue)


class FailingTestCase(AnnouncingTestMixin, APITestCase):
    def test_a_failing_rule_does_not_stop_others(self):
        self.make_rule('a broken', RENEWAL_STATUS_CHANGED, conditions={'attr': 'name', 'op': 'unheard of', 'value': 1})
        self.make_rule('b dangling', RENEWAL_STATUS_CHANGED, action_type='script', action_object_id=10**6)
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        certificate = make_certificate()
        self.change(certificate, acme_auto_renewal=False)
        self.assertEqual(self.delivered(), {'own': 1})
        certificate.refresh_from_db()
        self.assertEqual(certificate.announced_status, 'Manual')

    def test_it_never_raises(self):
        with patch.object(EventRule.objects, 'filter', side_effect=RuntimeError):
            events.announce_request_changes([{'object_type': None}])

    def test_a_lost_queue_leaves_the_change_to_the_sweep(self):
        from redis.exceptions import ConnectionError as QueueLost

        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        certificate = make_certificate()
        with patch('netbox_ssl.announcements.rules.process_event_rules', side_effect=QueueLost):
            self.change(certificate, acme_auto_renewal=False)
        certificate.refresh_from_db()
        self.assertEqual(certificate.announced_status, 'OK')
        sweep(timezone.now() + CLAIM_LASTS + timedelta(seconds=1))
        self.assertEqual(self.delivered(), {'own': 1})

    def test_other_objects_are_ignored(self):
        from dcim.models import Site

        with self.request():
            Site.objects.create(name='a', slug='a')


class SaveTestCase(TestCase):
    def test_a_failed_save_leaves_the_instance_unchanged(self):
        certificate = make_certificate()
        other = make_certificate(name='other', fingerprint_sha256='A' * 64)
        certificate.fingerprint_sha256 = other.fingerprint_sha256
        with self.assertRaises(Exception):  # noqa: B017  (the tests of the model check which one)
            certificate.save()
        self.assertEqual(certificate.announced_status, 'OK')
        self.assertIs(certificate.announced_overdue, False)
        self.assertIsNone(certificate.announcing_since)
