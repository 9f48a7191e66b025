"""Changes of validity and expiry marks: each announced once, to each rule, by the request or by the sweep."""

from datetime import timedelta

from django.utils import timezone
from extras.models import EventRule
from utilities.testing import APITestCase

from netbox_ssl.announcements.sweep.certificates import pending, sweep
from netbox_ssl.event_types import CERTIFICATE_EXPIRED, CERTIFICATE_EXPIRING, RENEWAL_STATUS_CHANGED
from netbox_ssl.models import Certificate
from tests.support.announcements import AnnouncingTestMixin, configured, make_certificate

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
YEAR = timedelta(days=365)


class ValidityTestCase(AnnouncingTestMixin, APITestCase):
    def setUp(self):
        super().setUp()
        self.now = timezone.now()

    def bought(self, left=60 * DAY, **columns) -> Certificate:
        """Return a certificate that is not ACME, valid for a year."""
        valid_from = self.now + left - YEAR
        return make_certificate(
            left, **{'is_acme': False, 'acme_auto_renewal': False, 'valid_from': valid_from, **columns}
        )

    def announced(self, rule=None) -> list[dict]:
        """Return what was sent to the rule, oldest first; clear it."""
        found = [delivery['data'] for delivery in self.deliveries(rule)]
        self.clear_rq_queues()
        return found

    def marks(self, rule='expiring') -> list[int]:
        return [data['announcement']['mark'] for data in self.announced(rule)]


class MarksTestCase(ValidityTestCase):
    def setUp(self):
        super().setUp()
        self.make_rule('expiring', CERTIFICATE_EXPIRING)

    def test_each_mark_is_announced_once(self):
        certificate = self.bought()
        for left, mark in ((31, None), (30, 30), (29, None), (14, 14), (7, 7), (6, None), (1, 1), (0, None)):
            with self.subTest(left=left):
                now = certificate.valid_to - left * DAY
                self.assertEqual(sweep(now).expiring, 0 if mark is None else 1)
                self.assertEqual(sweep(now + SECOND if left else now).announced, 0)
                self.assertEqual(self.marks(), [] if mark is None else [mark])

    def test_of_several_marks_only_the_smallest_with_its_time(self):
        certificate = self.bought(renewal_instructions='Ask **Ann**.')
        sweep(certificate.valid_to - 5 * DAY)
        (data,) = self.announced('expiring')
        announcement = data['announcement']
        self.assertEqual(announcement['mark'], 7)
        self.assertEqual(timezone.datetime.fromisoformat(announcement['since']), certificate.valid_to - 7 * DAY)
        self.assertEqual((announcement['previous_validity'], announcement['validity']), ('Valid', 'Expiring'))
        self.assertEqual(announcement['renewal_instructions'], 'Ask **Ann**.')
        self.assertEqual((data['validity'], announcement['type']), ('Expiring', CERTIFICATE_EXPIRING))
        self.assertEqual(data['days_left'], 59, 'as of now, not of the sweep')

    def test_own_marks_replace_those_of_the_setting(self):
        certificate = self.bought(expiry_marks=[50, 3])
        for left in (50, 30, 14, 7, 3, 1):
            sweep(certificate.valid_to - left * DAY)
        self.assertEqual(self.marks(), [50, 3])

    def test_one_that_renews_by_itself_has_its_turn_first(self):
        certificate = make_certificate(60 * DAY)
        # Overdue 15 days before expiry
        self.assertEqual(sweep(certificate.valid_to - 30 * DAY).expiring, 0)
        for left in (14, 7, 1):
            sweep(certificate.valid_to - left * DAY)
        self.assertEqual(self.marks(), [14, 7, 1])

    def test_marks_in_the_past_of_a_new_certificate_are_not_announced(self):
        certificate = self.bought(10 * DAY)
        self.assertEqual(sweep(self.now).announced, 0)
        self.assertEqual(list(pending(self.now)), [])
        sweep(certificate.valid_to - 7 * DAY)
        self.assertEqual(self.marks(), [7])

    def test_marks_in_the_past_are_announced_if_configured(self):
        with configured(announce_past=True):
            self.bought(10 * DAY)
            self.assertEqual(sweep().expiring, 1)
            self.assertEqual(sweep().announced, 0)
        self.assertEqual(self.marks(), [14])

    def test_revoked_and_retired_ones_are_not_announced(self):
        for status in ('revoked', 'retired'):
            self.bought(status=status)
        self.assertEqual(sweep(self.now + 59 * DAY).announced, 0)
        self.assertEqual(sweep(self.now + 61 * DAY).announced, 0)

    def test_one_that_is_active_again_is_not_announced_for_the_past(self):
        certificate = self.bought(10 * DAY, status='retired', expiry_marks=[9])
        Certificate.objects.update(announced_until=self.now - 5 * DAY)
        self.change(certificate, status='active')
        self.announced()
        self.assertEqual(sweep(self.now).announced, 0)

    def test_marks_changed_on_the_certificate(self):
        certificate = self.bought(10 * DAY)
        self.change(certificate, expiry_marks=[20, 9])
        self.assertEqual(sweep(self.now).announced, 0, 'the mark of 20 days passed before')
        sweep(self.now + 2 * DAY)
        self.assertEqual(self.marks(), [9])

    def test_a_save_does_not_drop_a_mark_that_is_about_to_be_announced(self):
        certificate = self.bought(expiry_marks=[30])
        # The mark passed a while ago, but no sweep has run.
        Certificate.objects.update(valid_to=self.now + 29 * DAY, announced_until=self.now - 5 * DAY)
        certificate.refresh_from_db()
        self.change(certificate, description='edited', expiry_marks=[30, 1])
        self.announced()
        sweep(self.now)
        self.assertEqual(self.marks(), [30])

    def test_a_renewal_ends_what_was_about_to_be_announced(self):
        certificate = self.bought(expiry_marks=[30])
        Certificate.objects.update(valid_to=self.now + 29 * DAY, announced_until=self.now - 5 * DAY)
        certificate.refresh_from_db()
        self.change(certificate, valid_from=self.now, valid_to=self.now + YEAR)
        self.announced()
        self.assertEqual(sweep(self.now).announced, 0)
        sweep(self.now + YEAR - 29 * DAY)
        self.assertEqual(self.marks(), [30], 'once for each X.509 certificate')

    def test_a_renewal_without_save(self):
        self.bought(10 * DAY)
        sweep(self.now + 4 * DAY)
        self.assertEqual(self.marks(), [7])
        Certificate.objects.update(valid_from=self.now, valid_to=self.now + YEAR)
        sweep(self.now + YEAR - 30 * DAY)
        self.assertEqual(self.marks(), [30])

    def test_no_announcements_ahead_of_expiry_without_marks(self):
        with configured(expiry_marks=[]):
            self.bought()
            self.assertEqual(sweep(self.now + 59 * DAY).announced, 0)
            self.assertEqual(sweep(self.now + 61 * DAY).announced, 1)


class SettingTestCase(ValidityTestCase):
    """The setting ``expiry_marks`` is changed, and NetBox restarted."""

    def setUp(self):
        super().setUp()
        self.make_rule('expiring', CERTIFICATE_EXPIRING)

    def test_past_marks_are_not_announced_after_a_change(self):
        for left in (10, 40, 100):
            self.bought(left * DAY)
        with configured(expiry_marks=[50, 20, 5]):
            result = sweep(self.now)
            self.assertEqual((result.announced, result.baseline), (0, 3))
            self.assertEqual(sweep(self.now).baseline, 0)
            sweep(self.now + 5 * DAY + DAY / 2)
            self.assertEqual(self.marks(), [5])

    def test_own_marks_are_not_affected(self):
        self.bought(expiry_marks=[3])
        with configured(expiry_marks=[50, 20, 5]):
            self.assertEqual(sweep(self.now).baseline, 0)

    def test_what_was_about_to_be_announced_is(self):
        certificate = self.bought(31 * DAY)
        with configured(expiry_marks=[30, 10]):
            sweep(self.now + 2 * DAY)
        (data,) = self.announced('expiring')
        self.assertEqual(data['announcement']['mark'], 30)
        self.assertEqual(data['id'], certificate.pk)

    def test_nothing_ahead_of_expiry_once_it_is_off(self):
        self.bought(31 * DAY)
        with configured(expiry_marks=[]):
            self.assertEqual(sweep(self.now + 2 * DAY).announced, 0)

    def test_the_validity_follows_the_setting_at_once(self):
        certificate = self.bought(40 * DAY)
        self.assertEqual(certificate.validity, 'Valid')
        with configured(expiry_marks=[50]):
            self.assertEqual(certificate.validity, 'Expiring')


class ExpiryTestCase(ValidityTestCase):
    def make_rules(self):
        changed = {'attr': 'validity', 'op': 'changed'}
        expired = {'attr': 'validity', 'value': 'Expired'}
        self.make_rule('expired', CERTIFICATE_EXPIRED)
        self.make_rule('updated', 'object_updated')
        self.make_rule('updated expired', 'object_updated', conditions=expired)
        self.make_rule('updated changed', 'object_updated', conditions=changed)
        self.make_rule('both', CERTIFICATE_EXPIRED, 'object_updated', conditions=expired)
        self.make_rule('status', RENEWAL_STATUS_CHANGED)
        self.make_rule('status and expired', RENEWAL_STATUS_CHANGED, CERTIFICATE_EXPIRED)

    ONCE = {'expired': 1, 'updated': 1, 'updated expired': 1, 'updated changed': 1, 'both': 1, 'status and expired': 1}

    def test_a_certificate_that_is_not_acme_expires(self):
        self.make_rules()
        certificate = self.bought(DAY / 2)
        self.assertEqual(sweep(certificate.valid_to).announced, 0)
        self.assertEqual(sweep(certificate.valid_to + SECOND).validity_changed, 1)
        self.assertEqual(self.delivered(), self.ONCE)
        self.assertEqual(sweep(self.now + 2 * DAY).announced, 0)

    def test_its_renewal_status_expires_at_the_same_time(self):
        """One change: each rule gets it once, with both values."""
        self.make_rules()
        for columns in ({'is_acme': True, 'acme_auto_renewal': True}, {'is_acme': True}):
            self.bought(DAY / 2, **columns)
            result = sweep(self.now + DAY)
            self.assertEqual((result.status_changed, result.announced), (1, 1))
            snapshots = self.deliveries('updated')[0]['snapshots']
            self.assertEqual(snapshots['prechange']['validity'], 'Expiring')
            self.assertEqual(
                (snapshots['postchange']['validity'], snapshots['postchange']['renewal_status']), ('Expired', 'Expired')
            )
            for rule, event_type in (
                ('expired', CERTIFICATE_EXPIRED),
                ('status', RENEWAL_STATUS_CHANGED),
                ('status and expired', CERTIFICATE_EXPIRED),
            ):
                (delivery,) = self.deliveries(rule)
                self.assertEqual(delivery['event_type'], event_type)
                self.assertEqual(delivery['data']['announcement']['type'], event_type)
            self.assertEqual(self.delivered(), {**self.ONCE, 'status': 1})
            self.assertEqual(sweep(self.now + DAY).announced, 0)

    def test_after_a_week_without_a_worker(self):
        """The smallest mark and the expiry, in this order, with their times."""
        self.make_rule('any', CERTIFICATE_EXPIRING, CERTIFICATE_EXPIRED)
        certificate = self.bought(20 * DAY)
        self.assertEqual(sweep(self.now + 27 * DAY, batch_size=1).announced, 2)
        first, second = [data['announcement'] for data in self.announced('any')]
        self.assertEqual((first['mark'], first['validity']), (1, 'Expiring'))
        self.assertEqual((second['previous_validity'], second['validity']), ('Expiring', 'Expired'))
        self.assertEqual(timezone.datetime.fromisoformat(second['since']), certificate.valid_to)
        self.assertEqual(sweep(self.now + 27 * DAY).announced, 0)

    def test_the_start_of_the_validity_reaches_rules_on_updates(self):
        self.make_rules()
        self.bought(valid_from=self.now + DAY)
        self.assertEqual(sweep(self.now).announced, 0)
        self.assertEqual(sweep(self.now + DAY).announced, 1)
        self.assertEqual(self.delivered(), {'updated': 1, 'updated changed': 1})

    def test_a_clock_that_was_set_forward_and_back(self):
        self.make_rules()
        self.bought()
        with configured(expiry_marks=[]):
            sweep(self.now + YEAR)
            self.delivered()
            self.assertEqual(sweep(self.now).announced, 1)
            self.assertEqual(self.delivered(), {'updated': 1, 'updated changed': 1}, 'it is valid again')
            self.assertEqual(sweep(self.now).announced, 0)
            self.assertEqual(sweep(self.now + 61 * DAY).announced, 1)

    def test_ids(self):
        self.make_rule('any', CERTIFICATE_EXPIRING, CERTIFICATE_EXPIRED)
        self.bought()
        ids = []
        for _ in range(2):
            Certificate.objects.update(announced_until=self.now)
            for days in (31, 54, 61):
                sweep(self.now + days * DAY)
            ids.append([data['announcement']['id'] for data in self.announced('any')])
        self.assertEqual(ids[0], ids[1], 'a repeat has the same ID')
        # The last sweep announces the mark of one day and the expiry.
        self.assertEqual(len(set(ids[0])), 4)

    def test_an_edit_that_expires_it_is_announced_by_the_request(self):
        self.make_rules()
        certificate = self.bought()
        self.change(certificate, valid_to=self.now - DAY)
        self.assertEqual(self.delivered(), self.ONCE)
        self.assertEqual(sweep(self.now).announced, 0)

    def test_an_edit_of_both_at_once(self):
        self.make_rules()
        certificate = self.bought(is_acme=True)
        self.change(certificate, valid_to=self.now - DAY)
        self.assertEqual(self.delivered(), {**self.ONCE, 'status': 1})
        self.assertEqual(sweep(self.now).announced, 0)

    def test_a_change_outside_of_a_request_is_announced_by_the_sweep(self):
        self.make_rules()
        certificate = self.bought()
        certificate.valid_to = self.now - DAY
        certificate.save()
        self.assertEqual(sweep().announced, 1)
        self.assertEqual(self.delivered(), self.ONCE)

    def test_the_recovery_is_announced_by_the_request(self):
        self.make_rules()
        recovered = {
            'and': [
                {'attr': 'snapshots.prechange.validity', 'value': 'Expired'},
                {'attr': 'snapshots.postchange.validity', 'value': 'Valid'},
            ]
        }
        self.make_rule('recovered', 'object_updated', conditions=recovered)
        certificate = self.bought(-DAY)
        self.change(certificate, valid_from=self.now, valid_to=self.now + YEAR)
        self.assertEqual(self.delivered(), {'updated': 1, 'updated changed': 1, 'recovered': 1})
        certificate.refresh_from_db()
        self.assertIsNone(certificate.announcing_since)
        self.assertEqual(sweep().announced, 0)

    def test_a_retired_certificate_does_not_expire_for_rules(self):
        self.make_rules()
        certificate = self.bought(status='retired')
        self.change(certificate, valid_to=self.now - DAY)
        self.assertNotIn('expired', self.delivered())
        self.assertEqual(sweep(self.now).announced, 0)

    def test_one_created_as_expired_is_a_creation(self):
        self.make_rules()
        with self.request():
            certificate = self.bought()
            certificate.snapshot()
            certificate.valid_to = self.now - DAY
            certificate.save()
        self.assertEqual(self.delivered(), {})
        self.assertEqual(sweep().announced, 0)

    def test_a_failing_rule_does_not_hold_up_others(self):
        self.make_rules()
        EventRule.objects.filter(name='expired').update(conditions={'attr': 'name', 'op': 'unheard of', 'value': 1})
        self.bought(DAY / 2)
        sweep(self.now + DAY)
        self.assertEqual(self.delivered(), {name: 1 for name in self.ONCE if name != 'expired'})
