"""Endpoint problem and Endpoint recovered: once per change, after several checks in a row."""

from datetime import timedelta
from io import StringIO

from core.models import ObjectType
from django.core.management import call_command
from django.test import TestCase
from django.utils import timezone

from netbox_ssl.announcements.sweep.endpoints import pending_endpoints, sweep_endpoints
from netbox_ssl.event_types import ENDPOINT_PROBLEM, ENDPOINT_RECOVERED
from netbox_ssl.models import Endpoint
from tests.support.announcements import AnnouncingTestMixin, configured
from tests.support.endpoints import check, endpoint, seen
from tests.support.factories import issue_acme, record
from tests.support.places import address_on, device

EVERY = timedelta(minutes=15)


class EndpointEventsTestCase(AnnouncingTestMixin, TestCase):
    def setUp(self):
        super().setUp()
        rule = self.make_rule('endpoints', ENDPOINT_PROBLEM, ENDPOINT_RECOVERED)
        rule.object_types.set([ObjectType.objects.get_for_model(Endpoint)])
        self.now = timezone.now() - timedelta(days=10)
        endpoint()

    def announced(self, *results) -> list[str]:
        """Report the results of checks in a row. Return the announcements as ``NUMBER type result``, number from 1."""
        found = []
        for number, result in enumerate(results, start=1):
            self.now += EVERY
            check(result, at=self.now)
            # A second sweep finds nothing more.
            for _ in range(2):
                sweep_endpoints(self.now)
            for delivery in self.deliveries():
                kind = delivery['event_type'].removeprefix('netbox_ssl.endpoint_')
                found.append(f'{number} {kind} {delivery["data"]["result"]}')
            self.clear_rq_queues()
        return found

    def test_after_two_checks(self):
        for results, expected in (
            (('ok', 'ok'), []),
            (('timeout', 'ok'), []),
            (('timeout', 'timeout', 'timeout'), ['2 problem timeout']),
            (('ok', 'timeout'), []),
            (('ok', 'ok', 'ok'), ['2 recovered ok']),
        ):
            with self.subTest(results):
                self.assertEqual(self.announced(*results), expected)

    def test_from_the_first_check_on(self):
        self.assertEqual(self.announced('refused', 'refused', 'ok', 'ok'), ['2 problem refused', '4 recovered ok'])

    def test_one_problem_after_another(self):
        results = ('timeout', 'timeout', 'expired', 'expired', 'expired', 'ok', 'ok')
        self.assertEqual(self.announced(*results), ['2 problem timeout', '4 problem expired', '7 recovered ok'])

    def test_problems_that_alternate_are_announced_once(self):
        self.assertEqual(self.announced('ok', *('timeout', 'refused') * 4), ['3 problem refused'])

    def test_flapping_is_not_announced(self):
        self.assertEqual(self.announced(*('ok', 'timeout') * 4), [])

    def test_the_number_of_checks_is_a_setting(self):
        with configured(endpoint_problem_checks=1):
            self.assertEqual(self.announced('ok', 'timeout', 'ok'), ['2 problem timeout', '3 recovered ok'])
        with configured(endpoint_problem_checks=3):
            self.assertEqual(self.announced(*['timeout'] * 4), ['3 problem timeout'])

    def test_what_is_sent(self):
        certificate = seen(issue_acme()).certificate
        made = Endpoint.objects.get()
        made.expected_certificate = record('other.example.net', renewal_instructions='Ask the web team')
        made.assigned_object = address_on(device('web-01'))
        made.save()
        check('ok', at=self.now)
        check('ok', at=self.now + EVERY, detail='certificate of another shop')
        sweep_endpoints()
        (delivery,) = self.deliveries()
        data = delivery['data']
        announcement = data['announcement']
        self.assertEqual(
            (data['id'], data['result'], data['certificate']['id']), (made.pk, 'other_certificate', certificate.pk)
        )
        self.assertEqual((announcement['type'], announcement['result']), (ENDPOINT_PROBLEM, 'other_certificate'))
        self.assertEqual((announcement['previous_result'], announcement['endpoint']['monitor']), (None, 'probe-1'))
        self.assertEqual(announcement['endpoint']['detail'], 'certificate of another shop')
        self.assertEqual(announcement['endpoint']['served_by']['host'], 'web-01')
        self.assertEqual(announcement['certificate']['name'], 'other.example.net')
        self.assertEqual(announcement['renewal_instructions'], 'Ask the web team')
        snapshots = delivery['snapshots']
        self.assertEqual(
            (snapshots['prechange']['result'], snapshots['postchange']['result']), (None, 'other_certificate')
        )

    def test_without_a_certificate(self):
        self.announced('refused')
        check('refused', at=self.now + EVERY)
        sweep_endpoints()
        (delivery,) = self.deliveries()
        self.assertIsNone(delivery['data']['announcement']['certificate'])

    def test_conditions_on_the_change(self):
        changed = {'attr': 'result', 'op': 'changed'}
        rule = self.make_rule('changed', ENDPOINT_PROBLEM, conditions=changed)
        rule.object_types.set([ObjectType.objects.get_for_model(Endpoint)])
        for number in (1, 2):
            check('timeout', at=self.now + number * EVERY)
        sweep_endpoints()
        self.assertEqual(self.delivered(), {'endpoints': 1, 'changed': 1})

    def test_a_killed_worker_announces_it_again_with_the_same_id(self):
        for number in (1, 2):
            check('timeout', at=self.now + number * EVERY)
        before = Endpoint.objects.values('announced_result', 'unannounced_since').get()
        sweep_endpoints()
        Endpoint.objects.update(**before)
        sweep_endpoints()
        ids = [delivery['data']['announcement']['id'] for delivery in self.deliveries()]
        self.assertEqual((len(ids), len(set(ids))), (2, 1))

    def test_recovered_before_the_sweep(self):
        for number, result in enumerate(('timeout', 'timeout', 'ok'), start=1):
            check(result, at=self.now + number * EVERY)
        self.assertEqual(list(pending_endpoints()), [])

    def test_the_command(self):
        for number in (1, 2):
            check('timeout', at=self.now + number * EVERY)
        for options, text in (({'dry_run': True}, 'endpoint problem'), ({}, '1 endpoints with a problem')):
            output = StringIO()
            call_command('renewals_sweep', stdout=output, **options)
            self.assertIn(text, output.getvalue())
        self.assertEqual(self.delivered(), {'endpoints': 1})
