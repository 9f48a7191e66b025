"""Changes of renewal status caused by time."""

import time
from datetime import timedelta
from unittest.mock import patch

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from extras.models import EventRule, Notification, NotificationGroup
from redis.exceptions import ConnectionError as QueueLost
from utilities.api import get_serializer_for_model
from utilities.testing import TestCase

from netbox_ssl.announcements.rules import Rules
from netbox_ssl.announcements.sweep.certificates import RenewalAnnouncer, pending, sweep
from netbox_ssl.event_types import RENEWAL_OVERDUE, RENEWAL_STATUS_CHANGED
from netbox_ssl.models import Certificate
from tests.support.announcements import LIFETIME, AnnouncingTestMixin, configured, make_certificate

DAY = timedelta(days=1)
ONCE_TO_ALL = {'own': 1, 'own changed': 1, 'updated': 1, 'updated changed': 1, 'both': 1, 'both changed': 1}


class SweepTestCase(AnnouncingTestMixin, TestCase):
    def setUp(self):
        super().setUp()
        self.now = timezone.now()

    #
    # Notifications
    #

    def test_each_change_reaches_each_rule_once(self):
        self.make_usual_rules()
        make_certificate(60 * DAY)
        self.assertEqual(sweep(self.now).announced, 0)
        self.assertEqual(sweep(self.now + 31 * DAY).announced, 1)
        self.assertEqual(self.delivered(), ONCE_TO_ALL)
        self.assertEqual(sweep(self.now + 31 * DAY).announced, 0)
        self.assertEqual(sweep(self.now + 59 * DAY + DAY / 2).expiring, 1)
        self.assertEqual(self.delivered(), {'overdue': 1, 'updated': 1, 'both': 1}, 'its validity has changed')
        result = sweep(self.now + 61 * DAY)
        self.assertEqual((result.status_changed, result.announced), (1, 1))
        self.assertEqual(self.delivered(), ONCE_TO_ALL)
        self.assertEqual(sweep(self.now + 61 * DAY).announced, 0)
        self.assertEqual(self.delivered(), {})

    def test_the_most_common_rule(self):
        condition = {'attr': 'renewal_status', 'value': 'Expired'}
        self.make_rule('expired', 'object_updated', conditions=condition)
        make_certificate(60 * DAY)
        sweep(self.now + 31 * DAY)
        self.assertEqual(self.delivered(), {})
        sweep(self.now + 61 * DAY)
        self.assertEqual(self.delivered(), {'expired': 1})

    def test_every_change_of_status(self):
        conditions = {
            'and': [
                {'attr': 'snapshots.prechange.renewal_status', 'value': 'Due'},
                {'attr': 'snapshots.postchange.renewal_status', 'value': 'Expired'},
            ]
        }
        self.make_rule('from due to expired', RENEWAL_STATUS_CHANGED, conditions=conditions)
        make_certificate(60 * DAY)
        sweep(self.now + 31 * DAY)
        sweep(self.now + 61 * DAY)
        self.assertEqual(self.delivered(), {'from due to expired': 1})

    def test_rules_that_do_not_apply_are_not_notified(self):
        self.make_rule('off', RENEWAL_STATUS_CHANGED, enabled=False)
        self.make_rule('on other objects', RENEWAL_STATUS_CHANGED).object_types.set(
            [ContentType.objects.get_for_model(EventRule)]
        )
        self.make_rule('deleted', 'object_deleted')
        make_certificate(-DAY)
        Certificate.objects.update(announced_status='Due')
        self.assertEqual(sweep(self.now).announced, 1)
        self.assertEqual(self.delivered(), {})

    def test_the_initial_status_is_not_announced(self):
        for left in (60, 20, 10, -10):
            make_certificate(left * DAY)
        self.assertEqual(sweep().announced, 0)

    def test_a_certificate_with_seconds_to_live(self):
        self.make_usual_rules()
        certificate = make_certificate(timedelta(seconds=2))
        sweep(certificate.valid_to + timedelta(milliseconds=1))
        self.assertEqual(self.delivered(), ONCE_TO_ALL)

    def test_a_notification_does_not_need_a_user(self):
        group = NotificationGroup.objects.create(name='operators')
        group.users.add(self.user)
        self.make_rule(
            'notify',
            RENEWAL_STATUS_CHANGED,
            action_type='notification',
            action_object_type=ContentType.objects.get_for_model(NotificationGroup),
            action_object_id=group.pk,
        )
        make_certificate(DAY)
        sweep(self.now + 2 * DAY)
        self.assertEqual(Notification.objects.get().event_type, RENEWAL_STATUS_CHANGED)

    #
    # Overdue
    #

    def test_overdue_is_announced_once_for_each_issuance(self):
        self.make_rule('overdue', RENEWAL_OVERDUE)
        self.make_rule('updated', 'object_updated')
        certificate = make_certificate(20 * DAY)
        sweep(self.now)
        self.assertEqual(self.delivered(), {})
        self.assertEqual(sweep(self.now + 6 * DAY).overdue, 1)
        (delivery,) = self.deliveries('overdue')
        self.assertEqual(delivery['data']['announcement']['type'], RENEWAL_OVERDUE)
        self.assertTrue(delivery['data']['renewal_overdue'])
        self.assertEqual(self.delivered(), {'overdue': 1}, 'the status has not changed')
        self.assertEqual(sweep(self.now + 7 * DAY).overdue, 0)
        self.assertEqual(self.delivered(), {'updated': 1}, 'an expiry mark has passed')

        certificate.refresh_from_db()
        certificate.valid_from, certificate.valid_to = self.now, self.now + LIFETIME
        certificate.save()
        sweep(self.now + 7 * DAY)
        self.delivered()
        result = sweep(self.now + LIFETIME - 10 * DAY)
        self.assertEqual((result.status_changed, result.overdue), (1, 1), 'due and overdue in one sweep')
        self.assertEqual(self.delivered(), {'overdue': 1, 'updated': 2}, 'Due, and expiring')

    def test_after_expiry_it_is_expired_and_not_overdue(self):
        self.make_rule('overdue', RENEWAL_OVERDUE)
        make_certificate(20 * DAY)
        sweep(self.now + 21 * DAY)
        self.assertEqual(self.delivered(), {})

    #
    # Announcements
    #

    def test_the_announcement(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        certificate = make_certificate(60 * DAY, pem='', description='kept')
        sweep(self.now + 31 * DAY)
        (delivery,) = self.deliveries('own')
        self.assertEqual(delivery['event_type'], RENEWAL_STATUS_CHANGED)
        self.assertNotIn('request', delivery)
        data, snapshots = delivery['data'], delivery['snapshots']
        self.assertEqual((data['id'], data['description'], data['renewal_status']), (certificate.pk, 'kept', 'Due'))
        announcement = data['announcement']
        self.assertEqual(announcement['type'], RENEWAL_STATUS_CHANGED)
        self.assertEqual((announcement['previous_status'], announcement['renewal_status']), ('OK', 'Due'))
        self.assertEqual(timezone.datetime.fromisoformat(announcement['since']), certificate.renewal_due_at)
        before, after = snapshots['prechange'], snapshots['postchange']
        self.assertEqual((before.pop('renewal_status'), after.pop('renewal_status')), ('OK', 'Due'))
        self.assertEqual(before, after)
        self.assertNotIn('pem', after)

    def test_a_subscriber_to_object_updated_sees_an_update(self):
        self.make_rule('updated', 'object_updated')
        make_certificate(DAY)
        sweep(self.now + 2 * DAY)
        (delivery,) = self.deliveries('updated')
        self.assertEqual(delivery['event_type'], 'object_updated')

    def test_a_repeat_has_the_same_id_and_another_change_has_another(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        make_certificate(60 * DAY)
        ids = []
        for days, announced in ((31, 'OK'), (31, 'OK'), (61, 'Due')):
            Certificate.objects.update(announced_status=announced)
            sweep(self.now + days * DAY)
            ids.append(self.deliveries()[-1]['data']['announcement']['id'])
        self.assertEqual(ids[0], ids[1])
        self.assertNotEqual(ids[1], ids[2])

    def test_after_a_week_without_a_worker_the_oldest_change_comes_first(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        for left in (5, 2, 33, 4, 31, 1):
            make_certificate(left * DAY, name=f'{left}', acme_auto_renewal=left != 4)
        with configured(expiry_marks=[]):
            self.assertEqual(sweep(self.now + 7 * DAY, batch_size=2).status_changed, 6)
        since = [delivery['data']['announcement']['since'] for delivery in self.deliveries()]
        self.assertEqual(since, sorted(since))
        self.assertEqual([delivery['data']['name'] for delivery in self.deliveries()], ['31', '1', '2', '33', '4', '5'])

    #
    # Edge cases
    #

    def test_changes_outside_of_requests_are_announced(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        certificate = make_certificate(60 * DAY)
        steps = (
            ({'acme_auto_renewal': False}, 'Manual'),
            ({'is_acme': False}, None),
            ({'is_acme': True, 'acme_auto_renewal': True}, 'OK'),
            ({'acme_renewal_days': 89}, 'Due'),
            ({'acme_renewal_days': 1}, 'OK'),
            ({'valid_to': self.now - DAY}, 'Expired'),
            ({'valid_to': self.now + 60 * DAY}, 'OK'),
            ({'status': 'revoked'}, None),
        )
        for columns, expected in steps:
            Certificate.objects.filter(pk=certificate.pk).update(**columns)
            self.assertEqual(sweep(self.now).announced, 1, columns)
            self.assertEqual(self.deliveries()[-1]['data']['renewal_status'], expected)
        self.assertEqual(sweep(self.now).announced, 0)

    def test_a_clock_that_was_set_back(self):
        make_certificate(60 * DAY)
        sweep(self.now + 61 * DAY)
        self.assertEqual(sweep(self.now).announced, 1)
        self.assertEqual(Certificate.objects.get().announced_status, 'OK')

    def test_a_renewal_between_finding_and_announcing(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        make_certificate(DAY)

        def renewed_meanwhile(*args):
            Certificate.objects.update(valid_to=self.now + LIFETIME, announced_status='OK')
            return original(*args)

        original = RenewalAnnouncer.read
        with patch.object(RenewalAnnouncer, 'read', renewed_meanwhile):
            self.assertEqual(sweep(self.now + 2 * DAY).announced, 0)
        self.assertEqual(self.delivered(), {})

    def test_a_change_by_a_request_between_finding_and_announcing(self):
        make_certificate(DAY)

        def changed_meanwhile(*args):
            Certificate.objects.update(acme_auto_renewal=False, announcing_since=timezone.now())
            return original(*args)

        original = RenewalAnnouncer.read
        with patch.object(RenewalAnnouncer, 'read', changed_meanwhile):
            self.assertEqual(sweep(self.now + timedelta(hours=25)).announced, 1, 'long after: the request died')
            Certificate.objects.update(announced_status='Due', announcing_since=None)
            self.assertEqual(sweep(self.now + timedelta(minutes=-1)).announced, 0, 'the request announces it')

    def test_a_renewal_between_announcing_and_recording(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        make_certificate(DAY)
        claim = timezone.now()

        def renewed_meanwhile(announcer, announced, now):
            # A request renewed it and claims to announce that.
            Certificate.objects.update(valid_to=self.now + LIFETIME, announcing_since=claim)
            original(announcer, announced, now)

        original = RenewalAnnouncer.record
        with patch.object(RenewalAnnouncer, 'record', renewed_meanwhile):
            sweep(self.now + 2 * DAY)
        certificate = Certificate.objects.get()
        self.assertEqual((certificate.announced_status, certificate.announcing_since), ('Expired', claim))

    def test_a_record_by_another_process_meanwhile_is_kept(self):
        make_certificate(DAY)

        def recorded_meanwhile(announcer, announced, now):
            Certificate.objects.update(announced_status='Manual')
            original(announcer, announced, now)

        original = RenewalAnnouncer.record
        with patch.object(RenewalAnnouncer, 'record', recorded_meanwhile):
            sweep(self.now + 2 * DAY)
        self.assertEqual(Certificate.objects.get().announced_status, 'Manual')

    def test_deleted_meanwhile(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        make_certificate(DAY, name='deleted')
        make_certificate(DAY, name='kept')

        def deleted_meanwhile(*args):
            Certificate.objects.filter(name='deleted').delete()
            return original(*args)

        original = RenewalAnnouncer.read
        with patch.object(RenewalAnnouncer, 'read', deleted_meanwhile):
            self.assertEqual(sweep(self.now + 2 * DAY).announced, 1)
        self.assertEqual(self.delivered(), {'own': 1})

    #
    # Faults
    #

    def test_a_failing_rule_does_not_stop_others_and_is_not_retried_forever(self):
        self.make_rule('a broken', RENEWAL_STATUS_CHANGED, conditions={'attr': 'name', 'op': 'unheard of', 'value': 1})
        self.make_rule('b dangling', RENEWAL_STATUS_CHANGED, action_type='script', action_object_id=10**6)
        self.make_rule('c unknown', RENEWAL_STATUS_CHANGED, action_type='unheard_of')
        self.make_rule('d absent', RENEWAL_STATUS_CHANGED, conditions={'attr': 'unheard_of', 'value': 1})
        self.make_rule('e type', RENEWAL_STATUS_CHANGED, conditions={'attr': 'name', 'op': 'gt', 'value': 1})
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        for number in range(3):
            make_certificate(DAY, name=f'{number}')
        self.assertEqual(sweep(self.now + 2 * DAY, batch_size=2).announced, 3)
        self.assertEqual(self.delivered(), {'own': 3})
        self.assertEqual(sweep(self.now + 2 * DAY).announced, 0)

    def test_a_certificate_that_cannot_be_serialised_does_not_block_others(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        for name in ('good', 'bad', 'too'):
            make_certificate(DAY, name=name)
        serializer = get_serializer_for_model(Certificate)
        original = serializer.to_representation

        def fail_on_bad(self, certificate):
            if certificate.name == 'bad':
                raise ValueError('bad')
            return original(self, certificate)

        with patch.object(serializer, 'to_representation', fail_on_bad):
            result = sweep(self.now + 2 * DAY)
        self.assertEqual((result.announced, result.failed), (2, 1))
        self.assertEqual(self.delivered(), {'own': 2})
        self.assertEqual(sweep(self.now + 2 * DAY).announced, 1, 'it is tried again')

    def test_if_the_queue_is_lost_only_sent_announcements_are_recorded(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        for number in range(3):
            make_certificate(DAY, name=f'{number}')
        original = Rules.notify

        def lost_at_the_second(rules, announcement, *args, **kwargs):
            if announcement.certificate.name == '1':
                raise QueueLost
            original(rules, announcement, *args, **kwargs)

        with patch.object(Rules, 'notify', lost_at_the_second), self.assertRaises(QueueLost):
            sweep(self.now + 2 * DAY)
        self.assertEqual(self.delivered(), {'own': 1})
        self.assertEqual(sweep(self.now + 2 * DAY).announced, 2)
        self.assertEqual(self.delivered(), {'own': 2})

    def test_an_unreachable_queue_is_not_a_failing_rule(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        make_certificate(DAY)
        with (
            patch('netbox_ssl.announcements.rules.process_event_rules', side_effect=QueueLost),
            self.assertRaises(QueueLost),
        ):
            sweep(self.now + 2 * DAY)
        self.assertEqual(Certificate.objects.get().announced_status, 'Due')

    #
    # Cost
    #

    def test_an_idle_sweep_runs_one_query_and_writes_nothing(self):
        self.make_usual_rules()
        for count in (1, 20):
            for number in range(count):
                make_certificate(60 * DAY, name=f'{number}')
            with CaptureQueriesContext(connection) as queries:
                sweep(self.now)
            asked = [query['sql'] for query in queries if 'SAVEPOINT' not in query['sql']]
            self.assertEqual(len(asked), 2, asked)
            self.assertTrue(asked[0].startswith('SET LOCAL') and asked[1].startswith('(SELECT'), asked)

    def test_the_number_of_queries_does_not_grow_with_the_certificates(self):
        self.make_rule('unmatched', RENEWAL_STATUS_CHANGED, conditions={'attr': 'name', 'value': 'none'})
        counts = []
        for count in (2, 20):
            Certificate.objects.all().delete()
            for number in range(count):
                make_certificate(DAY, name=f'{number}').tags.add('monitored')
            with CaptureQueriesContext(connection) as queries:
                self.assertEqual(sweep(self.now + 2 * DAY).announced, count)
            counts.append(len(queries))
        self.assertLessEqual(counts[1], counts[0])

    def test_without_a_rule_nothing_is_read_but_what_is_judged(self):
        marked = {'is_acme': False, 'acme_auto_renewal': False}
        counts = []
        for count in (1, 10):
            Certificate.objects.all().delete()
            for number in range(count):
                make_certificate(DAY, name=f'status {number}')
                make_certificate(3 * DAY, name=f'mark {number}', **marked)
                make_certificate(DAY, name=f'end {number}', **marked)
            with CaptureQueriesContext(connection) as queries:
                found = sweep(self.now + 2 * DAY + timedelta(hours=1))
            self.assertEqual((found.status_changed, found.expiring, found.validity_changed), (count, count, count))
            self.assertFalse([query['sql'] for query in queries if '"pem"' in query['sql']])
            counts.append(len(queries))
        self.assertEqual(*counts)

    def test_it_stops_at_its_deadline_and_the_next_sweep_continues(self):
        for number in range(5):
            make_certificate(DAY, name=f'{number}')
        later = self.now + 2 * DAY
        with patch.object(time, 'monotonic', side_effect=[0, 0, 1, 2, 99]):
            first = sweep(later, batch_size=1, seconds=50)
        self.assertEqual((first.announced, first.complete), (3, False))
        self.assertEqual(sweep(later).announced, 2)

    def test_progress_is_reported_after_each_batch(self):
        for number in range(5):
            make_certificate(DAY, name=f'{number}')
        seen = []
        sweep(self.now + 2 * DAY, batch_size=2, after_batch=lambda result: seen.append(result.announced))
        self.assertEqual(seen[:3], [2, 4, 5])

    def test_pending_lists_each_once(self):
        make_certificate(-DAY)
        Certificate.objects.update(announced_status='Manual')
        self.assertEqual(len(list(pending(self.now))), 1)

    def test_pending_lists_and_announces_nothing(self):
        self.make_usual_rules()
        make_certificate(DAY)
        make_certificate(10 * DAY, announced_overdue=False)
        Certificate.objects.update(announced_overdue=False)
        found = list(pending(self.now + 2 * DAY, batch_size=1))
        self.assertEqual([announcement.renewal_status for announcement in found], ['Expired', 'Due'])
        self.assertEqual(self.delivered(), {})
        self.assertEqual(sweep(self.now + 2 * DAY).announced, 2)
