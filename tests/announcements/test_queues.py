"""Deliveries of a batch are sent together, and are the same as if sent separately."""

from datetime import timedelta
from unittest.mock import patch

import django_rq
from core.models import Job
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone
from django_rq.queues import DjangoRQ
from extras.models import Notification, NotificationGroup, Script, ScriptModule
from extras.scripts import Script as ScriptClass
from redis.client import Pipeline
from redis.exceptions import ConnectionError as QueueLost
from rq.job import Retry

from netbox_ssl.announcements import rules as announcing_rules
from netbox_ssl.announcements.queues import CollectingQueue, queued_together
from netbox_ssl.announcements.sweep.certificates import sweep
from netbox_ssl.event_rules import EmailAction
from netbox_ssl.event_types import RENEWAL_STATUS_CHANGED
from netbox_ssl.models import Certificate
from tests.support.announcements import CommittingTestCase, make_certificate

DAY = timedelta(days=1)
# Fields that differ between any two jobs
OF_ITS_OWN = {'created_at', 'enqueued_at', 'data', 'description'}


class Announced(ScriptClass):
    def run(self, data, commit):
        """Do nothing; only queueing matters."""


def nothing():
    """Do nothing; the jobs are never run."""


def queue():
    return django_rq.get_queue('default')


class QueueTestCase(CommittingTestCase):
    def collect(self, work, when_sent=lambda: None):
        with queued_together(when_sent):
            work()

    def test_nothing_is_sent_before_the_end_and_then_in_order(self):
        seen = []

        def work():
            for number in range(5):
                queue().enqueue(nothing, description=f'{number}')
            seen.append(queue().count)

        self.collect(work, lambda: seen.append(queue().count))
        self.assertEqual(seen, [0, 5])
        self.assertEqual([job.description for job in queue().jobs], ['0', '1', '2', '3', '4'])

    def test_jobs_are_the_same_as_if_sent_separately(self):
        options = {
            'job_timeout': 17,
            'retry': Retry(max=3, interval=[1, 2, 3]),
            'meta': {'a': 1},
            'ttl': 1000,
            'result_ttl': 7,
            'failure_ttl': 9,
        }
        for given in ({}, options, {'at_front': True}):
            queue().enqueue(nothing, 1, two=2, **given)
            self.collect(lambda given=given: queue().enqueue(nothing, 1, two=2, **given))
            alone, together = (
                {name: value for name, value in job.to_dict().items() if name not in OF_ITS_OWN} for job in queue().jobs
            )
            self.assertEqual(alone, together)
            first, second = queue().jobs
            self.assertEqual((first.args, first.kwargs), (second.args, second.kwargs))
            # In seconds; at most of a thousand. The first has been queued for longer.
            self.assertAlmostEqual(*(job.connection.ttl(job.key) for job in (first, second)), delta=500)
            self.clear_rq_queues()

    def test_jobs_of_a_failed_transaction_are_not_sent(self):
        def work():
            with transaction.atomic():
                django_rq.get_queue('default', commit_mode='on_db_commit').enqueue(nothing, description='kept')
            try:
                with transaction.atomic():
                    django_rq.get_queue('default', commit_mode='on_db_commit').enqueue(nothing)
                    raise RuntimeError
            except RuntimeError:
                pass

        self.collect(work)
        self.assertEqual([job.description for job in queue().jobs], ['kept'])

    def test_each_queue_gets_its_own(self):
        self.collect(lambda: [django_rq.get_queue(name).enqueue(nothing) for name in ('high', 'low', 'high')])
        self.assertEqual([django_rq.get_queue(name).count for name in ('high', 'default', 'low')], [2, 0, 1])

    def test_a_job_that_depends_on_another_comes_after_it(self):
        self.collect(lambda: queue().enqueue(nothing, depends_on=queue().enqueue(nothing)))
        self.assertEqual(queue().count, 1)
        self.assertEqual(queue().deferred_job_registry.count, 1)

    def test_jobs_before_an_exception_are_sent(self):
        sent = []

        def work():
            queue().enqueue(nothing)
            raise RuntimeError

        with self.assertRaises(RuntimeError):
            self.collect(work, lambda: sent.append(queue().count))
        self.assertEqual(sent, [1])

    def test_if_sending_fails_nothing_counts_as_sent(self):
        sent = []
        with patch.object(Pipeline, 'execute', side_effect=QueueLost), self.assertRaises(QueueLost):
            self.collect(lambda: queue().enqueue(nothing), lambda: sent.append(1))
        self.assertEqual((sent, queue().count), ([], 0))
        queue().enqueue(nothing)
        self.assertEqual(queue().count, 1, 'nothing is collected any more')

    def test_another_queue_class_is_kept(self):
        with override_settings(RQ={**settings.RQ, 'QUEUE_CLASS': DjangoRQ}):
            seen = []
            self.collect(lambda: seen.append(queue().enqueue(nothing) and queue().count))
            self.assertEqual(seen, [1])
            self.assertNotIsInstance(queue(), CollectingQueue)


class SweepTestCase(CommittingTestCase):
    """Each kind of action, through a sweep."""

    def setUp(self):
        super().setUp()
        self.now = timezone.now()

    def test_a_batch_is_one_round_trip(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        for number in range(20):
            make_certificate(DAY, name=f'{number}')
        with patch.object(Pipeline, 'execute', autospec=True, side_effect=Pipeline.execute) as execute:
            self.assertEqual(sweep(self.now + 2 * DAY).announced, 20)
        self.assertEqual(execute.call_count, 1)
        names = [delivery['data']['name'] for delivery in self.deliveries()]
        self.assertEqual(names, [f'{number}' for number in range(20)])

    def test_announcements_that_could_not_be_sent_are_repeated(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        make_certificate(DAY)
        with patch.object(Pipeline, 'execute', side_effect=QueueLost), self.assertRaises(QueueLost):
            sweep(self.now + 2 * DAY)
        self.assertEqual(Certificate.objects.get().announced_status, 'Due')
        self.assertEqual(sweep(self.now + 2 * DAY).announced, 1)
        self.assertEqual(self.delivered(), {'own': 1})

    def test_recorded_only_after_it_was_sent(self):
        self.make_rule('own', RENEWAL_STATUS_CHANGED)
        make_certificate(DAY)
        seen = []

        def look(pipeline, *args):
            seen.append(Certificate.objects.get().announced_status)
            return original(pipeline, *args)

        original = Pipeline.execute
        with patch.object(Pipeline, 'execute', look):
            sweep(self.now + 2 * DAY)
        self.assertEqual(seen, ['Due'])
        self.assertEqual(Certificate.objects.get().announced_status, 'Expired')

    def test_a_rule_that_fails_midway_leaves_nothing_and_does_not_stop_others(self):
        self.make_rule('a fails', RENEWAL_STATUS_CHANGED, action_type='script')
        self.make_rule('b works', RENEWAL_STATUS_CHANGED)
        make_certificate(DAY)
        original = announcing_rules.process_event_rules

        def fail(rules, *args):
            if rules[0].name == 'b works':
                return original(rules, *args)
            queue().enqueue('extras.webhooks.send_webhook', event_rule=rules[0])
            raise RuntimeError

        with (
            override_settings(RQ={**settings.RQ, 'COMMIT_MODE': 'on_db_commit'}),
            patch.object(announcing_rules, 'process_event_rules', fail),
        ):
            sweep(self.now + 2 * DAY)
        self.assertEqual(self.delivered(), {'b works': 1})

    def test_an_action_that_only_enqueues_needs_no_transaction(self):
        group = NotificationGroup.objects.create(name='operators')
        self.addCleanup(group.delete)
        self.make_rule(
            'e-mail',
            RENEWAL_STATUS_CHANGED,
            action_type=EmailAction.slug,
            action_object_type=ContentType.objects.get_for_model(NotificationGroup),
            action_object_id=group.pk,
        )
        seen = []
        for only_enqueues in (True, False):
            make_certificate(DAY, name=f'{only_enqueues}')
            with (
                patch.object(EmailAction, 'only_enqueues', only_enqueues),
                patch.object(EmailAction, 'enqueue', lambda *args, **kwargs: seen.append(connection.in_atomic_block)),
            ):
                sweep(self.now + 2 * DAY)
        self.assertEqual(seen, [False, True])

    def test_scripts_and_notifications_among_webhooks(self):
        module = ScriptModule(file_root='scripts', file_path='announced.py', created=self.now)
        module.save_base(raw=True)
        self.addCleanup(ScriptModule.objects.filter(pk=module.pk).delete)
        script = Script.objects.create(module=module, name='Announced')
        group = NotificationGroup.objects.create(name='operators')
        self.addCleanup(group.delete)
        group.users.add(self.user)
        self.make_rule('a webhook', RENEWAL_STATUS_CHANGED)
        for name, obj in (('b script', script), ('c notification', group)):
            self.make_rule(
                name,
                RENEWAL_STATUS_CHANGED,
                action_type=name.split()[1],
                action_object_type=ContentType.objects.get_for_model(obj),
                action_object_id=obj.pk,
            )
        certificate = make_certificate(DAY)
        with patch.object(Script, 'python_class', property(lambda script: Announced)):
            self.assertEqual(sweep(self.now + 2 * DAY).announced, 1)
        functions = [job.func_name for job in queue().jobs]
        self.assertEqual(len(functions), 2)
        self.assertEqual(functions[0], 'extras.webhooks.send_webhook')
        job = Job.objects.get(name='Announced')
        self.assertEqual(queue().job_ids[1], str(job.job_id))
        self.assertEqual(Notification.objects.get().object_id, certificate.pk)
