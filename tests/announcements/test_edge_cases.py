"""What is announced when settings, clocks, requests, rules and other plugins interfere."""

from datetime import timedelta
from unittest.mock import patch

from core.models import ObjectType
from dcim.models import Site
from django.contrib.contenttypes.models import ContentType
from django.test import override_settings
from django.utils import timezone
from extras.models import EventRule, NotificationGroup, Webhook
from utilities.api import get_serializer_for_model
from utilities.testing import APITestCase

from netbox_ssl.announcements import batches
from netbox_ssl.announcements.sweep.certificates import RenewalAnnouncer, sweep
from netbox_ssl.announcements.sweep.passes import CLAIM_LASTS
from netbox_ssl.event_types import RENEWAL_OVERDUE, RENEWAL_STATUS_CHANGED
from netbox_ssl.models import Certificate
from tests.support.announcements import LIFETIME, AnnouncingTestMixin, make_certificate
from tests.support.receiver import Receiver

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
ONCE_TO_ALL = {'own': 1, 'own changed': 1, 'updated': 1, 'updated changed': 1, 'both': 1, 'both changed': 1}
NETBOX = 'extras.events.process_event_queue'
OURS = 'netbox_ssl.announcements.requests.announce_request_changes'
BROKEN = 'tests.announcements.test_edge_cases.fail'


def fail(events):
    """Fail, as an event pipeline function of another plugin."""
    raise RuntimeError('broken')


class CaseTestCase(AnnouncingTestMixin, APITestCase):
    def setUp(self):
        super().setUp()
        self.now = timezone.now()

    def statuses(self, rule=None):
        """Return pairs of the status before and after, as sent to the rule, oldest first; clear them."""
        announced = [delivery['data']['announcement'] for delivery in self.deliveries(rule)]
        self.clear_rq_queues()
        return [(each['previous_status'], each['renewal_status']) for each in announced]


class StatusTestCase(CaseTestCase):
    def test_certificates_without_renewal_status_are_not_announced(self):
        self.make_usual_rules()
        for columns in ({'status': 'revoked'}, {'status': 'retired'}):
            make_certificate(60 * DAY, **columns)
        for days in (0, 31, 46, 61):
            self.assertEqual(sweep(self.now + days * DAY).announced, 0)
        self.assertEqual(self.delivered(), {})

    def test_each_way_to_lose_the_status_and_regain_it(self):
        self.make_usual_rules()
        for columns in ({'status': 'revoked'}, {'status': 'retired'}, {'is_acme': False, 'acme_auto_renewal': False}):
            with self.subTest(columns=columns):
                certificate = make_certificate(DAY)
                self.change(certificate, **columns)
                self.assertEqual(self.delivered(), ONCE_TO_ALL)
                self.assertEqual(sweep(self.now + 2 * DAY).status_changed, 0, 'it may expire as it likes')
                self.clear_rq_queues()
                self.change(certificate, status='active', is_acme=True, acme_auto_renewal=True)
                self.assertEqual(self.delivered(), ONCE_TO_ALL)
                certificate.delete()

    def test_a_certificate_that_is_active_again_is_announced_as_expired(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        certificate = make_certificate(-DAY, status='retired')
        self.change(certificate, status='active')
        self.assertEqual(self.statuses(), [(None, 'Expired')])

    def test_renewal_days_edited(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        self.make_rule('overdue', RENEWAL_OVERDUE)
        certificate = make_certificate(60 * DAY)
        self.change(certificate, acme_renewal_days=70)
        self.assertEqual(self.statuses(), [('OK', 'Due')])
        self.assertEqual(sweep(self.now).announced, 0, 'overdue from the 35th day before the end')
        self.assertEqual(sweep(self.now + 26 * DAY).overdue, 1)
        self.assertEqual(self.statuses('overdue'), [('Due', 'Due')])
        self.change(certificate, acme_renewal_days=10)
        self.assertEqual(self.statuses(), [('Due', 'OK')])
        self.assertEqual(sweep(self.now + 51 * DAY).status_changed, 1)
        self.assertEqual(self.statuses(), [('OK', 'Due')])

    def test_renewal_days_edited_so_that_it_is_overdue_at_once(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        self.make_rule('overdue', RENEWAL_OVERDUE)
        certificate = make_certificate(40 * DAY)
        self.change(certificate, acme_renewal_days=89)
        self.assertEqual(self.statuses(), [('OK', 'Due')])
        self.assertEqual(sweep().overdue, 1)

    def test_provider_edited(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        self.make_rule('updated', 'object_updated')
        certificate = make_certificate(acme_provider='Buypass')
        self.change(certificate, acme_provider="Let's Encrypt")
        self.assertEqual(self.delivered(), {'updated': 1})
        self.assertEqual(sweep(self.now).announced, 0)
        self.assertEqual(sweep(self.now + 31 * DAY).announced, 1)
        (delivery,) = self.deliveries('own')
        self.assertEqual(delivery['data']['acme_provider'], "Let's Encrypt")


class ClockTestCase(CaseTestCase):
    def test_set_forward_and_back(self):
        """Each change is announced as seen, because it is unknown which of the clocks was wrong."""
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        make_certificate(60 * DAY)
        self.assertEqual(sweep(self.now + 400 * DAY).status_changed, 1)
        self.assertEqual(self.statuses(), [('OK', 'Expired')])
        self.assertEqual(sweep(self.now).announced, 1)
        self.assertEqual(self.statuses(), [('Expired', 'OK')])
        self.assertEqual(sweep(self.now + 31 * DAY).announced, 1)
        self.assertEqual(self.statuses(), [('OK', 'Due')])

    def test_a_second_expiry_of_the_same_certificate_has_the_id_of_the_first(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        make_certificate(60 * DAY)
        for days in (61, 0, 61):
            sweep(self.now + days * DAY)
        ids = [delivery['data']['announcement']['id'] for delivery in self.deliveries()]
        self.assertEqual(ids[0], ids[2])
        self.assertNotEqual(ids[0], ids[1])

    def test_a_claim_from_before_the_clock_was_set_back_blocks_nothing(self):
        make_certificate(DAY)
        Certificate.objects.update(announcing_since=self.now + 10 * DAY)
        self.assertEqual(sweep(self.now + 2 * DAY).announced, 1)

    def test_the_claim_of_a_web_server_whose_clock_is_ahead_counts(self):
        make_certificate(DAY)
        Certificate.objects.update(acme_auto_renewal=False, announcing_since=self.now + SECOND)
        self.assertEqual(sweep(self.now).announced, 0)

    def test_after_a_week_without_a_worker_the_last_of_several_changes_is_announced_with_its_time(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        self.make_rule('overdue', RENEWAL_OVERDUE)
        # Six days without a sweep: due on the first, overdue on the second, expired on the fourth
        certificate = make_certificate(4 * DAY, valid_from=self.now - 2 * DAY)
        later = make_certificate(33 * DAY, name='later')
        self.assertEqual(sweep(self.now + 7 * DAY).status_changed, 2)
        self.assertEqual(self.deliveries('overdue'), [])
        announced = [delivery['data']['announcement'] for delivery in self.deliveries('own')]
        self.assertEqual(
            [(each['previous_status'], each['renewal_status']) for each in announced][1], ('OK', 'Expired')
        )
        since = [timezone.datetime.fromisoformat(each['since']) for each in announced]
        self.assertEqual(since, [later.renewal_due_at, certificate.valid_to])
        self.assertEqual(sweep(self.now + 7 * DAY).announced, 0)


class RaceTestCase(CaseTestCase):
    def meanwhile(self, owner, name, do):
        """Call ``do()`` when the sweep has found its certificates and is about to call ``name`` of ``owner``."""
        original = getattr(owner, name)

        def interfere(*args, **kwargs):
            do()
            return original(*args, **kwargs)

        return patch.object(owner, name, interfere)

    def renew(self, certificate):
        return self.change(certificate, valid_from=self.now, valid_to=self.now + LIFETIME)

    def test_a_request_renews_it_before_the_sweep_reads_it(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        certificate = make_certificate(20 * DAY)
        with self.meanwhile(RenewalAnnouncer, 'read', lambda: self.renew(certificate)):
            self.assertEqual(sweep(self.now + 21 * DAY).announced, 0)
        self.assertEqual(self.statuses(), [('Due', 'OK')], 'by the request')
        self.assertEqual(sweep(self.now).announced, 0)

    def test_deleted_before_it_is_recorded(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        certificate = make_certificate(DAY)
        make_certificate(DAY, name='other')
        with self.meanwhile(RenewalAnnouncer, 'record', lambda: Certificate.objects.filter(pk=certificate.pk).delete()):
            self.assertEqual(sweep(self.now + 2 * DAY).announced, 2)
        self.assertEqual(self.delivered(), {'own': 2})
        self.assertEqual(sweep(self.now + 2 * DAY).announced, 0)

    def test_deleted_before_it_is_serialised(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        make_certificate(DAY)
        make_certificate(DAY, name='other')
        with self.meanwhile(batches, 'deliver', lambda: Certificate.objects.filter(name='other').delete()):
            self.assertEqual(sweep(self.now + 2 * DAY).failed, 0)
        self.assertGreaterEqual(self.delivered()['own'], 1)
        self.assertEqual(sweep(self.now + 2 * DAY).announced, 0)


class RuleTestCase(CaseTestCase):
    def break_rules(self):
        """Create rules in every broken state, sorted by name before those that work."""
        dangling = {'action_object_id': 10**6}
        self.make_rule('0 webhook gone', RENEWAL_STATUS_CHANGED, **dangling)
        groups = ContentType.objects.get_for_model(NotificationGroup)
        self.make_rule(
            '0 group gone', RENEWAL_STATUS_CHANGED, action_type='notification', action_object_type=groups, **dangling
        )
        self.make_rule('0 script gone', RENEWAL_STATUS_CHANGED, action_type='script', **dangling)
        self.make_rule('0 action unknown', RENEWAL_STATUS_CHANGED, action_type='unheard_of')
        broken = {
            'operator unknown': {'attr': 'name', 'op': 'unheard of', 'value': 1},
            'no condition': {'unheard of': 1},
            'no operands': {'and': 'name'},
            'type': {'attr': 'name', 'op': 'gt', 'value': 1},
            'expression': {'attr': 'name', 'op': 'regex', 'value': '('},
            'list': [1],
        }
        for name, conditions in broken.items():
            rule = self.make_rule(f'0 {name}', RENEWAL_STATUS_CHANGED)
            EventRule.objects.filter(pk=rule.pk).update(conditions=conditions)
        rule = self.make_rule('0 data', RENEWAL_STATUS_CHANGED)
        EventRule.objects.filter(pk=rule.pk).update(action_data=['no', 'dictionary'])

    def working(self):
        return {name: number for name, number in self.delivered().items() if not name.startswith('0')}

    def test_broken_rules_do_not_block_the_sweep(self):
        self.break_rules()
        self.make_usual_rules()
        for number in range(3):
            make_certificate(DAY, name=f'{number}')
        result = sweep(self.now + 2 * DAY, batch_size=2)
        self.assertEqual((result.announced, result.failed), (3, 0))
        self.assertEqual(self.working(), dict.fromkeys(ONCE_TO_ALL, 3))
        self.assertEqual(sweep(self.now + 2 * DAY).announced, 0, 'and they are not retried forever')

    def test_broken_rules_do_not_block_a_request(self):
        self.break_rules()
        self.make_usual_rules()
        certificate = make_certificate()
        self.change(certificate, acme_auto_renewal=False)
        self.assertEqual(self.working(), ONCE_TO_ALL)
        self.assertEqual(sweep(self.now + CLAIM_LASTS + SECOND).announced, 0)

    def test_a_rule_on_several_types_of_objects(self):
        rule = self.make_rule('own', RENEWAL_STATUS_CHANGED)
        rule.object_types.add(ObjectType.objects.get_for_model(EventRule))
        make_certificate(DAY)
        sweep(self.now + 2 * DAY)
        self.assertEqual(self.delivered(), {'own': 1})

    def test_failing_receivers_do_not_block_others(self):
        """NetBox is responsible for jobs in the queue: each delivery is a separate job."""
        receiver = Receiver()
        self.addCleanup(receiver.close)
        for name, columns in (
            ('a refuses', {'payload_url': 'http://127.0.0.1:9/'}),
            ('b template', {'payload_url': receiver.url, 'body_template': '{{ unclosed'}),
            ('c', {'payload_url': receiver.url}),
        ):
            webhook = Webhook.objects.create(name=name, ssl_verification=False, **columns)
            self.make_rule(name, RENEWAL_STATUS_CHANGED, action_object_id=webhook.pk)
        for number in range(3):
            make_certificate(DAY, name=f'{number}')
        self.assertEqual(sweep(self.now + 2 * DAY).announced, 3)
        self.run_rq_jobs('default')
        self.assertEqual(sorted(each.json['data']['name'] for each in receiver.deliveries), ['0', '1', '2'])


class TagsTestCase(CaseTestCase):
    def test_they_are_as_the_rest_api_and_the_change_log_show_them(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        certificate = make_certificate(DAY)
        for name in ('zeta', 'alpha', 'Beta'):
            certificate.tags.add(name)
        # Another object with the same ID
        site = Site.objects.create(pk=certificate.pk, name='site', slug='site')
        site.tags.add('of the site')
        make_certificate(DAY, name='without')
        sweep(self.now + 2 * DAY)
        announced = {delivery['data']['name']: delivery for delivery in self.deliveries()}
        self.assertEqual(announced['without']['data']['tags'], [])
        delivery = announced[certificate.name]
        stored = Certificate.objects.get(pk=certificate.pk)
        shown = get_serializer_for_model(Certificate)(stored, context={'request': None}).data
        self.assertEqual([dict(tag) for tag in delivery['data']['tags']], [dict(tag) for tag in shown['tags']])
        self.assertEqual(delivery['snapshots']['postchange']['tags'], stored.serialize_object()['tags'])


class PipelineTestCase(CaseTestCase):
    def in_pipeline(self, *functions):
        return override_settings(EVENTS_PIPELINE=functions)

    def test_the_sweep_does_not_depend_on_other_plugins(self):
        self.make_usual_rules()
        make_certificate(DAY)
        with self.in_pipeline(BROKEN, NETBOX, OURS):
            self.assertEqual(sweep(self.now + 2 * DAY).announced, 1)
        self.assertEqual(self.delivered(), ONCE_TO_ALL)

    def test_a_failing_function_after_the_plugin_changes_nothing(self):
        self.make_usual_rules()
        certificate = make_certificate()
        with self.in_pipeline(NETBOX, OURS, BROKEN), self.assertRaises(RuntimeError):
            self.change(certificate, acme_auto_renewal=False)
        self.assertEqual(self.delivered(), ONCE_TO_ALL)
        self.assertEqual(sweep(self.now + CLAIM_LASTS + SECOND).announced, 0)

    def test_a_failing_function_before_the_plugin_leaves_the_change_to_the_sweep(self):
        """NetBox then does not call the functions after it, including its own processor."""
        self.make_usual_rules()
        certificate = make_certificate()
        other = make_certificate(name='other')
        with self.in_pipeline(BROKEN, NETBOX, OURS), self.assertRaises(RuntimeError):
            self.change(certificate, acme_auto_renewal=False)
        self.assertEqual(self.delivered(), {})
        self.change(other, acme_auto_renewal=False)
        self.assertEqual(self.delivered(), ONCE_TO_ALL, 'the next request is not blocked')
        self.assertEqual(sweep(timezone.now() + CLAIM_LASTS + SECOND).announced, 1)
        self.assertEqual(self.delivered(), ONCE_TO_ALL)

    def test_the_plugin_is_in_the_pipeline_after_netbox(self):
        from django.conf import settings

        self.assertLess(settings.EVENTS_PIPELINE.index(NETBOX), settings.EVENTS_PIPELINE.index(OURS))
