"""The tab "History": its table, its drawing, and the same figures over REST and GraphQL."""

import csv
import re
from datetime import timedelta
from xml.etree import ElementTree

from django.db import connection
from django.template.loader import render_to_string
from django.test import TestCase as DjangoTestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from users.models import User
from utilities.testing import TestCase

from netbox_ssl.models import Certificate, CertificateSource, Issuance
from netbox_ssl.reports.charts import timeline
from tests.support.factories import DAY, grant, import_pem, issue_acme, record, successor
from tests.support.graphql import GraphQLTestCase

SVG = '{http://www.w3.org/2000/svg}'
HOSTILE = '</title><script>alert("1")</script>&\'\x0b'


def lineage(count=3, name='www.example.net', every=60 * DAY):
    """Return a certificate renewed this many times; each X.509 certificate is valid for 90 days."""
    issued = [issue_acme(name, left=60 * DAY - (count - 1) * every)]
    while len(issued) < count:
        issued.append(successor(issued[-1], later=every))
    return [import_pem(each, acme_auto_renewal=True) for each in issued][-1].certificate


def url(certificate):
    return reverse('plugins:netbox_ssl:certificate_history', kwargs={'pk': certificate.pk})


def newest_first(certificate):
    return list(certificate.issuances.with_replacement().order_by('-valid_from'))


class FiguresTestCase(DjangoTestCase):
    def test_all_but_the_current_one_were_replaced_before_expiry(self):
        issuances = newest_first(lineage())
        self.assertEqual([each.lifetime_days for each in issuances], [90, 90, 90])
        self.assertEqual([each.replaced_days_before_expiry for each in issuances], [None, 30, 30])
        self.assertEqual(issuances[1].replaced_at, issuances[0].valid_from)

    def test_negative_if_replaced_after_expiry(self):
        issuances = newest_first(lineage(2, every=95 * DAY))
        self.assertEqual([each.replaced_days_before_expiry for each in issuances], [None, -5])

    def test_without_the_annotation_it_is_the_same(self):
        certificate = lineage()
        issuances = certificate.issuances.order_by('-valid_from')
        self.assertEqual([each.replaced_days_before_expiry for each in issuances], [None, 30, 30])

    def test_filtered_rows_still_count(self):
        certificate = lineage()
        oldest = certificate.issuances.earliest('valid_from')
        found = Issuance.objects.with_replacement().filter(pk=oldest.pk)
        self.assertEqual([each.replaced_days_before_expiry for each in found], [30])

    def test_other_certificates_do_not_count(self):
        certificate = lineage(1)
        lineage(1, 'other.example.net')
        self.assertIsNone(certificate.issuances.get().replaced_days_before_expiry)

    def test_of_two_that_start_in_the_same_second_the_longer_one_is_newer(self):
        issued = issue_acme()
        import_pem(issued)
        begin, end = issued.certificate.not_valid_before_utc, issued.certificate.not_valid_after_utc
        longer = successor(issued, later=timedelta())
        certificate = import_pem(longer).certificate
        self.assertEqual((begin, end), (certificate.valid_from, certificate.valid_to))
        figures = {each.is_current: each.replaced_days_before_expiry for each in newest_first(certificate)}
        self.assertEqual(figures, {True: None, False: 90})

    def test_the_current_one_is_not_replaced_whatever_is_newer(self):
        certificate = lineage(2)
        oldest = certificate.issuances.earliest('valid_from')
        Certificate.objects.filter(pk=certificate.pk).update(fingerprint_sha256=None)
        Certificate.objects.filter(pk=certificate.pk).update(fingerprint_sha256=oldest.fingerprint_sha256)
        figures = [each.replaced_days_before_expiry for each in newest_first(certificate)]
        self.assertEqual(figures, [None, None])


class DrawingTestCase(DjangoTestCase):
    def render(self, certificate, now=None, issuances=None):
        made = timeline.draw(certificate, issuances or newest_first(certificate), now or timezone.now())
        return render_to_string('netbox_ssl/inc/timeline.svg', {'timeline': made})

    def parse(self, *args, **kwargs):
        return ElementTree.fromstring(self.render(*args, **kwargs))

    def test_a_bar_for_each_a_mark_for_each_renewal_and_one_for_now(self):
        svg = self.parse(lineage())
        groups = [group for group in svg.iter(f'{SVG}g') if group.find(f'{SVG}rect') is not None]
        self.assertEqual(len(groups), 3)
        marks = [line.get('data-mark') for line in svg.iter(f'{SVG}line') if line.get('data-mark')]
        self.assertEqual(marks, ['replaced', 'replaced', 'now'])
        labels = [group.findall(f'{SVG}text')[-1].text for group in groups]
        self.assertEqual(labels[:2], ['30 days before expiry'] * 2)
        self.assertRegex(labels[2], r'^Expires in 59 days$')

    def test_users_without_permission_get_the_same_answer(self):
        svg = self.parse(lineage(2, every=95 * DAY))
        self.assertEqual(svg.get('role'), 'img')
        ids = {svg.find(f'{SVG}{tag}').get('id') for tag in ('title', 'desc')}
        self.assertEqual(set(svg.get('aria-labelledby').split()), ids)
        self.assertIn('www.example.net', svg.find(f'{SVG}title').text)
        description = svg.find(f'{SVG}desc').text
        self.assertIn('2 issuances', description)
        self.assertIn('replaced 5 days after expiry', description)

    def test_everything_is_within_the_drawing(self):
        for certificate in (lineage(1, 'one.example.net'), lineage(4, 'four.example.net', every=91 * DAY)):
            for moment in (timezone.now(), timezone.now() + 400 * DAY, timezone.now() - 800 * DAY):
                for value in re.findall(r'(?:x|x1|x2|width)="(-?[\d.]+)%"', self.render(certificate, moment)):
                    self.assertTrue(0 <= float(value) <= 100, value)

    def test_untrusted_names_are_escaped(self):
        certificate = lineage(1)
        certificate.name = HOSTILE
        text = self.render(certificate)
        self.assertNotIn('<script', text)
        self.assertIn('<script>alert("1")</script>', ElementTree.fromstring(text).find(f'{SVG}title').text)

    def test_numbers_are_numbers_in_every_language(self):
        with translation.override('de'):
            values = re.findall(r' (?:x|x1|x2|width)="([^"]*)"', self.render(lineage()))
        self.assertTrue(values)
        for value in values:
            self.assertRegex(value, r'^[\d.]+%$')

    def test_the_newest_of_many_are_drawn(self):
        certificate = lineage(timeline.MOST_ROWS + 3)
        made = timeline.draw(certificate, newest_first(certificate), timezone.now())
        self.assertEqual((len(made.bars), made.omitted), (timeline.MOST_ROWS, 3))
        self.assertTrue(made.bars[-1].is_current)

    def test_none(self):
        self.assertIsNone(timeline.draw(record(), [], timezone.now()))


class PageTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.certificate = lineage()
        cls.other = lineage(1, 'other.example.net')

    def test_a_superuser(self):
        self.client.force_login(User.objects.create(username='root', is_superuser=True))
        response = self.client.get(url(self.certificate))
        self.assertContains(response, '<svg')
        self.assertEqual(len(response.context['table'].rows), 3)
        self.assertContains(response, '30 days', count=2 + 2 * 3)  # two cells; labels, tooltips, description
        self.assertNotContains(response, 'other.example.net')

    def test_the_tab_counts_them(self):
        grant(self.user, 'view')
        self.assertNotContains(self.client.get(self.certificate.get_absolute_url()), url(self.certificate))
        grant(self.user, 'view', model=Issuance)
        response = self.client.get(self.certificate.get_absolute_url())
        self.assertContains(response, url(self.certificate))
        self.assertRegex(response.content.decode(), r'(?s)History\s*<span class="badge[^>]*>3<')

    def test_no_tab_without_issuances(self):
        grant(self.user, 'view')
        grant(self.user, 'view', model=Issuance)
        typed = record('typed.example.net')
        self.assertNotContains(self.client.get(typed.get_absolute_url()), url(typed))
        self.assertNotContains(self.client.get(url(typed)), '<svg')

    def test_certificates_beyond_the_permissions_are_not_found(self):
        grant(self.user, 'view', constraints={'name': self.certificate.name})
        grant(self.user, 'view', model=Issuance)
        self.assertEqual(self.client.get(url(self.certificate)).status_code, 200)
        self.assertEqual(self.client.get(url(self.other)).status_code, 404)

    def test_issuances_beyond_the_permissions_are_neither_listed_nor_drawn(self):
        grant(self.user, 'view')
        oldest = self.certificate.issuances.earliest('valid_from')
        grant(self.user, 'view', model=Issuance, constraints={'serial_number': oldest.serial_number})
        response = self.client.get(url(self.certificate))
        self.assertEqual([row.record for row in response.context['table'].rows], [oldest])
        self.assertRegex(response.content.decode(), r'(?s)History\s*<span class="badge[^>]*>1<')
        self.assertEqual(len(response.context['timeline'].bars), 1)

    def test_sorted_by_each_figure(self):
        grant(self.user, 'view')
        grant(self.user, 'view', model=Issuance)
        for name in ('lifetime_days', 'replaced_days_before_expiry'):
            for order in (name, f'-{name}'):
                for page in (url(self.certificate), reverse('plugins:netbox_ssl:issuance_list')):
                    response = self.client.get(f'{page}?sort={order}')
                    self.assertEqual(response.status_code, 200)
            shown = [each.record.replaced_days_before_expiry for each in response.context['table'].rows]
        self.assertEqual(shown, [30, 30, None, None])

    def test_exported_as_bare_numbers(self):
        grant(self.user, 'view')
        grant(self.user, 'view', model=Issuance)
        page = f'{reverse("plugins:netbox_ssl:issuance_list")}?export=table&certificate_id={self.certificate.pk}'
        rows = list(csv.DictReader(self.client.get(page).content.decode('utf-8-sig').splitlines()))
        figures = [(row['Lifetime'], row['Replaced Before Expiry']) for row in rows]
        self.assertEqual(figures, [('90.0', ''), ('90.0', '30.0'), ('90.0', '30.0')])

    def count(self, certificate):
        with CaptureQueriesContext(connection) as queries:
            self.assertEqual(self.client.get(url(certificate)).status_code, 200)
        return len(queries)

    def test_late_renewals_are_shown(self):
        grant(self.user, 'view')
        grant(self.user, 'view', model=Issuance)
        late = lineage(2, 'late.example.net', every=95 * DAY)
        self.assertContains(self.client.get(url(late)), '<span class="text-danger">5 days after</span>')

    def test_queries_do_not_grow_with_the_number_of_issuances(self):
        grant(self.user, 'view')
        grant(self.user, 'view', model=Issuance)
        # Both are counted, because not all of them may be in the timeline.
        some, many = (
            lineage(timeline.MOST_ROWS, 'some.example.net'),
            lineage(2 * timeline.MOST_ROWS, 'many.example.net'),
        )
        self.count(many)
        self.assertEqual(self.count(some), self.count(many))
        self.assertLess(self.count(self.other), self.count(many))


class APIFieldsTestCase(GraphQLTestCase):
    @classmethod
    def setUpTestData(cls):
        cls.certificate = lineage()

    def setUp(self):
        super().setUp()
        grant(self.user, 'view')
        grant(self.user, 'view', model=Issuance)

    def test_rest(self):
        endpoint = reverse('plugins-api:netbox_ssl-api:issuance-list')
        results = self.client.get(endpoint, **self.header).json()['results']
        figures = [(each['lifetime_days'], each['replaced_days_before_expiry']) for each in results]
        self.assertEqual(figures, [(90, None), (90, 30), (90, 30)])
        one = self.client.get(f'{endpoint}{results[-1]["id"]}/', **self.header).json()
        self.assertEqual((one['lifetime_days'], one['replaced_days_before_expiry']), (90, 30))

    def test_graphql(self):
        fields = 'lifetime_days replaced_days_before_expiry'
        expected = [{'lifetime_days': 90, 'replaced_days_before_expiry': days} for days in (None, 30, 30)]
        self.assertEqual(self.ask(f'{{ issuance_list {{ {fields} }} }}')['issuance_list'], expected)
        answer = self.ask(f'{{ certificate_list {{ issuances {{ {fields} }} }} }}')
        self.assertEqual(answer['certificate_list'][0]['issuances'], expected)
        one = self.certificate.issuances.earliest('valid_from')
        self.assertEqual(self.ask(f'{{ issuance(id: {one.pk}) {{ {fields} }} }}')['issuance'], expected[-1])

    def test_graphql_through_a_source(self):
        grant(self.user, 'view', model=CertificateSource)
        oldest = self.certificate.issuances.earliest('valid_from')
        CertificateSource.objects.create(certificate=self.certificate, external_id='a:b:c', issuance=oldest)
        answer = self.ask('{ certificate_source_list { issuance { lifetime_days replaced_days_before_expiry } } }')
        (source,) = answer['certificate_source_list']
        self.assertEqual(source, {'issuance': {'lifetime_days': 90, 'replaced_days_before_expiry': 30}})

    def test_graphql_queries_do_not_grow(self):
        def count():
            with CaptureQueriesContext(connection) as queries:
                self.ask('{ issuance_list { replaced_days_before_expiry lifetime_days } }')
            return len(queries)

        count()
        few = count()
        lineage(10, 'more.example.net')
        self.assertEqual(count(), few)
