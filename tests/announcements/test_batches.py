"""The algorithm of announcements not made by a request, with an announcer that announces every certificate."""

from datetime import timedelta
from unittest.mock import Mock, patch

from django.utils import timezone
from extras.models import EventRule
from redis.client import Pipeline
from redis.exceptions import ConnectionError as QueueLost

from netbox_ssl.announcements import batches
from netbox_ssl.announcements.announcement import CertificateAnnouncement, is_overdue
from netbox_ssl.announcements.batches import Announcer, announce, announce_all, pending
from netbox_ssl.announcements.locks import locked
from netbox_ssl.announcements.sweep.paging import in_order
from netbox_ssl.event_types import RENEWAL_OVERDUE
from netbox_ssl.models import Certificate
from tests.support.announcements import CommittingTestCase, make_certificate
from tests.support.threads import SECONDS, in_thread

DAY = timedelta(days=1)


class Moot(CertificateAnnouncement):
    is_moot = True


class EveryCertificate(Announcer):
    model = Certificate
    event_types = (RENEWAL_OVERDUE,)

    def __init__(self):
        self.recorded = []

    def page(self, now, after, size):
        return list(in_order(Certificate.objects.all(), 'valid_to', after)[:size])

    def read(self, pks, now):
        found = [is_overdue(row) for row in Certificate.objects.filter(pk__in=pks).order_by('valid_to')]
        return [Moot(**vars(each)) if each.certificate.name == 'moot' else each for each in found]

    def record(self, announced, now):
        self.recorded.append([each.certificate.name for each in announced])


class BatchesTestCase(CommittingTestCase):
    def setUp(self):
        super().setUp()
        self.now = timezone.now()
        self.make_rule('overdue', RENEWAL_OVERDUE)
        for number in range(5):
            make_certificate((1 + number) * DAY, name=f'{number}')
        self.announcer = EveryCertificate()

    def names(self):
        return [delivery['data']['name'] for delivery in self.deliveries()]

    def test_pages_in_order_each_recorded_together(self):
        batches = []
        self.assertTrue(announce_all(self.announcer, self.now, batch_size=2, after_batch=batches.append))
        self.assertEqual(self.announcer.recorded, [['0', '1'], ['2', '3'], ['4']])
        self.assertEqual(self.names(), ['0', '1', '2', '3', '4'])
        self.assertEqual([(len(batch.announced), batch.failed) for batch in batches], [(2, 0), (2, 0), (1, 0)])

    def test_moot_announcements_are_recorded_and_not_delivered(self):
        make_certificate(10 * DAY, name='moot')
        announce_all(self.announcer, self.now)
        self.assertEqual(self.announcer.recorded, [['moot'], ['0', '1', '2', '3', '4']])
        self.assertNotIn('moot', self.names())
        self.assertEqual(len(list(pending(self.announcer, self.now, batch_size=2))), 5)

    def test_it_stops_at_its_deadline(self):
        # Only the clock of this module, because connections to the queue also read the clock
        with patch.object(batches, 'time', Mock(monotonic=Mock(side_effect=[1, 2, 99]))):
            self.assertFalse(announce_all(self.announcer, self.now, batch_size=2, deadline=50))
        self.assertEqual(self.announcer.recorded, [['0', '1'], ['2', '3']])

    def test_objects_locked_by_another_announcer_are_skipped(self):
        pks = list(Certificate.objects.order_by('valid_to').values_list('pk', flat=True))
        with locked(Certificate, pks[1]):
            batch = in_thread(announce, self.announcer, pks, self.now).result(SECONDS)
        self.assertEqual([each.certificate.name for each in batch.announced], ['0', '2', '3', '4'])

    def test_only_sent_announcements_are_recorded(self):
        with patch.object(Pipeline, 'execute', side_effect=QueueLost), self.assertRaises(QueueLost):
            announce_all(self.announcer, self.now)
        self.assertEqual(self.announcer.recorded, [])

    def test_one_that_cannot_be_serialized_is_not_recorded(self):
        data = CertificateAnnouncement.data

        def fail(announcement, serialized):
            if announcement.certificate.name == '2':
                raise ValueError
            return data(announcement, serialized)

        batches = []
        with patch.object(CertificateAnnouncement, 'data', fail):
            announce_all(self.announcer, self.now, after_batch=batches.append)
        self.assertEqual(self.announcer.recorded, [['0', '1', '3', '4']])
        self.assertEqual(batches[0].failed, 1)

    def test_without_rules_everything_is_recorded(self):
        EventRule.objects.all().delete()
        announce_all(self.announcer, self.now)
        self.assertEqual(self.announcer.recorded, [['0', '1', '2', '3', '4']])
        self.assertEqual(self.names(), [])
