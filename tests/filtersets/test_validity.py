"""Filters and lists by validity, for every certificate."""

from datetime import timedelta

from django.test import TestCase
from django.urls import reverse
from django.utils import timezone
from utilities.testing import APITestCase
from utilities.testing import TestCase as ViewTestCase

from netbox_ssl.filtersets import CertificateFilterSet
from netbox_ssl.forms import CertificateFilterForm
from netbox_ssl.models import Certificate
from tests.support.factories import DAY, end_chain, grant, record

YEAR = timedelta(days=365)
BOUGHT = {'is_acme': False, 'acme_auto_renewal': False}


def make_each() -> None:
    """Create a certificate with each validity."""
    now = timezone.now()
    record('valid', left=60 * DAY, valid_from=now - YEAR, **BOUGHT)
    record('expiring', left=20 * DAY, valid_from=now - YEAR, **BOUGHT)
    record('renews by itself', left=20 * DAY)
    record('own marks', left=60 * DAY, valid_from=now - YEAR, expiry_marks=[90], **BOUGHT)
    record('expired', left=-35 * DAY, **BOUGHT)
    record('expired acme', left=-DAY)
    record('early', left=2 * YEAR, valid_from=now + DAY, status='retired', **BOUGHT)


class FilterTestCase(TestCase):
    setUpTestData = classmethod(lambda cls: make_each())

    def found(self, **parameters) -> set[str]:
        filterset = CertificateFilterSet(parameters, Certificate.objects.all())
        self.assertEqual(filterset.errors, {})
        return set(filterset.qs.values_list('name', flat=True))

    def test_validity(self):
        for values, names in (
            (['Valid'], {'valid', 'renews by itself'}),
            (['expiring'], {'expiring', 'own marks'}),
            (['EXPIRED'], {'expired', 'expired acme'}),
            (['not yet valid'], {'early'}),
            (['Expired', 'Expiring'], {'expired', 'expired acme', 'expiring', 'own marks'}),
        ):
            with self.subTest(values):
                self.assertEqual(self.found(validity=values), names)

    def test_expires_within(self):
        self.assertEqual(self.found(expires_within='21'), {'expiring', 'renews by itself'})
        self.assertEqual(self.found(expires_within='0'), set())
        self.assertEqual(len(self.found(expires_within='')), 7)

    def test_a_chain_that_expires_first_counts(self):
        valid = Certificate.objects.get(name='valid')
        for left, within, on_its_day in ((5 * DAY, {'valid'}, {'valid'}), (-5 * DAY, {'valid'}, {'valid'})):
            certificate = end_chain(valid, left)
            with self.subTest(left=left):
                self.assertEqual(self.found(expires_within='7'), within)
                day = timezone.localtime(certificate.chain_valid_to).date()
                self.assertEqual(self.found(expires_on=day.isoformat()), on_its_day)
                for lookup, expected in (('gte', True), ('lt', False)):
                    names = self.found(**{f'expires_at__{lookup}': [certificate.chain_valid_to.isoformat()]})
                    self.assertEqual('valid' in names, expected)
                end = timezone.localtime(certificate.valid_to).date()
                self.assertNotIn('valid', self.found(expires_on=end.isoformat()))
        self.assertNotIn('valid', self.found(validity=['Expired']), 'the certificate itself has not expired')

    def test_an_expired_certificate_does_not_expire_again(self):
        end_chain(Certificate.objects.get(name='expired'), -40 * DAY)
        self.assertNotIn('expired', self.found(expires_within='3650'))

    def test_values_that_are_refused(self):
        for parameters in (
            {'validity': ['soon']},
            {'expires_within': '-1'},
            {'expires_within': '3651'},
            {'expires_within': '1.5'},
            {'expires_within': 'soon'},
        ):
            with self.subTest(parameters):
                filterset = CertificateFilterSet(parameters, Certificate.objects.all())
                self.assertEqual(list(filterset.errors), list(parameters))


class RESTTestCase(APITestCase):
    setUpTestData = classmethod(lambda cls: make_each())

    def setUp(self):
        super().setUp()
        grant(self.user, 'view', 'add', 'change')

    def ask(self, **parameters):
        return self.client.get(reverse('plugins-api:netbox_ssl-api:certificate-list'), parameters, **self.header)

    def test_fields(self):
        for brief in ('', 'true'):
            rows = {row['name']: row for row in self.ask(brief=brief).json()['results']}
            self.assertEqual((rows['expired']['validity'], rows['expired']['days_left']), ('Expired', -36))
            self.assertEqual((rows['expiring']['validity'], rows['expiring']['days_left']), ('Expiring', 19))
            self.assertEqual(rows['early']['validity'], 'Not yet valid')
        self.assertEqual(self.ask(validity='expiring', expires_within=30).json()['count'], 1)
        self.assertHttpStatus(self.ask(expires_within='soon'), 400)

    def test_marks_are_validated(self):
        url = reverse('plugins-api:netbox_ssl-api:certificate-detail', args=[Certificate.objects.get(name='valid').pk])
        for marks, status in (
            ([60, 3, 60], 200),
            ([], 200),
            ([0, 3650], 200),
            ([-1], 400),
            ([3651], 400),
            (['soon'], 400),
            (None, 400),
            ('30', 400),
            (list(range(21)), 400),
        ):
            with self.subTest(marks):
                response = self.client.patch(url, {'expiry_marks': marks}, format='json', **self.header)
                self.assertHttpStatus(response, status)
                if status == 200:
                    self.assertEqual(response.json()['expiry_marks'], sorted(set(marks), reverse=True))
                else:
                    self.assertEqual(list(response.json()), ['expiry_marks'])

    def test_ordering(self):
        end_chain(Certificate.objects.get(name='own marks'), 10 * DAY)
        by_end = ['expired', 'expired acme', 'expiring', 'renews by itself', 'own marks', 'valid', 'early']
        by_earlier_end = ['expired', 'expired acme', 'own marks', 'expiring', 'renews by itself', 'valid', 'early']
        for ordering, names in (
            ('days_left', by_end),
            ('-days_left', by_end[::-1]),
            ('validity', by_earlier_end),
            ('-validity', by_earlier_end[::-1]),
            ('-status,-validity', ['early', *by_earlier_end[-2::-1]]),
        ):
            with self.subTest(ordering):
                rows = self.ask(ordering=ordering, brief='true').json()['results']
                # Of those that expire at the same time, either may be the first.
                pairs = [{'expiring', 'renews by itself'}, {'valid', 'own marks'}]
                shown = [next((sorted(p)[0] for p in pairs if row['name'] in p), row['name']) for row in rows]
                expected = [next((sorted(p)[0] for p in pairs if name in p), name) for name in names]
                self.assertEqual(shown, expected)
        rows = self.ask(ordering='renewal_status,name').json()['results']
        self.assertEqual([row['renewal_status'] for row in rows], ['Due', 'Expired', None, None, None, None, None])

    def test_renewal_dates_only_where_a_client_renews(self):
        record('by hand', acme_auto_renewal=False)
        for row in self.ask().json()['results']:
            with self.subTest(row['name']):
                automatic = row['is_acme'] and row['acme_auto_renewal']
                for name in ('renewal_due_at', 'renewal_overdue_at'):
                    self.assertEqual(row[name] is not None, automatic)
        self.assertEqual(self.ask(renewal_due_at__lt='9999-01-01').json()['count'], 2)

    def test_graphql(self):
        for filters, names in (
            ('validity: {exact: EXPIRING}', {'expiring', 'own marks'}),
            ('validity: {in_list: [EXPIRED, NOT_YET_VALID]}', {'expired', 'expired acme', 'early'}),
            ('expires_within: 21', {'expiring', 'renews by itself'}),
            ('expires_at: {lt: "2000-01-01T00:00:00Z"}', set()),
        ):
            with self.subTest(filters):
                query = f'{{ certificate_list(filters: {{{filters}}}) {{ name validity days_left expiry_marks }} }}'
                response = self.client.post(reverse('graphql'), {'query': query}, format='json', **self.header)
                rows = response.json()['data']['certificate_list']
                self.assertEqual({row['name'] for row in rows}, names)

    def test_graphql_refuses_days_out_of_range(self):
        query = '{ certificate_list(filters: {expires_within: -1}) { name } }'
        response = self.client.post(reverse('graphql'), {'query': query}, format='json', **self.header)
        self.assertIn('must be from 0 to 3650 days', response.json()['errors'][0]['message'])


class PagesTestCase(ViewTestCase):
    setUpTestData = classmethod(lambda cls: make_each())

    def setUp(self):
        super().setUp()
        # A user who may not view everything
        grant(self.user, 'view', 'change', constraints={'status': 'active'})

    def page(self, name) -> str:
        return self.client.get(Certificate.objects.get(name=name).get_absolute_url()).content.decode()

    def test_the_list(self):
        url = reverse('plugins:netbox_ssl:certificate_list')
        response = self.client.get(url, {'sort': 'validity'})
        page = response.content.decode()
        self.assertIn('<span class="badge text-bg-red">Expired 35 days ago</span>', ' '.join(page.split()))
        self.assertIn('Expires in 19 days', page)
        names = [row.record.name for row in response.context['table'].rows]
        self.assertEqual((names[:2], 'early' in names), (['expired', 'expired acme'], False))
        response = self.client.get(url, {'validity': 'Expired', 'expires_within': ''})
        self.assertEqual({row.record.name for row in response.context['table'].rows}, {'expired', 'expired acme'})

    def test_the_filter_form_ignores_case_as_the_filter_does(self):
        url = reverse('plugins:netbox_ssl:certificate_list')
        values = {'validity': 'expired', 'renewal_status': 'EXPIRED', 'deployment_state': 'null'}
        form = self.client.get(url, values).context['filter_form']
        self.assertEqual(form.errors, {})
        self.assertEqual(form['validity'].value(), ['Expired'])
        self.assertInHTML('<option value="Expired" selected>Expired</option>', str(form['renewal_status']))
        self.assertEqual(list(CertificateFilterForm({'validity': 'soon'}).errors), ['validity'])

    def test_an_expired_certificate_has_no_green_badge(self):
        self.assertNotIn('text-bg-green', self.page('expired').partition('id="content"')[2] or self.page('expired'))
        self.assertIn('Expired 35 days ago', self.page('expired'))
        self.assertIn('text-bg-green', self.page('valid'))

    def test_the_export(self):
        url = reverse('plugins:netbox_ssl:certificate_list')
        table = self.client.get(url, {'export': 'table', 'name': 'expired'}).content.decode()
        self.assertIn('Expired', table)
        yaml = self.client.get(url, {'export': '', 'name': 'expired'}).content.decode()
        self.assertIn('validity: Expired', yaml)
        self.assertIn('days_left: -36', yaml)

    def test_own_marks_and_instructions_in_bulk(self):
        pks = list(Certificate.objects.filter(status='active').values_list('pk', flat=True))
        url = reverse('plugins:netbox_ssl:certificate_bulk_edit')

        def send(**values):
            return self.client.post(url, {'pk': pks, '_apply': '1', **values})

        self.assertEqual(send(expiry_marks='7, 90 30', renewal_instructions='Ask **Ann**.').status_code, 302)
        for certificate in Certificate.objects.filter(pk__in=pks):
            self.assertEqual(certificate.expiry_marks, [90, 30, 7])
            self.assertEqual(certificate.renewal_instructions, 'Ask **Ann**.')
        self.assertIn('<strong>Ann</strong>', self.page('valid'))
        self.assertIn('90, 30, 7', self.page('valid'))
        for text in ('soon', '-1', '3651', '1.5', ','.join(map(str, range(21)))):
            self.assertEqual(list(send(expiry_marks=text).context['form'].errors), ['expiry_marks'], text)
        self.assertEqual(send(description='other').status_code, 302)
        self.assertEqual(Certificate.objects.get(name='valid').expiry_marks, [90, 30, 7], 'left empty')
        send(_nullify=['expiry_marks', 'renewal_instructions'])
        certificate = Certificate.objects.get(name='valid')
        self.assertEqual((certificate.expiry_marks, certificate.renewal_instructions), ([], ''))
