"""*Renewal window moved*: announced once, with both windows; then the sweep announces the resulting status."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from django.test import override_settings
from django.utils import timezone
from redis.client import Pipeline

from netbox_ssl.announcements import batches
from netbox_ssl.announcements.counter import announcements
from netbox_ssl.announcements.sweep.certificates import sweep
from netbox_ssl.ari.polling import poll
from netbox_ssl.ari.window_moves import WindowMoveAnnouncer, announce_moves
from netbox_ssl.event_types import RENEWAL_STATUS_CHANGED, RENEWAL_WINDOW_MOVED
from netbox_ssl.models import Certificate
from tests.support.announcements import CommittingTestCase
from tests.support.ari_polls import RenewalInfoTestMixin
from tests.support.ari_server import window

DAY = timedelta(days=1)


class MovedTestCase(RenewalInfoTestMixin, CommittingTestCase):
    def setUp(self):
        super().setUp()
        self.certificate = self.add()
        self.start = (self.certificate.valid_to - 20 * DAY).astimezone(UTC)
        self.answer(self.start)
        self.make_rule('moved', RENEWAL_WINDOW_MOVED)
        self.make_rule('updated', 'object_updated')
        self.make_rule('status', RENEWAL_STATUS_CHANGED)
        self.clear_rq_queues()

    def answer(self, start: datetime, length=DAY, tell=False):
        self.stub.body = window(start.isoformat(), (start + length).isoformat())
        self.due(self.certificate)
        self.assertEqual(poll(after_batch=(lambda _, pks: announce_moves(pks)) if tell else None).windows, 1)

    def text(self, moment: datetime) -> str:
        return moment.isoformat().replace('+00:00', 'Z')

    def test_announced_once_with_both_windows(self):
        earlier = timezone.now().replace(microsecond=0) - DAY
        self.answer(earlier, tell=True)
        (delivery,) = self.deliveries()
        self.assertEqual(delivery['event_rule'].name, 'moved')
        self.assertEqual(delivery['event_type'], RENEWAL_WINDOW_MOVED)
        announcement = delivery['data']['announcement']
        old = {'start': self.text(self.start), 'end': self.text(self.start + DAY)}
        new = {'start': self.text(earlier), 'end': self.text(earlier + DAY)}
        self.assertEqual((announcement['previous_window'], announcement['window']), (old, new))
        self.assertEqual(announcement['type'], RENEWAL_WINDOW_MOVED)
        self.assertEqual(delivery['snapshots']['prechange']['ari_window_start'], old['start'])
        self.assertEqual(delivery['snapshots']['postchange']['ari_window_start'], new['start'])
        self.clear_rq_queues()
        self.assertEqual(announce_moves(), 0)
        self.answer(earlier, tell=True)
        self.assertEqual(self.delivered(), {})

    @override_settings(METRICS_ENABLED=True)
    def test_a_batch_is_sent_in_one_go_and_counted(self):
        self.answer(self.start - 5 * DAY)
        before = announcements()[RENEWAL_WINDOW_MOVED]
        with patch.object(Pipeline, 'execute', autospec=True, side_effect=Pipeline.execute) as execute:
            self.assertEqual(announce_moves(), 1)
        self.assertEqual((execute.call_count, self.delivered()), (1, {'moved': 1}))
        self.assertEqual(announcements()[RENEWAL_WINDOW_MOVED], before + 1)

    def test_the_status_follows_once(self):
        self.answer(timezone.now() - DAY, length=3 * DAY, tell=True)
        self.assertEqual(self.delivered(), {'moved': 1})
        self.assertEqual(sweep().status_changed, 1)
        self.assertEqual(self.delivered(), {'updated': 1, 'status': 1})
        self.assertEqual(sweep().announced, 0)
        self.answer(self.start)
        self.assertEqual(sweep().status_changed, 1)
        self.assertEqual(Certificate.objects.get().announced_status, 'OK')
        self.assertEqual(self.delivered(), {'updated': 1, 'status': 1})

    def test_the_first_window_a_later_one_and_rounding_are_not_moves(self):
        self.assertEqual(announce_moves(), 0)
        self.answer(self.start + DAY, tell=True)
        self.answer(self.start + DAY - timedelta(seconds=30), tell=True)
        self.assertEqual(self.delivered(), {})

    def test_an_earlier_end_is_a_move(self):
        self.answer(self.start, length=DAY / 2, tell=True)
        self.assertEqual(self.delivered(), {'moved': 1})

    def test_if_a_worker_dies_before_announcing_the_next_one_announces(self):
        self.answer(self.start - 5 * DAY)
        self.assertEqual(self.delivered(), {})
        self.assertEqual(announce_moves(), 1)
        self.assertEqual(self.delivered(), {'moved': 1})

    def test_a_repeat_has_the_same_id(self):
        self.answer(self.start - 5 * DAY)
        with patch.object(WindowMoveAnnouncer, 'record'):
            announce_moves()
        announce_moves()
        ids = [delivery['data']['announcement']['id'] for delivery in self.deliveries()]
        self.assertEqual(len(ids), 2)
        self.assertEqual(len(set(ids)), 1)

    def test_unannounced_moves_are_announced_as_one(self):
        self.answer(self.start - 2 * DAY)
        self.answer(self.start - 4 * DAY)
        announce_moves()
        (delivery,) = self.deliveries()
        announcement = delivery['data']['announcement']
        self.assertEqual(announcement['previous_window']['start'], self.text(self.start))
        self.assertEqual(announcement['window']['start'], self.text(self.start - 4 * DAY))
        self.assertEqual(announce_moves(), 0)

    def test_a_window_that_moves_again_meanwhile_is_announced_again(self):
        self.answer(self.start - 2 * DAY)
        deliver = batches.deliver

        def moving(announcements, rules):
            yield from deliver(announcements, rules)
            self.answer(self.start - 5 * DAY)

        with patch.object(batches, 'deliver', moving):
            self.assertEqual(announce_moves(), 1)
        self.assertEqual(announce_moves(), 1)
        first, second = (delivery['data']['announcement'] for delivery in self.deliveries())
        self.assertEqual(first['previous_window']['start'], self.text(self.start))
        self.assertEqual(second['previous_window'], first['window'])
        self.assertEqual(second['window']['start'], self.text(self.start - 5 * DAY))
        self.assertNotEqual(first['id'], second['id'])
        self.assertEqual(announce_moves(), 0)

    def test_without_rules_moves_are_recorded(self):
        from extras.models import EventRule

        EventRule.objects.all().delete()
        self.answer(self.start - 2 * DAY)
        self.assertEqual(announce_moves(), 1)
        self.assertEqual(announce_moves(), 0)
