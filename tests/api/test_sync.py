"""
``POST sources/sync/``: a source missing from two syncs in a row is gone, and is back when it is listed or reports.
"""

from datetime import timedelta

from core.models import ObjectChange
from django.contrib.contenttypes.models import ContentType
from django.db.models import F
from django.utils import timezone
from users.models import Token, User
from utilities.testing import APITestCase

from netbox_ssl import intake
from netbox_ssl.models import CertificateSource, Issuance
from netbox_ssl.models.source_reports import stamp_reports
from tests.support.factories import DAY, grant, import_pem, issue_acme, record, superuser

URL = '/api/plugins/ssl/sources/sync/'
WEB01 = 'certbot:web01:'


class SyncTestBase(APITestCase):
    def setUp(self):
        super().setUp()
        self.issued = issue_acme()
        self.certificate = import_pem(self.issued).certificate
        for external_id in ('certbot:web01:www', 'certbot:web01:api', 'certbot:web011:www', 'lego:web01:www'):
            CertificateSource.objects.create(certificate=self.certificate, external_id=external_id)
            self.report(external_id)
        self.permission = grant(self.user, 'change', 'view', model=CertificateSource)

    def report(self, external_id, **values):
        leaf = intake.read_single(self.issued.fullchain_pem)
        return intake.take_in_item(intake.Item(leaf, external_id=external_id, **values), superuser())

    def sync(self, *external_ids, scope=WEB01, code=200, **values):
        body = {'scope': scope, 'external_ids': external_ids, **values}
        response = self.client.post(URL, body, format='json', **self.header)
        self.assertHttpStatus(response, code)
        return response.json()

    def sync_nightly(self, *external_ids, nights=2, **values):
        """Sync in several nights. Return the last response."""
        for _ in range(nights):
            CertificateSource.objects.update(missed_since=F('missed_since') - DAY)
            answer = self.sync(*external_ids, **values)
        return answer

    def source(self, external_id):
        return CertificateSource.objects.get(external_id=external_id)

    def changes(self, source):
        kind = ContentType.objects.get_for_model(CertificateSource)
        return ObjectChange.objects.filter(changed_object_type=kind, changed_object_id=source.pk, action='update')


class SyncTestCase(SyncTestBase):
    def test_surrounding_spaces_are_ignored(self):
        self.report('certbot:web02:www')
        answer = self.sync(' certbot:web02:www ', scope='certbot:web02:')
        self.assertEqual(answer, {'present': 1, 'missing': [], 'gone': []})

    def test_missing_twice_is_gone(self):
        self.assertEqual(self.sync('certbot:web01:www'), {'present': 1, 'missing': ['certbot:web01:api'], 'gone': []})
        api = self.source('certbot:web01:api')
        self.assertEqual(api.state, 'current')
        self.assertFalse(self.changes(api).exists(), 'a miss is no entry of the change log')
        expected = {'present': 1, 'missing': [], 'gone': ['certbot:web01:api']}
        self.assertEqual(self.sync_nightly('certbot:web01:www', nights=1), expected)
        api.refresh_from_db()
        self.assertEqual((api.state, api.is_watched), ('gone', False))
        change = self.changes(api).get()
        self.assertEqual(change.user, self.user)
        self.assertIsNone(change.prechange_data['gone_since'])
        self.assertIsNotNone(change.postchange_data['gone_since'])
        # It stays gone, since the same time.
        self.assertEqual(self.sync('certbot:web01:www'), expected)
        self.assertEqual(self.changes(api).count(), 1)
        self.assertEqual(self.source('certbot:web01:api').gone_since, api.gone_since)

    def test_a_run_by_hand_and_the_timer_count_once(self):
        for _ in range(3):
            answer = self.sync('certbot:web01:www')
        self.assertEqual((answer['missing'], answer['gone']), (['certbot:web01:api'], []))
        self.assertEqual(self.source('certbot:web01:api').state, 'current')
        # The first of them counts, so that frequent runs do not postpone it forever.
        CertificateSource.objects.update(missed_since=F('missed_since') - timedelta(minutes=61))
        self.assertEqual(self.sync('certbot:web01:www')['gone'], ['certbot:web01:api'])

    def test_one_that_is_missing_is_not_silent_until_the_next_night(self):
        """Of a six-day certificate, which is silent after 36 hours."""
        reported = timezone.now() - timedelta(hours=24)
        CertificateSource.objects.update(reported_at=reported, silent_scaled_at=reported + timedelta(hours=36))
        self.sync('certbot:web01:www')
        api, other = self.source('certbot:web01:api'), self.source('certbot:web01:www')
        for hours, states in ((13, ('current', 'silent')), (29, ('current', 'silent')), (31, ('silent', 'silent'))):
            now = timezone.now() + timedelta(hours=hours)
            self.assertEqual((api.state_at(now), other.state_at(now)), states, hours)

    def test_other_sources_are_not_changed(self):
        self.sync_nightly()
        states = {source.external_id: source.state for source in CertificateSource.objects.all()}
        self.assertEqual(
            states,
            {
                'certbot:web01:www': 'gone',
                'certbot:web01:api': 'gone',
                'certbot:web011:www': 'current',
                'lego:web01:www': 'current',
            },
        )

    def test_missing_once_and_listed_again(self):
        self.sync_nightly('certbot:web01:www', nights=1)
        self.sync_nightly('certbot:web01:www', 'certbot:web01:api', nights=1)
        self.sync_nightly('certbot:web01:www', nights=1)
        self.assertEqual(self.source('certbot:web01:api').state, 'current')

    def test_a_report_between_two_misses(self):
        self.sync_nightly('certbot:web01:www', nights=1)
        self.report('certbot:web01:api')
        self.sync_nightly('certbot:web01:www', nights=1)
        self.assertEqual(self.source('certbot:web01:api').state, 'current')

    def test_back_by_being_listed(self):
        self.sync_nightly()
        self.assertEqual(self.sync('certbot:web01:api')['present'], 1)
        api = self.source('certbot:web01:api')
        self.assertEqual((api.state, api.missed_since), ('current', None))
        self.assertEqual(self.changes(api).count(), 2)

    def test_back_by_a_report(self):
        for one_by_one in (True, False):
            self.sync_nightly()
            api = self.source('certbot:web01:api')
            before = self.changes(api).count()
            if one_by_one:
                body = {'pem': self.issued.fullchain_pem, 'external_id': api.external_id}
            else:
                body = [{'pem': self.issued.fullchain_pem, 'external_id': api.external_id}]
            grant(self.user, 'view', 'change')
            self.user = User.objects.get(pk=self.user.pk)
            url = '/api/plugins/ssl/certificates/import/'
            self.assertHttpStatus(self.client.post(url, body, format='json', **self.header), 200)
            api = self.source('certbot:web01:api')
            self.assertEqual((api.state, api.missed_since), ('current', None))
            change = self.changes(api).first()
            self.assertEqual(self.changes(api).count(), before + 1)
            self.assertIsNone(change.postchange_data['gone_since'])

    def test_a_late_report_marks_no_source_as_gone(self):
        self.sync('certbot:web01:www')
        issuance = Issuance.objects.get()
        stamp_reports([(self.source('certbot:web01:www').pk, issuance.pk)], timezone.now() - DAY)
        self.assertIsNotNone(self.source('certbot:web01:api').missed_since)
        self.assertEqual(CertificateSource.objects.filter(gone_since__isnull=False).count(), 0)

    def test_unknown_external_ids(self):
        self.assertEqual(self.sync('certbot:web01:www', 'certbot:web01:api', 'certbot:web01:new')['present'], 2)

    def test_an_external_id_of_another_machine(self):
        CertificateSource.objects.filter(external_id='certbot:web01:api').update(machine_id='a')
        self.assertEqual(self.sync_nightly('certbot:web01:www', machine_id='b')['missing'], [])
        self.assertEqual(self.source('certbot:web01:api').state, 'current')
        self.assertEqual(self.sync('certbot:web01:www', machine_id='a')['missing'], ['certbot:web01:api'])

    def test_scopes_that_are_too_wide(self):
        for scope in ('', ':', 'certbot', 'certbot:', 'certbot:web01', ':web01:', 'certbot::', 'certbot: :'):
            answer = self.sync(scope=scope, code=400)
            self.assertEqual(list(answer), ['scope'], scope)
        self.assertIn('certbot:web01.example.net:', answer['scope'][0])

    def test_external_ids_outside_the_scope(self):
        answer = self.sync('certbot:web01:www', 'certbot:web02:www', code=400)
        self.assertIn('certbot:web02:www', answer['external_ids'][0])
        self.assertIsNone(self.source('certbot:web01:api').missed_since, 'nothing was done')

    def test_invalid_bodies(self):
        for body, field in (
            ({'external_ids': []}, 'scope'),
            ({'scope': WEB01}, 'external_ids'),
            ({'scope': WEB01, 'external_ids': 'certbot:web01:www'}, 'external_ids'),
            ({'scope': WEB01, 'external_ids': [{}]}, 'external_ids'),
            ({'scope': WEB01, 'external_ids': [], 'machine_id': 'x' * 65}, 'machine_id'),
            ([], '__all__'),
        ):
            response = self.client.post(URL, body, format='json', **self.header)
            self.assertHttpStatus(response, 400)
            self.assertEqual(list(response.json()), [field])

    def test_permissions(self):
        self.permission.delete()
        self.sync(code=403)
        grant(self.user, 'change', model=CertificateSource, constraints={'external_id__endswith': ':www'})
        self.user = User.objects.get(pk=self.user.pk)
        answer = self.sync_nightly()
        self.assertEqual(answer, {'present': 0, 'missing': [], 'gone': ['certbot:web01:www']})
        self.assertEqual(self.source('certbot:web01:api').state, 'current')

    def test_a_token_that_may_not_write(self):
        Token.objects.filter(user=self.user).update(write_enabled=False)
        self.sync(code=403)

    def test_without_a_user(self):
        response = self.client.post(URL, {'scope': WEB01, 'external_ids': []}, format='json')
        self.assertHttpStatus(response, 403)


class RenamedHostTestCase(SyncTestBase):
    """Sources of the same machine under a former name of the host."""

    OLD, NEW = 'a' * 64, 'b' * 64

    def rename(self, machine_id=OLD):
        CertificateSource.objects.filter(external_id__startswith=WEB01).update(machine_id=self.OLD)
        for external_id in ('certbot:web09:www', 'certbot:web09:api'):
            self.report(external_id, machine_id=machine_id)

    def sync_renamed(self, **values):
        names = ('certbot:web09:www', 'certbot:web09:api')
        return self.sync_nightly(*names, scope='certbot:web09:', machine_id=self.OLD, **values)

    def test_they_are_gone(self):
        self.rename()
        first = self.sync_renamed(nights=1)
        self.assertEqual((first['present'], first['missing']), (2, ['certbot:web01:api', 'certbot:web01:www']))
        self.assertEqual(self.sync_renamed(nights=1)['gone'], ['certbot:web01:api', 'certbot:web01:www'])
        states = {source.external_id: source.state for source in CertificateSource.objects.all()}
        self.assertEqual(
            [name for name, state in states.items() if state == 'gone'], ['certbot:web01:api', 'certbot:web01:www']
        )
        self.assertIsNone(self.certificate.unreported_since)

    def test_another_machine_or_directory_or_client_is_not(self):
        self.rename()
        kept = {'certbot:web01/srv/le:www': self.OLD, 'lego:web01:x': self.OLD, 'certbot:web02:x': self.NEW}
        for external_id, machine_id in kept.items():
            CertificateSource.objects.create(
                certificate=self.certificate, external_id=external_id, machine_id=machine_id
            )
            self.report(external_id)
        CertificateSource.objects.filter(external_id__startswith='certbot:web09:').update(created=timezone.now())
        self.assertEqual(self.sync_renamed()['gone'], ['certbot:web01:api', 'certbot:web01:www'])
        self.assertEqual({self.source(external_id).state for external_id in kept}, {'current'})

    def test_a_cloned_machine_that_still_reports_is_not(self):
        """Even if it stops: then it is silent, which must be seen."""
        self.rename()
        self.report('certbot:web01:www', machine_id=self.OLD)
        self.assertEqual(self.sync_renamed()['gone'], ['certbot:web01:api'])
        self.assertEqual(self.source('certbot:web01:www').state, 'current')

    def test_without_a_machine_nothing_is_known(self):
        self.rename()
        CertificateSource.objects.filter(external_id__startswith=WEB01).update(machine_id='')
        self.assertEqual(self.sync_renamed()['gone'], [])

    def test_only_those_that_the_user_may_change(self):
        self.rename()
        self.permission.delete()
        grant(self.user, 'change', model=CertificateSource, constraints={'external_id__endswith': ':www'})
        self.user = User.objects.get(pk=self.user.pk)
        self.assertEqual(self.sync_renamed()['gone'], ['certbot:web01:www'])


class GoneTestCase(APITestCase):
    def test_one_that_never_reported(self):
        source = CertificateSource.objects.create(certificate=record(), external_id='certbot:web01:www')
        source.mark_gone(timezone.now())
        self.assertEqual(CertificateSource.objects.get().state, 'gone')
        source.mark_back()
        self.assertIsNone(CertificateSource.objects.get().state)
