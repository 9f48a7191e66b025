"""The deployment state of a certificate, the worst state of its visible sources, in all places that show it."""

from datetime import timedelta
from uuid import uuid4

from django.db.models import F
from django.test import RequestFactory, TestCase
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar
from prometheus_client import CollectorRegistry
from users.models import User
from utilities.testing import APITestCase
from utilities.testing import TestCase as PagesTestCase

from netbox_ssl.dashboard import NextDueWidget, OverdueWidget, RenewalStatusWidget
from netbox_ssl.filtersets import CertificateFilterSet
from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource, Issuance
from netbox_ssl.models.source_reports import stamp_reports
from netbox_ssl.places.deployment import (
    deployment_q,
    deployment_state,
    deployment_state_sql,
    read_deployments,
    visible_sources,
)
from netbox_ssl.reports.by_name import answer
from netbox_ssl.reports.metrics import RenewalCollector
from tests.support.factories import DAY, grant, import_pem, issue_acme, record, successor
from tests.support.places import assign, device

STATES = ('expired', 'behind', 'silent', 'current')


def deployed(name: str, *states: str) -> Certificate:
    """Return a valid certificate with a source in each of ``states`` on the hosts web-01, web-02, …"""
    old = issue_acme(name, left=10 * DAY)
    dead, new = successor(old, -20 * DAY), successor(old)
    for issued in (dead, old, new):
        certificate = import_pem(issued).certificate
    issuances = {each.pem: each for each in certificate.issuances.all()}
    has = {'expired': issuances[dead.pem], 'behind': issuances[old.pem]}
    now = timezone.now()
    for number, state in enumerate(states, start=1):
        put(certificate, f'certbot:web-{number:02}:{name}', state, has.get(state, issuances[new.pem]), now)
    return certificate


def put(certificate, external_id, state, issuance, now):
    source = CertificateSource.objects.create(certificate=certificate, external_id=external_id)
    stamp_reports([(source.pk, issuance.pk)], now - 8 * DAY if state == 'silent' else now)
    if state == 'behind':
        CertificateSource.objects.filter(pk=source.pk).update(behind_since=F('behind_since') - 3 * DAY)
    elif state == 'gone':
        source.mark_gone(now)
    source.refresh_from_db()
    assert source.state == state, (source.state, state)


class DeploymentTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.expired = deployed('expired.example.net', 'current', 'behind', 'expired', 'expired')
        cls.behind = deployed('behind.example.net', 'silent', 'behind', 'gone')
        cls.silent = deployed('silent.example.net', 'current', 'silent')
        cls.current = deployed('current.example.net', 'current', 'gone')
        cls.gone = deployed('gone.example.net', 'gone')
        cls.none = deployed('none.example.net')
        cls.retired = deployed('retired.example.net', 'expired')
        cls.retired.status = 'retired'
        cls.retired.save()
        cls.expected = {
            cls.expired: 'expired',
            cls.behind: 'behind',
            cls.silent: 'silent',
            cls.current: 'current',
            cls.gone: None,
            cls.none: None,
            cls.retired: None,
        }

    def test_the_worst_state_counts(self):
        now = timezone.now()
        annotated = Certificate.objects.annotate(found=deployment_state_sql(now, visible_sources()))
        self.assertEqual({each: each.found for each in annotated}, self.expected)
        read = read_deployments([each.pk for each in self.expected], now)
        for certificate, state in self.expected.items():
            self.assertEqual(deployment_state(Certificate.objects.get(pk=certificate.pk)), state)
            self.assertEqual(read[certificate.pk].state if state else read.get(certificate.pk), state)
        for state in (*STATES, None):
            found = set(Certificate.objects.filter(deployment_q(state, now, visible_sources())))
            self.assertEqual(found, {each for each, its in self.expected.items() if its == state}, state)

    def test_the_hosts_are_named(self):
        read = read_deployments(Certificate.objects.values('pk'), timezone.now())
        self.assertEqual(str(read[self.expired.pk].label), 'Expired on web-03 and 1 more')
        self.assertEqual(str(read[self.behind.pk].label), 'Behind on web-02')
        self.assertEqual(str(read[self.silent.pk].label), 'No report from web-02')
        self.assertEqual(str(read[self.current.pk].label), 'Current on web-01')
        colors = {deployment.state: deployment.color for deployment in read.values()}
        self.assertEqual(colors, {'expired': 'red', 'behind': 'orange', 'silent': 'yellow', 'current': 'green'})

    def test_filters(self):
        def found(*states):
            names = CertificateFilterSet({'deployment_state': list(states)}, Certificate.objects.all()).qs
            return {each.name.removesuffix('.example.net') for each in names}

        self.assertEqual(found('expired'), {'expired'})
        self.assertEqual(found('EXPIRED', 'Behind'), {'expired', 'behind'})
        self.assertEqual(found('null'), {'gone', 'none', 'retired'})
        filterset = CertificateFilterSet({'deployment_state': ['late']}, Certificate.objects.all())
        self.assertIn('deployment_state', filterset.errors)

    def test_metrics(self):
        registry = CollectorRegistry()
        registry.register(RenewalCollector())
        samples = {
            (family.name, *sample.labels.values()): sample.value
            for family in registry.collect()
            for sample in family.samples
        }
        for state, certificates, sources in (('expired', 1, 2), ('behind', 1, 2), ('silent', 1, 2)):
            self.assertEqual(samples['netbox_ssl_certificates_deployed_badly', state], certificates)
            self.assertEqual(samples['netbox_ssl_sources', state], sources)
        self.assertEqual(samples['netbox_ssl_sources', 'current'], 3)
        self.assertEqual(samples['netbox_ssl_sources', 'gone'], 3)

    def test_by_name(self):
        now = timezone.now()
        for certificate, verdict, label in (
            (self.expired, 'expired_on_host', 'Expired on web-03 and 1 more'),
            (self.behind, 'behind', 'Behind on web-02'),
            (self.silent, 'silent', 'No report from web-02'),
            (self.current, 'fine', 'Fine'),
        ):
            found = answer(Certificate.objects.filter(pk=certificate.pk), now)
            self.assertEqual((found.verdict, str(found.label)), (verdict, label))
        found = answer(Certificate.objects.all(), now)
        self.assertEqual((found.verdict, str(found.label)), ('expired_on_host', 'Expired on web-03 and 1 more'))

    def test_a_future_certificate_does_not_hide_an_expired_host(self):
        Certificate.objects.filter(pk=self.expired.pk).update(valid_from=timezone.now() + timedelta(hours=1))
        found = answer(Certificate.objects.filter(pk=self.expired.pk), timezone.now())
        self.assertEqual(found.verdict, 'expired_on_host')


class RESTTestCase(APITestCase):
    def setUp(self):
        super().setUp()
        self.certificate = deployed('www.example.net', 'current', 'behind', 'expired')
        deployed('other.example.net', 'current')
        grant(self.user, 'view')
        self.url = reverse('plugins-api:netbox_ssl-api:certificate-list')

    def see(self, **constraints):
        grant(self.user, 'view', model=CertificateSource, constraints=constraints or None)
        self.user = User.objects.get(pk=self.user.pk)

    def get(self, query='', name='www.example.net'):
        rows = self.client.get(f'{self.url}?{query}', **self.header).json()['results']
        return {row['name']: row.get('deployment_state') for row in rows}

    def test_hidden_sources_do_not_count(self):
        self.assertEqual(self.get(), {'other.example.net': None, 'www.example.net': None})
        for state in STATES:
            self.assertEqual(self.get(f'deployment_state={state}'), {})
        self.assertEqual(self.get('source_behind=true'), {})
        self.assertEqual(len(self.get('source_behind=false')), 2)

    def test_visible_sources_count(self):
        self.see(external_id__startswith='certbot:web-02:')
        self.assertEqual(self.get(), {'other.example.net': None, 'www.example.net': 'behind'})
        self.assertEqual(self.get('deployment_state=expired'), {})
        self.assertEqual(self.get('deployment_state=behind'), {'www.example.net': 'behind'})
        detail = reverse('plugins-api:netbox_ssl-api:certificate-detail', args=[self.certificate.pk])
        self.assertEqual(self.client.get(detail, **self.header).json()['deployment_state'], 'behind')

    def test_all(self):
        self.see()
        self.assertEqual(self.get(), {'other.example.net': 'current', 'www.example.net': 'expired'})
        self.assertEqual(self.get('deployment_state=Expired&deployment_state=behind'), {'www.example.net': 'expired'})

    def test_as_many_queries_for_many_as_for_one(self):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        self.see()
        self.get()
        with CaptureQueriesContext(connection) as few:
            self.get()
        for number in range(5):
            deployed(f'more{number}.example.net', 'current', 'expired')
        with CaptureQueriesContext(connection) as many:
            self.assertEqual(len(self.get()), 7)
        self.assertEqual(len(many), len(few))

    def test_responses_to_writes_contain_it(self):
        self.see()
        grant(self.user, 'change')
        self.user = User.objects.get(pk=self.user.pk)
        detail = reverse('plugins-api:netbox_ssl-api:certificate-detail', args=[self.certificate.pk])
        response = self.client.patch(detail, {'description': 'x'}, format='json', **self.header)
        self.assertEqual(response.json()['deployment_state'], 'expired')

    def graphql(self, query):
        grant(self.user, 'view', model=Issuance)
        response = self.client.post('/graphql/', {'query': query}, format='json', **self.header)
        return response.json()['data']

    def test_graphql(self):
        query = '{certificate_list%s {name deployment_state}}'
        rows = self.graphql(query % '')['certificate_list']
        self.assertEqual({row['deployment_state'] for row in rows}, {None})
        only_expired = query % '(filters: {deployment_state: {exact: EXPIRED}})'
        self.assertEqual(self.graphql(only_expired)['certificate_list'], [])
        self.see()
        self.assertEqual(
            self.graphql(only_expired)['certificate_list'], [{'name': 'www.example.net', 'deployment_state': 'expired'}]
        )
        record('unused.example.net')
        not_expired = query % '(filters: {NOT: {deployment_state: {exact: EXPIRED}}})'
        rows = self.graphql(not_expired)['certificate_list']
        self.assertEqual({row['name'] for row in rows}, {'other.example.net', 'unused.example.net'})
        sources = '{certificate_source_list(filters: {state: {in_list: [EXPIRED, BEHIND]}}) {place state state_since}}'
        rows = self.graphql(sources)['certificate_source_list']
        self.assertEqual({(row['place'], row['state']) for row in rows}, {('web-02', 'behind'), ('web-03', 'expired')})

    def test_sources_over_rest(self):
        self.see()
        url = reverse('plugins-api:netbox_ssl-api:certificatesource-list')
        (row,) = self.client.get(f'{url}?state=Expired', **self.header).json()['results']
        self.assertEqual((row['place'], row['state'], row['is_unexpected']), ('web-03', 'expired', False))
        self.assertEqual(row['state_since'], row['valid_to'])
        self.assertEqual(len(self.client.get(f'{url}?state=expired&state=behind', **self.header).json()['results']), 2)
        self.assertHttpStatus(self.client.get(f'{url}?state=late', **self.header), 400)


class PagesShowItTestCase(PagesTestCase):
    """*Expired on web-03* is shown with the certificate everywhere, unless the user may not view the source."""

    LABEL = 'Expired on web-03'

    def setUp(self):
        super().setUp()
        self.device = device()
        self.certificate = deployed('www.example.net', 'current', 'behind', 'expired')
        self.user.is_superuser = True
        self.user.save()

    def urls(self):
        yield self.certificate.get_absolute_url()
        yield reverse('plugins:netbox_ssl:certificate_list')
        yield reverse('plugins:netbox_ssl:by_name') + '?name=www.example.net'
        yield reverse('plugins:netbox_ssl:certificateassignment_list') + f'?device_id={self.device.pk}'
        yield f'{self.device.get_absolute_url()}certificates/'

    def test_pages(self):
        assign(self.certificate, self.device)
        for url in self.urls():
            response = self.client.get(url)
            self.assertContains(response, self.LABEL, msg_prefix=url)
            self.assertNotContains(response, 'text-bg-green">Fine', msg_prefix=url)

    def test_without_permission_for_sources(self):
        assign(self.certificate, self.device)
        self.user.is_superuser = False
        self.user.save()
        for model in (Certificate, CertificateAssignment, type(self.device)):
            grant(self.user, 'view', model=model)
        for url in self.urls():
            response = self.client.get(url)
            self.assertHttpStatus(response, 200)
            self.assertNotContains(response, 'web-03', msg_prefix=url)
            self.assertNotContains(response, 'xpired on', msg_prefix=url)

    def test_sorted_and_exported(self):
        deployed('fine.example.net', 'current')
        url = reverse('plugins:netbox_ssl:certificate_list')
        rows = self.client.get(f'{url}?sort=deployment_state').context['table'].rows
        self.assertEqual([row.record.name for row in rows], ['www.example.net', 'fine.example.net'])
        rows = self.client.get(f'{url}?sort=-deployment_state').context['table'].rows
        self.assertEqual([row.record.name for row in rows], ['fine.example.net', 'www.example.net'])
        exported = self.client.get(f'{url}?export=table').content.decode()
        self.assertIn('Deployment', exported.splitlines()[0])
        self.assertIn(',expired,', exported)

    def test_the_page_renewals_and_the_widgets(self):
        response = self.client.get(reverse('plugins:netbox_ssl:renewals'))
        self.assertContains(response, 'Sources expired')
        self.assertContains(response, 'certbot:web-03:www.example.net')
        request = RequestFactory().get('/')
        request.user = self.user
        for widget in (RenewalStatusWidget, OverdueWidget):
            shown = widget(id=uuid4(), config={}).render(request)
            self.assertIn('deployment_state=expired', shown)
            self.assertNotIn('deployment_state=behind', shown, 'its worst is another')
        Certificate.objects.update(acme_auto_renewal=True)
        self.assertIn(self.LABEL, NextDueWidget(id=uuid4(), config={}).render(request))
        self.user.is_superuser = False
        self.user.save()
        grant(self.user, 'view')
        request.user = User.objects.get(pk=self.user.pk)
        for widget in (RenewalStatusWidget, OverdueWidget, NextDueWidget):
            shown = widget(id=uuid4(), config={}).render(request)
            self.assertNotIn('deployment_state', shown)
            self.assertNotIn('web-03', shown)

    def test_the_calendar(self):
        def summaries():
            feed = Calendar.from_ical(self.client.get('/plugins/ssl/renewals.ics?event=expiry').content)
            return [str(event['summary']) for event in feed.walk('VEVENT')]

        self.assertEqual(summaries(), [f'www.example.net: certificate expires ({self.LABEL})'])
        self.user.is_superuser = False
        self.user.save()
        grant(self.user, 'view')
        self.assertEqual(summaries(), ['www.example.net: certificate expires'])

    def test_a_list_of_hosts_and_a_site(self):
        assign(self.certificate, self.device)
        url = reverse('dcim:device_list')
        response = self.client.get(f'{url}?include_columns=ssl_certificates')
        self.assertContains(response, '1 Expired on a host')
        site = self.device.site.get_absolute_url()
        self.assertContains(self.client.get(site), 'deployment_state=expired')
        self.user.is_superuser = False
        self.user.save()
        for model in (Certificate, CertificateAssignment, type(self.device), type(self.device.site)):
            grant(self.user, 'view', model=model)
        response = self.client.get(f'{url}?include_columns=ssl_certificates')
        self.assertNotContains(response, 'Expired on a host')

    def test_sources_export_their_state(self):
        url = reverse('plugins:netbox_ssl:certificatesource_list')
        exported = self.client.get(f'{url}?export=table').content.decode()
        self.assertIn('Expired', exported)
        response = self.client.get(f'{url}?state=expired')
        self.assertContains(response, 'certbot:web-03:www.example.net')
        self.assertNotContains(response, 'certbot:web-02:www.example.net')
        self.assertContains(response, 'text-bg-red')

    def test_a_source(self):
        source = CertificateSource.objects.get(external_id__contains='web-03')
        self.assertContains(self.client.get(source.get_absolute_url()), 'Its X.509 certificate has expired.')
