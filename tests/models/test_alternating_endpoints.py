"""Endpoints behind a load balancer, one host of which lacks a renewal, so that old and new answers alternate."""

from datetime import timedelta

import django_rq
from core.models import ObjectType
from django.test import TestCase
from django.utils import timezone

from netbox_ssl.announcements.sweep.sources import sweep_sources
from netbox_ssl.event_types import SOURCE_BEHIND, SOURCE_EXPIRED
from netbox_ssl.models import CertificateSource, Issuance
from netbox_ssl.models.source_reports import settle_certificate, stamp_reports
from tests.support.announcements import AnnouncingTestMixin
from tests.support.factories import DAY, issue_acme, successor
from tests.support.reporting import report, source_of

EVERY = timedelta(minutes=15)


class AnswersTestBase(AnnouncingTestMixin, TestCase):
    kind = 'served'

    def setUp(self):
        super().setUp()
        self.old = issue_acme(left=10 * DAY)
        self.new = successor(self.old)
        report('monitor', self.old, self.kind)
        report('web01', self.old)
        self.certificate = report('web01', self.new).certificate
        self.issuances = {
            'o': Issuance.objects.get(pem=self.old.pem),
            'n': Issuance.objects.get(pem=self.new.pem),
        }
        self.now = timezone.now()

    @property
    def source(self) -> CertificateSource:
        return source_of('monitor', self.kind)

    def answers(self, answers: str, every=EVERY):
        """Report these answers: old (``o``) or new (``n``) ones."""
        for each in answers:
            self.now += every
            stamp_reports([(self.source.pk, self.issuances[each].pk)], self.now)

    def state(self) -> str:
        return self.source.state_at(self.now)


class AlternatingTestCase(AnswersTestBase):
    def test_behind_although_every_other_answer_is_new(self):
        self.answers('n' + 'on' * 100, every=timedelta(hours=1))
        self.assertEqual(self.state(), 'behind')
        self.assertEqual(self.source.old_answers, 5)

    def test_one_host_of_five(self):
        self.answers('nnnno' * 15, every=timedelta(hours=1))
        self.assertEqual((self.state(), self.source.old_answers), ('behind', 2))
        self.answers('nnnn')
        self.assertEqual(self.state(), 'behind')

    def test_until_ten_answers_in_a_row_are_new(self):
        self.answers('no' * 100, every=timedelta(hours=1))
        self.answers('n' * 9)
        self.assertEqual(self.state(), 'behind')
        self.answers('n')
        self.assertEqual((self.state(), self.source.behind_since, self.source.old_answers), ('current', None, None))

    def test_a_reload_ends_it_at_once(self):
        self.answers('o' * 100, every=timedelta(hours=1))
        self.assertEqual(self.state(), 'behind')
        self.answers('n')
        self.assertEqual((self.state(), self.source.behind_since), ('current', None))

    def test_a_single_late_answer_is_no_problem(self):
        self.answers('nnnonnnnnnnnnnn')
        self.assertEqual((self.state(), self.source.behind_since), ('current', None))

    def test_the_answers_before_a_renewal_do_not_count(self):
        self.answers('nnn' + 'on' * 5)
        self.answers('n' * 10)
        newest = successor(self.new, 15 * DAY)
        report('web01', newest)
        self.issuances = {'o': self.issuances['n'], 'n': Issuance.objects.get(pem=newest.pem)}
        self.answers('ooo', every=DAY)
        self.assertEqual(self.state(), 'behind')
        self.answers('n')
        self.assertEqual(self.state(), 'current')

    def test_a_change_of_the_certificate_keeps_it(self):
        self.answers('n' + 'on' * 100, every=timedelta(hours=1))
        settle_certificate(self.certificate.pk, now=self.now)
        self.assertEqual(self.state(), 'behind')

    def test_announced_once(self):
        rule = self.make_rule('sources', SOURCE_BEHIND, SOURCE_EXPIRED)
        rule.object_types.set([ObjectType.objects.get_for_model(CertificateSource)])
        queue, found = django_rq.get_queue('default'), []
        for _ in range(15 * 24):
            self.answers('no', every=timedelta(minutes=30))
            sweep_sources(self.now)
            events = [(job.kwargs['data']['id'], job.kwargs['event_type']) for job in queue.jobs]
            found += [event_type.rpartition('_')[2] for pk, event_type in events if pk == self.source.pk]
            queue.empty()
        self.assertEqual(found, ['behind', 'expired'])
        self.assertGreater(self.now, self.issuances['o'].valid_to)

    def test_the_current_one_can_expire_as_well(self):
        self.answers('no' * 10)
        CertificateSource.objects.update(expired_announced=True)
        self.answers('n' * 11)
        self.assertFalse(self.source.expired_announced)


class CopyTestCase(AnswersTestBase):
    """A file has one content: its answers do not alternate, and the last one decides."""

    kind = 'copy'

    def test_the_last_report_decides(self):
        self.answers('n' + 'on' * 100, every=timedelta(hours=1))
        self.assertEqual((self.state(), self.source.old_answers), ('current', None))
