"""NetBox's internals still exist, accept the arguments used, and behave as expected."""

import inspect
from unittest.mock import patch

from core.choices import ObjectChangeActionChoices
from core.management.commands import rqworker
from core.models import Job
from django.conf import settings
from django.db import connection
from django.test import RequestFactory, SimpleTestCase, TestCase
from django.test.utils import CaptureQueriesContext
from django_prometheus import urls as prometheus_urls
from django_rq.queues import DjangoRQ
from netbox.context import query_cache
from netbox.jobs import JobRunner

from netbox_ssl import netbox_internals as internals
from netbox_ssl.models import Certificate
from tests.support.factories import record

# Each with the arguments that the plugin passes
CALLS = {
    'EventContext': (
        (),
        {'object_type': 1, 'object_id': 1, 'object': 1, 'event_type': '', 'data': {}, 'snapshots': {}},
    ),
    'process_event_rules': (([], None, {}), {}),
    'enqueue_event': (({}, None, None, ''), {}),
    'event_tracking': ((None,), {}),
    'discard_events_on_rollback': ((None,), {}),
    'resolve_bulk_error_status': (([],), {}),
    'get_serializer_for_model': ((Certificate,), {}),
    'get_prefetches_for_serializer': ((None,), {}),
    'get_permission_for_model': ((Certificate, 'view'), {}),
    'build_gfk_prefetch': (('assigned_object', []), {}),
    'optimize_prefetch_queryset': ((None, None), {}),
    'mark_for_deferred_indexing': ((1, 1, ''), {'using': 'default'}),
    'any_workers_for_queue': (('default',), {}),
    'get_rq_retry': ((), {}),
    'get_config': ((), {}),
    'apply_request_processors': ((None,), {}),
    'copy_safe_request': ((None,), {'include_files': False}),
    'NetBoxFakeRequest': (({},), {}),
    'is_background_request': ((None,), {}),
    'process_request_as_job': ((None, None), {'name': ''}),
    'resolve_proxies': ((), {'url': '', 'context': {}}),
    'deserialize_object': ((Certificate, {}), {'pk': 1}),
}


class SignaturesTestCase(SimpleTestCase):
    def test_they_accept_the_given_arguments(self):
        for name, (arguments, named) in CALLS.items():
            with self.subTest(name):
                inspect.signature(getattr(internals, name)).bind(*arguments, **named)

    def test_methods_that_are_overridden_or_called(self):
        for function, arguments, named in (
            (DjangoRQ.original_enqueue_call, (None,), {'pipeline': None}),
            (JobRunner.enqueue_once, (), {'interval': 1}),
            (JobRunner.enqueue, (), {'schedule_at': None, 'interval': 1, 'queue_name': 'low'}),
            (internals.TokenAuthentication.authenticate, (None, None), {}),
            (Certificate.serialize_object, (None,), {'exclude': []}),
            (Certificate.deserialize_object, ({},), {'pk': None}),
        ):
            with self.subTest(function.__qualname__):
                inspect.signature(function).bind(*arguments, **named)

    def test_everything_listed_is_there(self):
        self.assertEqual(sorted(set(internals.__all__)), sorted(internals.__all__))
        for name in internals.__all__:
            self.assertTrue(hasattr(internals, name), name)


class BehaviourTestCase(TestCase):
    def test_events_are_queued_in_a_context_variable(self):
        self.assertEqual(internals.events_queue.get(), {})
        self.assertIsNone(internals.current_request.get())
        self.assertTrue(internals.clear_events.receivers)

    def test_event_data_is_the_given_data(self):
        event = internals.EventContext(object=None, data={'mine': 1})
        self.assertEqual(event['data'], {'mine': 1})

    def test_the_cache_of_a_request_saves_queries(self):
        certificates = [record(name=f'{number}.example.net') for number in range(5)]

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                for certificate in certificates:
                    certificate.get_custom_fields()
            return len([query for query in captured if 'extras_customfield' in query['sql']])

        self.assertEqual(queries(), 5)
        with internals.per_request_cache():
            self.assertEqual(queries(), 1)
        self.assertIsNone(query_cache.get())

    def test_snapshots_and_messages_of_the_change_log(self):
        certificate = record(description='before')
        self.assertEqual(internals.prechange_snapshot(certificate), {})
        self.assertEqual(internals.get_changelog_message(certificate), '')
        certificate.snapshot()
        certificate.description = 'after'
        internals.set_changelog_message(certificate, 'why')
        self.assertEqual(internals.prechange_snapshot(certificate)['description'], 'before')
        self.assertEqual(internals.get_changelog_message(certificate), 'why')
        change = certificate.to_objectchange(ObjectChangeActionChoices.ACTION_UPDATE)
        self.assertEqual((change.message, change.prechange_data['description']), ('why', 'before'))

    def test_a_post_requires_the_permission_to_add(self):
        """The permission that api/permissions.py replaces."""
        self.assertEqual(internals.TokenPermissions.perms_map['POST'], ['%(app_label)s.add_%(model_name)s'])

    def test_a_worker_that_starts_enqueues_each_system_job(self):
        started = []

        class Fake:
            name = 'fake'

            @staticmethod
            def enqueue_once(**kwargs):
                started.append(kwargs)

        with (
            patch.dict(rqworker.registry, {'system_jobs': {Fake: {'interval': 7}}}),
            patch.object(rqworker._Command, 'handle'),
        ):
            rqworker.Command().handle()
        self.assertEqual(started, [{'interval': 7}])

    def test_the_lock_of_schedules_is_netboxs(self):
        def waits(execute, sql, params, many, context):
            seen.append((sql, params))
            return execute(sql, params, many, context)

        seen = []
        with connection.execute_wrapper(waits), patch.object(Job, 'enqueue'):
            JobRunner.enqueue_once()
        self.assertTrue([1 for sql, params in seen if str(internals.SCHEDULES_LOCK) in f'{sql} {params}'], seen)

    def test_queues_are_of_the_class_that_is_set(self):
        from netbox_ssl.announcements.queues import CollectingQueue

        self.assertIs(settings.RQ['QUEUE_CLASS'], CollectingQueue)
        for parameters in settings.RQ_QUEUES.values():
            self.assertIn('driver_info', parameters['REDIS_CLIENT_KWARGS'])

    def test_the_name_of_the_metrics_view(self):
        self.assertIn(internals.METRICS_VIEW, [pattern.name for pattern in prometheus_urls.urlpatterns])

    def test_a_copied_request_has_no_files(self):
        request = RequestFactory().post('/', {'a': 'b'})
        request.user, request.id = None, None
        copied = internals.copy_safe_request(request, include_files=False)
        self.assertEqual(copied.POST['a'], 'b')
        self.assertFalse(getattr(copied, 'FILES', None))
