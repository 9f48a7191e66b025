"""Sources that are behind or silent: conditions, filters, announcements, and their cost."""

from datetime import datetime, timedelta
from io import StringIO
from unittest.mock import patch

import django_rq
from core.models import ObjectChange, ObjectType
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import TestCase, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from extras.models import EventRule, Webhook
from redis.client import Pipeline
from redis.exceptions import ConnectionError as QueueLost
from users.models import User
from utilities.testing import APITestCase
from utilities.testing import TestCase as PagesTestCase

from netbox_ssl import intake
from netbox_ssl.announcements.counter import announcements
from netbox_ssl.announcements.sweep.sources import SourceAnnouncement, pending_sources, sweep_sources
from netbox_ssl.event_types import SOURCE_BEHIND, SOURCE_SILENT
from netbox_ssl.filtersets import CertificateFilterSet, CertificateSourceFilterSet
from netbox_ssl.models import Certificate, CertificateSource
from tests.support.announcements import AnnouncingTestMixin
from tests.support.factories import DAY, grant, issue_acme, record, successor, superuser
from tests.support.sources import fell_behind_earlier

HOUR = timedelta(hours=1)


def report(issued, external_id='certbot:web01:www', **attributes):
    leaf = intake.read_single(issued.fullchain_pem)
    return intake.take_in(leaf, superuser(), attributes, external_id=external_id)


def found(filterset=CertificateSourceFilterSet, **parameters):
    return {str(each) for each in filterset(parameters, filterset.Meta.model.objects.all()).qs}


class SourcesTestCase(TestCase):
    def setUp(self):
        """web01 renewed 20 days ago, web02 still reports the previous certificate."""
        self.old = issue_acme(left=10 * DAY)
        self.new = successor(self.old)
        for host in ('web01', 'web02'):
            report(self.old, f'certbot:{host}:www')
        self.certificate = report(self.new).certificate
        report(self.old, 'certbot:web02:www')
        # NetBox saw the renewal at that time.
        fell_behind_earlier(20 * DAY)
        self.current, self.behind = (
            CertificateSource.objects.get(external_id=f'certbot:{host}:www') for host in ('web01', 'web02')
        )


class BehindTestCase(SourcesTestCase):
    def test_since_the_renewal(self):
        self.assertTrue(self.behind.is_behind)
        self.assertFalse(self.current.is_behind)
        self.assertIsNone(self.current.behind_since)

    def test_not_at_once(self):
        since = self.behind.behind_since
        self.assertFalse(self.behind.is_behind_at(since + 47 * HOUR))
        self.assertTrue(self.behind.is_behind_at(since + 48 * HOUR))

    def test_a_renewal_makes_the_others_behind(self):
        newer, since = successor(self.new, 15 * DAY), self.behind.behind_since
        report(newer)
        self.current.refresh_from_db()
        self.behind.refresh_from_db()
        self.assertFalse(self.current.is_behind)
        self.assertEqual(self.behind.behind_since, since, 'since the first one')

    def test_a_report_of_the_current_one_ends_it(self):
        report(self.new, 'certbot:web02:www')
        self.behind.refresh_from_db()
        self.assertIsNone(self.behind.behind_since)

    def test_a_renewal_without_a_report(self):
        self.certificate.refresh_from_db()
        self.certificate.snapshot()
        self.certificate.pem = successor(self.new, 10 * DAY).pem
        self.certificate.full_clean()
        self.certificate.save()
        self.current.refresh_from_db()
        self.assertIsNotNone(self.current.behind_since)

    def test_no_renewal_of_a_retired_certificate_is_expected(self):
        self.certificate.refresh_from_db()
        for status, is_behind in (('retired', False), ('active', True)):
            self.certificate.status = status
            self.certificate.save()
            self.behind.refresh_from_db()
            self.assertEqual(self.behind.is_behind, is_behind)

    def test_moved_by_a_person(self):
        self.behind.certificate = record('other.example.net')
        self.behind.save()
        self.behind.refresh_from_db()
        # Its report is older than this certificate.
        self.assertTrue(self.behind.is_behind_at(timezone.now() + 48 * HOUR))
        self.behind.certificate = record('late.example.net', left=-300 * DAY)
        self.behind.save()
        self.behind.refresh_from_db()
        self.assertFalse(self.behind.is_behind)

    def test_saving_keeps_what_a_report_stored_meanwhile(self):
        stale = CertificateSource.objects.get(pk=self.behind.pk)
        report(self.new, 'certbot:web02:www')
        stale.client = 'lego'
        stale.save()
        stale.refresh_from_db()
        self.assertEqual((stale.client, stale.behind_since), ('lego', None))
        self.assertEqual(stale.issuance.fingerprint_sha256, self.certificate.fingerprint_sha256)

    def test_filters(self):
        self.assertEqual(found(behind='true'), {'certbot:web02:www'})
        self.assertEqual(found(behind='false'), {'certbot:web01:www'})
        self.assertEqual(found(CertificateFilterSet, source_behind='true'), {'www.example.net'})
        self.assertEqual(found(CertificateFilterSet, source_behind='false'), set())

    def test_lists_give_the_same_result_as_single_reports(self):
        items = [intake.Item(intake.read_single(self.old.fullchain_pem), external_id='certbot:web01:www')]
        intake.take_in_many(items, superuser())
        self.current.refresh_from_db()
        self.assertEqual(self.current.behind_since, self.current.reported_at)
        self.assertTrue(self.current.is_behind_at(self.current.reported_at + 48 * HOUR))

    def test_a_source_that_falls_back_is_behind_since_then(self):
        """It may be a late report: the next one corrects it, and nothing was announced."""
        report(self.old)
        self.current.refresh_from_db()
        self.assertEqual(self.current.behind_since, self.current.reported_at)
        self.assertFalse(self.current.is_behind)
        since = self.current.behind_since
        report(self.old)
        self.current.refresh_from_db()
        self.assertEqual(self.current.behind_since, since)
        self.assertTrue(self.current.is_behind_at(since + 48 * HOUR))


class SilentTestCase(SourcesTestCase):
    def test_after_the_setting(self):
        last = self.current.reported_at
        self.assertFalse(self.current.is_silent_at(last + 7 * DAY))
        self.assertTrue(self.current.is_silent_at(last + 7 * DAY + HOUR))

    @override_settings(PLUGINS_CONFIG={'netbox_ssl': {'source_silent_days': 0}})
    def test_never(self):
        self.assertFalse(self.current.is_silent_at(self.current.reported_at + 700 * DAY))
        self.assertEqual(found(silent='true'), set())

    def test_one_that_never_reported_is_not_silent(self):
        source = CertificateSource.objects.create(certificate=self.certificate, external_id='by:hand')
        self.assertFalse(source.is_silent_at(timezone.now() + 700 * DAY))

    def test_filters(self):
        self.current.stamp(self.current.issuance, timezone.now() - 8 * DAY)
        self.assertEqual(found(silent='true'), {'certbot:web01:www'})
        self.assertEqual(found(silent='false'), {'certbot:web02:www'})
        self.assertEqual(found(CertificateFilterSet, source_silent='true'), {'www.example.net'})
        self.certificate.refresh_from_db()
        self.certificate.status = 'retired'
        self.certificate.save()
        self.assertEqual(found(silent='true'), set())


class SweepTestCase(AnnouncingTestMixin, SourcesTestCase):
    def setUp(self):
        super().setUp()
        self.queue = django_rq.get_queue('default')
        self.queue.empty()
        self.webhook = Webhook.objects.create(name='sources', payload_url='http://127.0.0.1:9/')
        self.rule(SOURCE_BEHIND)
        self.rule(SOURCE_SILENT)

    def rule(self, event_type, conditions=None):
        rule = EventRule.objects.create(
            name=f'{event_type} {conditions}',
            event_types=[event_type],
            conditions=conditions,
            action_type='webhook',
            action_object_type=ContentType.objects.get_for_model(Webhook),
            action_object_id=self.webhook.pk,
        )
        rule.object_types.set([ObjectType.objects.get_for_model(CertificateSource)])
        return rule

    def announced(self, now=None):
        """Return what the rules received since the last call: (event type, external ID, announcement)."""
        sweep_sources(now)
        announced = [
            (job.kwargs['event_type'], job.kwargs['data']['external_id'], job.kwargs['data']['announcement'])
            for job in self.queue.jobs
        ]
        self.queue.empty()
        return announced

    def test_behind_is_announced_once(self):
        ((event_type, external_id, announcement),) = self.announced()
        self.assertEqual((event_type, external_id), (SOURCE_BEHIND, 'certbot:web02:www'))
        since = self.behind.behind_since.isoformat().replace('+00:00', 'Z')
        self.assertEqual((announcement['type'], announcement['since']), (SOURCE_BEHIND, since))
        self.assertEqual(self.announced(), [])
        # Also not if it reports the old one again, or after another renewal
        report(self.old, 'certbot:web02:www')
        report(successor(self.new, 15 * DAY))
        self.assertEqual(self.announced(), [])

    def test_the_next_occurrence_is_announced_again(self):
        self.announced()
        report(self.new, 'certbot:web02:www')
        self.assertEqual(self.announced(), [])
        report(successor(self.new, 15 * DAY))
        self.assertEqual(self.announced(), [], 'it has its time')
        fell_behind_earlier(3 * DAY)
        names = {external_id for _, external_id, _ in self.announced()}
        self.assertEqual(names, {'certbot:web02:www'})

    def test_the_same_again_has_another_id(self):
        """Behind, current, and behind again with the same certificate is not a repeat for receivers."""
        (first,) = self.announced()
        report(self.new, 'certbot:web02:www')
        report(self.old, 'certbot:web02:www')
        self.assertEqual(self.announced(), [], 'it has its time')
        later = timezone.now() + 49 * HOUR
        (second,) = self.announced(later)
        self.assertEqual((second[0], second[1]), (SOURCE_BEHIND, 'certbot:web02:www'))
        self.assertNotEqual(second[2]['id'], first[2]['id'])
        self.assertEqual(self.announced(later), [])

    def test_silent_is_announced_once_until_it_reports(self):
        later = timezone.now() + 8 * DAY
        self.assertEqual(len([each for each in self.announced(later) if each[0] == SOURCE_SILENT]), 2)
        self.assertEqual(self.announced(later), [])
        report(self.new)
        self.assertEqual(self.announced(later - DAY), [])
        self.assertEqual([each[1] for each in self.announced(later + DAY)], ['certbot:web01:www'])

    def test_the_id_of_a_repeat_is_the_same(self):
        (first,) = self.announced()
        CertificateSource.objects.update(behind_announced=False)
        self.assertEqual(self.announced()[0][2]['id'], first[2]['id'])

    def test_a_failing_rule_does_not_stop_others(self):
        broken = self.rule(SOURCE_BEHIND, {'attr': 'client', 'value': 'x', 'op': 'gt'})
        EventRule.objects.filter(pk=broken.pk).update(conditions={'attr': 'client', 'value': 'x', 'op': 'nonsense'})
        self.assertEqual(len(self.announced()), 1)

    def test_conditions_see_the_certificate(self):
        EventRule.objects.all().delete()
        self.rule(SOURCE_BEHIND, {'attr': 'certificate.name', 'value': 'www.example.net'})
        self.rule(SOURCE_BEHIND, {'attr': 'certificate.name', 'value': 'other'})
        self.assertEqual(len(self.announced()), 1)

    def test_retired_certificates_are_not_announced(self):
        Certificate.objects.update(status='retired')
        self.assertEqual(self.announced(timezone.now() + 30 * DAY), [])
        self.assertEqual(list(pending_sources(timezone.now() + 30 * DAY)), [])

    def test_dry_run(self):
        self.assertEqual([each.object for each in pending_sources()], [self.behind])
        self.assertEqual(self.queue.count, 0)

    def test_the_command_also_announces_sources(self):
        output = StringIO()
        call_command('renewals_sweep', '--dry-run', stdout=output)
        self.assertRegex(output.getvalue(), r'certbot:web02:www\tsource behind\tsince ')
        self.assertEqual(self.queue.count, 0)
        with (
            patch.object(SourceAnnouncement, 'data', side_effect=ValueError),
            self.assertRaisesMessage(CommandError, '1 source could not be announced'),
        ):
            call_command('renewals_sweep', verbosity=0)
        output = StringIO()
        call_command('renewals_sweep', stdout=output)
        self.assertIn('Announced: 0 sources expired, 1 sources behind, 0 sources silent.', output.getvalue())
        self.assertEqual(self.queue.count, 1)

    def test_batches(self):
        for number in range(5):
            report(self.old, f'certbot:web1{number}:www')
        fell_behind_earlier(3 * DAY)
        result = sweep_sources(batch_size=2)
        self.assertEqual((result.behind, result.complete), (6, True))
        CertificateSource.objects.update(behind_announced=False)
        self.assertFalse(sweep_sources(seconds=0).complete)

    @override_settings(METRICS_ENABLED=True)
    def test_a_batch_is_sent_in_one_go_and_counted(self):
        for number in range(5):
            report(self.old, f'certbot:web1{number}:www')
        fell_behind_earlier(3 * DAY)
        before = announcements()[SOURCE_BEHIND]
        with patch.object(Pipeline, 'execute', autospec=True, side_effect=Pipeline.execute) as execute:
            self.assertEqual(sweep_sources().behind, 6)
        self.assertEqual((execute.call_count, self.queue.count), (1, 6))
        self.assertEqual(announcements()[SOURCE_BEHIND], before + 6)

    def test_announcements_that_could_not_be_sent_are_repeated(self):
        with patch.object(Pipeline, 'execute', side_effect=QueueLost), self.assertRaises(QueueLost):
            sweep_sources()
        self.assertEqual(len(self.announced()), 1)

    def test_the_number_of_queries_does_not_grow_with_the_sources(self):
        def queries(sources):
            for number in range(sources):
                report(self.old, f'certbot:web{number}:www')
            fell_behind_earlier(3 * DAY)
            CertificateSource.objects.update(behind_announced=False)
            with CaptureQueriesContext(connection) as captured:
                self.assertEqual(sweep_sources().behind, sources + 1)
            return len([query for query in captured if 'UPDATE' not in query['sql']])

        queries(1)
        self.assertEqual(queries(2), queries(12))

    def test_no_entry_of_the_change_log(self):
        before = ObjectChange.objects.count()
        self.announced()
        self.assertEqual(ObjectChange.objects.count(), before)

    def test_an_idle_run_reads_the_partial_indexes_only(self):
        """It reads none of 10,000 sources that are expired, behind and silent, and 10,000 current ones."""
        template = CertificateSource.objects.get(pk=self.behind.pk)
        now = timezone.now()
        announced = {
            'reported_at': now - 30 * DAY,
            'silent_scaled_at': now - 8 * DAY,
            'valid_to': now - DAY,
            'behind_since': now - 20 * DAY,
            'behind_scaled_at': now - 11 * DAY,
            'expired_announced': True,
            'behind_announced': True,
            'silent_announced': True,
        }
        well = {'reported_at': now, 'silent_scaled_at': now + 22 * DAY, 'valid_to': now + 60 * DAY}
        CertificateSource.objects.bulk_create(
            CertificateSource(
                certificate=template.certificate,
                issuance=template.issuance,
                external_id=f'certbot:{number}:www',
                is_watched=True,
                **{
                    name: value - timedelta(seconds=number) if isinstance(value, datetime) else value
                    for name, value in (announced if number % 2 else well).items()
                },
            )
            for number in range(20_000)
        )
        self.announced()
        plans = []

        def explain(execute, sql, params, many, context):
            if sql.startswith(('SELECT', '(SELECT')):
                with context['connection'].cursor() as cursor:
                    cursor.cursor.execute(f'EXPLAIN (ANALYZE, TIMING OFF) {sql}', params)
                    plans.append('\n'.join(row[0] for row in cursor.cursor.fetchall()))
            return execute(sql, params, many, context)

        with connection.cursor() as cursor:
            cursor.execute('ANALYZE netbox_ssl_certificatesource')
        with connection.execute_wrapper(explain):
            result = sweep_sources()
        self.assertEqual((result.announced, len(plans)), (0, 3))
        for plan, indexes in zip(
            plans,
            (
                ['netbox_ssl_source_expired'],
                # None of these remains to be announced, so both indexes are empty.
                ['netbox_ssl_(source_behind|src_behind_scaled)'],
                ['netbox_ssl_source_silent', 'netbox_ssl_src_silent_scaled'],
            ),
            strict=True,
        ):
            for index in indexes:
                self.assertRegex(plan, f'using {index} ')
            self.assertNotIn('Rows Removed', plan)


class ReportsTestCase(SourcesTestCase):
    """Changes that reports may or must not make."""

    def changes(self):
        return ObjectChange.objects.count()

    def test_the_time_of_renewal_does_not_alternate(self):
        at = self.new.certificate.not_valid_before_utc
        before = self.changes()
        for external_id in ('certbot:web01:www', 'certbot:web03:www', 'certbot:web01:www'):
            at += HOUR
            report(self.new, external_id, acme_last_renewed=at)
        self.certificate.refresh_from_db()
        self.assertEqual(self.certificate.acme_last_renewed, self.new.certificate.not_valid_before_utc)
        self.assertEqual(self.changes(), before)

    def test_the_time_of_the_first_renewal_is_filled(self):
        issued = issue_acme('first.example.net')
        certificate = report(issued, 'certbot:web01:first').certificate
        at = timezone.now().replace(microsecond=0)
        report(issued, 'certbot:web01:first', acme_last_renewed=at)
        certificate.refresh_from_db()
        self.assertEqual(certificate.acme_last_renewed, at)

    def test_a_source_that_is_behind_changes_no_settings(self):
        report(self.new, acme_challenge_type='dns-01')
        result = report(self.old, 'certbot:web02:www', acme_challenge_type='http-01', description='old')
        self.assertEqual(result.action, 'unchanged')
        self.certificate.refresh_from_db()
        self.assertEqual((self.certificate.acme_challenge_type, self.certificate.description), ('dns-01', ''))


class HookTokenTestCase(APITestCase):
    """Users with constrained permissions, as documented for hooks."""

    URL = '/api/plugins/ssl/certificates/import/'

    def send(self, code, issued, **values):
        self.user = User.objects.get(pk=self.user.pk)
        body = [{'pem': issued.fullchain_pem, 'external_id': 'certbot:web01:www', 'is_acme': True, **values}]
        response = self.client.post(self.URL, body, format='json', **self.header)
        self.assertHttpStatus(response, code)
        return response.json()

    def test_within_a_tag(self):
        from extras.models import Tag

        Tag.objects.create(name='Web', slug='web')
        grant(self.user, 'view', 'add', 'change', constraints={'tags__slug': 'web'})
        grant(self.user, 'add', 'change', model=CertificateSource, constraints={'certificate__tags__slug': 'web'})
        grant(self.user, 'view', model=Tag)
        issued = issue_acme()
        self.send(403, issued)
        self.assertFalse(Certificate.objects.exists(), 'nothing is half-written')
        tagged = {'add_tags': [{'slug': 'web'}]}
        for code, each, action in (
            (201, issued, 'created'),
            (200, issued, 'unchanged'),
            (200, successor(issued), 'renewed'),
        ):
            self.assertEqual(self.send(code, each, **tagged)[0]['action'], action)
        other = record('other.example.net')
        self.assertFalse(other.tags.exists())

    def test_within_a_tenant(self):
        from tenancy.models import Tenant

        Tenant.objects.create(name='Ours', slug='ours')
        Tenant.objects.create(name='Theirs', slug='theirs')
        grant(self.user, 'view', 'add', 'change', constraints={'tenant__slug': 'ours'})
        grant(self.user, 'add', 'change', model=CertificateSource, constraints={'certificate__tenant__slug': 'ours'})
        grant(self.user, 'view', model=Tenant)
        issued = issue_acme()
        self.send(403, issued, tenant={'slug': 'theirs'})
        ours = {'tenant': {'slug': 'ours'}}
        for code, each, action in (
            (201, issued, 'created'),
            (200, issued, 'unchanged'),
            (200, successor(issued), 'renewed'),
        ):
            self.assertEqual(self.send(code, each, **ours)[0]['action'], action)


class PagesAndAnswersTestCase(PagesTestCase):
    def test_the_panel_of_a_certificate_shows_a_host_with_another_one(self):
        issued = issue_acme(left=10 * DAY)
        certificate = report(issued).certificate
        report(issued, 'files:web01:www')
        report(issue_acme(['www.example.net', 'other.example.net']), 'files:web01:www')
        fell_behind_earlier(3 * DAY)
        for model in (Certificate, CertificateSource):
            grant(self.user, 'view', model=model)
        response = self.client.get(certificate.get_absolute_url())
        self.assertContains(response, 'This host has had another certificate since')
        self.assertNotContains(response, 'still has the certificate that was replaced')

    def test_the_panel_of_a_certificate_shows_both(self):
        old = issue_acme(left=10 * DAY)
        for host in ('web01', 'web02'):
            report(old, f'certbot:{host}:www')
        certificate = report(successor(old)).certificate
        fell_behind_earlier(3 * DAY)
        grant(self.user, 'view')
        response = self.client.get(certificate.get_absolute_url())
        self.assertNotContains(response, 'Sources Needing Attention', msg_prefix='restricted')
        grant(self.user, 'view', model=CertificateSource)
        response = self.client.get(certificate.get_absolute_url())
        self.assertContains(response, 'Sources Needing Attention')
        self.assertContains(response, 'still has the certificate that was replaced')
        self.assertNotContains(response, 'No report since')
        CertificateSource.objects.update(reported_at=timezone.now() - 8 * DAY, behind_since=None, behind_scaled_at=None)
        response = self.client.get(certificate.get_absolute_url())
        self.assertContains(response, 'No report since', count=2)
        self.assertNotContains(response, 'still has the certificate that was replaced')
        CertificateSource.objects.update(reported_at=timezone.now())
        self.assertNotContains(self.client.get(certificate.get_absolute_url()), 'Sources Needing Attention')
        report(old, 'certbot:web02:www')
        fell_behind_earlier(3 * DAY)
        response = self.client.get(
            reverse('plugins:netbox_ssl:certificatesource_list') + f'?certificate_id={certificate.pk}&behind=true'
        )
        self.assertContains(response, 'certbot:web02:www')
        self.assertNotContains(response, 'certbot:web01:www')
        query = '{ certificate_source_list(filters: {behind: true}) { external_id is_behind is_silent behind_since } }'
        self.user.is_superuser = True
        self.user.save()
        response = self.client.post('/graphql/', {'query': query}, content_type='application/json')
        (row,) = response.json()['data']['certificate_source_list']
        self.assertEqual((row['external_id'], row['is_behind'], row['is_silent']), ('certbot:web02:www', True, False))
